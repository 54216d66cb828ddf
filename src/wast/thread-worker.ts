/** The program of a worker that runs one thread of a script; see `run-file.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { runThread, type ThreadStart } from "./run-file.ts";

const { tallies, failures, skips } = await runThread(workerData as ThreadStart);
parentPort?.postMessage({ tallies, failures, skips });
