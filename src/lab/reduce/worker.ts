/** One worker of `worker-pool.ts`: answers whether candidates show the symptom that it was started with. */
import { parentPort, workerData } from "node:worker_threads";
import { type ConditionSpec, SymptomFinder } from "./conditions.ts";

export interface WorkerStart {
  readonly spec: ConditionSpec;
  readonly symptom: string;
}

export interface Question {
  readonly id: number;
  readonly candidate: Uint8Array;
}

export interface Answer {
  readonly id: number;
  readonly holds: boolean;
}

const { spec, symptom } = workerData as WorkerStart;
const finder = new SymptomFinder(spec);

parentPort?.on("message", ({ id, candidate }: Question) => {
  const answer: Answer = { id, holds: finder.symptom(candidate) === symptom };
  parentPort?.postMessage(answer);
});
