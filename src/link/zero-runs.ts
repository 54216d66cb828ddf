/** Data without its long runs of zeros: memory that nothing was written to is zero, so they need not be in a module. */
import type { ByteRange } from "../wasm/module.ts";

/** A segment more takes some 9 bytes, and time when the module is instantiated. */
const SHORTEST_RUN = 24;
/** Engines allow 100,000 segments; beyond this, only longer runs are left out. */
const MOST_PARTS = 10_000;

/** The parts of a range of `bytes` that are not zero, in order; each begins and ends with a byte that is not. */
export function withoutZeros(bytes: Uint8Array, range: ByteRange): ByteRange[] {
  for (let shortest = SHORTEST_RUN; ; shortest *= 2) {
    const parts = split(bytes, range, shortest);
    if (parts !== null) return parts;
  }
}

/** Null where there are too many. */
function split(bytes: Uint8Array, { start, end }: ByteRange, shortest: number): ByteRange[] | null {
  const parts: ByteRange[] = [];
  let from = start;
  while (from < end && bytes[from] === 0) from++;
  while (from < end) {
    let to = from + 1;
    let next = to;
    // Up to the next run that is long enough, or the end.
    for (; next < end && next - to < shortest; next++) if (bytes[next] !== 0) to = next + 1;
    while (next < end && bytes[next] === 0) next++;
    parts.push({ start: from, end: to });
    if (parts.length > MOST_PARTS) return null;
    from = next;
  }
  return parts;
}
