/**
 * Threads of scripts, in workers.
 *
 * Starting a worker means loading the program again, so a worker that has ended a thread serves the next one;
 * an idle one does not keep the process alive. A thread that does not end within `THREAD_SECONDS` is stopped,
 * and its worker with it.
 */
import { Worker } from "node:worker_threads";
import type { Features } from "../wasm/index.ts";
import type { ScriptReport } from "./report.ts";
import type { SpillwayOptions } from "./spillway-engine.ts";

/** Far more than any thread of the suites needs. */
const THREAD_SECONDS = 60;

/** The text that a script or a thread belongs to. */
export interface ScriptText {
  readonly file: string;
  readonly source: string;
  readonly features: Features;
  readonly checkMessages: boolean;
  /** The engine that runs it, and how. */
  readonly engine: "spillway" | "standalone" | "native" | "none";
  readonly spillway: SpillwayOptions;
}

/** What a worker is asked to run: the commands between two offsets of the text. */
export interface ThreadStart extends ScriptText {
  readonly start: number;
  readonly end: number;
  /** By the name of the module: its exports that threads can share. */
  readonly shared: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** What a worker answers. */
export type ThreadAnswer =
  | ({ readonly kind: "report" } & Pick<ScriptReport, "tallies" | "failures" | "skips">)
  | { readonly kind: "lost"; readonly why: string };

const idle: Worker[] = [];

/** Runs a thread in a worker; never rejects. */
export function runInWorker(start: ThreadStart): Promise<ThreadAnswer> {
  const worker = idle.pop() ?? newWorker();
  worker.ref();
  return new Promise((resolve) => {
    const settle = (answer: ThreadAnswer): void => {
      clearTimeout(timer);
      worker.off("message", settle);
      worker.off("error", lose);
      if (answer.kind === "report") {
        worker.unref();
        idle.push(worker);
      } else void worker.terminate();
      resolve(answer);
    };
    const lose = (why: unknown): void => settle({ kind: "lost", why: String(why) });
    const timer = setTimeout(lose, THREAD_SECONDS * 1000, `no end after ${THREAD_SECONDS} s`);
    worker.on("message", settle);
    worker.on("error", lose);
    worker.postMessage(start);
  });
}

function newWorker(): Worker {
  // The built package has this file as JavaScript, and the worker's beside it.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`./thread-worker.${extension}`, import.meta.url));
}
