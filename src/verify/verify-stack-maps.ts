/**
 * Stack maps, which upstream never verifies: they stand on safepoints only, and each entry names a declared slot, has a
 * type of fixed size, lies within the slot, and overlaps no other entry of the map. (Two entries for one place would
 * have a moving collector update it twice.)
 *
 * Instructions share equal maps, so each distinct map is looked at once; entries are sorted only where a slot is named
 * twice. Linear but for that.
 */
import { type Inst, NONE, type StackMap } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { isSafepoint } from "../ir/opcodes.ts";
import { bytesOf, isDynamicVector } from "../ir/types.ts";
import type { VerifyContext } from "./context.ts";
import * as messages from "./messages.ts";

const CODE = "clif-stack-map";

export function verifyStackMaps(context: VerifyContext): void {
  const { func, errors } = context;
  const { dfg, layout } = func;
  if (dfg.stackMaps.length === 0) return;
  // What is wrong with each map, looked for when an instruction with the map comes.
  const known: (readonly string[] | undefined)[] = [];
  const slots = new Int32Array(func.stackSlots.length).fill(NONE);
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      const map = dfg.stackMap(inst);
      if (map === NONE) continue;
      if (!isSafepoint(dfg.opcode(inst))) errors.atInst(inst, messages.MAP_NOT_SAFEPOINT, CODE);
      known[map] ??= mapErrors(func, map, slots);
      report(context, inst, known[map]!);
    }
  }
}

function report(context: VerifyContext, inst: Inst, found: readonly string[]): void {
  for (const message of found) context.errors.atInst(inst, message, CODE);
}

/** `slots` holds, by slot, the last map that named it. */
function mapErrors(func: Function, map: StackMap, slots: Int32Array): readonly string[] {
  const maps = func.dfg.stackMaps;
  const found: string[] = [];
  const count = maps.entryCount(map);
  let repeated = false;
  for (let i = 0; i < count; i++) {
    const slot = maps.entrySlot(map, i);
    const message = entryError(func, map, i);
    if (message !== null) found.push(message);
    if (slot < 0 || slot >= slots.length) continue;
    if (slots[slot] === map) repeated = true;
    slots[slot] = map;
  }
  if (repeated) findOverlaps(func, map, found);
  return found.length === 0 ? NO_ERRORS : found;
}

const NO_ERRORS: readonly string[] = [];

function entryError(func: Function, map: StackMap, index: number): string | null {
  const maps = func.dfg.stackMaps;
  const type = maps.entryType(map, index);
  const slot = maps.entrySlot(map, index);
  const offset = maps.entryOffset(map, index) >>> 0;
  const data = func.stackSlots[slot];
  if (data === undefined) return messages.mapSlot(slot);
  const size = bytesOf(type);
  if (size === 0 || isDynamicVector(type)) return messages.mapType(type);
  return offset + size > data.sizeBytes ? messages.mapBounds(type, slot, offset, data.sizeBytes) : null;
}

function findOverlaps(func: Function, map: StackMap, found: string[]): void {
  const maps = func.dfg.stackMaps;
  const entries = Array.from({ length: maps.entryCount(map) }, (_, i) => {
    const start = maps.entryOffset(map, i) >>> 0;
    return { slot: maps.entrySlot(map, i), start, end: start + bytesOf(maps.entryType(map, i)) };
  });
  entries.sort((a, b) => a.slot - b.slot || a.start - b.start);
  for (let i = 1; i < entries.length; i++) {
    const before = entries[i - 1]!;
    const entry = entries[i]!;
    if (before.slot !== entry.slot) continue;
    if (entry.start < before.end) found.push(messages.mapOverlap(entry.slot, before.start, entry.start));
    // A long entry may reach past several shorter ones.
    if (before.end > entry.end) entry.end = before.end;
  }
}
