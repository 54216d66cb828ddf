/**
 * The generational collector, after Appel ("Simple generational garbage collection and fast allocation", 1989): two
 * semispaces, and the nursery in the one that is empty.
 *
 *     heapStart         heapStart + half          heapStart + 2 * half
 *     ├── low ──────────┼──── high ───────────────┼─ cards ─┤
 *
 * One half holds the old objects. Compiled code allocates from the beginning of the other, as much as the old one has room for, so
 * a minor collection never runs out of it: it moves what is alive in the nursery to the end of the old objects, at once and
 * whatever its age. Its roots are the usual ones, the marked cards of the old objects (see `cards.ts`), and what was allocated
 * among these directly since the last collection: large objects, whose initialising stores mark no card. They lie
 * in front of what is moved there, so they are simply the beginning of the queue.
 *
 * When little room is left in the half, a minor collection is followed by a full one, which moves the old objects to the other
 * half, where the nursery is empty now. Growth is that of the copying collector: only where the objects are in the low half.
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
  setRoomEnd,
} from "./heap";

export { cardBase, markCards } from "./cards";
export {
  addRootAddresses,
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

/** Bytes of a half to begin with. */
const FIRST_HALF: u32 = 1 << 19;
/** No nursery is larger. */
const MOST_NURSERY: u32 = 1 << 22;
/** Larger objects are old at once where the nursery has no room for them, and none is made. */
const LARGE: u32 = 1 << 15;
/** Memory is not worth another try for less than this. */
const SMALL: u32 = 1 << 16;

/** Bytes by which rounding makes the tables larger. */
const SMALL_TABLES: u32 = 64;

/** Bytes of each half, and the most that they may become. */
let half: u32 = 0;
let largestHalf: u32 = 0;
/** The half with the old objects, and where they end. */
let space: u32 = 0;
let end: u32 = 0;
/** Where they ended after the last collection. */
let scanned: u32 = 0;
/** The other half. */
let nursery: u32 = 0;

export function init(stackTop: u32, heapBase: u32, maxBytes: u32): void {
  begin(stackTop, (heapBase + (CARD - 1)) & ~(CARD - 1), maxBytes);
  space = heapStart;
  end = heapStart;
  scanned = heapStart;
  nursery = heapStart;
  beginRecords(heapStart);
  // The tables take less than a 240th of what lies between the stack and their end, or a few words.
  const spaces = heapLimit - (heapLimit - stackTop) / 240 - SMALL_TABLES;
  if (spaces > heapStart) largestHalf = ((spaces - heapStart) >>> 1) & ~(CARD - 1);
  extend(FIRST_HALF, 0);
}

/** The address of `bytes` (a multiple of 8) for an object, whose contents are left to the caller. */
export function allocSlow(bytes: u32): u32 {
  if (bytes > largestHalf) outOfMemory();
  if (!STRESS && bytes <= allocEnd - allocPtr) return bump(bytes);
  if (STRESS || bytes <= LARGE || allocPtr - nursery + bytes > room()) makeRoom(bytes);
  return bytes > LARGE ? takeOld(bytes) : bump(bytes);
}

/** Collects now, and fully. */
export function collect(): void {
  collectNursery();
  evacuate();
  showRoom();
}

/** What is left of the half with the old objects. */
function room(): u32 {
  return half - (end - space);
}

function takeOld(bytes: u32): u32 {
  const object = end;
  end = object + bytes;
  recordObject(object, end);
  countDirect(bytes);
  setRoomEnd(min(allocEnd, nursery + room()));
  return object;
}

/** Collects, then grows if it should, so that `bytes` fit in either half; traps if they cannot. */
function makeRoom(bytes: u32): void {
  collectNursery();
  if ((STRESS && (collections & 7) === 0) || room() < max(bytes, half >>> 2)) {
    evacuate();
    grow(bytes);
  }
  showRoom();
  if (room() < bytes) outOfMemory();
}

function grow(bytes: u32): void {
  const needed = end - space + bytes;
  if (needed > largestHalf || needed <= half >>> 1) return;
  if (space !== heapStart && needed > half - (half >>> 2)) evacuate();
  if (space === heapStart) extend(needed > u32.MAX_VALUE / 3 ? needed : needed * 3, needed);
}

/** Makes the halves `wanted` bytes large, or as near to it as the limit and the memory allow. The nursery is empty. */
function extend(wanted: u32, needed: u32): void {
  let size = (min(wanted, largestHalf) + (CARD - 1)) & ~(CARD - 1);
  while (size > half) {
    const last = heapStart + 2 * size;
    if (reserve(last + tableBytes(last))) {
      moveTables(last, heapStart);
      if (STRESS) poison(heapStart + 2 * half, last);
      half = size;
      break;
    }
    if (size - needed < SMALL) break;
    size = (needed + ((size - needed) >>> 1)) & ~(CARD - 1);
  }
  showRoom();
}

/** The nursery is empty. */
function showRoom(): void {
  nursery = space === heapStart ? heapStart + half : heapStart;
  setRoom(nursery, STRESS ? nursery : nursery + min(room(), MOST_NURSERY));
}

/** Moves what is alive in the nursery to the old objects. */
function collectNursery(): void {
  countAllocated();
  const before = end;
  beginMoving(nursery, allocPtr - nursery, end);
  updateCards(space, end);
  moveReachable(scanned);
  if (STRESS) poison(nursery, allocPtr);
  setRoom(nursery, nursery);
  settle(before);
}

/** Moves what is alive of the old objects to the other half. The nursery is empty. */
function evacuate(): void {
  const to = space === heapStart ? heapStart + half : heapStart;
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
