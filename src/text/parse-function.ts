/**
 * A function of CLIF text: head, preamble, blocks with their aliases and instructions, and the checks that can only be
 * made at its end.
 *
 * Values and blocks may be used before they are defined. Uses of values are remembered while they are undefined and
 * looked at again at the end; blocks that only branches name are made, but stay outside the layout, so that the
 * verifier finds them. An alias needs its target above it, and may be said twice in the same words.
 *
 * Source: `cranelift/reader/src/parser.rs` (`parse_function`, `parse_basic_block`, `parse_value_alias`).
 */
import { I32List } from "../base/column.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { CallConv } from "../ir/signature.ts";
import type { DebugTag } from "../ir/tables.ts";
import { DirectiveReader } from "./directives.ts";
import { COMMENT_WORDS, type Lexer, Tok } from "./lexer.ts";
import {
  aliasConflict,
  aliasCount,
  aliasCycle,
  duplicate,
  notYetDefined,
  outOfRange,
  undefinedEntity,
} from "./messages.ts";
import { ParseContext, PlaceholderCost } from "./parse-context.ts";
import { InstructionParser } from "./parse-instruction.ts";
import { PreambleParser } from "./parse-preamble.ts";
import { parseFunctionName, parseSignature } from "./parse-signature.ts";
import { EntityKind, entityCode, SourceMap } from "./source-map.ts";
import { keyword } from "./words.ts";

/** A function with where its parts stand in the text. */
export interface ParsedFunction {
  readonly func: Function;
  /** Line of the word `function`. */
  readonly line: number;
  readonly details: SourceMap;
}

const WORD_FUNCTION = keyword("function");
const WORD_COLD = keyword("cold");

export class FunctionParser {
  private readonly lexer: Lexer;
  private readonly defaultCallConv: CallConv;
  private readonly context: ParseContext;
  private readonly preamble: PreambleParser;
  private readonly insts: InstructionParser;
  private readonly directives: DirectiveReader;
  private readonly instLines: I32List;
  private blockLines: Int32Array;
  /** The first source location in the function, or `NONE`. */
  private firstSourceLoc: number;

  constructor(lexer: Lexer, defaultCallConv: CallConv) {
    this.lexer = lexer;
    this.defaultCallConv = defaultCallConv;
    this.context = new ParseContext(lexer);
    this.preamble = new PreambleParser(this.context, defaultCallConv);
    this.insts = new InstructionParser(this.context, this.preamble);
    this.directives = new DirectiveReader(lexer);
    this.instLines = new I32List();
    this.blockLines = new Int32Array(0);
    this.firstSourceLoc = NONE;
  }

  /** Reads one function into `func`, which is empty; the word `function` is current. */
  parse(func: Function): ParsedFunction {
    const { lexer, context } = this;
    const { start, line } = lexer;
    lexer.entity = entityCode(EntityKind.Function, 0);
    if (!lexer.acceptWord(WORD_FUNCTION)) lexer.failExpected("'function'");
    context.begin(func);
    this.instLines.clear();
    this.blockLines.fill(0);
    this.firstSourceLoc = NONE;
    func.name = parseFunctionName(context);
    func.signature = parseSignature(context, this.defaultCallConv);
    lexer.expect(Tok.LeftBrace, "'{' before the body");
    this.preamble.parse();
    while (lexer.kind !== Tok.RightBrace) this.parseBlock();
    const { stop } = lexer;
    lexer.entity = entityCode(EntityKind.Function, 0);
    this.finish(func);
    lexer.next();
    return { func, line, details: this.takeDetails(func, line, start, stop) };
  }

  private takeDetails(func: Function, line: number, start: number, stop: number): SourceMap {
    const { lexer } = this;
    const commentWords = lexer.takeComments();
    this.directives.read(func, commentWords, COMMENT_WORDS, start, stop);
    const instLines = new Int32Array(this.instLines.length);
    for (let i = 0; i < instLines.length; i++) instLines[i] = this.instLines.get(i);
    const blockLines = this.blockLines.slice(0, func.dfg.numBlocks);
    return new SourceMap({ source: lexer.source, commentWords, instLines, blockLines, line, start, stop });
  }

  /** Everything used must be defined by now. */
  private finish(func: Function): void {
    const { context, lexer } = this;
    const { forwardUses } = context;
    for (let i = 0; i < forwardUses.length; i += 2) {
      const value = forwardUses.get(i) as Value;
      if (!func.dfg.isValueValid(value)) lexer.fail(forwardUses.get(i + 1), undefinedEntity(`v${value}`));
    }
    while (func.dfg.numBlocks <= context.highestBlock) func.dfg.makeBlock();
  }

  // Blocks.

  private parseBlock(): void {
    const { lexer } = this;
    const { func } = this.context;
    const { line } = lexer;
    const block = this.defineBlock();
    this.recordBlockLine(block, line);
    lexer.entity = entityCode(EntityKind.Block, block);
    lexer.next();
    if (lexer.accept(Tok.LeftParen)) this.parseBlockParams(block);
    if (lexer.acceptWord(WORD_COLD)) func.layout.setCold(block);
    lexer.expect(Tok.Colon, "':' after the block");
    while (this.startsInstruction()) this.parseLine(block);
    if (lexer.kind !== Tok.Block && lexer.kind !== Tok.RightBrace) {
      lexer.failExpected("an instruction, a block or '}'");
    }
  }

