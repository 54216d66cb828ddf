/** A built-in condition tested by several threads. With one job it is tested right here. */
import { Worker } from "node:worker_threads";
import { type ConditionSpec, SymptomFinder } from "./conditions.ts";
import type { Condition } from "./reducer.ts";
import type { Answer, Question, WorkerStart } from "./worker.ts";

interface Waiting {
  readonly resolve: (holds: boolean) => void;
  readonly reject: (error: Error) => void;
}

export class PooledCondition implements Condition {
  private readonly finder: SymptomFinder;
  private readonly symptom: string;
  private readonly workers: readonly Worker[];
  private readonly waiting: Map<number, Waiting>;
  private questions: number;

  /** `symptom` is that of the first file. */
  constructor(spec: ConditionSpec, symptom: string, jobs: number) {
    this.finder = new SymptomFinder(spec);
    this.symptom = symptom;
    this.waiting = new Map();
    this.questions = 0;
    const start: WorkerStart = { spec, symptom };
    this.workers = Array.from({ length: jobs > 1 ? jobs : 0 }, () => this.startWorker(start));
  }

  private startWorker(start: WorkerStart): Worker {
    const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    const worker = new Worker(new URL(file, import.meta.url), { workerData: start });
    worker.on("message", ({ id, holds }: Answer) => this.take(id)?.resolve(holds));
    worker.on("error", (error: Error) => {
      for (const id of [...this.waiting.keys()]) this.take(id)?.reject(error);
    });
    worker.unref();
    return worker;
  }

  private take(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  holds(candidate: Uint8Array): Promise<boolean> {
    const { workers } = this;
    if (workers.length === 0) return Promise.resolve(this.finder.symptom(candidate) === this.symptom);
    const id = this.questions++;
    const worker = workers[id % workers.length]!;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      worker.ref();
      const question: Question = { id, candidate };
      worker.postMessage(question);
    });
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
