/**
 * The generational collector: a nursery that compiled code allocates from, in front of two semispaces.
 *
 *     heapStart   old                old + half            old + 2 * half
 *     ├─ nursery ─┼──── low ─────────┼──── high ───────────┼─ cards ─┤
 *
 * A minor collection moves what is alive in the nursery to the old space, at once and whatever its age. Its roots are the usual
 * ones, the marked cards of the old space (see `cards.ts`), and what was allocated there directly since the last
 * collection: objects of more than half a nursery, whose initialising stores mark no card. These lie at the old space's end,
 * in front of what is moved there, so they are simply the beginning of the queue.
 *
 * A full collection is a minor one and then, with the nursery empty, a copying one of the old space. Between collections
 *
 *     used part of the old space + whole nursery ≤ half
 *
 * holds, or the nursery shows no room: so a minor collection never runs out of space. Growth is that of the copying
 * collector: only where the objects are in the low half.
 *
 * Built with `STRESS` set: every allocation collects, one in eight fully; memory without objects is poisoned.
 */
import { beginRecords, CARD, moveTables, recordObject, tableBytes, updateCards } from "./cards";
import { beginMoving, free, moveReachable } from "./evacuation";
import {
  allocEnd,
  allocPtr,
  begin,
  bump,
  collections,
  countAllocated,
  countCollection,
  countDirect,
  heapLimit,
  heapStart,
  outOfMemory,
  poison,
  reserve,
  setRoom,
} from "./heap";

export { cardBase, markCards } from "./cards";
export {
  addRoots,
  allocEnd,
  allocPtr,
  bytesAllocated,
  bytesCopied,
  collections,
  liveBytes,
  setWeak,
  stackPointer,
  trapCode,
} from "./heap";

const NURSERY: u32 = 1 << 18;
const FIRST_HALF: u32 = 1 << 20;
/** Memory is not worth another try for less than this. */
const SMALL: u32 = 1 << 16;

let nurseryBytes: u32 = 0;
/** Where the low half begins. */
let old: u32 = 0;
/** Bytes of each half, and the most that they may become. */
let half: u32 = 0;
let largestHalf: u32 = 0;
/** The half with the old objects, and where they end. */
let space: u32 = 0;
let end: u32 = 0;
/** Where they ended after the last collection. */
let scanned: u32 = 0;

export function init(stackTop: u32, heapBase: u32, maxBytes: u32): void {
  begin(stackTop, (heapBase + (CARD - 1)) & ~(CARD - 1), maxBytes);
  const total = heapLimit > heapStart ? heapLimit - heapStart : 0;
  nurseryBytes = min(NURSERY, (total >>> 3) & ~(CARD - 1));
  old = heapStart + nurseryBytes;
  space = old;
  end = old;
  scanned = old;
  beginRecords(old);
  // The tables take less than a 240th of what lies below their end.
  const spaces = heapLimit - heapLimit / 240;
  if (spaces > old) largestHalf = ((spaces - old) >>> 1) & ~(CARD - 1);
  extend(FIRST_HALF, 0);
  if (STRESS && half > 0) poison(heapStart, old);
}

/** The address of `bytes` (a multiple of 8) for an object, whose contents are left to the caller. */
export function allocSlow(bytes: u32): u32 {
  if (bytes > nurseryBytes >>> 1) return allocDirect(bytes);
  if (STRESS || bytes > allocEnd - allocPtr) makeRoom(0);
  return bump(bytes);
}

function allocDirect(bytes: u32): u32 {
  if (bytes > largestHalf) outOfMemory();
  if (STRESS || !holds(bytes)) makeRoom(bytes);
  const object = end;
  end = object + bytes;
  recordObject(object, end);
  countDirect(bytes);
  return object;
}

/** Collects now, and fully. */
export function collect(): void {
  collectNursery();
  evacuate();
  showRoom();
}

/** Whether the old space has room for so much and then for all that the nursery may hold. */
function holds(bytes: u32): bool {
  return end - space + nurseryBytes + bytes <= half;
}

/** Empties the nursery, and makes room for `bytes` in the old space; traps if there cannot be enough. */
function makeRoom(bytes: u32): void {
  collectNursery();
  if ((STRESS && (collections & 7) === 0) || !holds(bytes)) {
    evacuate();
    grow(bytes);
  }
  showRoom();
  if (!holds(bytes)) outOfMemory();
}

function grow(bytes: u32): void {
  const needed = end - space + nurseryBytes + bytes;
  if (needed > largestHalf || needed <= half >>> 1) return;
  if (space !== old && needed > half) evacuate();
  if (space === old) extend(needed > u32.MAX_VALUE / 3 ? needed : needed * 3, needed);
}

/** Makes the halves `wanted` bytes large, or as near to it as the limit and the memory allow. */
function extend(wanted: u32, needed: u32): void {
  let size = (min(wanted, largestHalf) + (CARD - 1)) & ~(CARD - 1);
  while (size > half) {
    const last = old + 2 * size;
    if (reserve(last + tableBytes(last))) {
      moveTables(last, space);
      if (STRESS) poison(old + 2 * half, last);
      half = size;
      break;
    }
    if (size - needed < SMALL) break;
    size = (needed + ((size - needed) >>> 1)) & ~(CARD - 1);
  }
  showRoom();
}

/** The nursery is empty; it may be used if all that it may hold has room in the old space. */
function showRoom(): void {
  setRoom(heapStart, STRESS || !holds(0) ? heapStart : old);
}

/** Moves what is alive in the nursery to the old space. */
function collectNursery(): void {
  countAllocated();
  const before = end;
  beginMoving(heapStart, nurseryBytes, end);
  updateCards(space, end);
  moveReachable(scanned);
  if (STRESS) poison(heapStart, allocPtr);
  setRoom(heapStart, heapStart);
  settle(before);
}

/** Moves what is alive in the old space to its other half. The nursery is empty. */
function evacuate(): void {
  const to = space === old ? old + half : old;
  beginMoving(space, half, to);
  beginRecords(to);
  moveReachable(to);
  if (STRESS) poison(space, end);
  space = to;
  settle(to);
}

/** What moved lies from `start` to `free`. */
function settle(start: u32): void {
  end = free;
  scanned = end;
  countCollection(end - space, end - start);
}
