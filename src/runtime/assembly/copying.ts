/**
 * The copying collector: two semispaces in one memory, after Cheney ("A nonrecursive list compacting
 * algorithm", 1970). Objects copied but not yet scanned are the queue, so no structure is too deep.
 *
 *     heapStart                heapStart + half          heapStart + 2 * half
 *     ├──── low ───────────────┼──── high ───────────────┤
 *
 * One half holds the objects and the room, the other is empty; a collection changes their roles. A moved
 * object's header becomes its new address | 1.
 *
 * Growth: the halves get larger when more than half of one is in use after a collection, and only when the
 * objects are in the low one, which can then be extended where it stands. A collection that lands in the
 * high half puts growth off to the next one, or evacuates at once if what is wanted does not fit.
 *
 * Built with `STRESS` set: the room shown to compiled code is empty, so every allocation comes here, and each
 * collects. All of the heap that holds no object holds `POISON`, which as an address traps.
 */
import {
  ARRAY_HEADER,
  allocPtr,
  begin,
  bump,
  countAllocated,
  countCollection,
  firstRootAddresses,
  firstRoots,
  heapLimit,
  heapStart,
  KIND_REFERENCES,
  KIND_STRUCT,
  objectBytes,
  outOfMemory,
  REGION_HEADER,
  reserve,
  setRoom,
  setRoomEnd,
  stackPointer,
  stackTop,
  weakRegion,
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
/** Memory is not worth another try for less than this. */
const SMALL: u32 = 1 << 16;
/** Even, so no i31; a multiple of 8 in the last gigabyte, so as an address it traps. */
const POISON: u32 = 0xdeadbee8;

/** Bytes of each half, and the most that they may become. */
let half: u32 = 0;
let largestHalf: u32 = 0;
/** The half with the objects. While collecting, the one that they leave. */
let space: u32 = 0;
/** Where the next moved object goes. */
let free: u32 = 0;

export function init(stackTop: u32, heapBase: u32, maxBytes: u32): void {
  begin(stackTop, heapBase, maxBytes);
  space = heapStart;
  largestHalf = ((heapLimit - heapStart) >>> 1) & ~7;
  extend(FIRST_HALF, 0);
}

/** The address of `bytes` (a multiple of 8) for an object, whose contents are left to the caller. */
export function allocSlow(bytes: u32): u32 {
  if (bytes > largestHalf) outOfMemory();
  if (STRESS || !fits(bytes)) makeRoom(bytes);
  return bump(bytes);
}

/** Collects now. */
export function collect(): void {
  makeRoom(0);
}

function fits(bytes: u32): bool {
  return bytes <= space + half - allocPtr;
}

/** Collects, then grows if it should, so that `bytes` fit; traps if they cannot. */
function makeRoom(bytes: u32): void {
  evacuate();
  const needed = allocPtr - space + bytes;
  if (needed > largestHalf) outOfMemory();
  if (needed > half >>> 1) {
    if (space !== heapStart && needed > half) evacuate();
    if (space === heapStart) extend(needed > u32.MAX_VALUE / 3 ? needed : needed * 3, needed);
    if (!fits(bytes)) outOfMemory();
  }
}

/** Makes the halves `wanted` bytes large, or as near to it as the limit and the memory allow. */
function extend(wanted: u32, needed: u32): void {
  let size = (min(wanted, largestHalf) + 7) & ~7;
  while (size > half) {
    if (reserve(heapStart + 2 * size)) {
      if (STRESS) poison(heapStart + 2 * half, heapStart + 2 * size);
      half = size;
      showRoom();
      return;
    }
    if (size - needed < SMALL) return;
    size = (needed + ((size - needed) >>> 1)) & ~7;
  }
}

function showRoom(): void {
  setRoomEnd(STRESS ? 0 : space + half);
}

/** Moves everything that the roots reach to the other half. */
function evacuate(): void {
  countAllocated();
  const oldEnd = allocPtr;
  const to = space === heapStart ? heapStart + half : heapStart;
  free = to;
  updateRoots();
  updateFrames();
  for (let object = to; object < free; ) object = updateFields(object);
  updateWeak();
  if (STRESS) poison(space, oldEnd);
  space = to;
  setRoom(free, 0);
  showRoom();
  countCollection(free - to);
}

function updateRoots(): void {
  for (let region = firstRoots; region !== 0; region = load<u32>(region)) {
    const end = region + (load<u32>(region, 4) << 2);
    for (let root = region; root < end; root += 4) update(root + REGION_HEADER);
  }
  for (let region = firstRootAddresses; region !== 0; region = load<u32>(region)) {
    const end = region + (load<u32>(region, 4) << 2);
    for (let root = region; root < end; root += 4) update(load<u32>(root, REGION_HEADER));
  }
}

/** Once everything alive has moved, what has not is dead. */
function updateWeak(): void {
  if (weakRegion === 0) return;
  const end = weakRegion + (load<u32>(weakRegion, 4) << 2);
  for (let weak = weakRegion; weak < end; weak += 4) {
    const object = load<u32>(weak, REGION_HEADER);
    if (!inSpace(object)) continue;
    const header = load<u32>(object);
    store<u32>(weak, (header & 1) !== 0 ? header - 1 : 0, REGION_HEADER);
  }
}

function updateFrames(): void {
  for (let frame = stackPointer; frame < stackTop; ) {
    const map = load<u32>(frame);
    const end = map + (load<u32>(map, 4) << 2);
    for (let entry = map; entry < end; entry += 4) update(frame + load<u32>(entry, 8));
    frame += load<u32>(map);
  }
}

/** Updates the references in a moved object; returns where the next one begins. */
function updateFields(object: u32): u32 {
  const descriptor = load<u32>(object);
  const kind = load<u32>(descriptor, 4);
  if (kind === KIND_STRUCT) {
    const end = descriptor + (load<u32>(descriptor, 12) << 2);
    for (let entry = descriptor; entry < end; entry += 4) update(object + load<u32>(entry, 16));
  } else if (kind === KIND_REFERENCES) {
    const end = object + (load<u32>(object, 4) << 2);
    for (let element = object; element < end; element += 4) update(element + ARRAY_HEADER);
  }
  return object + objectBytes(object, descriptor);
}

/** Not null, an i31 or what lies outside of the space (static objects). */
function inSpace(reference: u32): bool {
  return (reference & 1) === 0 && reference - space < half;
}

/** Makes the word at `address` name the place that its object moved to, moving it now if it has not been. */
function update(address: u32): void {
  const object = load<u32>(address);
  if (!inSpace(object)) return;
  const header = load<u32>(object);
  if ((header & 1) !== 0) {
    store<u32>(address, header - 1);
    return;
  }
  const moved = free;
  const end = moved + objectBytes(object, header);
  for (let from = object, to = moved; to < end; from += 8, to += 8) store<u64>(to, load<u64>(from));
  store<u32>(object, moved | 1);
  store<u32>(address, moved);
  free = end;
}

function poison(start: u32, end: u32): void {
  for (let address = start; address < end; address += 4) store<u32>(address, POISON);
}
