/**
 * The tokens of `.wast` scripts: parentheses, strings, and words.
 *
 * A word is any run of the characters that identifiers, numbers and keywords are made of; who reads it decides
 * what it is. Line comments, nested block comments and annotations `(@name …)` are skipped. The lexer holds
 * one token at a time and never recurses, so its time is linear in the text whatever the nesting. What is not
 * of the grammar (a comma, say) becomes a word of one character: inside a module the module's own parser
 * judges it, anywhere else the script parser does.
 *
 * Source: WebAssembly 3.0, 6.3 "Lexical Format".
 */
import { withoutUnderscores } from "./literals.ts";
import * as messages from "./messages.ts";

/** What the current token is. */
export type TokenKind = "(" | ")" | "string" | "word" | "end";

const WORD_CHARACTER = new Uint8Array(128);
for (const character of "!#$%&'*+-./:<=>?@\\^_`|~") WORD_CHARACTER[character.charCodeAt(0)] = 1;
for (let code = 0; code < 128; code++) {
  if (/[0-9A-Za-z]/.test(String.fromCharCode(code))) WORD_CHARACTER[code] = 1;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const SEMICOLON = 0x3b;
const AT = 0x40;
const BACKSLASH = 0x5c;

/** Reads the tokens of `source` from offset `start` to `end`, one after the other. */
export class Lexer {
  readonly source: string;
  /** The current token and its extent. */
  kind: TokenKind;
  start: number;
  end: number;
  private readonly limit: number;
  /** The line of the last place asked for: questions come in order, so that counting lines stays linear. */
  private line: number;
  private lineStart: number;
  private lineEnd: number;

  constructor(source: string, start = 0, end: number = source.length) {
    this.source = source;
    this.kind = "end";
    this.start = start;
    this.end = start;
    this.limit = end;
    this.line = 0;
    this.lineStart = 0;
    this.lineEnd = -1;
    this.advance();
  }

  /** Moves to the next token; stays at the end. */
  advance(): void {
    let at = this.skipSpace(this.end);
    // Annotations are space to a script.
    while (at + 1 < this.limit && this.code(at) === OPEN && this.code(at + 1) === AT) {
      at = this.skipSpace(this.skipAnnotation(at));
    }
    this.start = at;
    this.scan(at);
  }

  /** Moves to the next token and counts annotations' parentheses like any other. */
  private advanceRaw(): void {
    this.start = this.skipSpace(this.end);
    this.scan(this.start);
  }

  /** The text of the current token. */
  text(): string {
    return this.source.slice(this.start, this.end);
  }

  /** Whether the current token is the word `text`. */
  isWord(text: string): boolean {
    return this.kind === "word" && this.end - this.start === text.length && this.text() === text;
  }

  /** Goes back to the token that begins at `start`. */
  rewind(start: number): void {
    this.end = start;
    this.advance();
  }

  /**
   * With the current token `(`: moves past its `)`, and answers the offset after it. Every token between is
   * looked at once, so strings and comments may hold anything.
   */
  skipList(): number {
    const open = this.start;
    const end = this.endOfList(open);
    this.end = end;
    this.advance();
    return end;
  }

  /** The 1-based line and column of `offset`. */
  place(offset: number): { line: number; column: number } {
    if (offset < this.lineStart) {
      this.line = 0;
      this.lineEnd = -1;
    }
    while (this.line === 0 || offset > this.lineEnd) {
      this.line++;
      this.lineStart = this.lineEnd + 1;
      const newline = this.source.indexOf("\n", this.lineStart);
      this.lineEnd = newline < 0 ? this.source.length : newline;
    }
    return { line: this.line, column: offset - this.lineStart + 1 };
  }

  /** Throws `message` as an `InputError` at `offset`, by default the current token's. */
  fail(message: string, offset: number = this.start): never {
    const { line, column } = this.place(offset);
    throw messages.syntaxError(message, line, column);
  }

  private code(at: number): number {
    return this.source.charCodeAt(at);
  }

  private endOfList(open: number): number {
    let depth = 0;
    for (;;) {
      if (this.kind === "(") depth++;
      else if (this.kind === ")") {
        if (--depth === 0) return this.end;
      } else if (this.kind === "end") this.fail(messages.UNCLOSED, open);
      this.advanceRaw();
    }
  }

  private skipAnnotation(open: number): number {
    this.start = open;
    this.end = open + 1;
    this.kind = "(";
    return this.endOfList(open);
  }

  private scan(at: number): void {
    if (at >= this.limit) {
      this.kind = "end";
      this.end = at;
      return;
    }
    const code = this.code(at);
    if (code === OPEN || code === CLOSE) {
      this.kind = code === OPEN ? "(" : ")";
      this.end = at + 1;
    } else if (code === QUOTE) {
      this.kind = "string";
      this.end = this.endOfString(at);
    } else {
      this.kind = "word";
      this.end = this.endOfWord(at);
    }
  }

  private endOfString(open: number): number {
    for (let at = open + 1; at < this.limit; at++) {
      const code = this.code(at);
      if (code === QUOTE) return at + 1;
      if (code === BACKSLASH) at++;
      else if (code < SPACE || code === 0x7f) this.fail(messages.CONTROL_IN_STRING, at);
    }
    return this.fail(messages.UNTERMINATED_STRING, open);
  }

  private endOfWord(start: number): number {
    let at = start;
    while (at < this.limit) {
      const code = this.code(at);
      // An identifier may be a string with a dollar sign before it.
      if (code === QUOTE && at === start + 1 && this.source[start] === "$") return this.endOfString(at);
      if (code >= 128 || WORD_CHARACTER[code] === 0) break;
      at++;
    }
    return at === start ? at + 1 : at;
  }

  private skipSpace(from: number): number {
    let at = from;
    while (at < this.limit) {
      const code = this.code(at);
      if (code === SPACE || code === NEWLINE || code === TAB || code === RETURN) at++;
      else if (code === SEMICOLON && this.code(at + 1) === SEMICOLON) at = this.endOfLine(at);
      else if (code === OPEN && this.code(at + 1) === SEMICOLON) at = this.endOfComment(at);
      else break;
    }
    return Math.min(at, this.limit);
  }

  private endOfLine(from: number): number {
    // Either kind of line break ends a line comment.
    let at = from;
    while (at < this.limit && this.code(at) !== NEWLINE && this.code(at) !== RETURN) at++;
    return at;
  }

  private endOfComment(open: number): number {
    let depth = 1;
    let at = open + 2;
    while (at + 1 < this.limit) {
      const code = this.code(at);
      if (code === OPEN && this.code(at + 1) === SEMICOLON) {
        depth++;
        at += 2;
      } else if (code === SEMICOLON && this.code(at + 1) === CLOSE) {
        at += 2;
        if (--depth === 0) return at;
      } else at++;
    }
    return this.fail(messages.UNTERMINATED_COMMENT, open);
  }
}

const ENCODER = new TextEncoder();
const HEX = /^[0-9a-fA-F]{2}$/;
const PLAIN_ESCAPES: Readonly<Record<string, number>> = {
  t: TAB,
  n: NEWLINE,
  r: RETURN,
  '"': QUOTE,
  "'": 0x27,
  "\\": BACKSLASH,
};

/** The bytes of the string token that `lexer` stands at. */
export function stringBytes(lexer: Lexer): Uint8Array {
  const token = lexer.source.slice(lexer.start + 1, lexer.end - 1);
  if (!token.includes("\\")) return ENCODER.encode(token);
  const bytes = new Uint8Array(token.length * 3);
  let length = 0;
  for (let at = 0; at < token.length; ) {
    const escape = token.indexOf("\\", at);
    const plainEnd = escape < 0 ? token.length : escape;
    if (plainEnd > at) {
      length += ENCODER.encodeInto(token.slice(at, plainEnd), bytes.subarray(length)).written;
      at = plainEnd;
      continue;
    }
    const plain = PLAIN_ESCAPES[token[at + 1] ?? ""];
    const pair = token.slice(at + 1, at + 3);
    if (plain !== undefined) {
      bytes[length++] = plain;
      at += 2;
    } else if (HEX.test(pair)) {
      bytes[length++] = Number.parseInt(pair, 16);
      at += 3;
    } else {
      const close = token[at + 1] === "u" && token[at + 2] === "{" ? token.indexOf("}", at) : -1;
      if (close < 0) lexer.fail(messages.BAD_ESCAPE, lexer.start + 1 + at);
      const character = codePoint(token.slice(at + 3, close));
      if (character === null) lexer.fail(messages.BAD_CODE_POINT, lexer.start + 1 + at);
      length += ENCODER.encodeInto(character, bytes.subarray(length)).written;
      at = close + 1;
    }
  }
  return bytes.subarray(0, length);
}

function codePoint(digits: string): string | null {
  const plain = withoutUnderscores(digits, true);
  if (plain === null || !/^[0-9a-fA-F]+$/.test(plain)) return null;
  const value = Number.parseInt(plain, 16);
  if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return null;
  return String.fromCodePoint(value);
}
