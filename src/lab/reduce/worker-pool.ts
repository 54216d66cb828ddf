/**
 * Built-in conditions tested in threads, each candidate with a time limit. A thread that is out of time or ends by itself
 * is replaced, and that is the candidate's symptom. With one job and no limit a candidate is looked at right here.
 */
import { Worker } from "node:worker_threads";
import { type ConditionSpec, SymptomFinder } from "./conditions.ts";
import type { Condition } from "./reducer.ts";
import type { AnySpec, FromWorker, WorkerStart } from "./worker.ts";

/** The symptom of what does not end in time. */
export const TIMEOUT = "no end in time";

interface Task {
  readonly candidate: Uint8Array;
  readonly resolve: (symptom: string | null) => void;
}

interface Thread {
  readonly worker: Worker;
  ready: boolean;
  task: Task | null;
  timer: NodeJS.Timeout | undefined;
}

/** Finds symptoms, as many at a time as there are jobs. */
export class SymptomPool {
  private readonly start: WorkerStart;
  private readonly jobs: number;
  private readonly threads: Set<Thread>;
  private readonly queue: Task[];
  /** How long a candidate may take; a thread's own start does not count. */
  limitMs: number;

  constructor(spec: AnySpec, jobs: number, limitMs: number) {
    this.start = { spec };
    this.jobs = Math.max(1, jobs);
    this.limitMs = limitMs;
    this.threads = new Set();
    this.queue = [];
  }

  symptom(candidate: Uint8Array): Promise<string | null> {
    return new Promise((resolve) => {
      this.queue.push({ candidate, resolve });
      this.dispatch();
    });
  }

  async end(): Promise<void> {
    const threads = [...this.threads];
    this.threads.clear();
    for (const thread of threads) clearTimeout(thread.timer);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  private dispatch(): void {
    while (this.queue.length > 0) {
      const idle = [...this.threads].find(({ task }) => task === null);
      if (idle === undefined && this.threads.size >= this.jobs) return;
      this.give(idle ?? this.newThread(), this.queue.shift()!);
    }
  }

  private newThread(): Thread {
    const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    const worker = new Worker(new URL(file, import.meta.url), { workerData: this.start });
    const thread: Thread = { worker, ready: false, task: null, timer: undefined };
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "answer") this.settle(thread, message.symptom);
      else {
        thread.ready = true;
        if (thread.task !== null) this.startTimer(thread);
      }
    });
    worker.on("error", (error: Error) => this.lose(thread, `the thread ended: ${error.message}`));
    worker.on("exit", (code) => this.lose(thread, `the thread ended with ${code}`));
    this.threads.add(thread);
    return thread;
  }

  private give(thread: Thread, task: Task): void {
    thread.task = task;
    thread.worker.ref();
    thread.worker.postMessage(task.candidate);
    if (thread.ready) this.startTimer(thread);
  }

  private startTimer(thread: Thread): void {
    if (this.limitMs === Number.POSITIVE_INFINITY) return;
    thread.timer = setTimeout(() => this.lose(thread, TIMEOUT), this.limitMs);
  }

  private settle(thread: Thread, symptom: string | null): void {
    clearTimeout(thread.timer);
    const { task } = thread;
    thread.task = null;
    thread.worker.unref();
    task?.resolve(symptom);
    this.dispatch();
  }

  private lose(thread: Thread, symptom: string): void {
    if (!this.threads.delete(thread)) return;
    this.settle(thread, symptom);
    void thread.worker.terminate();
  }
}

/** A condition on CLIF. */
export class PooledCondition implements Condition {
  private readonly finder: SymptomFinder;
  private readonly pool: SymptomPool | null;
  private readonly symptom: string;

  /** `symptom` is that of the first file. */
  constructor(spec: ConditionSpec, symptom: string, jobs: number) {
    this.finder = new SymptomFinder(spec);
    this.pool = jobs > 1 ? new SymptomPool(spec, jobs, Number.POSITIVE_INFINITY) : null;
    this.symptom = symptom;
  }

  async holds(candidate: Uint8Array): Promise<boolean> {
    const found = this.pool === null ? this.finder.symptom(candidate) : await this.pool.symptom(candidate);
    return found === this.symptom;
  }

  async end(): Promise<void> {
    await this.pool?.end();
  }
}
