/** A fuzzing thread: checks the ranges of seeds that it is sent, and answers with the failures and the tally so far. */
import { parentPort, workerData } from "node:worker_threads";
import type { CaseTally } from "./check-case.ts";
import { type SeedFailure, type SeedOptions, SeedRunner } from "./seed-runner.ts";

export interface SeedRange {
  readonly first: number;
  readonly count: number;
}

export interface RangeResult {
  readonly range: SeedRange;
  readonly failures: readonly SeedFailure[];
  /** Of all ranges of this thread. */
  readonly tally: CaseTally;
}

const runner = new SeedRunner(workerData as SeedOptions);

parentPort?.on("message", (range: SeedRange) => {
  const failures = runner.run(range.first, range.count);
  const result: RangeResult = { range, failures, tally: runner.tally };
  parentPort?.postMessage(result);
});
