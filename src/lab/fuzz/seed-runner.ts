/**
 * Checks the functions of a range of seeds, one after another with the same objects. Every 64th seed is checked once more
 * with new ones: what an object keeps from case to case must not show.
 */
import { POLICY_NAMES, type PolicyName } from "../../frontend/safepoints/policies.ts";
import { SafepointSpiller } from "../../frontend/safepoints/spiller.ts";
import { functionText } from "../../text/index.ts";
import { SeededSource } from "./case-source.ts";
import { CaseChecker, type CaseFailure, type CaseOptions, type CaseTally } from "./check-case.ts";

/** A case that failed, with the function as text that can be read, directives included. */
export interface SeedFailure extends CaseFailure {
  readonly seed: number;
  readonly text: string;
  readonly options: CaseOptions;
}

/** How thoroughly each function is checked. */
export interface SeedOptions {
  /** The policy that is to be right. */
  readonly policy: PolicyName;
  /** Inputs that the oracle tries. */
  readonly oracleSeeds: number;
  /** Blocks that a run may enter. */
  readonly fuel: number;
}

export const DEFAULT_SEED_OPTIONS: SeedOptions = { policy: "spillway", oracleSeeds: 2, fuel: 60 };

const FRESH_EVERY = 64;
const WRONG_EVERY = 5;
const TEXTS_EVERY = 6;
const WRONG_POLICIES: readonly PolicyName[] = POLICY_NAMES.filter((name) => name.startsWith("wrong:"));

/** What is checked of the function of a seed: a share of all gets the dearer checks. */
export function caseOptions(seed: number, options: SeedOptions): CaseOptions {
  const wrong = seed % WRONG_EVERY === 0;
  return {
    ...options,
    texts: seed % TEXTS_EVERY === 0,
    ...(wrong ? { wrongPolicy: WRONG_POLICIES[(seed / WRONG_EVERY) % WRONG_POLICIES.length]! } : {}),
  };
}

export class SeedRunner {
  private readonly source: SeededSource;
  private readonly checker: CaseChecker;
  private readonly spiller: SafepointSpiller;
  private readonly options: SeedOptions;

  constructor(options: SeedOptions = DEFAULT_SEED_OPTIONS) {
    this.source = new SeededSource();
    this.checker = new CaseChecker();
    this.spiller = new SafepointSpiller();
    this.options = options;
  }

  /** What happened so far. */
  get tally(): CaseTally {
    return this.checker.tally;
  }

  /** Checks the seeds from `first` on; gives the failures in order. */
  run(first: number, count: number): SeedFailure[] {
    const failures: SeedFailure[] = [];
    for (let seed = first; seed < first + count; seed++) {
      const failure = this.check(seed);
      if (failure !== null) failures.push(failure);
    }
    return failures;
  }

  private check(seed: number): SeedFailure | null {
    const options = caseOptions(seed, this.options);
    const source = this.source.at(seed);
    let failure = this.checker.check(source, options);
    if (failure === null && seed % FRESH_EVERY === 0) failure = this.compareWithFresh(seed, options);
    if (failure === null) return null;
    return { ...failure, seed, text: caseText(seed), options };
  }

  /** The same with objects that have seen nothing yet. */
  private compareWithFresh(seed: number, options: CaseOptions): CaseFailure | null {
    const differs = (what: string): CaseFailure => ({
      kind: "reuse",
      message: `${what} is another with objects that have been used before`,
    });
    const fresh = new SeededSource().at(seed);
    const used = this.source.copy(0);
    if (functionText(used, { directives: true }) !== caseText(seed)) return differs("the function");
    this.spiller.run(used, { policy: options.policy });
    const spilled = fresh.copy(0);
    new SafepointSpiller().run(spilled, { policy: options.policy });
    if (functionText(used) !== functionText(spilled)) return differs("the spilled text");
    const verdict = new CaseChecker().check(fresh, options);
    return verdict === null ? null : differs(`the verdict (${verdict.kind})`);
  }
}

/** The function of a seed as text. */
export function caseText(seed: number): string {
  return functionText(new SeededSource().at(seed).copy(0), { directives: true });
}
