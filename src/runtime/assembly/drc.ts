/**
 * Deferred reference counting, after Deutsch and Bobrow ("An efficient, incremental, automatic garbage collector",
 * 1976), as Wasmtime's collector of that name does it: nothing moves, and a cycle stays until the end.
 *
 * A count is of references from objects; frames and regions of roots are not counted but looked at when it is time to
 * sweep. Objects whose count is 0, new ones among them, are in the zero-count table: a list through the words in
 * front of them. A sweep counts the roots as well, frees what is in the table and still has no count, what that leaves without one, and
 * so on, and takes the roots' counts back.
 *
 * Each object lies in a block, which begins with two words:
 *
 *                 object's                     free
 *     block+0     its count                    FREE | bytes of the block
 *     block+4     next in the table, or        next free block of the class, 0 at the end
 *                 0 out of it, LAST at its end
 *     block+8     the object
 *
 * A list of free blocks for each class of sizes begins in a word at `heapStart`: classes are exact up to 512 bytes, and above
 * there are four to each power of two. An object's block has the least size of its class, so any block of the class will do. What
 * the class's list has not comes from the end of the heap. Where that would make the heap grow although half of it is free,
 * free neighbours are united first, and larger blocks cut.
 *
 * Compiled code does not allocate inline, and would find no room. `allocSlow` sweeps when as much was allocated since the last sweep as
 * pays for it.
 *
 * Built with `STRESS` set: every allocation sweeps, dead objects hold `POISON`, and while the heap is small no block is
 * used again.
 */
