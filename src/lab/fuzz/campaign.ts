/**
 * A fuzzing campaign: seeds from a first one on, shared out in ranges to threads, until there were enough of them or the
 * time is up. Which functions are checked depends on the first seed and the count alone; only with a time limit does the
 * speed of the machine decide how far it goes.
 */
import { Worker } from "node:worker_threads";
import { type CaseTally, emptyTally } from "./check-case.ts";
import type { SeedFailure, SeedOptions } from "./seed-runner.ts";
import type { RangeResult, SeedRange } from "./worker.ts";

export interface CampaignOptions {
  readonly firstSeed: number;
  /** How many functions at most. */
  readonly count: number;
  /** Milliseconds after which no further range is begun; none unless given. */
  readonly timeMs?: number;
  readonly jobs: number;
  readonly seedOptions: SeedOptions;
  readonly onProgress?: (progress: CampaignProgress) => void;
  readonly onFailure?: (failure: SeedFailure) => void;
  /** Asked before each range; `true` ends the campaign with what is under way. */
  readonly stop?: () => boolean;
}

export interface CampaignProgress {
  readonly done: number;
  readonly failures: number;
}

export interface CampaignResult {
  readonly firstSeed: number;
  /** Functions checked: the seeds from the first on, without a gap. */
  readonly done: number;
  readonly tally: CaseTally;
  readonly failed: number;
  /** The failures, or the first thousand that were found. */
  readonly failures: readonly SeedFailure[];
}

const RANGE = 250;
/** A defect that shows everywhere is kept so often; the rest is counted. */
const MAX_FAILURES = 1000;

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const campaign = new Campaign(options);
  return campaign.run();
}

class Campaign {
  private readonly options: CampaignOptions;
  private readonly deadline: number;
  private readonly failures: SeedFailure[];
  private readonly tallies: Map<Worker, CaseTally>;
  private begun: number;
  private done: number;
  private failed: number;

  constructor(options: CampaignOptions) {
    this.options = options;
    this.deadline =
      options.timeMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.timeMs;
    this.failures = [];
    this.tallies = new Map();
    this.begun = 0;
    this.done = 0;
    this.failed = 0;
  }

  async run(): Promise<CampaignResult> {
    const ranges = Math.ceil(this.options.count / RANGE);
    const threads = Array.from({ length: Math.min(this.options.jobs, Math.max(ranges, 1)) }, () =>
      this.thread(),
    );
    await Promise.all(threads);
    const tally = emptyTally();
    for (const part of this.tallies.values()) addTally(tally, part);
    this.failures.sort((a, b) => a.seed - b.seed);
    const { done, failed, failures } = this;
    return { firstSeed: this.options.firstSeed, done, tally, failed, failures };
  }

  /** One thread's life: ranges until there are no more. */
  private thread(): Promise<void> {
    const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    const worker = new Worker(new URL(file, import.meta.url), { workerData: this.options.seedOptions });
    const life = new Promise<void>((resolve, reject) => {
      const next = (): void => {
        const range = this.nextRange();
        if (range === null) resolve();
        else worker.postMessage(range);
      };
      worker.on("error", reject);
      worker.on("message", (result: RangeResult) => {
        this.tallies.set(worker, result.tally);
        this.take(result);
        next();
      });
      next();
    });
    return life.finally(() => worker.terminate());
  }

  private nextRange(): SeedRange | null {
    const { firstSeed, count, stop } = this.options;
    if (this.begun >= count || performance.now() >= this.deadline || stop?.() === true) return null;
    const range = { first: firstSeed + this.begun, count: Math.min(RANGE, count - this.begun) };
    this.begun += range.count;
    return range;
  }

  private take({ range, failures }: RangeResult): void {
    this.done += range.count;
    this.failed += failures.length;
    for (const failure of failures) {
      if (this.failures.length < MAX_FAILURES) this.failures.push(failure);
      this.options.onFailure?.(failure);
    }
    this.options.onProgress?.({ done: this.done, failures: this.failed });
  }
}

function addTally(sum: CaseTally, part: CaseTally): void {
  for (const key of Object.keys(sum) as (keyof CaseTally)[]) sum[key] += part[key];
}
