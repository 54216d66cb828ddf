/**
 * Compiling a module's functions in several threads.
 *
 *     this thread   decode, validate, plan · hand out ranges of functions · the initializer · merge
 *     workers       decode, plan (what it walks the code for is given) · compile range after range
 *
 * Whoever is done gets the next range. What comes out is the same for any number of workers and however fast they are: a function's code
 * depends on nothing but the plan, and symbols are numbered anew when the ranges are put together in order (`mergeObjects`). So is what
 * is refused: the first function's complaint, in order, as where one thread compiles all.
 */
import type { Worker } from "node:worker_threads";
import type { CompiledCode } from "../../link/compiled-code.ts";
import type { OutputMode } from "../../link/plan.ts";
import { mergeObjects, type ObjectCode, readObject } from "../../object/object-code.ts";
import { compileFunctions } from "../compile-functions.ts";
import { type PreparedModule, type PrepareOptions, prepareModule } from "../prepare.ts";
import { codeOf, objectOf } from "../stored-code.ts";
import { builtIn } from "./built-in.ts";
import { type FunctionRange, rangesOf } from "./ranges.ts";
import { errorOf, type Failure, type FromWorker, type ToWorker } from "./thread-messages.ts";

const { existsSync } = builtIn("node:fs");
const { availableParallelism } = builtIn("node:os");
const threads = builtIn("node:worker_threads");

/** What compiles in threads is watched by nobody: observers see functions, which do not leave their thread. */
export type ThreadOptions = Omit<PrepareOptions, "observers"> & {
  /** How many workers. */
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
  const workers = Array.from({ length: jobs }, newWorker);
  try {
    const prepared = prepareModule(bytes, options, mode);
    const { facts, plan } = prepared;
    for (const worker of workers) {
      send(worker, { kind: "module", bytes: bytes.slice(), options, mode, facts });
    }
    const ranges = rangesOf(plan.module, rangeBytes);
    const compilation = new ThreadedCompilation(workers, ordered([...ranges]), progress ?? (() => undefined));
    const objects = await compilation.run();
    const own = { ...prepared.options, only: { first: 0, end: 0 } };
    const last = objectOf(compileFunctions(plan, own));
    const inOrder = ranges.map(({ first }) => objects.get(first)!);
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

function send(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}

class ThreadedCompilation {
  private readonly workers: readonly Worker[];
  /** Not handed out yet. */
  private readonly waiting: FunctionRange[];
  /** By their first function. */
  private readonly objects: Map<number, ObjectCode>;
  /** The failure of the lowest range that failed so far; those behind it are of no use any more. */
  private failedAt: number;
  private failure: Failure | null;
  private readonly progress: (done: number, of: number) => void;
  private done: number;
  private readonly count: number;

  constructor(
    workers: readonly Worker[],
    ranges: readonly FunctionRange[],
    progress: (done: number, of: number) => void,
  ) {
    this.workers = workers;
    this.waiting = [...ranges];
    this.progress = progress;
    this.done = 0;
    this.count = ranges.reduce((sum, { first, end }) => sum + end - first, 0);
    this.objects = new Map();
    this.failedAt = Number.POSITIVE_INFINITY;
    this.failure = null;
  }

  /** The code of all ranges by their first function; rejects with the first failure in their order. */
  async run(): Promise<ReadonlyMap<number, ObjectCode>> {
    await Promise.all(this.workers.map((worker) => this.runWorker(worker)));
    if (this.failure !== null) throw errorOf(this.failure);
    return this.objects;
  }

  /** Keeps a worker busy while there is work. */
  private runWorker(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = (): void => {
        const range = this.take();
        if (range === null) resolve();
        else send(worker, { kind: "range", ...range });
      };
      worker.on("message", (answer: FromWorker) => {
        try {
          this.put(answer);
          next();
        } catch (error) {
          reject(error);
        }
      });
      worker.on("error", reject);
      worker.on("exit", () => reject(new Error("a thread ended while it compiled")));
      next();
    });
  }

  private take(): FunctionRange | null {
    for (;;) {
      const range = this.waiting.shift();
      if (range === undefined) return null;
      if (range.first < this.failedAt) return range;
    }
  }

  private put(answer: FromWorker): void {
    if (answer.kind === "compiled") {
      const object = readObject(answer.object);
      if (object === null) throw new Error("a thread gave what is no object code");
      this.objects.set(answer.first, object);
      this.done += object.bodies.length;
      this.progress(this.done, this.count);
    } else if (answer.first < this.failedAt) {
      this.failedAt = answer.first;
      this.failure = answer.failure;
    }
  }
}
