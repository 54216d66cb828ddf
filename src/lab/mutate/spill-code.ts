/**
 * The spill code of a function that the spiller has just rewritten, as lists: what mutations choose from. What is added is
 * told by number: the spiller's instructions, values and slots come after those that the function had.
 */

import { type Block, type Inst, NONE, type StackSlot } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import * as Op from "../../ir/op.gen.ts";
import { ValueKind } from "../../ir/values.ts";

/** A spill or reload with the slot it reaches. */
export interface SlotAccess {
  readonly inst: Inst;
  readonly block: Block;
  /** The `stack_addr` that gives the address. */
  readonly address: Inst;
  readonly slot: StackSlot;
}

export interface SpillCode {
  readonly spills: readonly SlotAccess[];
  readonly reloads: readonly SlotAccess[];
  /** Safepoints that have a map. */
  readonly mapped: readonly Inst[];
  /** Instructions that the function had before. */
  readonly originals: readonly Inst[];
  /** The number of slots that the function had before. */
  readonly firstSlot: number;
  /** Its instructions have numbers below this one. */
  readonly instLimit: number;
}

/** `before` is the function as it was: its counts tell what is new in `after`. */
export function spillCodeOf(before: Function, after: Function): SpillCode {
  const { dfg, layout } = after;
  const spills: SlotAccess[] = [];
  const reloads: SlotAccess[] = [];
  const mapped: Inst[] = [];
  const originals: Inst[] = [];
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      if (inst < before.dfg.numInsts) {
        originals.push(inst);
        if (dfg.stackMap(inst) !== NONE) mapped.push(inst);
        continue;
      }
      const access = accessOf(after, block, inst);
      if (access === null) continue;
      if (dfg.opcode(inst) === Op.Store) spills.push(access);
      else reloads.push(access);
    }
  }
  return {
    spills,
    reloads,
    mapped,
    originals,
    firstSlot: before.stackSlots.length,
    instLimit: before.dfg.numInsts,
  };
}

function accessOf(func: Function, block: Block, inst: Inst): SlotAccess | null {
  const { dfg } = func;
  const op = dfg.opcode(inst);
  if (op !== Op.Store && op !== Op.Load) return null;
  const value = dfg.arg(inst, dfg.argCount(inst) - 1);
  if (dfg.valueKind(value) !== ValueKind.Result) return null;
  const address = dfg.valueInst(value);
  if (dfg.opcode(address) !== Op.StackAddr) return null;
  return { inst, block, address, slot: dfg.stackSlot(address) };
}
