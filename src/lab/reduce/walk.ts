/** Walking over a function that is small enough for lists: blocks in layout order, instructions, uses. */
import { argValue, isValueArg } from "../../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { isTerminator } from "../../ir/opcodes.ts";

/** All blocks in layout order. */
export function blocksOf(func: Function): Block[] {
  const blocks: Block[] = [];
  for (let block = func.layout.entryBlock; block !== NONE; block = func.layout.nextBlock(block))
    blocks.push(block);
  return blocks;
}

/** The instructions of a block in order, as a list that edits do not disturb. */
export function instsOf(func: Function, block: Block): Inst[] {
  const insts: Inst[] = [];
  for (let inst = func.layout.firstInst(block); inst !== NONE; inst = func.layout.nextInst(inst))
    insts.push(inst);
  return insts;
}

export function allInsts(func: Function): Inst[] {
  return blocksOf(func).flatMap((block) => instsOf(func, block));
}

/** The block's terminator, or `NONE` for a block that lacks one. */
export function terminatorOf(func: Function, block: Block): Inst | typeof NONE {
  const last = func.layout.lastInst(block);
  return last !== NONE && isTerminator(func.dfg.opcode(last)) ? last : NONE;
}

/** Every branch destination in the function. */
export function allBlockCalls(func: Function): BlockCall[] {
  const { dfg } = func;
  return allInsts(func).flatMap((inst) =>
    Array.from({ length: dfg.destinationCount(inst) }, (_, i) => dfg.destination(inst, i)),
  );
}

/** The blocks that the entry reaches, in layout order; or all. */
export function reachableBlocks(func: Function, all: boolean): Block[] {
  const blocks = blocksOf(func);
  if (all || blocks.length === 0) return blocks;
  const { dfg, layout } = func;
  const reached = new Set<Block>([blocks[0]!]);
  const todo = [blocks[0]!];
  for (let block = todo.pop(); block !== undefined; block = todo.pop()) {
    for (const inst of instsOf(func, block)) {
      for (let i = 0; i < dfg.destinationCount(inst); i++) {
        const next = dfg.blockCalls.block(dfg.destination(inst, i));
        if (reached.has(next) || !layout.isBlockInserted(next)) continue;
        reached.add(next);
        todo.push(next);
      }
    }
  }
  return blocks.filter((block) => reached.has(block));
}

/** The values passed to parameter `index` of the block by every branch; `null` where one passes something else. */
export function passedValues(func: Function, block: Block, index: number): Value[] | null {
  const { blockCalls } = func.dfg;
  const values: Value[] = [];
  for (const call of allBlockCalls(func)) {
    if (blockCalls.block(call) !== block) continue;
    if (index >= blockCalls.argCount(call)) return null;
    const arg = blockCalls.arg(call, index);
    if (!isValueArg(arg)) return null;
    values.push(argValue(arg));
  }
  return values;
}
