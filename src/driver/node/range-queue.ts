/** The ranges of a module that wait to be compiled, for all threads of a compilation: whoever is done takes the next one. */
import type { FunctionRange } from "./ranges.ts";

/** In the shared words: the place of the next range, and the first function of the lowest range that failed. */
const NEXT = 0;
const FAILED_AT = 1;
const SHARED_WORDS = 2;
const NONE_FAILED = 0x7fffffff;

/** It survives being copied to another thread. */
export interface QueueState {
  /** In the order in which they are taken. */
  readonly ranges: readonly FunctionRange[];
  readonly shared: Int32Array<SharedArrayBuffer>;
}

export function openQueue(ranges: readonly FunctionRange[]): QueueState {
  const shared = new Int32Array(new SharedArrayBuffer(SHARED_WORDS * Int32Array.BYTES_PER_ELEMENT));
  shared[FAILED_AT] = NONE_FAILED;
  return { ranges, shared };
}

/** The next range, or null at the end. Ranges behind one that failed are of no use any more. */
export function takeRange({ ranges, shared }: QueueState): FunctionRange | null {
  for (;;) {
    const range = ranges[Atomics.add(shared, NEXT, 1)];
    if (range === undefined) return null;
    if (range.first < Atomics.load(shared, FAILED_AT)) return range;
  }
}

/** Says that the range which begins with that function failed. */
export function rangeFailed({ shared }: QueueState, first: number): void {
  for (let lowest = Atomics.load(shared, FAILED_AT); first < lowest; ) {
    const found = Atomics.compareExchange(shared, FAILED_AT, lowest, first);
    if (found === lowest) return;
    lowest = found;
  }
}

/** No thread takes a range any more. */
export function closeQueue(queue: QueueState): void {
  rangeFailed(queue, 0);
}
