/**
 * What every collector shares: the state that compiled code sees, the memory, and how objects are read.
 *
 * This folder is AssemblyScript, not TypeScript: `u32` is a Wasm i32, `load` and `store` are instructions, and
 * the compiler has neither a runtime of its own nor static data here. All state is in globals, so a collector
 * can be merged into any module and lives beside that module's memory.
 *
 *     0 … stackTop         shadow stack, grows down
 *     stackTop … heapBase  descriptors, stack maps, constant objects: never moved, never scanned
 *     heapBase …           the collector's
 *
 * An object begins with the address of its type descriptor and is a multiple of 8 bytes long; an array has its
 * length at +4 and elements from +8. A descriptor at d:
 *
 *     d+0   u32    struct: bytes of the object · array: log2 of an element's bytes
 *     d+4   u8     0 struct · 1 array without references · 2 array of references · 4 host object, of d+0 bytes
 *     d+6   u16    structs: how many reference fields
 *     d+48  u32[]  their offsets in the object
 *
 * A region of words is `[next: u32][count: u32][words…]`, in static memory or anywhere else outside of the heap. A
 * word in it may be null, an i31, the address of a static object, or that of an object in the heap. A list of
 * addresses says where such words are in static objects: `[next: u32][end: u32][first: u32][gaps: u8…]`, the address
 * where the list ends, that of the first word, and for each other one how many words further on it is; a gap
 * of 0 goes 255 words further on, where there is none.
 *
 * A frame begins, at its lowest address, with a word that says where its safepoint's stack map is: how many words above the
 * stack's top, so that it is a short constant. A map is `[frame bytes: u32][bits: u32…]`, a bit for each word of the
 * frame, from the lowest on: whether it holds a reference.
 */

export const KIND_STRUCT: u32 = 0;
const KIND_ARRAY: u32 = 1;
export const KIND_REFERENCES: u32 = 2;
/** Where a descriptor has the offsets of reference fields. */
export const OFFSETS: u32 = 48;
export const ARRAY_HEADER: u32 = 8;
export const REGION_HEADER: u32 = 8;
export const ADDRESSES_HEADER: u32 = 12;
/** What a gap of 0 skips. */
export const LONG_GAP_BYTES: u32 = 255 * 4;
/** Even, so no i31; a multiple of 8 in the last gigabyte, so as an address it traps. */
export const POISON: u32 = 0xdeadbee8;
const PAGE_LOG2: u32 = 16;
/** No heap ends above this, so that an address after any object is still a u32. */
const LAST_END: u32 = 0xffff0000;

/** So many bytes from address 0 on are zero for ever. */
const ZERO_BYTES: u32 = 48;
/** What stands for the lowest address of the innermost frame: so many bytes below it. */
export let stackPointer: u32 = 0;

/** The lowest address of the innermost frame. */
export function innermostFrame(): u32 {
  return stackPointer + ZERO_BYTES;
}
/** Where the next object goes, and where the room for it ends; compiled code bumps the one up to the other. */
export let allocPtr: u32 = 0;
export let allocEnd: u32 = 0;

/** Statistics. `bytesAllocated` and `liveBytes` are as of the last slow path and the last collection. */
export let collections: u32 = 0;
export let bytesAllocated: u64 = 0;
export let bytesCopied: u64 = 0;
export let liveBytes: u32 = 0;

/** Why the last `unreachable` was reached; compiled code stores codes of its own here. */
export let trapCode: u32 = 0;
const TRAP_OUT_OF_MEMORY: u32 = 1;

/** The regions of roots, linked by their first words; 0 ends the list. */
export let firstRoots: u32 = 0;
/** The lists of addresses of roots, linked likewise. */
export let firstRootAddresses: u32 = 0;
/** The region of weak words, or 0. */
export let weakRegion: u32 = 0;

/** Where the frames end. */
export let stackTop: u32 = 0;

