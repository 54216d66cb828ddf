/**
 * Which block parameters are never null because nothing that is passed to them is. Optimistic: all declared parameters count as
 * such until an argument does not, round after round, so that what goes around a loop unchanged stays what it was.
 */
import { fillBytes } from "../base/column.ts";
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { ValueKind } from "../ir/values.ts";

export class NonNullParams {
  private assumed: Uint8Array;
  private nonNull: Uint8Array;

  constructor() {
    this.assumed = new Uint8Array(0);
    this.nonNull = new Uint8Array(0);
  }

  /** Marks in `nonNull` the parameters among the declared values. */
  compute(func: Function, declared: Uint8Array, nonNull: Uint8Array): void {
    const { dfg, layout } = func;
    if (this.assumed.length < dfg.numValues) this.assumed = new Uint8Array(dfg.numValues * 2);
    fillBytes(this.assumed, 0, 0, dfg.numValues);
    this.nonNull = nonNull;
    let any = false;
    const entry = layout.entryBlock;
    for (let block = entry; block !== NONE; block = layout.nextBlock(block)) {
      if (block === entry) continue;
      for (let i = 0; i < dfg.blockParamCount(block); i++) {
        const param = dfg.blockParam(block, i);
        if (declared[param] === 0) continue;
        this.assumed[param] = 1;
        any = true;
      }
    }
    while (any) any = this.round(func);
    for (let value = 0; value < dfg.numValues; value++) nonNull[value]! |= this.assumed[value]!;
  }

  /** Whether some assumption fell. */
  private round(func: Function): boolean {
    const { dfg, layout } = func;
    let fell = false;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      const last = layout.lastInst(block);
      if (last === NONE) continue;
      const handles = dfg.hasExceptionTable(last);
      for (let i = 0; i < dfg.destinationCount(last); i++) {
        if (this.passes(func, dfg.destination(last, i), handles)) fell = true;
      }
    }
    return fell;
  }

  private passes(func: Function, call: BlockCall, handles: boolean): boolean {
    const { dfg } = func;
    const target: Block = dfg.blockCalls.block(call);
    let fell = false;
    for (let i = 0; i < dfg.blockParamCount(target); i++) {
      const param = dfg.blockParam(target, i);
      if (this.assumed[param] === 0) continue;
      const arg = dfg.blockCalls.arg(call, i);
      if (!handles && isValueArg(arg) && this.isNonNull(func, argValue(arg))) continue;
      this.assumed[param] = 0;
      fell = true;
    }
    return fell;
  }

  private isNonNull(func: Function, used: Value): boolean {
    const { dfg } = func;
    const value = dfg.resolveAliases(used);
    if (this.assumed[value] !== 0 || this.nonNull[value] !== 0) return true;
    if (dfg.valueKind(value) !== ValueKind.Result) return false;
    const inst: Inst = dfg.valueInst(value);
    return dfg.opcode(inst) === Op.Iconst && dfg.immLow(inst) !== 0;
  }
}
