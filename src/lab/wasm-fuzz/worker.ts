/** A fuzzing thread: makes and checks the modules of the seeds that it is sent, and answers with the verdicts. */
import { parentPort } from "node:worker_threads";
import { checkModule, type ModuleVerdict } from "./check-module.ts";
import { ModuleSource } from "./module-source.ts";

export interface SeedVerdict {
  readonly seed: number;
  readonly verdict: ModuleVerdict;
}

const source = new ModuleSource();

parentPort?.on("message", async (seed: number | null) => {
  if (seed === null) {
    source.end();
    process.exit();
  }
  const verdict = await checkModule(await source.at(seed), seed);
  parentPort?.postMessage({ seed, verdict } satisfies SeedVerdict);
});
