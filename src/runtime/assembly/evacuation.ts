/**
 * Moving what is reachable out of one range of memory, after Cheney ("A nonrecursive list compacting algorithm",
 * 1970): objects moved but not yet scanned are the queue, so no structure is too deep. What lies outside of the
 * range stays and is not looked into. A moved object's header becomes its new address | 1.
 *
 * Built with `GENERATIONAL` set, the start of every moved object is recorded for the cards.
 */
import { recordObject } from "./cards";
import {
  ADDRESSES_HEADER,
  ARRAY_HEADER,
  firstRootAddresses,
  firstRoots,
  innermostFrame,
  KIND_REFERENCES,
  KIND_STRUCT,
  LONG_GAP_BYTES,
  MAPPED_BYTES,
  mapOf,
  OFFSETS,
  objectBytes,
  REGION_HEADER,
  stackTop,
  weakRegion,
} from "./heap";

/** The range that objects leave. */
let from: u32 = 0;
let fromBytes: u32 = 0;
/** Where the next moved object goes. */
export let free: u32 = 0;

/** Objects now move from a range to `to` and beyond. */
export function beginMoving(start: u32, bytes: u32, to: u32): void {
  from = start;
  fromBytes = bytes;
  free = to;
}

/** Moves all that the roots reach, and what the objects from `queue` on do, which lie where objects move to. */
export function moveReachable(queue: u32): void {
  updateRoots();
  updateFrames();
  for (let object = queue; object < free; ) object = updateFields(object);
  updateWeak();
}

function updateRoots(): void {
  for (let region = firstRoots; region !== 0; region = load<u32>(region)) {
    const end = region + (load<u32>(region, 4) << 2);
    for (let root = region; root < end; root += 4) update(root + REGION_HEADER);
  }
  for (let list = firstRootAddresses; list !== 0; list = load<u32>(list)) {
    const end = load<u32>(list, 4);
    let root = load<u32>(list, 8);
    update(root);
    for (let at = list + ADDRESSES_HEADER; at < end; at++) {
      const gap: u32 = load<u8>(at);
      root += gap === 0 ? LONG_GAP_BYTES : gap << 2;
      if (gap !== 0) update(root);
    }
  }
}

/** Once everything alive has moved, what has not is dead. */
function updateWeak(): void {
  if (weakRegion === 0) return;
  const end = weakRegion + (load<u32>(weakRegion, 4) << 2);
  for (let weak = weakRegion; weak < end; weak += 4) {
    const object = load<u32>(weak, REGION_HEADER);
    if (!moves(object)) continue;
    const header = load<u32>(object);
    store<u32>(weak, (header & 1) !== 0 ? header - 1 : 0, REGION_HEADER);
  }
}

function updateFrames(): void {
  for (let frame = innermostFrame(); frame < stackTop; ) {
    let part = mapOf(frame);
    const end = frame + load<u32>(part);
    for (; frame < end; frame += MAPPED_BYTES) {
      part += 4;
      for (let bits = load<u32>(part); bits !== 0; bits &= bits - 1) update(frame + (ctz(bits) << 2));
    }
    frame = end;
  }
}

/** Updates the references in an object; returns where the next one begins. */
export function updateFields(object: u32): u32 {
  const descriptor = load<u32>(object);
  const kind: u32 = load<u8>(descriptor, 4);
  if (kind === KIND_STRUCT) {
    const count: u32 = load<u16>(descriptor, 6);
    const end = descriptor + (count << 2);
    for (let entry = descriptor; entry < end; entry += 4) update(object + load<u32>(entry, OFFSETS));
  } else if (kind === KIND_REFERENCES) {
    const end = object + (load<u32>(object, 4) << 2);
    for (let element = object; element < end; element += 4) update(element + ARRAY_HEADER);
  }
  return object + objectBytes(object, descriptor);
}

/** Not null, an i31, or outside of the range. */
function moves(reference: u32): bool {
  return (reference & 1) === 0 && reference - from < fromBytes;
}

/** Makes the word at `address` name the place that its object moved to, moving it now if it has not been. */
export function update(address: u32): void {
  const object = load<u32>(address);
  if (!moves(object)) return;
  const header = load<u32>(object);
  if ((header & 1) !== 0) {
    store<u32>(address, header - 1);
    return;
  }
  const moved = free;
  const end = moved + objectBytes(object, header);
  for (let source = object, to = moved; to < end; source += 8, to += 8) store<u64>(to, load<u64>(source));
  store<u32>(object, moved | 1);
  store<u32>(address, moved);
  free = end;
  if (GENERATIONAL) recordObject(moved, end);
}