/** The words of a frame that one word of its map is about. */
export const MAPPED_BYTES: u32 = 128;

/** The stack map of a frame. */
export function mapOf(frame: u32): u32 {
  return stackTop + (load<u32>(frame) << 2);
}
/** The heap's first address, and one that it never reaches beyond. */
export let heapStart: u32 = 0;
export let heapLimit: u32 = 0;
/** Up to here allocations are in `bytesAllocated`. */
let countedTo: u32 = 0;

/** Begins with an empty stack and an empty heap; `maxBytes` bounds the heap, 0 for no bound but the memory's. */
export function begin(top: u32, heapBase: u32, maxBytes: u32): void {
  stackTop = top;
  stackPointer = top - ZERO_BYTES;
  heapStart = (heapBase + 7) & ~7;
  heapLimit = LAST_END;
  if (maxBytes !== 0 && maxBytes < LAST_END - heapStart) heapLimit = heapStart + maxBytes;
  setRoom(heapStart, heapStart);
}

/** From now on the region's words are roots. */
export function addRoots(region: u32): void {
  store<u32>(region, firstRoots);
  firstRoots = region;
}

/** From now on the words that the list has the addresses of are roots. */
export function addRootAddresses(list: u32): void {
  store<u32>(list, firstRootAddresses);
  firstRootAddresses = list;
}

/** From now on the region's words are the weak ones, instead of those of an earlier region. */
export function setWeak(region: u32): void {
  weakRegion = region;
}

/** Traps; what has been allocated so far stays as it is. */
export function outOfMemory(): void {
  trapCode = TRAP_OUT_OF_MEMORY;
  unreachable();
}

/** Allocation goes on at `start`; nothing between `start` and `end` is in use. */
export function setRoom(start: u32, end: u32): void {
  allocPtr = start;
  allocEnd = end;
  countedTo = start;
}

export function setRoomEnd(end: u32): void {
  allocEnd = end;
}

/** Takes `bytes`, which fit. */
export function bump(bytes: u32): u32 {
  const object = allocPtr;
  allocPtr = object + bytes;
  return object;
}

/** Brings `bytesAllocated` up to date; before `setRoom`, which forgets where allocation stood. */
export function countAllocated(): void {
  bytesAllocated += allocPtr - countedTo;
  countedTo = allocPtr;
}

/** For bytes that were not taken from the room. */
export function countDirect(bytes: u32): void {
  bytesAllocated += bytes;
}

export function countCollection(live: u32, copied: u32): void {
  collections++;
  if (weakRegion !== 0) store<u32>(weakRegion, collections);
  liveBytes = live;
  bytesCopied += copied;
}

export function countLive(live: u32): void {
  liveBytes = live;
}

/** Makes the memory reach `end`; false if it cannot. */
export function reserve(end: u32): bool {
  const pages: i32 = ((end - 1) >>> PAGE_LOG2) + 1 - memory.size();
  return pages <= 0 || memory.grow(pages) >= 0;
}

/** In builds for stress: a collection at one allocation in so many. */
// biome-ignore lint/style/useConst: the host sets it.
export let stressPeriod: u32 = 1;
let untilStress: u32 = 0;

export function isStressed(): bool {
  if (untilStress !== 0) {
    untilStress--;
    return false;
  }
  untilStress = stressPeriod - 1;
  return true;
}

/** Fills memory without objects, in builds for stress. */
export function poison(start: u32, end: u32): void {
  for (let address = start; address < end; address += 4) store<u32>(address, POISON);
}

/** The size of an object with this descriptor. */
export function objectBytes(object: u32, descriptor: u32): u32 {
  const size = load<u32>(descriptor);
  const kind: u32 = load<u8>(descriptor, 4);
  if (kind - KIND_ARRAY > KIND_REFERENCES - KIND_ARRAY) return size;
  return ((load<u32>(object, 4) << size) + (ARRAY_HEADER + 7)) & ~7;
}