  private defineBlock(): Block {
    const { lexer, context } = this;
    const { dfg, layout } = context.func;
    if (lexer.kind !== Tok.Block) lexer.failExpected("a block such as 'block0:', or '}'");
    const block = lexer.number as Block;
    const have = Math.max(dfg.numBlocks, context.highestBlock + 1);
    context.payPlaceholders(block, have, PlaceholderCost.Block, lexer.start);
    while (dfg.numBlocks <= block) dfg.makeBlock();
    if (layout.isBlockInserted(block)) lexer.fail(lexer.start, duplicate(`block${block}`));
    layout.appendBlock(block);
    return block;
  }

  private recordBlockLine(block: Block, line: number): void {
    if (block >= this.blockLines.length) {
      const grown = new Int32Array(Math.max(block + 1, this.blockLines.length * 2, 16));
      grown.set(this.blockLines);
      this.blockLines = grown;
    }
    this.blockLines[block] = line;
  }

  /** `v0: i32, v1: i64)` */
  private parseBlockParams(block: Block): void {
    const { lexer, context } = this;
    while (lexer.kind !== Tok.RightParen) {
      const { start } = lexer;
      const number = context.entity(Tok.Value, "a parameter such as v0");
      lexer.expect(Tok.Colon, "':' and the type of the parameter");
      const type = context.type("the type of the parameter");
      context.func.dfg.defineBlockParam(block, this.insts.claimValue(number, start), type);
      if (!lexer.accept(Tok.Comma)) break;
    }
    lexer.expect(Tok.RightParen, "')' after the parameters");
  }

  private startsInstruction(): boolean {
    switch (this.lexer.kind) {
      case Tok.Value:
      case Tok.Word:
      case Tok.LeftAngle:
      case Tok.SourceLoc:
        return true;
      default:
        return false;
    }
  }

  // Instructions and aliases.

  private parseLine(block: Block): void {
    const { lexer } = this;
    const { func } = this.context;
    const tags = lexer.kind === Tok.LeftAngle ? this.parseDebugTags() : NO_TAGS;
    const sourceLoc = lexer.kind === Tok.SourceLoc ? this.parseSourceLoc() : NONE;
    this.parseResults();
    if (lexer.kind === Tok.Arrow) {
      this.parseAlias();
      return;
    }
    if (this.insts.results.length > 0) lexer.expect(Tok.Equal, "'=' or '->'");
    lexer.entity = entityCode(EntityKind.Inst, func.dfg.numInsts);
    this.instLines.push(lexer.line);
    const inst: Inst = this.insts.parse(block);
    if (tags.length > 0) func.dfg.setDebugTags(inst, tags);
    if (sourceLoc !== NONE && sourceLoc !== 0xffff_ffff) this.setSourceLoc(inst, sourceLoc);
  }

  /**
   * Upstream keeps locations relative to the function's first, and all bits set for none: the location just below
   * the first is lost. So it is here, that both print the same.
   */
  private setSourceLoc(inst: Inst, sourceLoc: number): void {
    if (this.firstSourceLoc === NONE) this.firstSourceLoc = sourceLoc;
    if (((sourceLoc - this.firstSourceLoc) | 0) !== -1) this.context.func.setSourceLoc(inst, sourceLoc);
  }

  /** `v1, v2`, or nothing. */
  private parseResults(): void {
    const { lexer } = this;
    const { results } = this.insts;
    results.clear();
    while (lexer.kind === Tok.Value) {
      results.push(Math.min(lexer.number, 0x7fff_ffff));
      results.push(lexer.start);
      lexer.next();
      if (!lexer.accept(Tok.Comma)) return;
    }
    if (results.length > 0) lexer.failExpected("a value after ','");
  }

  /** `v1 -> v0` */
  private parseAlias(): void {
    const { lexer } = this;
    const { dfg } = this.context.func;
    const { results } = this.insts;
    if (results.length !== 2) lexer.fail(lexer.start, aliasCount);
    lexer.next();
    const { start } = lexer;
    const target = this.context.entity(Tok.Value, "the value it stands for") as Value;
    const value = results.get(0) as Value;
    if (value === target) lexer.fail(results.get(1), aliasCycle(`v${value}`));
    if (dfg.isValueValid(value) && dfg.isAlias(value)) {
      if (dfg.aliasTarget(value) === target) return;
      lexer.fail(results.get(1), aliasConflict(`v${value}`, `v${dfg.aliasTarget(value)}`));
    }
    if (!dfg.isValueValid(target)) lexer.fail(start, notYetDefined(`v${target}`));
    dfg.makeAlias(this.insts.claimValue(value, results.get(1)), target);
  }

  /** `@001f`: up to 32 bits. */
  private parseSourceLoc(): number {
    const { lexer } = this;
    const text = lexer.text(lexer.start, Math.min(lexer.stop, lexer.start + 9));
    if (!/^[0-9a-fA-F]{1,8}$/.test(text))
      lexer.fail(lexer.start - 1, outOfRange("a source location of 32 bits"));
    lexer.next();
    return Number.parseInt(text, 16);
  }

  /** `<1, ss0>` */
  private parseDebugTags(): DebugTag[] {
    const { lexer, context } = this;
    const tags: DebugTag[] = [];
    lexer.next();
    while (lexer.kind !== Tok.RightAngle) {
      if (lexer.kind === Tok.StackSlot) {
        tags.push({ kind: "stack-slot", slot: context.entity(Tok.StackSlot, "a stack slot") });
      } else {
        tags.push({ kind: "user", id: context.uint32("a debug tag: a number or a stack slot") });
      }
      if (!lexer.accept(Tok.Comma)) break;
    }
    lexer.expect(Tok.RightAngle, "'>' after the debug tags");
    return tags;
  }
}

const NO_TAGS: readonly DebugTag[] = [];
