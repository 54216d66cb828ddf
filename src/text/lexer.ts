/**
 * Splits CLIF text into tokens, over bytes, without making a string or an object for any.
 *
 * One token is current; `next` moves on. Its kind, place and payload are fields. Comments are skipped and remembered
 * in columns, with the line and the entity that was current, since tests put their expectations in them.
 *
 * As upstream: a sign belongs to the number that follows it directly, a number goes on over letters, digits, `_`, `.`
 * and `-`, and a name with trailing digits is an entity if its letters are a known prefix and the number has no
 * leading zero. Source: `cranelift/reader/src/lexer.rs`.
 */
import { I32List } from "../base/column.ts";
import { InputError } from "../base/diagnostics.ts";
import { expected, invalidCharacter, type Message, unterminatedString } from "./messages.ts";
import { findWord, hashStep, keyword, prefixWord, WORD_TYPE } from "./words.ts";

/** Kinds of tokens. The one-character ones are that character's code. */
export const Tok = {
  Eof: 0,
  Arrow: 1,
  /** `word` is its number, 0 for an unknown one. */
  Word: 2,
  /** `word` is its number in the word table. */
  Type: 3,
  Integer: 4,
  Float: 5,
  /** `%name`, `"string"`, `#hex` and `@hex`; the text without the mark lies between `start` and `stop`. */
  Name: 6,
  String: 7,
  HexSequence: 8,
  SourceLoc: 9,
  /** Entities; `number` is theirs, 2^32 for anything larger. */
  Value: 10,
  Block: 11,
  StackSlot: 12,
  DynamicStackSlot: 13,
  DynamicType: 14,
  GlobalValue: 15,
  Constant: 16,
  FuncRef: 17,
  SigRef: 18,
  UserRef: 19,
  UserNameRef: 20,
  ExceptionTag: 21,
  AliasRegion: 22,
  RetArg: 23,
  ExnArg: 24,
  UserTrap: 25,
  Bang: 33,
  LeftParen: 40,
  RightParen: 41,
  Star: 42,
  Plus: 43,
  Comma: 44,
  Minus: 45,
  Dot: 46,
  Colon: 58,
  LeftAngle: 60,
  Equal: 61,
  RightAngle: 62,
  At: 64,
  LeftBracket: 91,
  RightBracket: 93,
  LeftBrace: 123,
  RightBrace: 125,
} as const;

/** Larger than any entity's number. */
export const TOO_LARGE: number = 2 ** 32;

const Class = { Word: 1, Digit: 2, Space: 4, Number: 8, Punctuation: 16 } as const;

const CLASSES = characterClasses();

function characterClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  const mark = (characters: string, bits: number): void => {
    for (const character of characters) classes[character.charCodeAt(0)]! |= bits;
  };
  const letters = "abcdefghijklmnopqrstuvwxyz";
  mark(`${letters}${letters.toUpperCase()}_`, Class.Word | Class.Number);
  mark("0123456789", Class.Word | Class.Number | Class.Digit);
  mark("-.", Class.Number);
  mark(" \t\r\n\v\f", Class.Space);
  mark("(){}[]<>*,.:=!", Class.Punctuation);
  return classes;
}

