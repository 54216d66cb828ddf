/** Destinations of branches: block calls, branch tables, the exception tables of `try_call`. */
import { I32List } from "../base/column.ts";
import { type BlockArg, type ExceptionTableItem, exnArg, retArg } from "../ir/block-calls.ts";
import type { BlockCall, ExceptionTable, SigRef } from "../ir/entities.ts";
import { type Lexer, Tok } from "./lexer.ts";
import { outOfRange } from "./messages.ts";
import type { ParseContext } from "./parse-context.ts";
import { keyword } from "./words.ts";

const WORD_DEFAULT = keyword("default");
const WORD_CONTEXT = keyword("context");

const MAX_BLOCK_ARG_INDEX = (1 << 29) - 1;

export class BranchParser {
  private readonly context: ParseContext;
  private readonly lexer: Lexer;
  private readonly blockArgs: I32List;

  constructor(context: ParseContext) {
    this.context = context;
    this.lexer = context.lexer;
    this.blockArgs = new I32List();
  }

  /** `block1` or `block1(v0, v1)` */
  blockCall(): BlockCall {
    const { lexer, blockArgs } = this;
    const block = this.context.block("a block such as block1");
    blockArgs.clear();
    if (lexer.accept(Tok.LeftParen)) {
      if (lexer.kind !== Tok.RightParen) {
        blockArgs.push(this.blockArg());
        while (lexer.accept(Tok.Comma)) blockArgs.push(this.blockArg());
      }
      lexer.expect(Tok.RightParen, "')' after the arguments");
    }
    const calls = this.context.func.dfg.blockCalls;
    const call = calls.createEmpty(block, blockArgs.length);
    for (let i = 0; i < blockArgs.length; i++) calls.setArg(call, i, blockArgs.get(i) as BlockArg);
    return call;
  }

  private blockArg(): BlockArg {
    const { lexer } = this;
    if (lexer.kind !== Tok.RetArg && lexer.kind !== Tok.ExnArg)
      return this.context.value("a value") as number as BlockArg;
    const { kind, number, start } = lexer;
    if (number > MAX_BLOCK_ARG_INDEX) lexer.fail(start, outOfRange("the number of the result"));
    lexer.next();
    return kind === Tok.RetArg ? retArg(number) : exnArg(number);
  }

  /** `block0, [block1, block2(v3)]`: the default first. */
  branchTable(): BlockCall[] {
    const { lexer } = this;
    const calls = [this.blockCall()];
    this.comma();
    lexer.expect(Tok.LeftBracket, "'[' before the table");
    if (lexer.kind !== Tok.RightBracket) {
      calls.push(this.blockCall());
      while (lexer.accept(Tok.Comma)) calls.push(this.blockCall());
    }
    lexer.expect(Tok.RightBracket, "']' after the table");
    return calls;
  }

  /** `, block1(ret0), [ tag1: block2(exn0), default: block3, context v5 ]`, behind the signature */
  exceptionTable(signature: SigRef): ExceptionTable {
    const { lexer } = this;
    this.comma();
    const normalReturn = this.blockCall();
    this.comma();
    lexer.expect(Tok.LeftBracket, "'[' before the handlers");
    const items: ExceptionTableItem[] = [];
    while (lexer.kind !== Tok.RightBracket) {
      items.push(this.exceptionTableItem());
      if (!lexer.accept(Tok.Comma)) break;
    }
    lexer.expect(Tok.RightBracket, "']' after the handlers");
    return this.context.func.dfg.blockCalls.createTable(signature, normalReturn, items);
  }

  private exceptionTableItem(): ExceptionTableItem {
    const { lexer } = this;
    if (lexer.acceptWord(WORD_CONTEXT)) return { kind: "context", value: this.context.value("a value") };
    if (lexer.kind === Tok.ExceptionTag) {
      const { number, start } = lexer;
      if (number > 0xffff_ffff) lexer.fail(start, outOfRange("the tag"));
      lexer.next();
      lexer.expect(Tok.Colon, "':' after the tag");
      return { kind: "tag", tag: number, call: this.blockCall() };
    }
    if (!lexer.acceptWord(WORD_DEFAULT)) lexer.failExpected("a handler: tag0, default or context");
    lexer.expect(Tok.Colon, "':' after 'default'");
    return { kind: "default", call: this.blockCall() };
  }

  private comma(): void {
    this.lexer.expect(Tok.Comma, "','");
  }
}
