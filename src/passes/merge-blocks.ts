/**
 * Takes out blocks that cannot be reached, and appends to each block the one that it jumps to if nothing else leads there; the
 * parameters become aliases of the arguments.
 *
 * Needs a valid function. A parameter that was declared to need stack maps declares its argument from then on.
 */
import { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import { Traversal } from "../analysis/traversal.ts";
import { fillBytes, I32List } from "../base/column.ts";
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { Format } from "../ir/opcodes.ts";

/** For one function; a compiler of many keeps a `BlockMerger`. */
export function mergeBlocks(func: Function): number {
  return new BlockMerger().run(func);
}

export class BlockMerger {
  private readonly cfg: ControlFlowGraph;
  private readonly traversal: Traversal;
  private readonly order: I32List;
  private reached: Uint8Array;

  constructor() {
    this.cfg = new ControlFlowGraph();
    this.traversal = new Traversal();
    this.order = new I32List();
    this.reached = new Uint8Array(0);
  }

  /** Returns how many blocks are gone. */
  run(func: Function): number {
    const { layout } = func;
    let gone = this.dropUnreachable(func);
    this.cfg.compute(func);
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      while (this.absorbNext(func, block)) gone++;
    }
    return gone;
  }

  /**
   * Makes the parameters of blocks that one edge leads to aliases of what it passes. Facts about a parameter do not hold of that, so only
   * numbering, which knows where they do, does so before it; this comes last, and after `run`: without unreachable blocks, whose edges may
   * go in a circle. Returns how many parameters are gone.
   */
  nameSoleArguments(func: Function): number {
    const { dfg, layout } = func;
    const { cfg } = this;
    cfg.compute(func);
    let gone = 0;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      if (cfg.predecessorCount(block) !== 1 || dfg.blockParamCount(block) === 0) continue;
      gone += nameArguments(func, cfg.predecessorCall(func, block, 0), block);
    }
    return gone;
  }

  private dropUnreachable(func: Function): number {
    const { dfg, layout } = func;
    this.order.clear();
    this.traversal.postOrder(func, this.order);
    if (this.reached.length < dfg.numBlocks) this.reached = new Uint8Array(dfg.numBlocks * 2);
    fillBytes(this.reached, 0, 0, dfg.numBlocks);
    for (let i = 0; i < this.order.length; i++) this.reached[this.order.get(i)] = 1;
    let gone = 0;
    let block = layout.entryBlock;
    while (block !== NONE) {
      const next = layout.nextBlock(block);
      if (this.reached[block] === 0) {
        drop(func, block);
        gone++;
      }
      block = next;
    }
    return gone;
  }

  private absorbNext(func: Function, block: Block): boolean {
    const { dfg, layout } = func;
    const last = layout.lastInst(block);
    if (last === NONE || dfg.format(last) !== Format.Jump) return false;
    const call = dfg.destination(last, 0);
    const next = dfg.blockCalls.block(call);
    if (next === block || next === layout.entryBlock || this.cfg.predecessorCount(next) !== 1) return false;
    nameArguments(func, call, next);
    if (dfg.blockParamCount(next) > 0) throw new Error("a jump passes values");
    layout.removeInst(last);
    let inst = layout.firstInst(next);
    while (inst !== NONE) {
      const following = layout.nextInst(inst);
      layout.removeInst(inst);
      layout.appendInst(inst, block);
      inst = following;
    }
    layout.removeBlock(next);
    return true;
  }
}

/**
 * Makes the parameters of a block that one edge leads to aliases of what it passes, as far as these are values: what a call gives or
 * throws is only known as a parameter.
 */
export function nameArguments(func: Function, call: BlockCall, block: Block): number {
  const { dfg } = func;
  const count = dfg.blockParamCount(block);
  for (let i = 0; i < count; i++) {
    const arg = dfg.blockCalls.arg(call, i);
    if (isValueArg(arg)) dfg.changeToAlias(dfg.blockParam(block, i), argValue(arg));
  }
  dfg.blockCalls.removeArgs(call, (index) => isValueArg(dfg.blockCalls.arg(call, index)));
  dfg.dropAliasedParams(block);
  return count - dfg.blockParamCount(block);
}

function drop(func: Function, block: Block): void {
  const { layout } = func;
  for (let inst: Inst | typeof NONE = layout.lastInst(block); inst !== NONE; inst = layout.lastInst(block)) {
    layout.removeInst(inst);
  }
  layout.removeBlock(block);
}