/** Token kinds by the word number of an entity's prefix. */
const ENTITY_KINDS = new Uint8Array(256);
ENTITY_KINDS[prefixWord("v")] = Tok.Value;
ENTITY_KINDS[prefixWord("block")] = Tok.Block;
ENTITY_KINDS[prefixWord("ss")] = Tok.StackSlot;
ENTITY_KINDS[prefixWord("dss")] = Tok.DynamicStackSlot;
ENTITY_KINDS[prefixWord("dt")] = Tok.DynamicType;
ENTITY_KINDS[prefixWord("gv")] = Tok.GlobalValue;
ENTITY_KINDS[prefixWord("const")] = Tok.Constant;
ENTITY_KINDS[prefixWord("fn")] = Tok.FuncRef;
ENTITY_KINDS[prefixWord("sig")] = Tok.SigRef;
ENTITY_KINDS[prefixWord("u")] = Tok.UserRef;
ENTITY_KINDS[prefixWord("userextname")] = Tok.UserNameRef;
ENTITY_KINDS[prefixWord("tag")] = Tok.ExceptionTag;
ENTITY_KINDS[prefixWord("region")] = Tok.AliasRegion;
ENTITY_KINDS[prefixWord("ret")] = Tok.RetArg;
ENTITY_KINDS[prefixWord("exn")] = Tok.ExnArg;
ENTITY_KINDS[prefixWord("user")] = Tok.UserTrap;

const WORD_NAN = keyword("NaN");
const WORD_INF = keyword("Inf");
const WORD_SIGNALLING_NAN = keyword("sNaN");

const NEWLINE = 10;
const QUOTE = 34;
const HASH = 35;
const PERCENT = 37;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const COLON = 58;
const SEMICOLON = 59;
const RIGHT_ANGLE = 62;
const AT = 64;
const LOWER_B = 98;
const LOWER_V = 118;

/** Words that a comment takes in `Lexer.comments`: start, stop, line, entity. */
export const COMMENT_WORDS = 4;

export class Lexer {
  readonly source: Uint8Array;
  private at: number;
  /** Of the current token. */
  kind: number;
  start: number;
  stop: number;
  number: number;
  word: number;
  line: number;
  /** What comments met from now on follow: an encoded entity, chosen by the parser. */
  entity: number;
  private readonly comments: I32List;

  constructor(source: Uint8Array, at = 0) {
    this.source = source;
    this.at = at;
    this.kind = Tok.Eof;
    this.start = 0;
    this.stop = 0;
    this.number = 0;
    this.word = 0;
    this.line = 1;
    this.entity = 0;
    this.comments = new I32List();
  }

  /** Makes the next token current. */
  next(): void {
    this.skipSpace();
    const { source, at } = this;
    this.start = at;
    if (at >= source.length) {
      this.kind = Tok.Eof;
      this.stop = at;
      return;
    }
    const c = source[at]!;
    if (c === LOWER_V && this.scanEntity(at + 1, Tok.Value)) return;
    if (c === LOWER_B && this.isBlock(at) && this.scanEntity(at + 5, Tok.Block)) return;
    const bits = CLASSES[c]!;
    if ((bits & Class.Punctuation) !== 0) {
      this.kind = c;
      this.at = this.stop = at + 1;
    } else if ((bits & Class.Digit) !== 0) {
      this.scanNumber(at);
    } else if ((bits & Class.Word) !== 0) {
      this.scanWord();
    } else {
      this.scanSpecial(c);
    }
  }

  /** The rest of the line from the current token on, without its comment; the next token becomes current. */
  restOfLine(): string {
    const { source, start } = this;
    let end = start;
    while (end < source.length && source[end] !== NEWLINE && source[end] !== SEMICOLON) end++;
    this.at = end;
    const text = this.text(start, end);
    this.next();
    return text;
  }

  private skipSpace(): void {
    const { source } = this;
    let at = this.at;
    while (at < source.length) {
      const c = source[at]!;
      if (c === NEWLINE) this.line++;
      else if (c === SEMICOLON) at = this.scanComment(at) - 1;
      else if ((CLASSES[c]! & Class.Space) === 0 && !this.isByteOrderMark(at)) break;
      else if (c >= 0x80) at += 2;
      at++;
    }
    this.at = at;
  }

  private isByteOrderMark(at: number): boolean {
    const { source } = this;
    return at === 0 && source[0] === 0xef && source[1] === 0xbb && source[2] === 0xbf;
  }

