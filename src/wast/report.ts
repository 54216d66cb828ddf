/** What a run of scripts found: counts for each directive, and the failures. */

/** How many commands of one directive did what. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** One command that did not do what the script says. `line` is from 1; 0 is the file as a whole. */
export interface ScriptFailure {
  readonly file: string;
  readonly line: number;
  readonly directive: string;
  readonly expected: string;
  readonly got: string;
}

/** The report of a file, a thread, or (merged) of all files. */
export class ScriptReport {
  readonly tallies: Map<string, Tally>;
  readonly failures: ScriptFailure[];
  /** Why commands were skipped, and how many for each reason. */
  readonly skips: Map<string, number>;

  constructor() {
    this.tallies = new Map();
    this.failures = [];
    this.skips = new Map();
  }

  pass(directive: string): void {
    this.tally(directive).passed++;
  }

  skip(directive: string, why: string): void {
    this.tally(directive).skipped++;
    this.skips.set(why, (this.skips.get(why) ?? 0) + 1);
  }

  fail(failure: ScriptFailure): void {
    this.tally(failure.directive).failed++;
    this.failures.push(failure);
  }

  /** Adds all of `other`, which may have come from another thread as plain data. */
  merge(other: Pick<ScriptReport, "tallies" | "failures" | "skips">): void {
    for (const [directive, { passed, failed, skipped }] of other.tallies) {
      const tally = this.tally(directive);
      tally.passed += passed;
      tally.failed += failed;
      tally.skipped += skipped;
    }
    for (const failure of other.failures) this.failures.push(failure);
    for (const [why, count] of other.skips) this.skips.set(why, (this.skips.get(why) ?? 0) + count);
  }

  /** The sum over all directives. */
  total(): Tally {
    const total: Tally = { passed: 0, failed: 0, skipped: 0 };
    for (const tally of this.tallies.values()) {
      total.passed += tally.passed;
      total.failed += tally.failed;
      total.skipped += tally.skipped;
    }
    return total;
  }

  private tally(directive: string): Tally {
    let tally = this.tallies.get(directive);
    if (tally === undefined) {
      tally = { passed: 0, failed: 0, skipped: 0 };
      this.tallies.set(directive, tally);
    }
    return tally;
  }
}
