/**
 * How fast this machine is just now: a fixed amount of work of the kind that compilers do (dependent reads from a table
 * that does not fit the first cache, integer arithmetic, unpredictable branches), timed in the same process as the case.
 */

const TABLE_WORDS = 1 << 18;
const STEPS = 2_000_000;
const ROUNDS = 5;

/** CPU time of this thread, in milliseconds. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Nanoseconds a step, the best of some rounds. */
export function calibrate(): number {
  const table = new Int32Array(TABLE_WORDS);
  let state = 0x2545f491;
  for (let i = 0; i < TABLE_WORDS; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i;
    table[i] = state;
  }
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = threadMs();
    sink = walk(table, round);
    best = Math.min(best, threadMs() - start);
  }
  return (best * 1e6) / STEPS;
}

/** Keeps the result alive, so that the work is not optimised away. */
let sink = 0;

export function calibrationSink(): number {
  return sink;
}

function walk(table: Int32Array, seed: number): number {
  let at = seed;
  let sum = 0;
  for (let i = 0; i < STEPS; i++) {
    const word = table[at & (TABLE_WORDS - 1)]!;
    if ((word & 5) === 4) sum = (sum + word) | 0;
    else sum ^= at;
    at = (Math.imul(word, 0x9e3779b1) ^ at) >>> 3;
  }
  return sum;
}
