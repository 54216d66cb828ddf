/**
 * Delta debugging: makes a subject smaller while a condition holds. It knows nothing of what the subject is: CLIF
 * comes with `clif-passes.ts`, other formats can bring their own passes.
 *
 * A pass is one kind of edit with a number of places for it. The engine tries all places at once, then halves, quarters
 * and so on down to single ones; an edit that keeps the condition is kept, and its place is tried again with what moved
 * up. Rounds over all passes go on until one changes nothing. An edit must make the subject lighter by its own measure,
 * so the work ends.
 *
 * Several candidates are tested at a time, all made from the same subject, and the first in order that holds is taken:
 * the result is the same for any number of jobs.
 *
 * Source: A. Zeller, R. Hildebrandt, "Simplifying and isolating failure-inducing input" (2002).
 */
import { createHash } from "node:crypto";

/** One kind of edit. */
export interface ReductionPass<T> {
  readonly name: string;
  /** How many places the subject has for it. */
  count(subject: T): number;
  /** The subject edited at the places from `from` to before `to`; `null` where that changes nothing. */
  apply(subject: T, from: number, to: number): T | null;
}

/** A kind of thing that can be reduced. */
export interface ReductionKind<T> {
  readonly passes: readonly ReductionPass<T>[];
  /** What the condition is tested on, and what is written in the end. */
  serialize(subject: T): Uint8Array | Promise<Uint8Array>;
  /** Smaller is better; an edit that does not make this smaller is not tried. */
  weight(subject: T, bytes: Uint8Array): number;
}

/** Whether the candidate still shows what is looked for. */
export interface Condition {
  holds(candidate: Uint8Array): Promise<boolean>;
}

export interface ReductionProgress {
  readonly round: number;
  readonly pass: string;
  readonly tested: number;
  readonly accepted: number;
  readonly bytes: number;
}

export interface ReducerOptions<T> {
  /** Candidates tested at a time. */
  readonly jobs?: number;
  readonly onProgress?: (progress: ReductionProgress) => void;
  /** Called with each better subject, before the work goes on. */
  readonly onBetter?: (subject: T, bytes: Uint8Array) => void | Promise<void>;
  /** Asked before each batch; `true` ends the work with what there is. */
  readonly stop?: () => boolean;
}

export interface Reduction<T> {
  readonly subject: T;
  readonly bytes: Uint8Array;
  readonly rounds: number;
  readonly tested: number;
  readonly accepted: number;
  /** Whether the work was ended before nothing more could be done. */
  readonly stopped: boolean;
}

interface Candidate<T> {
  readonly subject: T;
  readonly bytes: Uint8Array;
  readonly weight: number;
  readonly place: number;
}

export class Reducer<T> {
  private readonly kind: ReductionKind<T>;
  private readonly condition: Condition;
  private readonly options: ReducerOptions<T>;
  private readonly jobs: number;
  private subject: T;
  private bytes: Uint8Array;
  private weight: number;
  /** Digests of candidates that do not hold: different edits often give the same text. */
  private readonly failed: Set<string>;
  private tested: number;
  private accepted: number;
  private round: number;
  private stopped: boolean;

  /** The condition must hold for `start`. */
  constructor(kind: ReductionKind<T>, condition: Condition, start: T, options: ReducerOptions<T> = {}) {
    this.kind = kind;
    this.condition = condition;
    this.options = options;
    this.jobs = Math.max(1, options.jobs ?? 1);
    this.subject = start;
    this.bytes = new Uint8Array(0);
    this.weight = 0;
    this.failed = new Set();
    this.tested = 0;
    this.accepted = 0;
    this.round = 0;
    this.stopped = false;
  }

  async run(): Promise<Reduction<T>> {
    this.bytes = await this.kind.serialize(this.subject);
    this.weight = this.kind.weight(this.subject, this.bytes);
    let changed = true;
    while (changed && !this.stopped) {
      this.round++;
      changed = false;
      for (const pass of this.kind.passes) {
        if (await this.runPass(pass)) changed = true;
        if (this.stopped) break;
      }
    }
    const { subject, bytes, round, tested, accepted, stopped } = this;
    return { subject, bytes, rounds: round, tested, accepted, stopped };
  }

  private async runPass(pass: ReductionPass<T>): Promise<boolean> {
    const before = this.accepted;
    for (let chunk = pass.count(this.subject); chunk >= 1; chunk = Math.floor(chunk / 2)) {
      await this.runChunks(pass, chunk);
      if (this.stopped) break;
      // What is left may have become fewer places than the chunk.
      chunk = Math.min(chunk, Math.max(pass.count(this.subject), 1));
    }
    return this.accepted > before;
  }

  /** Tries every run of `chunk` places once, from the first on. */
  private async runChunks(pass: ReductionPass<T>, chunk: number): Promise<void> {
    let place = 0;
    while (place < pass.count(this.subject)) {
      this.report(pass);
      if (this.options.stop?.() === true) {
        this.stopped = true;
        return;
      }
      const { candidates, next } = await this.batch(pass, place, chunk);
      const better = await this.firstThatHolds(candidates);
      if (better === null) {
        place = next;
      } else {
        await this.accept(better);
        place = better.place;
      }
    }
  }

  /** The next candidates worth a test, as many as there are jobs, and the place behind them. */
  private async batch(
    pass: ReductionPass<T>,
    from: number,
    chunk: number,
  ): Promise<{ candidates: Candidate<T>[]; next: number }> {
    const count = pass.count(this.subject);
    const candidates: Candidate<T>[] = [];
    let place = from;
    for (; place < count && candidates.length < this.jobs; place += chunk) {
      const subject = pass.apply(this.subject, place, Math.min(place + chunk, count));
      if (subject === null) continue;
      const bytes = await this.kind.serialize(subject);
      const weight = this.kind.weight(subject, bytes);
      if (weight >= this.weight || this.failed.has(digest(bytes))) continue;
      candidates.push({ subject, bytes, weight, place });
    }
    return { candidates, next: place };
  }

  private async firstThatHolds(candidates: readonly Candidate<T>[]): Promise<Candidate<T> | null> {
    const answers = await Promise.all(candidates.map(({ bytes }) => this.condition.holds(bytes)));
    this.tested += candidates.length;
    let first: Candidate<T> | null = null;
    candidates.forEach((candidate, i) => {
      if (!answers[i]!) this.failed.add(digest(candidate.bytes));
      else first ??= candidate;
    });
    return first;
  }

  private async accept(better: Candidate<T>): Promise<void> {
    this.subject = better.subject;
    this.bytes = better.bytes;
    this.weight = better.weight;
    this.accepted++;
    await this.options.onBetter?.(better.subject, better.bytes);
  }

  private report(pass: ReductionPass<T>): void {
    const { round, tested, accepted } = this;
    this.options.onProgress?.({ round, pass: pass.name, tested, accepted, bytes: this.bytes.length });
  }
}

function digest(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("base64");
}
