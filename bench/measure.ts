/**
 * Measures one case and prints the result as JSON: started by `run.ts`, once a case, so that no case profits from, or
 * pays for, what another left in memory.
 *
 * Time is the CPU time of the main thread, which other work on the machine disturbs less than time on the clock (helper
 * threads of the collector and the compiler are not in it). Peak memory is the process's high-water mark after the first run, input and preparation included. Each case runs at
 * least three times and then as long as its budget lasts.
 */
import { calibrate, threadMs } from "./calibration.ts";
import { type CaseSpec, type Run, runner } from "./stages.ts";

const MIN_RUNS = 3;
const MAX_RUNS = 2000;

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
  const times: number[] = [];
  let run: Run = next();
  let total = timed(run, times);
  const peak = peakBytes();
  while (times.length < MIN_RUNS || (total < spec.budgetMs && times.length < MAX_RUNS)) {
    run = next();
    total += timed(run, times);
  }
  times.sort((a, b) => a - b);
  return {
    insts: run.insts,
    blocks: run.blocks,
    bytes: run.bytes,
    runs: times.length,
    medianMs: times[times.length >> 1]!,
    minMs: times[0]!,
    peakBytes: peak,
    calibrationNs: calibrate(),
  };
}

function timed(run: Run, times: number[]): number {
  const start = threadMs();
  run.work();
  const ms = threadMs() - start;
  times.push(ms);
  return ms;
}

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
