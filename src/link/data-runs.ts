/**
 * What of some bytes has to be written into memory that is zero: the runs between long stretches of zeros. Each is a data segment of
 * its own, which takes some ten bytes besides its contents, and an engine a moment; engines allow 100,000 (WebAssembly JavaScript
 * Interface, "Limits").
 */

/** Zeros in a row that are worth a segment's end and the next one's beginning. */
const LEAST_GAP = 16;
const MOST_RUNS = 50_000;

/** Pairs of a start and an end, ascending. Without anything but zeros there are none. */
export function dataRuns(bytes: Uint8Array): number[] {
  const runs: number[] = [];
  let start = -1;
  let end = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 0) continue;
    if (start >= 0 && i - end >= LEAST_GAP && runs.length < 2 * MOST_RUNS) {
      runs.push(start, end);
      start = -1;
    }
    if (start < 0) start = i;
    end = i + 1;
  }
  if (start >= 0) runs.push(start, end);
  return runs;
}
