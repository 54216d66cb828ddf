/**
 * Measures one case and prints the result as JSON: started by `run.ts`, once a case, so that no case profits from, or
 * pays for, what another left in memory.
 *
 * Time is the CPU time of the main thread, which other work on the machine disturbs less than time on the clock (helper
 * threads of the collector and the compiler are not in it). The system counts it in steps of some milliseconds, so short
 * runs are timed in batches. Peak memory is the process's high-water mark after the first run, input and preparation
 * included. Each case gives at least three batches and then as many as its budget allows.
 */
import { calibrate, threadMs } from "./calibration.ts";
import { type CaseSpec, type Run, runner } from "./stages.ts";

const MIN_BATCHES = 3;
/** A batch takes about this long, in milliseconds on the clock. */
const BATCH_MS = 60;
const MAX_BATCH = 500;

/** What one case gave. */
export interface Measured {
  readonly insts: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly runs: number;
  readonly medianMs: number;
  readonly minMs: number;
  /** Peak resident memory of the process, in bytes. */
  readonly peakBytes: number;
  readonly calibrationNs: number;
}

/** What a process takes that has all code loaded and does nothing. */
export interface MeasuredIdle {
  readonly peakBytes: number;
}

const argument = process.argv[2];
if (argument !== undefined) {
  const spec = JSON.parse(argument) as CaseSpec | { readonly stage: "idle" };
  const result = spec.stage === "idle" ? { peakBytes: peakBytes() } : measure(spec);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function measure(spec: CaseSpec): Measured {
  const next = runner(spec);
  const run = next();
  run.work();
  const peak = peakBytes();
  const batch = batchSize(next, run);
  const times: number[] = [];
  let total = 0;
  while (times.length < MIN_BATCHES || total < spec.budgetMs) {
    const ms = timedBatch(next, batch);
    total += Math.max(ms, 1);
    times.push(ms / batch);
  }
  times.sort((a, b) => a - b);
  return {
    insts: run.insts,
    blocks: run.blocks,
    bytes: run.bytes,
    runs: times.length * batch,
    medianMs: times[times.length >> 1]!,
    minMs: times[0]!,
    peakBytes: peak,
    calibrationNs: calibrate(),
  };
}

/** How many runs make a batch, by what one takes now that the code is warm. */
function batchSize(next: () => Run, run: Run): number {
  const warmRuns = run.insts < 100_000 ? 10 : 1;
  let last = Number.POSITIVE_INFINITY;
  for (let i = 0; i < warmRuns; i++) {
    const { work } = next();
    const start = performance.now();
    work();
    last = Math.min(last, performance.now() - start);
  }
  return Math.min(MAX_BATCH, Math.max(1, Math.ceil(BATCH_MS / last)));
}

function timedBatch(next: () => Run, size: number): number {
  // Prepared beforehand: some stages need a fresh input for every run.
  const runs = Array.from({ length: size }, next);
  const start = threadMs();
  for (const run of runs) run.work();
  return threadMs() - start;
}

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