  private scanComment(start: number): number {
    const newline = this.source.indexOf(NEWLINE, start);
    const stop = newline < 0 ? this.source.length : newline;
    this.comments.push(start);
    this.comments.push(stop);
    this.comments.push(this.line);
    this.comments.push(this.entity);
    return stop;
  }

  private isBlock(at: number): boolean {
    const { source } = this;
    return (
      at + 5 < source.length &&
      source[at + 1] === 108 &&
      source[at + 2] === 111 &&
      source[at + 3] === 99 &&
      source[at + 4] === 107
    );
  }

  /** An entity whose number starts at `digits`; false if what stands there is something else. */
  private scanEntity(digits: number, kind: number): boolean {
    const { source } = this;
    const { length } = source;
    let at = digits;
    let value = 0;
    while (at < length) {
      const digit = source[at]! - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    if (at === digits || (source[digits] === 48 && at > digits + 1)) return false;
    if (at < length && (CLASSES[source[at]!]! & Class.Word) !== 0) return false;
    this.kind = kind;
    this.number = Math.min(value, TOO_LARGE);
    this.at = this.stop = at;
    return true;
  }

  private scanWord(): void {
    const { source, start } = this;
    let at = start;
    let hash = 0;
    let prefixHash = 0;
    let digits = start;
    for (; at < source.length; at++) {
      const c = source[at]!;
      const bits = CLASSES[c]!;
      if ((bits & Class.Word) === 0) break;
      hash = hashStep(hash, c);
      if ((bits & Class.Digit) === 0) {
        prefixHash = hash;
        digits = at + 1;
      }
    }
    this.word = findWord(source, start, at, hash);
    if (this.word === 0 && digits < at) {
      const prefix = findWord(source, start, digits, prefixHash);
      if (prefix < 256 && ENTITY_KINDS[prefix] !== 0 && this.scanEntity(digits, ENTITY_KINDS[prefix]!))
        return;
    }
    if (this.isSpecialFloat()) {
      this.scanNumber(start);
      return;
    }
    this.at = this.stop = at;
    this.kind = WORD_TYPE[this.word] !== 0 ? Tok.Type : Tok.Word;
  }

  /** `Inf`, `NaN`, and `sNaN:`, which have no sign here. */
  private isSpecialFloat(): boolean {
    return this.word === WORD_NAN || this.word === WORD_INF || this.word === WORD_SIGNALLING_NAN;
  }

  /** A number from `start` on, its sign if any included. */
  private scanNumber(start: number): void {
    const { source } = this;
    let at = start;
    if (source[at] === MINUS || source[at] === PLUS) at++;
    let float = isLetterOf(source, at, "Inf") || isLetterOf(source, at, "NaN");
    for (; at < source.length; at++) {
      const c = source[at]!;
      if (c === DOT) float = true;
      else if (c === COLON && this.isPayload(start, at)) float = true;
      else if ((CLASSES[c]! & Class.Number) === 0) break;
    }
    this.kind = float ? Tok.Float : Tok.Integer;
    this.at = this.stop = at;
  }

  /** Whether the colon at `at` stands in `NaN:0x…` or `sNaN:0x…`. */
  private isPayload(start: number, at: number): boolean {
    const sign = this.source[start] === MINUS || this.source[start] === PLUS ? 1 : 0;
    const word = this.text(start + sign, Math.min(at, start + sign + 5));
    return word === "NaN" || word === "sNaN";
  }

  private scanSpecial(c: number): void {
    const { source, start } = this;
    switch (c) {
      case MINUS:
      case PLUS:
        this.scanSign(c);
        return;
      case PERCENT:
        this.scanMarked(Tok.Name, Class.Word);
        return;
      case HASH:
        this.scanMarked(Tok.HexSequence, Class.Word);
        return;
      case AT:
        if (isHexDigit(source[start + 1])) this.scanMarked(Tok.SourceLoc, Class.Word);
        else this.single(Tok.At);
        return;
      case QUOTE:
        this.scanString();
        return;
      default:
        this.fail(start, invalidCharacter(c));
    }
  }

  private scanSign(c: number): void {
    const { source, start } = this;
    const after = start + 1 < source.length ? source[start + 1]! : 0;
    if (c === MINUS && after === RIGHT_ANGLE) {
      this.kind = Tok.Arrow;
      this.at = this.stop = start + 2;
    } else if ((CLASSES[after]! & Class.Word) !== 0 || after === DOT) {
      this.scanNumber(start);
    } else {
      this.single(c);
    }
  }

  private single(kind: number): void {
    this.kind = kind;
    this.at = this.stop = this.start + 1;
  }

  /** A token that a mark opens; the mark itself is left out of its place. */
  private scanMarked(kind: number, bits: number): void {
    const { source } = this;
    let at = ++this.start;
    while (at < source.length && (CLASSES[source[at]!]! & bits) !== 0) at++;
    this.kind = kind;
    this.at = this.stop = at;
  }

  private scanString(): void {
    const { source } = this;
    const start = ++this.start;
    let at = start;
    while (at < source.length && source[at] !== QUOTE && source[at] !== NEWLINE) at++;
    if (at >= source.length || source[at] !== QUOTE) this.fail(start - 1, unterminatedString);
    this.kind = Tok.String;
    this.stop = at;
    this.at = at + 1;
  }

  /** The comments met so far, `COMMENT_WORDS` each; forgets them. */
  takeComments(): Int32Array {
    const words = new Int32Array(this.comments.length);
    for (let i = 0; i < words.length; i++) words[i] = this.comments.get(i);
    this.comments.clear();
    return words;
  }

  // What parsers ask for.

  /** The text of a piece of the source. */
  text(start: number, stop: number): string {
    return DECODER.decode(this.source.subarray(start, stop));
  }

  tokenText(): string {
    return this.text(this.start, this.stop);
  }

  isWord(word: number): boolean {
    return this.kind === Tok.Word && this.word === word;
  }

  /** Moves on if the current token is of that kind. */
  accept(kind: number): boolean {
    if (this.kind !== kind) return false;
    this.next();
    return true;
  }

  acceptWord(word: number): boolean {
    if (!this.isWord(word)) return false;
    this.next();
    return true;
  }

  /** Moves on from a token of that kind; anything else is an error that says `what` was wanted. */
  expect(kind: number, what: string): void {
    if (this.kind !== kind) this.failExpected(what);
    this.next();
  }

  failExpected(what: string): never {
    this.fail(this.start, expected(what, this.describeToken()));
  }

  private describeToken(): string {
    switch (this.kind) {
      case Tok.Eof:
        return "the end of the text";
      case Tok.String:
        return "a string";
      default: {
        // A token may be as long as the text.
        const text = this.text(this.start, Math.min(this.stop, this.start + 40));
        return `'${MARKS.get(this.kind) ?? ""}${text}${this.stop > this.start + 40 ? "…" : ""}'`;
      }
    }
  }

  /** Throws the error with the line and column of that byte. */
  fail(offset: number, message: Message): never {
    const { source } = this;
    let line = 1;
    let lineStart = 0;
    for (let at = source.indexOf(NEWLINE); at >= 0 && at < offset; at = source.indexOf(NEWLINE, at + 1)) {
      line++;
      lineStart = at + 1;
    }
    const column = this.text(lineStart, offset).length + 1;
    throw new InputError({ ...message, place: { kind: "text", line, column } });
  }
}

const DECODER = new TextDecoder();

const MARKS: ReadonlyMap<number, string> = new Map([
  [Tok.Name, "%"],
  [Tok.HexSequence, "#"],
  [Tok.SourceLoc, "@"],
]);

function isLetterOf(source: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    if (source[at + i] !== word.charCodeAt(i)) return false;
  }
  return true;
}

function isHexDigit(c: number | undefined): boolean {
  return c !== undefined && ((c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70));
}
