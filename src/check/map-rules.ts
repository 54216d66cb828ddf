/**
 * What holds of a stack map whatever the slots contain: entries lie within slots that exist, none twice or over another
 * (a moving collector would move the same reference twice), BEFORE's own entries are all still there, and of the
 * program's own slots no others are named.
 */
import { type Inst, NONE, type StackMap } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { bytesOf, typeName } from "../ir/types.ts";
import type { Match } from "./match.ts";
import type { SafepointErrorCode } from "./safepoint-error.ts";

export interface MapFault {
  readonly code: SafepointErrorCode;
  readonly message: string;
  readonly slot: number;
}

export class MapRules {
  /** Maps of AFTER without fault at instructions that have no map in BEFORE. */
  private readonly fine: Set<StackMap>;
  /** By slot: the last map that was seen to name it. */
  private namedBy: Int32Array;

  constructor() {
    this.fine = new Set();
    this.namedBy = new Int32Array(0);
  }

  begin(match: Match): void {
    this.fine.clear();
    this.namedBy = new Int32Array(match.after.stackSlots.length).fill(NONE);
  }

  /** The first fault of the map of an instruction of AFTER, or `null`. */
  fault(match: Match, inst: Inst): MapFault | null {
    const map = match.after.dfg.stackMap(inst);
    const old = match.before.dfg.stackMap(match.origin(inst) as Inst);
    if (old !== NONE)
      return lostEntry(match, old, map) ?? boundsFault(match.after, map) ?? foreignEntry(match, old, map);
    if (map === NONE || this.fine.has(map)) return null;
    if (this.isPlain(match, map)) {
      this.fine.add(map);
      return null;
    }
    const fault = boundsFault(match.after, map) ?? foreignEntry(match, old, map);
    if (fault === null) this.fine.add(map);
    return fault;
  }

  /** The usual map, found right at once: each entry the beginning of a new slot that no other entry names. */
  private isPlain({ before, after }: Match, map: StackMap): boolean {
    const { stackMaps } = after.dfg;
    for (let i = 0; i < stackMaps.entryCount(map); i++) {
      const slot = stackMaps.entrySlot(map, i);
      if (slot < before.stackSlots.length || slot >= after.stackSlots.length) return false;
      if (stackMaps.entryOffset(map, i) !== 0 || this.namedBy[slot] === map) return false;
      if (bytesOf(stackMaps.entryType(map, i)) > after.stackSlots[slot]!.sizeBytes) return false;
      this.namedBy[slot] = map;
    }
    return true;
  }
}

function entryText(func: Function, map: StackMap, index: number): string {
  const { stackMaps } = func.dfg;
  const type = typeName(stackMaps.entryType(map, index));
  return `${type} @ ss${stackMaps.entrySlot(map, index)}+${stackMaps.entryOffset(map, index)}`;
}

function boundsFault(after: Function, map: StackMap | typeof NONE): MapFault | null {
  if (map === NONE) return null;
  const { stackMaps } = after.dfg;
  const count = stackMaps.entryCount(map);
  const places: {
    readonly slot: number;
    readonly start: number;
    readonly end: number;
    readonly index: number;
  }[] = [];
  for (let index = 0; index < count; index++) {
    const slot = stackMaps.entrySlot(map, index);
    const start = stackMaps.entryOffset(map, index);
    const end = start + bytesOf(stackMaps.entryType(map, index));
    const size = after.stackSlots[slot]?.sizeBytes ?? 0;
    if (start < 0 || end > size) {
      const message = `the map's ${entryText(after, map, index)} reaches beyond ss${slot}`;
      return { code: "map-bounds", message, slot };
    }
    places.push({ slot, start, end, index });
  }
  places.sort((a, b) => a.slot - b.slot || a.start - b.start);
  for (let i = 1; i < count; i++) {
    const place = places[i]!;
    const previous = places[i - 1]!;
    if (place.slot !== previous.slot || place.start >= previous.end) continue;
    const message = `the map names ss${place.slot} twice: ${entryText(after, map, previous.index)}, ${entryText(after, map, place.index)}`;
    return { code: "map-overlap", message, slot: place.slot };
  }
  return null;
}

function lostEntry(match: Match, old: StackMap, map: StackMap | typeof NONE): MapFault | null {
  const { before, after } = match;
  for (let i = 0; i < before.dfg.stackMaps.entryCount(old); i++) {
    if (map !== NONE && hasEntry(after, map, before, old, i)) continue;
    const slot = before.dfg.stackMaps.entrySlot(old, i);
    return { code: "map-lost-entry", message: `the map lacks ${entryText(before, old, i)} of BEFORE`, slot };
  }
  return null;
}

function foreignEntry(
  match: Match,
  old: StackMap | typeof NONE,
  map: StackMap | typeof NONE,
): MapFault | null {
  if (map === NONE) return null;
  const { before, after } = match;
  for (let i = 0; i < after.dfg.stackMaps.entryCount(map); i++) {
    const slot = after.dfg.stackMaps.entrySlot(map, i);
    if (slot >= before.stackSlots.length) continue;
    if (old !== NONE && hasEntry(before, old, after, map, i)) continue;
    const message = `the map names ${entryText(after, map, i)}, in a slot of the program's own`;
    return { code: "map-program-slot", message, slot };
  }
  return null;
}

/** Whether a map has the entry `index` of another. */
function hasEntry(
  func: Function,
  map: StackMap,
  other: Function,
  otherMap: StackMap,
  index: number,
): boolean {
  const own = func.dfg.stackMaps;
  const others = other.dfg.stackMaps;
  for (let i = 0; i < own.entryCount(map); i++) {
    if (
      own.entrySlot(map, i) === others.entrySlot(otherMap, index) &&
      own.entryOffset(map, i) === others.entryOffset(otherMap, index) &&
      own.entryType(map, i) === others.entryType(otherMap, index)
    ) {
      return true;
    }
  }
  return false;
}
