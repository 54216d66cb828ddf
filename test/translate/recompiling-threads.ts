/** A thread of a script, in a worker that takes its modules through our own compiler as well, or leaves them as they are. */
import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import type { Features } from "../../src/wasm/index.ts";
import type { NativeInstance } from "../../src/wast/native-engine.ts";
import { ScriptReport } from "../../src/wast/report.ts";
import type { ThreadBody } from "../../src/wast/runner.ts";

/** The script that a thread belongs to. */
export interface ThreadOf {
  readonly file: string;
  readonly source: string;
  readonly features: Features;
  readonly body: ThreadBody;
  readonly recompiles: boolean;
}

/** What the worker gets: the commands between two offsets of the text, and what threads can share of each named instance. */
export type ThreadOrder = Omit<ThreadOf, "body"> & {
  readonly start: number;
  readonly end: number;
  readonly shared: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
};

/** What the worker answers, and how many modules it recompiled. */
export type ThreadResult = Pick<ScriptReport, "tallies" | "failures" | "skips"> & {
  readonly recompiled: number;
};

/** Starting a worker means loading the compiler again, so one that has ended its thread serves the next. */
const idle: Worker[] = [];

export async function runThread(
  { body, ...script }: ThreadOf,
  instances: ReadonlyMap<string, NativeInstance>,
): Promise<ScriptReport> {
  const shared = new Map([...instances].map(([name, { exports }]) => [name, shareable(exports)]));
  const order: ThreadOrder = { ...script, start: body.start, end: body.end, shared };
  const worker = idle.pop() ?? new Worker(new URL("./recompiling-thread-worker.ts", import.meta.url));
  worker.ref();
  const result = await new Promise<ThreadResult>((resolve, reject) => {
    const settle = (answer: ThreadResult): void => {
      worker.off("message", settle);
      worker.off("error", reject);
      resolve(answer);
    };
    worker.on("message", settle);
    worker.on("error", reject);
    worker.postMessage(order);
  });
  worker.unref();
  idle.push(worker);
  if (script.recompiles) assert.ok(result.recompiled > 0, "the thread's modules are recompiled");
  const report = new ScriptReport();
  report.merge(result);
  return report;
}

function shareable(exports: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const isShared = (thing: unknown): boolean =>
    (thing as { readonly buffer?: unknown }).buffer instanceof SharedArrayBuffer;
  return Object.fromEntries([...exports].filter(([, thing]) => isShared(thing)));
}