import {
  ADDRESSES_HEADER,
  ARRAY_HEADER,
  begin,
  countCollection,
  countDirect,
  firstRootAddresses,
  firstRoots,
  heapLimit,
  heapStart,
  innermostFrame,
  KIND_REFERENCES,
  KIND_STRUCT,
  LONG_GAP_BYTES,
  MAPPED_BYTES,
  mapOf,
  OFFSETS,
  objectBytes,
  outOfMemory,
  poison,
  REGION_HEADER,
  reserve,
  setRoom,
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

const BLOCK_HEADER: u32 = 8;
const FREE: u32 = 1 << 31;
/** In the table and its last; no block's address. */
const LAST: u32 = 1;
const EXACT: u32 = 512;
const EXACT_LOG2: u32 = 9;
/** Of exact sizes, 0 to 512 by 8; then four for each power of two from there to 2^31. */
const LISTS: u32 = 65 + 4 * (31 - EXACT_LOG2);
/** No object is larger. */
const MOST_BYTES: u32 = 1 << 30;
/** The least that the heap grows by, if it can. */
const CHUNK: u32 = 1 << 20;
/** What is allocated between sweeps. */
const BUDGET: u32 = 1 << 18;
/** A stressed heap below this size takes no free block. */
const QUARANTINE: u32 = 1 << 24;

/** The first block. */
let blocks: u32 = 0;
/** The end of the last block, and of the memory behind it. */
let top: u32 = 0;
let topLimit: u32 = 0;
/** The first object's block in the zero-count table; LAST when it is empty. */
let zeros: u32 = 0;
/** Bytes of all objects, and of all free blocks. */
let live: u32 = 0;
let freeBytes: u32 = 0;
/** Whether a block became free since free neighbours were united. */
let untidy: bool = false;
/** What may still be allocated before the next sweep. */
let budget: u32 = 0;

export function init(stackTop: u32, heapBase: u32, maxBytes: u32): void {
  begin(stackTop, heapBase, maxBytes);
  setRoom(heapStart, 0);
  blocks = (heapStart + 4 * LISTS + 7) & ~7;
  top = blocks;
  topLimit = blocks;
  zeros = LAST;
  budget = BUDGET;
  if (blocks > heapLimit || !reserve(blocks)) blocks = 0;
}

/** The address of `bytes` (a multiple of 8) for an object, whose contents are left to the caller. */
export function allocSlow(bytes: u32): u32 {
  if (bytes > MOST_BYTES || blocks === 0) outOfMemory();
  const size = blockBytes(bytes);
  if (STRESS || size > budget) sweep();
  const block = findBlock(size);
  store<u32>(block, 0);
  store<u32>(block, zeros, 4);
  zeros = block;
  live += bytes;
  countDirect(bytes);
  budget -= min(budget, size);
  return block + BLOCK_HEADER;
}

/** Collects now. */
export function collect(): void {
  sweep();
}

/** The bytes of the block for an object of `bytes`. */
function blockBytes(bytes: u32): u32 {
  const size = bytes + BLOCK_HEADER;
  if (size <= EXACT) return size;
  const step = 1 << (29 - clz(size - 1));
  return (size + step - 1) & ~(step - 1);
}

/** The word that begins the list for free blocks of a size. */
function listOf(size: u32): u32 {
  if (size <= EXACT) return heapStart + (size >>> 1);
  const log2 = 31 - clz(size);
  const quarter = (size >>> (log2 - 2)) & 3;
  return heapStart + ((65 + 4 * (log2 - EXACT_LOG2) + quarter) << 2);
}

function findBlock(size: u32): u32 {
  const reuse = !STRESS || top - blocks >= QUARANTINE;
  const list = listOf(size);
  let block = reuse ? takeFrom(list, size) : 0;
  if (block !== 0) return block;
  if (reuse && size > topLimit - top && freeBytes > (top - blocks) >>> 1) block = searchFrom(list, size);
  if (block !== 0) return block;
  if (size > topLimit - top && !grow(size)) {
    sweep();
    block = searchFrom(list, size);
    if (block !== 0) return block;
    if (size > topLimit - top) outOfMemory();
  }
  block = top;
  top += size;
  return block;
}

/** A block from the beginning of a list whose blocks are large enough, without what it has too much; 0 for none. */
function takeFrom(list: u32, size: u32): u32 {
  const block = load<u32>(list);
  if (block === 0) return 0;
  store<u32>(list, load<u32>(block, 4));
  const rest = (load<u32>(block) & ~FREE) - size;
  freeBytes -= rest + size;
  if (rest !== 0) putFree(block + size, rest);
  return block;
}

function putFree(block: u32, size: u32): void {
  const list = listOf(size);
  store<u32>(block, FREE | size);
  store<u32>(block, load<u32>(list), 4);
  store<u32>(list, block);
  freeBytes += size;
}

/** A block from one of the lists from `list` on; free neighbours are united first if nothing else helps. */
function searchFrom(list: u32, size: u32): u32 {
  const block = takeFirst(list, size);
  if (block !== 0 || !untidy) return block;
  unite();
  return takeFirst(list, size);
}

function takeFirst(list: u32, size: u32): u32 {
  for (; list < heapStart + 4 * LISTS; list += 4) {
    const block = takeFrom(list, size);
    if (block !== 0) return block;
  }
  return 0;
}

/** Makes one block of free neighbours, and gives those at the heap's end back to it. */
function unite(): void {
  for (let list = heapStart; list < blocks; list += 4) store<u32>(list, 0);
  freeBytes = 0;
  untidy = false;
  for (let block = blocks; block < top; ) {
    if ((load<u32>(block) & FREE) === 0) {
      const object = block + BLOCK_HEADER;
      block += blockBytes(objectBytes(object, load<u32>(object)));
      continue;
    }
    let end = block;
    while (end < top && (load<u32>(end) & FREE) !== 0) end += load<u32>(end) & ~FREE;
    if (end === top) top = block;
    else putFree(block, end - block);
    block = end;
  }
}

/** Makes room for `size` behind the last block; false if it cannot. */
function grow(size: u32): bool {
  const more = size - (topLimit - top);
  const room = heapLimit - topLimit;
  if (more > room) return false;
  // An eighth of what there is, so that the number of growths is logarithmic.
  let step = min(max(more, CHUNK + ((topLimit - heapStart) >>> 3)), room);
  if (!reserve(topLimit + step)) {
    step = more;
    if (!reserve(topLimit + step)) return false;
  }
  topLimit += step;
  return true;
}

/** Frees what nothing refers to. */
function sweep(): void {
  countRoots(1);
  while (zeros !== LAST) {
    const block = zeros;
    zeros = load<u32>(block, 4);
    store<u32>(block, 0, 4);
    if (load<u32>(block) === 0) release(block);
  }
  countRoots(-1);
  updateWeak();
  countCollection(live, 0);
  budget = BUDGET;
}

function countRoots(change: i32): void {
  for (let region = firstRoots; region !== 0; region = load<u32>(region)) {
    const end = region + (load<u32>(region, 4) << 2);
    for (let root = region; root < end; root += 4) countRoot(load<u32>(root, REGION_HEADER), change);
  }
  for (let list = firstRootAddresses; list !== 0; list = load<u32>(list)) {
    const end = load<u32>(list, 4);
    let root = load<u32>(list, 8);
    countRoot(load<u32>(root), change);
    for (let at = list + ADDRESSES_HEADER; at < end; at++) {
      const gap: u32 = load<u8>(at);
      root += gap === 0 ? LONG_GAP_BYTES : gap << 2;
      if (gap !== 0) countRoot(load<u32>(root), change);
    }
  }
  for (let frame = innermostFrame(); frame < stackTop; ) {
    let part = mapOf(frame);
    const end = frame + load<u32>(part);
    for (; frame < end; frame += MAPPED_BYTES) {
      part += 4;
      for (let bits = load<u32>(part); bits !== 0; bits &= bits - 1)
        countRoot(load<u32>(frame + (ctz(bits) << 2)), change);
    }
    frame = end;
  }
}

function countRoot(reference: u32, change: i32): void {
  if (change > 0) increment(reference, 1);
  else decrement(reference);
}

/** A free block tells that its object died. */
function updateWeak(): void {
  if (weakRegion === 0) return;
  const end = weakRegion + (load<u32>(weakRegion, 4) << 2);
  for (let weak = weakRegion; weak < end; weak += 4) {
    const object = load<u32>(weak, REGION_HEADER);
    if (isCounted(object) && (load<u32>(object - BLOCK_HEADER) & FREE) !== 0)
      store<u32>(weak, 0, REGION_HEADER);
  }
}

/** Frees an object; what it alone referred to joins the table. */
function release(block: u32): void {
  const object = block + BLOCK_HEADER;
  const descriptor = load<u32>(object);
  const kind: u32 = load<u8>(descriptor, 4);
  const bytes = objectBytes(object, descriptor);
  if (kind === KIND_STRUCT) {
    const count: u32 = load<u16>(descriptor, 6);
    const end = descriptor + (count << 2);
    for (let entry = descriptor; entry < end; entry += 4)
      decrement(load<u32>(object + load<u32>(entry, OFFSETS)));
  } else if (kind === KIND_REFERENCES) {
    const end = object + (load<u32>(object, 4) << 2);
    for (let element = object; element < end; element += 4) decrement(load<u32>(element, ARRAY_HEADER));
  }
  live -= bytes;
  if (STRESS) poison(object, object + bytes);
  putFree(block, blockBytes(bytes));
  untidy = true;
}

/** Not null, an i31, or a static object. */
function isCounted(reference: u32): bool {
  return (reference & 1) === 0 && reference - blocks < top - blocks;
}

/** `count` more words of objects hold the reference. */
export function increment(reference: u32, count: u32): void {
  if (!isCounted(reference)) return;
  const block = reference - BLOCK_HEADER;
  store<u32>(block, load<u32>(block) + count);
}

/** The references in `count` elements of a new array are counted. */
export function incrementRange(start: u32, count: u32): void {
  const end = start + (count << 2);
  for (let address = start; address < end; address += 4) increment(load<u32>(address), 1);
}

function decrement(reference: u32): void {
  if (!isCounted(reference)) return;
  const block = reference - BLOCK_HEADER;
  const count = load<u32>(block) - 1;
  store<u32>(block, count);
  if (count !== 0 || load<u32>(block, 4) !== 0) return;
  store<u32>(block, zeros, 4);
  zeros = block;
}

/** Stores into a field or an element. */
export function writeReference(address: u32, reference: u32): void {
  const old = load<u32>(address);
  increment(reference, 1);
  store<u32>(address, reference);
  decrement(old);
}

/** Stores into `count` elements from `start` on. */
export function fillReferences(start: u32, reference: u32, count: u32): void {
  increment(reference, count);
  const end = start + (count << 2);
  for (let address = start; address < end; address += 4) {
    const old = load<u32>(address);
    store<u32>(address, reference);
    decrement(old);
  }
}

/** Copies `count` elements, which may overlap. */
export function copyReferences(to: u32, from: u32, count: u32): void {
  const bytes = count << 2;
  for (let at: u32 = 0; at < bytes; at += 4) increment(load<u32>(from + at), 1);
  for (let at: u32 = 0; at < bytes; at += 4) decrement(load<u32>(to + at));
  if (to <= from) {
    for (let at: u32 = 0; at < bytes; at += 4) store<u32>(to + at, load<u32>(from + at));
  } else {
    for (let at = bytes; at !== 0; at -= 4) store<u32>(to + at - 4, load<u32>(from + at - 4));
  }
}
