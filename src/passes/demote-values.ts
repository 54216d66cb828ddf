/**
 * Repairs SSA form after edges were added: a value whose definition no longer dominates all its uses is kept in a stack
 * slot, stored where it is defined and loaded in every other block that uses it.
 *
 * For passes that reroute control and know that each use is still reached only after its definition at run time, such as
 * the dispatcher of `make-reducible.ts`. The slots are in no stack map: run it after the spiller, when no reference is used
 * across a safepoint but through its own slot.
 */
import { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import { DominatorTree } from "../analysis/dominator-tree.ts";
import { I32List } from "../base/column.ts";
import { FuncCursor } from "../ir/cursor.ts";
import { type Block, type Inst, NONE, type StackSlot, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import { bytesOf } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";

/** Returns how many values were demoted. */
export function demoteUndominatedValues(func: Function): number {
  const slots = findUndominated(func);
  if (slots.size === 0) return 0;
  reloadUses(func, slots);
  for (const [value, slot] of slots) storeDefinition(func, value, slot);
  return slots.size;
}

function definingBlock(func: Function, value: Value): Block {
  const { dfg, layout } = func;
  return dfg.valueKind(value) === ValueKind.Param
    ? dfg.valueBlock(value)
    : (layout.blockOf(dfg.valueInst(value)) as Block);
}

/** Calls `visit` for each instruction of a reachable block with the values that it uses, aliases resolved. */
function eachUse(func: Function, visit: (block: Block, inst: Inst, values: I32List) => void): void {
  const { dfg, layout } = func;
  const values = new I32List();
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      values.clear();
      dfg.collectInstValues(inst, values);
      for (let i = 0; i < values.length; i++) values.set(i, dfg.resolveAliases(values.get(i) as Value));
      visit(block, inst, values);
    }
  }
}

/** The values in question, each with a new slot. */
function findUndominated(func: Function): Map<Value, StackSlot> {
  const cfg = new ControlFlowGraph();
  const dominators = new DominatorTree();
  cfg.compute(func);
  dominators.compute(func, cfg);
  const slots = new Map<Value, StackSlot>();
  eachUse(func, (block, _, values) => {
    if (!dominators.isReachable(block)) return;
    for (let i = 0; i < values.length; i++) {
      const value = values.get(i) as Value;
      const home = definingBlock(func, value);
      if (home === block || dominators.dominates(home, block) || slots.has(value)) continue;
      const sizeBytes = bytesOf(func.dfg.valueType(value));
      slots.set(value, func.createStackSlot({ sizeBytes, alignLog2: Math.log2(sizeBytes) }));
    }
  });
  return slots;
}

function reloadUses(func: Function, slots: ReadonlyMap<Value, StackSlot>): void {
  const { dfg } = func;
  const cursor = new FuncCursor(func);
  eachUse(func, (block, inst, values) => {
    let replaced = false;
    for (let i = 0; i < values.length; i++) {
      const value = values.get(i) as Value;
      const slot = slots.get(value);
      if (slot === undefined || definingBlock(func, value) === block) continue;
      const address = cursor.beforeInst(inst).stackAddr(func.pointerType, slot, 0);
      values.set(i, cursor.load(dfg.valueType(value), TRUSTED_MEMFLAGS, address, 0));
      replaced = true;
    }
    if (replaced) dfg.overwriteInstValues(inst, values, 0);
  });
}

function storeDefinition(func: Function, value: Value, slot: StackSlot): void {
  const { dfg } = func;
  const cursor = new FuncCursor(func);
  if (dfg.valueKind(value) === ValueKind.Param) cursor.atStart(dfg.valueBlock(value));
  else cursor.afterInst(dfg.valueInst(value));
  cursor.store(TRUSTED_MEMFLAGS, value, cursor.stackAddr(func.pointerType, slot, 0), 0);
}
