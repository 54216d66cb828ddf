/** One thread of `worker-pool.ts`: answers which symptom each candidate shows. */
import { parentPort, workerData } from "node:worker_threads";
import type { ConditionSpec } from "./conditions.ts";
import type { WasmConditionSpec } from "./wasm/wasm-conditions.ts";

export type AnySpec = ConditionSpec | WasmConditionSpec;

export interface WorkerStart {
  readonly spec: AnySpec;
}

/** `ready` comes once, when the thread can look at candidates. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly symptom: string | null };

interface Finder {
  symptom(candidate: Uint8Array): string | null | Promise<string | null>;
}

/** Only what the condition needs is loaded. */
async function openFinder(spec: AnySpec): Promise<Finder> {
  if (spec.kind === "script" || spec.kind === "compile" || spec.kind === "runs") {
    const { WasmSymptomFinder } = await import("./wasm/wasm-conditions.ts");
    return new WasmSymptomFinder(spec);
  }
  const { SymptomFinder } = await import("./conditions.ts");
  return new SymptomFinder(spec);
}

const tell = (message: FromWorker): void => parentPort?.postMessage(message);
const { spec } = workerData as WorkerStart;
const finder = openFinder(spec);

parentPort?.on("message", async (candidate: Uint8Array) => {
  const symptom = await (await finder).symptom(candidate);
  tell({ kind: "answer", symptom });
});
void finder.then(() => tell({ kind: "ready" }));
