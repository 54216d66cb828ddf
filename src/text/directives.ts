/**
 * Directives: comments inside a function that say what CLIF has no text for, and that upstream's reader skips.
 *
 *     ; needs-stack-map: v0 v3     these values are references; they may be aliases
 *     ; pointer-type: i32          the type of addresses, i64 if not said
 *     ; no-collect: fn0            calls of these functions never collect
 *
 * A comment is one if it begins with the word and a colon. The word followed by what a directive would list, without
 * the colon, is taken for a slip and refused; any other comment is just a comment.
 */
import type { FuncRef, Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { I32, I64, type Type } from "../ir/types.ts";
import { Lexer, Tok } from "./lexer.ts";
import { badDirective, directiveConflict, undefinedEntity } from "./messages.ts";
import { WORD_TYPE } from "./words.ts";

const NAMES = ["needs-stack-map", "pointer-type", "no-collect"] as const;
type Name = (typeof NAMES)[number];

const SEMICOLON = 59;
const SPACE = 32;
const COLON = 58;

export class DirectiveReader {
  private readonly lexer: Lexer;
  /** Where the pointer type was said, to find a contradiction. */
  private pointerTypeSaid: boolean;

  constructor(lexer: Lexer) {
    this.lexer = lexer;
    this.pointerTypeSaid = false;
  }

  /** Reads the directives among the comments from `start` to `stop`, once the function is complete. */
  read(func: Function, commentWords: Int32Array, wordsPerComment: number, start: number, stop: number): void {
    this.pointerTypeSaid = false;
    for (let at = 0; at < commentWords.length; at += wordsPerComment) {
      const from = commentWords[at]!;
      if (from >= start && from < stop) this.readComment(func, from, commentWords[at + 1]!);
    }
  }

  private readComment(func: Function, start: number, stop: number): void {
    const { source } = this.lexer;
    let at = start;
    if (source[at] === SEMICOLON) at++;
    while (at < stop && source[at] === SPACE) at++;
    const first = source[at];
    // Most comments show constants; their first letter is enough to pass by.
    if (first !== 110 && first !== 112) return;
    for (const name of NAMES) {
      if (startsWith(source, at, stop, name)) this.readDirective(func, name, at, stop);
    }
  }

  private readDirective(func: Function, name: Name, start: number, stop: number): void {
    const { source } = this.lexer;
    let at = start + name.length;
    while (at < stop && source[at] === SPACE) at++;
    const rest = this.lexer.text(at, Math.min(stop, at + 20));
    if (at === stop || source[at] !== COLON) {
      if (/^(?:$|[\r\t]|v\d|fn\d|i32|i64|=)/.test(rest))
        this.lexer.fail(start, badDirective(name, `':' after the name`));
      return;
    }
    const list = new Lexer(source.subarray(0, stop), at + 1);
    list.next();
    if (name === "pointer-type") this.readPointerType(func, list);
    else if (name === "needs-stack-map") this.readValues(func, list);
    else this.readFunctions(func, list);
    if (list.kind !== Tok.Eof)
      list.fail(list.start, badDirective(name, name === "pointer-type" ? "one type" : LISTS[name]));
  }

  private readPointerType(func: Function, list: Lexer): void {
    const type = (list.kind === Tok.Type ? WORD_TYPE[list.word]! : 0) as Type;
    if (type !== I32 && type !== I64) list.fail(list.start, badDirective("pointer-type", "i32 or i64"));
    if (this.pointerTypeSaid && func.pointerType !== type) {
      list.fail(list.start, directiveConflict("pointer-type"));
    }
    this.pointerTypeSaid = true;
    func.pointerType = type;
    list.next();
  }

  /** Values may be separated by spaces or commas; naming one twice says nothing new. */
  private readValues(func: Function, list: Lexer): void {
    const known = new Set(func.needsStackMap);
    while (list.kind === Tok.Value) {
      const value = list.number as Value;
      if (!func.dfg.isValueValid(value)) list.fail(list.start, undefinedEntity(list.tokenText()));
      if (!known.has(value)) func.needsStackMap.push(value);
      known.add(value);
      list.next();
      list.accept(Tok.Comma);
    }
  }

  private readFunctions(func: Function, list: Lexer): void {
    const { extFuncs } = func.dfg;
    while (list.kind === Tok.FuncRef) {
      const ref = list.number as FuncRef;
      const extFunc = extFuncs[ref];
      if (extFunc === undefined || extFunc.signature < 0)
        list.fail(list.start, undefinedEntity(list.tokenText()));
      extFuncs[ref] = { ...extFunc, noCollect: true };
      list.next();
      list.accept(Tok.Comma);
    }
  }
}

const LISTS = { "needs-stack-map": "values such as v0 v3", "no-collect": "functions such as fn0" } as const;

function startsWith(source: Uint8Array, at: number, stop: number, word: string): boolean {
  if (stop - at < word.length) return false;
  for (let i = 0; i < word.length; i++) {
    if (source[at + i] !== word.charCodeAt(i)) return false;
  }
  return true;
}
