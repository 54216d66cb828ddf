/**
 * Moves references off the edges of `try_call`.
 *
 * A value passed on an edge of a `try_call` counts as a use by the instruction, which is before the call: the call may
 * move what it refers to, and the edge then carries the old address. So each edge that passes a declared value gets a
 * block of its own, and passes it from there:
 *
 *     try_call fn0(), sig0, block1(v0, ret0), []          try_call fn0(), sig0, block9(ret0), []
 *                                                 →
 *                                                         block9(v8: i32):
 *                                                             jump block1(v0, v8)
 *
 * Now the value is live across the call like any other, in its map, and reloaded in the new block.
 */
import type { I32List } from "../../base/column.ts";
import { argValue, type BlockArg, isValueArg } from "../../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import * as Op from "../../ir/op.gen.ts";
import type { References } from "./references.ts";

/** Splits the edges that need it; `args` is scratch. Returns how many were split. */
export function splitTryCallEdges(func: Function, references: References, args: I32List): number {
  const { dfg, layout } = func;
  let split = 0;
  let block = layout.entryBlock;
  while (block !== NONE) {
    const next = layout.nextBlock(block);
    const last = layout.lastInst(block);
    if (last !== NONE && dfg.hasExceptionTable(last) && func.mayCollect(last)) {
      split += splitEdgesOf(func, references, last, args);
    }
    block = next;
  }
  return split;
}

function splitEdgesOf(func: Function, references: References, inst: Inst, args: I32List): number {
  const { dfg } = func;
  let after = func.layout.blockOf(inst) as Block;
  let split = 0;
  for (let i = 0; i < dfg.destinationCount(inst); i++) {
    const call = dfg.destination(inst, i);
    if (!passesReference(func, references, call)) continue;
    after = splitEdge(func, call, after, args);
    split++;
  }
  return split;
}

function passesReference(func: Function, references: References, call: BlockCall): boolean {
  const { blockCalls } = func.dfg;
  for (let i = 0; i < blockCalls.argCount(call); i++) {
    const arg = blockCalls.arg(call, i);
    if (isValueArg(arg) && references.rankOf(argValue(arg)) >= 0) return true;
  }
  return false;
}

/** The new block, placed after `after`: it takes what the call gives, and jumps on with all the arguments. */
function splitEdge(func: Function, call: BlockCall, after: Block, args: I32List): Block {
  const { dfg, layout } = func;
  const { blockCalls } = dfg;
  const target = blockCalls.block(call);
  const edge = dfg.makeBlock();
  layout.insertBlockAfter(edge, after);
  if (layout.isCold(target)) layout.setCold(edge);
  args.clear();
  for (let i = 0; i < blockCalls.argCount(call); i++) {
    const arg = blockCalls.arg(call, i);
    const type = dfg.valueType(dfg.blockParam(target, i));
    args.push(isValueArg(arg) ? argValue(arg) : dfg.appendBlockParam(edge, type));
  }
  const onward = blockCalls.createEmpty(target, args.length);
  for (let i = 0; i < args.length; i++) blockCalls.setArg(onward, i, args.get(i) as BlockArg);
  for (let i = blockCalls.argCount(call) - 1; i >= 0; i--) {
    if (isValueArg(blockCalls.arg(call, i))) blockCalls.removeArg(call, i);
  }
  blockCalls.setBlock(call, edge);
  layout.appendInst(dfg.newInst(Op.Jump, 0, onward, 0), edge);
  return edge;
}
