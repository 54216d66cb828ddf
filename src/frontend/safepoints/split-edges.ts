/**
 * Moves references off the edges of `try_call`.
 *
 * A value passed on an edge of a `try_call` counts as a use by the instruction, which is before the call: the call may
 * move what it refers to, and the edge then carries the old address. So each edge that passes a reference gets a block
 * of its own, and passes it from there:
 *
 *     try_call fn0(), sig0, block1(v0, ret0), []          try_call fn0(), sig0, block9(ret0), []
 *                                                 →
 *                                                         block9(v8: i32):
 *                                                             jump block1(v0, v8)
 *
 * Now the value is live across the call like any other, in its map, and reloaded in the new block. What no collector
 * changes stays on the edge: values that are not declared, constants, and what is passed to a parameter that need not be
 * fresh.
 */
import { NeededParams } from "../../analysis/needed-params.ts";
import { I32List } from "../../base/column.ts";
import { argValue, type BlockArg, isValueArg } from "../../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import * as Op from "../../ir/op.gen.ts";
import { isConstantValue, type References } from "./references.ts";

export class EdgeSplitter {
  private readonly fresh: NeededParams;
  private readonly args: I32List;

  constructor() {
    this.fresh = new NeededParams();
    this.args = new I32List();
  }

  /** Whether any edge passes a reference, so that `run` may have to split it. */
  hasCandidates(func: Function, references: References): boolean {
    const { dfg, layout } = func;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      const last = layout.lastInst(block);
      if (last === NONE || !collectsOnEdges(func, last)) continue;
      for (let i = 0; i < dfg.destinationCount(last); i++) {
        const call = dfg.destination(last, i);
        for (let j = 0; j < dfg.blockCalls.argCount(call); j++) {
          if (isReference(func, references, dfg.blockCalls.arg(call, j))) return true;
        }
      }
    }
    return false;
  }

  /**
   * Which parameters must be fresh: of those that nobody computes with, the ones that a map will list. A reference that only ever reaches
   * other parameters may be as stale as it likes.
   */
  private findFresh(func: Function, references: References, liveAcross: Int32Array): void {
    this.fresh.begin(func);
    for (let rank = 0; rank < references.count; rank++) {
      if (((liveAcross[rank >> 5]! >>> (rank & 31)) & 1) === 1) this.fresh.need(func, references.value(rank));
    }
    this.fresh.compute(func);
  }

  /**
   * Splits the edges that need it; `liveAcross` is what liveness finds before. Returns how many edges were split; the
   * references are to be computed again when there are any.
   */
  run(func: Function, references: References, liveAcross: Int32Array): number {
    const { layout } = func;
    // Blocks made here pass on exactly what was passed before, so the answer stays right.
    this.findFresh(func, references, liveAcross);
    let split = 0;
    let block = layout.entryBlock;
    while (block !== NONE) {
      const next = layout.nextBlock(block);
      const last = layout.lastInst(block);
      if (last !== NONE && collectsOnEdges(func, last)) split += this.splitEdgesOf(func, references, last);
      block = next;
    }
    return split;
  }

  private splitEdgesOf(func: Function, references: References, inst: Inst): number {
    const { dfg } = func;
    let after = func.layout.blockOf(inst) as Block;
    let split = 0;
    for (let i = 0; i < dfg.destinationCount(inst); i++) {
      const call = dfg.destination(inst, i);
      if (!this.passesReference(func, references, call)) continue;
      after = this.splitEdge(func, references, call, after);
      split++;
    }
    return split;
  }

  private passesReference(func: Function, references: References, call: BlockCall): boolean {
    const { blockCalls } = func.dfg;
    for (let i = 0; i < blockCalls.argCount(call); i++) {
      if (this.goesStale(func, references, call, i)) return true;
    }
    return false;
  }

  /** Whether argument `index` is a reference that must be fresh behind the edge. */
  private goesStale(func: Function, references: References, call: BlockCall, index: number): boolean {
    const { blockCalls } = func.dfg;
    if (!isReference(func, references, blockCalls.arg(call, index))) return false;
    return this.fresh.isNeeded(func.dfg.blockParam(blockCalls.block(call), index));
  }

  /** The new block, placed after `after`: its parameters are the arguments that stay on the edge. */
  private splitEdge(func: Function, references: References, call: BlockCall, after: Block): Block {
    const { dfg, layout } = func;
    const { blockCalls } = dfg;
    const { args } = this;
    const target = blockCalls.block(call);
    const count = blockCalls.argCount(call);
    const edge = dfg.makeBlock();
    layout.insertBlockAfter(edge, after);
    if (layout.isCold(target)) layout.setCold(edge);
    args.clear();
    for (let i = 0; i < count; i++) {
      const moves = this.goesStale(func, references, call, i);
      const type = dfg.valueType(dfg.blockParam(target, i));
      args.push(moves ? blockCalls.arg(call, i) : dfg.appendBlockParam(edge, type));
    }
    const onward = blockCalls.createEmpty(target, count);
    for (let i = 0; i < count; i++) blockCalls.setArg(onward, i, args.get(i) as BlockArg);
    for (let i = count - 1; i >= 0; i--) {
      if (args.get(i) === blockCalls.arg(call, i)) blockCalls.removeArg(call, i);
    }
    blockCalls.setBlock(call, edge);
    layout.appendInst(dfg.newInst(Op.Jump, 0, onward, 0), edge);
    return edge;
  }
}

/** A `try_call` during which references may move. */
function collectsOnEdges(func: Function, inst: Inst): boolean {
  return func.dfg.hasExceptionTable(inst) && func.mayCollect(inst);
}

/** A declared value that a collector may change. */
function isReference(func: Function, references: References, arg: BlockArg): boolean {
  if (!isValueArg(arg) || references.rankOf(argValue(arg)) < 0) return false;
  return !isConstantValue(func, func.dfg.resolveAliases(argValue(arg)));
}
