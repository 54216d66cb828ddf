/**
 * The collector that never frees: the heap only grows, until its limit or the memory's.
 *
 * For programs that end before they run out, and to measure what collecting costs.
 */
import {
  allocEnd,
  allocPtr,
  begin,
  bump,
  countAllocated,
  countLive,
  heapLimit,
  heapStart,
  outOfMemory,
  reserve,
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

/** The least that the heap grows by, if it can. */
const CHUNK: u32 = 1 << 20;

export function init(stackTop: u32, heapBase: u32, maxBytes: u32): void {
  begin(stackTop, heapBase, maxBytes);
}

export function allocSlow(bytes: u32): u32 {
  const more = bytes - (allocEnd - allocPtr);
  if (bytes > allocEnd - allocPtr) {
    const room = heapLimit - allocEnd;
    if (more > room) outOfMemory();
    // An eighth of what there is, so that the number of growths is logarithmic.
    let step = max(more, CHUNK + ((allocEnd - heapStart) >>> 3));
    step = min(step, room);
    if (!reserve(allocEnd + step)) {
      step = more;
      if (!reserve(allocEnd + step)) outOfMemory();
    }
    setRoomEnd(allocEnd + step);
  }
  const object = bump(bytes);
  collect();
  return object;
}

/** Counts what is there. */
export function collect(): void {
  countAllocated();
  countLive(allocPtr - heapStart);
}
