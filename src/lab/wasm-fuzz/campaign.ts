/**
 * A campaign: the modules of seeds from a first one on, each checked in a thread that is ended when it takes too long. What is found
 * depends on the first seed and the count alone.
 */
import { Worker } from "node:worker_threads";
import type { PolicyName } from "../../frontend/index.ts";
import type { FailureKind } from "./agreement.ts";
import type { SeedVerdict, ThreadOptions } from "./worker.ts";

export interface ModuleCampaignOptions {
  readonly firstSeed: number;
  readonly count: number;
  /** Milliseconds after which no further module is begun. */
  readonly timeMs?: number;
  /** Milliseconds for one module. */
  readonly hangMs?: number;
  readonly jobs: number;
  /** How the compiler spills. */
  readonly policy?: PolicyName;
  /** The engine that the output is for, if not the default. */
  readonly target?: string;
  /** Each module under every collector, not one besides the stressing one by turn. */
  readonly everyCollector?: boolean;
  /** Paths of modules that half of the random ones are built upon. */
  readonly startFrom?: readonly string[];
  readonly onProgress?: (done: number, failures: number) => void;
  readonly onFailure?: (failure: ModuleFailure) => void;
  /** Asked before each module; `true` ends the campaign with what is under way. */
  readonly stop?: () => boolean;
}

export interface ModuleFailure {
  readonly seed: number;
  /** `hang`: no verdict in time. */
  readonly kind: FailureKind | "hang";
  readonly message: string;
}

export interface ModuleTally {
  readonly agreed: number;
  /** Of those, the ones that were compared to where memory or stack ran out only. */
  readonly atLimit: number;
  readonly events: number;
  /** How many were refused, and why; likewise those that were skipped, and those that agreed but do not stand alone. */
  readonly refused: ReadonlyMap<string, number>;
  readonly skipped: ReadonlyMap<string, number>;
  readonly notAlone: ReadonlyMap<string, number>;
  /** Those that stood alone, but no store for the target takes. */
  readonly notInStore: ReadonlyMap<string, number>;
}

export interface ModuleCampaignResult {
  readonly firstSeed: number;
  readonly done: number;
  readonly tally: ModuleTally;
  readonly failures: readonly ModuleFailure[];
}

const HANG_MS = 60_000;
/** A thread does so many modules; then a new one takes its place, and all memory that the modules had is free. */
const MODULES_PER_THREAD = 200;

export function runModuleCampaign(options: ModuleCampaignOptions): Promise<ModuleCampaignResult> {
  return new Campaign(options).run();
}

class Campaign {
  private readonly options: ModuleCampaignOptions;
  private readonly deadline: number;
  private readonly failures: ModuleFailure[];
  private readonly refused: Map<string, number>;
  private readonly skipped: Map<string, number>;
  private readonly notAlone: Map<string, number>;
  private readonly notInStore: Map<string, number>;
  private agreed: number;
  private atLimit: number;
  private events: number;
  private begun: number;
  private done: number;

  constructor(options: ModuleCampaignOptions) {
    this.options = options;
    this.deadline =
      options.timeMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.timeMs;
    this.failures = [];
    this.refused = new Map();
    this.skipped = new Map();
    this.notAlone = new Map();
    this.notInStore = new Map();
    this.agreed = 0;
    this.atLimit = 0;
    this.events = 0;
    this.begun = 0;
    this.done = 0;
  }

  async run(): Promise<ModuleCampaignResult> {
    const { firstSeed, jobs, count } = this.options;
    await Promise.all(Array.from({ length: Math.min(jobs, count) }, () => this.lane()));
    this.failures.sort((a, b) => a.seed - b.seed);
    const { agreed, atLimit, events, refused, skipped, notAlone, notInStore } = this;
    const tally = { agreed, atLimit, events, refused, skipped, notAlone, notInStore };
    return { firstSeed, done: this.done, tally, failures: this.failures };
  }

  /** Threads, one after the other, until there are no more seeds. */
  private async lane(): Promise<void> {
    while (!this.isOver) await this.thread();
  }

  private get isOver(): boolean {
    const { count, stop } = this.options;
    return this.begun >= count || performance.now() >= this.deadline || stop?.() === true;
  }

  private thread(): Promise<void> {
    const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    const {
      policy = "spillway",
      startFrom = [],
      hangMs = HANG_MS,
      everyCollector = false,
      target,
    } = this.options;
    const workerData: ThreadOptions = {
      policy,
      startFrom,
      everyCollector,
      ...(target === undefined ? {} : { target }),
    };
    const worker = new Worker(new URL(file, import.meta.url), { workerData });
    let seed = -1;
    let modules = 0;
    let timer: NodeJS.Timeout | undefined;
    const life = new Promise<void>((resolve) => {
      const next = (): void => {
        clearTimeout(timer);
        if (this.isOver || modules >= MODULES_PER_THREAD) {
          worker.postMessage(null);
          return;
        }
        modules++;
        seed = this.options.firstSeed + this.begun++;
        timer = setTimeout(() => {
          this.fail({ seed, kind: "hang", message: `no verdict within ${hangMs / 1000} seconds` });
          void worker.terminate();
        }, hangMs);
        worker.postMessage(seed);
      };
      worker.on("error", (error) => {
        this.fail({
          seed,
          kind: "crash",
          message: error instanceof Error ? (error.stack ?? "") : String(error),
        });
      });
      worker.on("exit", () => resolve());
      worker.on("message", (answer: SeedVerdict) => {
        this.take(answer);
        next();
      });
      next();
    });
    return life.finally(() => clearTimeout(timer));
  }

  private take({ seed, verdict }: SeedVerdict): void {
    switch (verdict.kind) {
      case "failed":
        this.fail({ seed, kind: verdict.failure, message: verdict.message });
        return;
      case "refused":
        count(this.refused, withoutTypes(verdict.why));
        break;
      case "skipped":
        count(this.skipped, withoutTypes(verdict.why));
        break;
      case "agreed":
        this.agreed++;
        this.events += verdict.events;
        if (verdict.atLimit) this.atLimit++;
        if (verdict.alone !== "") count(this.notAlone, withoutTypes(verdict.alone));
        if (verdict.inStore !== "") count(this.notInStore, withoutTypes(verdict.inStore));
    }
    this.end();
  }

  private fail(failure: ModuleFailure): void {
    this.failures.push(failure);
    this.options.onFailure?.(failure);
    this.end();
  }

  private end(): void {
    this.done++;
    this.options.onProgress?.(this.done, this.failures.length);
  }
}

function count(tally: Map<string, number>, key: string): void {
  tally.set(key, (tally.get(key) ?? 0) + 1);
}

/** What says the same of another type or place is the same reason. */
function withoutTypes(why: string): string {
  return why.replace(/\(.*\)/, "(…)").replace(/\d+/g, "N");
}
