/**
 * Compiling a module's functions in several threads.
 *
 *     this thread   decode, validate, plan · compile range after range · the initializer · merge
 *     workers       decode, plan (what it walks the code for is given) · compile range after range
 *
 * Whoever is done takes the next range. What comes out is the same for any number of threads and however fast they are: a function's code
 * depends on nothing but the plan, and symbols are numbered anew when the ranges are put together in order (`mergeObjects`). So is what
 * is refused: the first function's complaint, in order, as where one thread compiles all.
 */
import type { Worker } from "node:worker_threads";
import type { CompiledCode } from "../../link/compiled-code.ts";
import type { OutputMode } from "../../link/plan.ts";
import { mergeObjects, type ObjectCode, readObject } from "../../object/object-code.ts";
import { type PreparedModule, type PrepareOptions, prepareModule } from "../prepare.ts";
import { codeOf } from "../stored-code.ts";
import { builtIn } from "./built-in.ts";
import { compileRange } from "./compile-range.ts";
import { closeQueue, openQueue, type QueueState, rangeFailed, takeRange } from "./range-queue.ts";
import { type FunctionRange, rangesOf } from "./ranges.ts";
import { type Assignment, errorOf, type Failure, type FromWorker, failureOf } from "./thread-messages.ts";

const { existsSync } = builtIn("node:fs");
const { availableParallelism } = builtIn("node:os");
const threads = builtIn("node:worker_threads");

/** What compiles in threads is watched by nobody: observers see functions, which do not leave their thread. */
export type ThreadOptions = Omit<PrepareOptions, "observers"> & {
  /** How many threads compile, this one among them. */
  readonly jobs: number;
  /** Bytes of bodies in a range. */
  readonly rangeBytes?: number;
  /** The order in which ranges are handed out; the output is the same, which is what this is for. */
  readonly ordered?: (ranges: FunctionRange[]) => FunctionRange[];
  /** Called now and then with the number of functions that are done, of how many. */
  readonly progress?: (done: number, of: number) => void;
};

/** Small enough that all are busy to the end, large enough that handing out costs nothing. */
const RANGE_BYTES = 1 << 16;
const MAX_JOBS = 8;

export interface ThreadResult {
  readonly prepared: PreparedModule;
  readonly code: CompiledCode;
}

/**
 * Half as many as there are processors, within reason: each has a compiler of its own in memory, which the engine optimises anew, on
 * threads of its own. One where there are no threads.
 */
export function defaultJobs(): number {
  const half = Math.min(availableParallelism() >> 1, MAX_JOBS);
  return hasThreads() ? Math.max(half, 1) : 1;
}

/** Rejects with what compiling in one thread throws. */
export async function compileInThreads(
  bytes: Uint8Array,
  given: ThreadOptions,
  mode: OutputMode,
): Promise<ThreadResult> {
  const { jobs, rangeBytes = RANGE_BYTES, ordered = (ranges) => ranges, progress, ...options } = given;
  // They load the compiler while this thread validates.
  const workers = Array.from({ length: jobs - 1 }, newWorker);
  try {
    const prepared = prepareModule(bytes, options, mode);
    const { facts, plan } = prepared;
    const ranges = rangesOf(plan.module, rangeBytes);
    const queue = openQueue(ordered([...ranges]));
    const compilation = new ThreadedCompilation(queue, progress ?? (() => undefined));
    const assignment = { bytes: bytes.slice(), options, mode, facts, queue };
    const objects = await compilation.run(prepared, workers, assignment);
    const inOrder = ranges.map(({ first }) => objects.get(first)!);
    const last = compileRange(prepared, { first: 0, end: 0 });
    return { prepared, code: codeOf(plan, mergeObjects([...inOrder, last])) };
  } finally {
    for (const worker of workers) void worker.terminate();
  }
}

/** Without what was given to this process to load first: a polyfill would install itself there too. */
function newWorker(): Worker {
  return new threads.Worker(workerUrl()!, { execArgv: [], env: {} });
}

/** Null in somebody's bundle that is a script, which has no address. */
function workerUrl(): URL | null {
  const url: string | undefined = import.meta.url;
  if (url === undefined) return null;
  return new URL(`./function-worker.${url.endsWith(".ts") ? "ts" : "js"}`, url);
}

/** Whether the worker's file is beside this one: in somebody's bundle it is not. */
export function hasThreads(): boolean {
  const url = workerUrl();
  return url !== null && existsSync(url);
}

class ThreadedCompilation {
  private readonly queue: QueueState;
  /** By their first function. */
  private readonly objects: Map<number, ObjectCode>;
  /** The first failure in the order of functions. */
  private failedAt: number;
  private failure: Failure | null;
  private readonly progress: (done: number, of: number) => void;
  private done: number;
  private readonly count: number;

  constructor(queue: QueueState, progress: (done: number, of: number) => void) {
    this.queue = queue;
    this.progress = progress;
    this.done = 0;
    this.count = queue.ranges.reduce((sum, { first, end }) => sum + end - first, 0);
    this.objects = new Map();
    this.failedAt = Number.POSITIVE_INFINITY;
    this.failure = null;
  }

  /** The code of all ranges by their first function; rejects with the first failure in their order. */
  async run(
    prepared: PreparedModule,
    workers: readonly Worker[],
    assignment: Assignment,
  ): Promise<ReadonlyMap<number, ObjectCode>> {
    try {
      await Promise.all([
        ...workers.map((worker) => this.runWorker(worker, assignment)),
        this.runHere(prepared),
      ]);
    } finally {
      closeQueue(this.queue);
    }
    if (this.failure !== null) throw errorOf(this.failure);
    return this.objects;
  }

  /** Takes what the worker gives until there is no more. */
  private runWorker(worker: Worker, assignment: Assignment): Promise<void> {
    return new Promise((resolve, reject) => {
      worker.on("message", (answer: FromWorker) => {
        try {
          if (answer.kind === "compiled") this.put(answer.first, objectIn(answer.object));
          else if (answer.kind === "failed") this.fail(answer.first, answer.failure);
          else resolve();
        } catch (error) {
          reject(error);
        }
      });
      worker.on("error", reject);
      worker.on("exit", () => reject(new Error("a thread ended while it compiled")));
      worker.postMessage(assignment);
    });
  }

  /** Compiles in this thread; between ranges others on it have their turn. */
  private async runHere(prepared: PreparedModule): Promise<void> {
    for (let range = takeRange(this.queue); range !== null; range = takeRange(this.queue)) {
      const object = this.compileHere(prepared, range);
      if (object !== null) this.put(range.first, object);
      await new Promise((resolve) => void setImmediate(resolve));
    }
  }

  /** The range's code, or null if it failed. */
  private compileHere(prepared: PreparedModule, range: FunctionRange): ObjectCode | null {
    try {
      return compileRange(prepared, range);
    } catch (error) {
      rangeFailed(this.queue, range.first);
      this.fail(range.first, failureOf(error));
      return null;
    }
  }

  /** Throws what the caller's own `progress` throws: that is no failure of a range. */
  private put(first: number, object: ObjectCode): void {
    this.objects.set(first, object);
    this.done += object.bodies.length;
    this.progress(this.done, this.count);
  }

  private fail(first: number, failure: Failure): void {
    if (first >= this.failedAt) return;
    this.failedAt = first;
    this.failure = failure;
  }
}

function objectIn(bytes: Uint8Array): ObjectCode {
  const object = readObject(bytes);
  if (object === null) throw new Error("a thread gave what is no object code");
  return object;
}
