/** The program of a worker that runs threads of scripts, one after the other; see `script-threads.ts`. */
import { parentPort } from "node:worker_threads";
import { runThread } from "./run-file.ts";
import type { ThreadAnswer, ThreadStart } from "./script-threads.ts";

parentPort?.on("message", async (start: ThreadStart) => {
  const { tallies, failures, skips } = await runThread(start);
  const answer: ThreadAnswer = { kind: "report", tallies, failures, skips };
  parentPort?.postMessage(answer);
});
