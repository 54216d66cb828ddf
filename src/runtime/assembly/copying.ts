/**
 * The copying collector: two semispaces in one memory.
 *
 *     heapStart                heapStart + half          heapStart + 2 * half
 *     ├──── low ───────────────┼──── high ───────────────┤
 *
 * One half holds the objects and the room, the other is empty; a collection changes their roles.
 *
 * Growth: the halves get larger when more than half of one is in use after a collection, or less than three quarters of what they should
 * have are there, and only when the objects are in the low one, which can then be extended where it stands. A collection that lands in the
 * high half puts growth off to the next one, or evacuates at once if what is wanted does not fit.
 *
 * Halves that are large get larger by less, and only so much of one is given out as is in proportion to what is alive: after that was
 * much for a while, the rest of them is not touched, and the host is soon told of objects that hold its own. Small ones take too
 * little memory for that to be worth more collections.
 *
 * Built with `STRESS` set: the room shown to compiled code is empty, so every allocation comes here, and each
 * collects, or one in `stressPeriod`. All of the heap that holds no object holds `POISON`, which as an address traps.
 */
import { beginMoving, free, moveReachable } from "./evacuation";
import {
  allocPtr,
  begin,
  bump,
  countAllocated,
  countCollection,
  heapLimit,
  heapStart,
  isStressed,
  outOfMemory,
  poison,
  reserve,
  setRoom,
  setRoomEnd,
} from "./heap";

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

/** Bytes of a half to begin with: small enough for a cache, so that short-lived objects stay in it. */
const FIRST_HALF: u32 = 1 << 19;
/** So much of a half is given out in any case. */
const ALWAYS_GIVEN: u32 = 1 << 24;
/** A half gets six times what is needed up to here, and twice what is beyond: of little memory more is cheap, and spares collections. */
const AMPLE: u32 = 1 << 21;
/** More than this twice is no u32. */
const MOST_DOUBLED: u32 = 1 << 30;
/** Memory is not worth another try for less than this. */
const SMALL: u32 = 1 << 16;

/** Bytes of each half, and the most that they may become. */
let half: u32 = 0;
let largestHalf: u32 = 0;
/** The half with the objects. */
let space: u32 = 0;
/** How far it is given out. */
let roomEnd: u32 = 0;

export function init(stackTop: u32, heapBase: u32, maxBytes: u32): void {
  begin(stackTop, heapBase, maxBytes);
  space = heapStart;
  largestHalf = ((heapLimit - heapStart) >>> 1) & ~7;
  extend(FIRST_HALF, 0);
  giveOut(ALWAYS_GIVEN);
}

/** The address of `bytes` (a multiple of 8) for an object, whose contents are left to the caller. */
export function allocSlow(bytes: u32): u32 {
  if (bytes > largestHalf) outOfMemory();
  if ((STRESS && isStressed()) || !fits(bytes)) makeRoom(bytes);
  return bump(bytes);
}

/** Collects now. */
export function collect(): void {
  makeRoom(0);
}

function fits(bytes: u32): bool {
  return bytes <= roomEnd - allocPtr;
}

/** Collects, then grows if it should, so that `bytes` fit; traps if they cannot. */
function makeRoom(bytes: u32): void {
  evacuate();
  const needed = allocPtr - space + bytes;
  if (needed > largestHalf) outOfMemory();
  const wanted = spacious(needed);
  if (needed > half >>> 1 || wanted - (wanted >>> 2) > half) {
    if (space !== heapStart && needed > half) evacuate();
    if (space === heapStart) extend(wanted, needed);
    if (needed > half) outOfMemory();
  }
  giveOut(max(ALWAYS_GIVEN, wanted));
}

/** What a half should have where so much is needed. */
function spacious(needed: u32): u32 {
  return needed > MOST_DOUBLED ? needed : 2 * needed + 4 * min(needed, AMPLE);
}

/** Makes the halves `wanted` bytes large, or as near to it as the limit and the memory allow. */
function extend(wanted: u32, needed: u32): void {
  let size = (min(wanted, largestHalf) + 7) & ~7;
  while (size > half) {
    if (reserve(heapStart + 2 * size)) {
      if (STRESS) poison(heapStart + 2 * half, heapStart + 2 * size);
      half = size;
      return;
    }
    if (size - needed < SMALL) return;
    size = (needed + ((size - needed) >>> 1)) & ~7;
  }
}

/** Gives out so much of the half with the objects, or all of it. */
function giveOut(bytes: u32): void {
  roomEnd = space + min(bytes, half);
  setRoomEnd(STRESS ? 0 : roomEnd);
}

/** Moves everything that the roots reach to the other half. */
function evacuate(): void {
  countAllocated();
  const oldEnd = allocPtr;
  const to = space === heapStart ? heapStart + half : heapStart;
  beginMoving(space, half, to);
  moveReachable(to);
  if (STRESS) poison(space, oldEnd);
  space = to;
  setRoom(free, 0);
  giveOut(half);
  countCollection(free - to, free - to);
}
