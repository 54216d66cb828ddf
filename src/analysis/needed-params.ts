/**
 * Which block parameters matter: those that an instruction computes with, those that somebody asks for, and those passed on to one of these.
 * The others only ever reach each other.
 */
import { fillBytes, fillWords, grownCapacity, I32List } from "../base/column.ts";
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { ValueKind } from "../ir/values.ts";

export class NeededParams {
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

  isNeeded(param: Value): boolean {
    return this.needed[param] !== 0;
  }

  /** Every block call that goes to the block, as of `compute`. */
  forEachCall(block: Block, visit: (call: BlockCall) => void): void {
    for (let at = this.firstCalls[block]!; at !== NONE; at = this.nextCalls.get(at)) {
      visit(this.calls.get(at) as BlockCall);
    }
  }

  /** Begins a function; `need` says what else matters, before `compute`. */
  begin(func: Function): void {
    const { numValues, numBlocks } = func.dfg;
    if (this.needed.length < numValues)
      this.needed = new Uint8Array(grownCapacity(this.needed.length, numValues));
    fillBytes(this.needed, 0, 0, numValues);
    if (this.firstCalls.length < numBlocks)
      this.firstCalls = new Int32Array(grownCapacity(this.firstCalls.length, numBlocks));
    fillWords(this.firstCalls, NONE, 0, numBlocks);
    this.worklist.clear();
    this.calls.clear();
    this.nextCalls.clear();
  }

  need(func: Function, used: Value): void {
    const value = func.dfg.resolveAliases(used);
    if (func.dfg.valueKind(value) !== ValueKind.Param || this.needed[value] !== 0) return;
    this.needed[value] = 1;
    this.worklist.push(value);
  }

  compute(func: Function): void {
    const { dfg, layout } = func;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        for (let i = 0; i < dfg.argCount(inst); i++) this.need(func, dfg.arg(inst, i));
        if (dfg.destinationCount(inst) > 0) this.scanBranch(func, inst);
      }
    }
    while (this.worklist.length > 0) this.needPassed(func, this.worklist.pop() as Value);
  }

  private scanBranch(func: Function, inst: Inst): void {
    const { dfg } = func;
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

  /** Whatever is passed to a needed parameter is needed. */
  private needPassed(func: Function, param: Value): void {
    const { dfg } = func;
    const block: Block = dfg.valueBlock(param);
    for (let at = this.firstCalls[block]!; at !== NONE; at = this.nextCalls.get(at)) {
      const arg = dfg.blockCalls.arg(this.calls.get(at) as BlockCall, dfg.valueIndex(param));
      if (isValueArg(arg)) this.need(func, argValue(arg));
    }
  }
}
