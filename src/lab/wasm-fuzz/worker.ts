/** A fuzzing thread: makes and checks the modules of the seeds that it is sent, and answers with the verdicts. */
import { parentPort, workerData } from "node:worker_threads";
import type { PolicyName } from "../../frontend/index.ts";
import { checkModule, type ModuleVerdict } from "./check-module.ts";
import { ModuleSource } from "./module-source.ts";

export interface SeedVerdict {
  readonly seed: number;
  readonly verdict: ModuleVerdict;
}

/** What all modules of a thread have in common. */
export interface ThreadOptions {
  readonly policy: PolicyName;
  readonly startFrom: readonly string[];
  readonly everyCollector: boolean;
  /** The target, if it is not the default one. */
  readonly target?: string;
}

const { startFrom, ...options } = workerData as ThreadOptions;
const source = new ModuleSource(startFrom, options.target);

parentPort?.on("message", async (seed: number | null) => {
  if (seed === null) {
    source.end();
    process.exit();
  }
  const verdict = await checkModule(await source.at(seed), { turn: seed, ...options });
  parentPort?.postMessage({ seed, verdict } satisfies SeedVerdict);
});
