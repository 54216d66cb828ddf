/**
 * Takes block parameters off that nothing reads, and what branches pass to them: those that are only passed on to others of their kind, too.
 *
 *     jump block1(v1, v2)              jump block1(v2)
 *
 *   block1(v3: i32, v4: i32):    ─►  block1(v4: i32):
 *     brif v4, block1(v3, v4), …       brif v4, block1(v4), …
 *
 * The spiller leaves such: what is carried in a slot is read from there. The parameters of the entry are the function's own, and stay.
 */
import { fillBytes, fillWords, grownCapacity, I32List } from "../base/column.ts";
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { ValueKind } from "../ir/values.ts";

/** For one function; a compiler of many keeps a `ParamRemover`. */
export function removeUnusedParams(func: Function): number {
  return new ParamRemover().run(func);
}

export class ParamRemover {
  /** By value: read, or passed to what is. */
  private needed: Uint8Array;
  private readonly worklist: I32List;
  /** Block calls by the block that they go to, as linked lists. */
  private firstCalls: Int32Array;
  private readonly calls: I32List;
  private readonly nextCalls: I32List;

  constructor() {
    this.needed = new Uint8Array(0);
    this.worklist = new I32List();
    this.firstCalls = new Int32Array(0);
    this.calls = new I32List();
    this.nextCalls = new I32List();
  }

  /** Returns how many parameters are gone. */
  run(func: Function): number {
    const { layout } = func;
    this.reserve(func.dfg.numValues, func.dfg.numBlocks);
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        this.scan(func, inst);
      }
    }
    while (this.worklist.length > 0) this.needArgs(func, this.worklist.pop() as Value);
    let gone = 0;
    let block = layout.entryBlock;
    if (block !== NONE) block = layout.nextBlock(block);
    for (; block !== NONE; block = layout.nextBlock(block)) gone += this.removeFrom(func, block);
    return gone;
  }

  private reserve(values: number, blocks: number): void {
    if (this.needed.length < values) this.needed = new Uint8Array(grownCapacity(this.needed.length, values));
    fillBytes(this.needed, 0, 0, values);
    if (this.firstCalls.length < blocks)
      this.firstCalls = new Int32Array(grownCapacity(this.firstCalls.length, blocks));
    fillWords(this.firstCalls, NONE, 0, blocks);
    this.worklist.clear();
    this.calls.clear();
    this.nextCalls.clear();
  }

  private scan(func: Function, inst: Inst): void {
    const { dfg } = func;
    for (let i = 0; i < dfg.argCount(inst); i++) this.need(func, dfg.arg(inst, i));
    for (let i = 0; i < dfg.destinationCount(inst); i++) {
      const call = dfg.destination(inst, i);
      const target = dfg.blockCalls.block(call);
      this.nextCalls.push(this.firstCalls[target]!);
      this.firstCalls[target] = this.calls.length;
      this.calls.push(call);
    }
    if (!dfg.hasExceptionTable(inst)) return;
    const table = dfg.exceptionTable(inst);
    for (let i = 0; i < dfg.blockCalls.itemCount(table); i++) {
      const context = dfg.blockCalls.contextValue(table, i);
      if (context >= 0) this.need(func, context as Value);
    }
  }

  private need(func: Function, used: Value): void {
    const value = func.dfg.resolveAliases(used);
    if (func.dfg.valueKind(value) !== ValueKind.Param || this.needed[value] !== 0) return;
    this.needed[value] = 1;
    this.worklist.push(value);
  }

  /** Whatever is passed to a parameter that is needed. */
  private needArgs(func: Function, param: Value): void {
    const { dfg } = func;
    const block = dfg.valueBlock(param);
    for (let at = this.firstCalls[block]!; at !== NONE; at = this.nextCalls.get(at)) {
      const arg = dfg.blockCalls.arg(this.calls.get(at) as BlockCall, dfg.valueIndex(param));
      if (isValueArg(arg)) this.need(func, argValue(arg));
    }
  }

  private removeFrom(func: Function, block: Block): number {
    const { dfg } = func;
    const { needed } = this;
    const count = dfg.blockParamCount(block);
    let kept = 0;
    for (let i = 0; i < count; i++) kept += needed[dfg.blockParam(block, i)]!;
    if (kept === count) return 0;
    for (let at = this.firstCalls[block]!; at !== NONE; at = this.nextCalls.get(at)) {
      dfg.blockCalls.removeArgs(
        this.calls.get(at) as BlockCall,
        (index) => needed[dfg.blockParam(block, index)] === 0,
      );
    }
    dfg.removeBlockParams(block, (param) => needed[param] === 0);
    return count - kept;
  }
}
