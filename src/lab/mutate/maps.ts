/** Stack maps as lists of entries, to be changed and put back. */
import { type Inst, NONE, type StackSlot } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import type { Type } from "../../ir/types.ts";

export interface MapEntry {
  readonly type: Type;
  readonly slot: StackSlot;
  readonly offset: number;
}

export function mapEntries(func: Function, inst: Inst): MapEntry[] {
  const map = func.dfg.stackMap(inst);
  const entries: MapEntry[] = [];
  if (map === NONE) return entries;
  const { stackMaps } = func.dfg;
  for (let i = 0; i < stackMaps.entryCount(map); i++) {
    const [type, slot] = [stackMaps.entryType(map, i), stackMaps.entrySlot(map, i)];
    entries.push({ type, slot, offset: stackMaps.entryOffset(map, i) });
  }
  return entries;
}

export function setMapEntries(func: Function, inst: Inst, entries: readonly MapEntry[]): void {
  if (entries.length === 0) {
    func.dfg.setStackMap(inst, NONE);
    return;
  }
  for (const { type, slot, offset } of entries) func.dfg.stackMaps.push(type, slot, offset);
  func.dfg.setStackMap(inst, func.dfg.stackMaps.finish());
}
