/**
 * What a spilled function costs, counted: in its text, when it runs, and how few slots could do.
 *
 * The lower bound on slots is, for each size, the most distinct slots of that size that one safepoint's map names: so many
 * references of the size are live at once, and each needs a place of its own.
 */
import { type Inst, NONE } from "../src/ir/entities.ts";
import type { Function } from "../src/ir/function.ts";

/** Counts that add up over functions. */
export interface SpillCosts {
  functions: number;
  slots: number;
  slotBytes: number;
  slotsLowerBound: number;
  spills: number;
  reloads: number;
  mapEntries: number;
  /** Executed, over all inputs tried. */
  dynamicSpills: number;
  dynamicReloads: number;
  dynamicMapEntries: number;
  dynamicSafepoints: number;
}

export function noCosts(): SpillCosts {
  return {
    functions: 0,
    slots: 0,
    slotBytes: 0,
    slotsLowerBound: 0,
    spills: 0,
    reloads: 0,
    mapEntries: 0,
    dynamicSpills: 0,
    dynamicReloads: 0,
    dynamicMapEntries: 0,
    dynamicSafepoints: 0,
  };
}

export function addCosts(to: SpillCosts, more: Partial<SpillCosts>): void {
  for (const [name, count] of Object.entries(more)) to[name as keyof SpillCosts] += count;
}

/** Bytes of the slots from `first` on. */
export function slotBytes(func: Function, first: number): number {
  return func.stackSlots.slice(first).reduce((sum, slot) => sum + slot.sizeBytes, 0);
}

/** The fewest slots that could hold what the function's maps name of the slots from `first` on. */
export function slotsLowerBound(func: Function, first: number): number {
  const { dfg } = func;
  const most = new Map<number, number>();
  for (let inst = 0; inst < dfg.numInsts; inst++) {
    const map = dfg.stackMap(inst as Inst);
    if (map === NONE || func.layout.blockOf(inst as Inst) === NONE) continue;
    const slots = new Set<number>();
    for (let i = 0; i < dfg.stackMaps.entryCount(map); i++) slots.add(dfg.stackMaps.entrySlot(map, i));
    const bySize = new Map<number, number>();
    for (const slot of slots) {
      if (slot < first) continue;
      const { sizeBytes } = func.stackSlots[slot]!;
      bySize.set(sizeBytes, (bySize.get(sizeBytes) ?? 0) + 1);
    }
    for (const [size, count] of bySize) most.set(size, Math.max(most.get(size) ?? 0, count));
  }
  let bound = 0;
  for (const count of most.values()) bound += count;
  return bound;
}
