/**
 * What is checked of one function, all of it with objects that are reused from case to case:
 *
 * 1. The function is valid; its text, if asked for, reads back as itself.
 * 2. Policy `spillway`: the result is valid, its text reads back as itself, the checker proves it, the oracle agrees.
 * 3. Policy `cranelift`: the result is valid; the text is the same where the policies do not differ; spills with reloads,
 *    and map entries, are as many or more where upstream is sound, and then the checker proves it and the oracle agrees.
 * 4. Where upstream is unsound, and for one of the policies with a known mistake: what the checker proves, the oracle
 *    confirms.
 *
 * A checker that proves too much shows in 4, one that proves too little in 2, a spiller that is wrong in 2 unless both miss it.
 */
import { InputError } from "../../base/diagnostics.ts";
import { SafepointChecker } from "../../check/index.ts";
import type { PolicyName } from "../../frontend/safepoints/policies.ts";
import { SafepointSpiller, type SpillCounts } from "../../frontend/safepoints/spiller.ts";
import { Oracle } from "../../interp/oracle.ts";
import type { Function } from "../../ir/function.ts";
import { functionText, parseFunctions } from "../../text/index.ts";
import { Verifier, verifierErrorText } from "../../verify/index.ts";
import type { CaseSource } from "./case-source.ts";
import { type CaseTraits, traitsOf } from "./traits.ts";

/** What went wrong, as a stable name of the kind and a sentence. */
export interface CaseFailure {
  readonly kind: string;
  readonly message: string;
}

export interface CaseOptions {
  /** The policy that is to be right; another one than `spillway` is not compared with upstream. */
  readonly policy: PolicyName;
  /** Inputs that the oracle tries. */
  readonly oracleSeeds: number;
  readonly fuel: number;
  /** Whether texts are read back and compared; without, policies are compared by what they counted. */
  readonly texts: boolean;
  /** The policy with a known mistake to try, or none. */
  readonly wrongPolicy?: PolicyName;
}

/** What happened over many cases. */
export interface CaseTally {
  cases: number;
  /** Texts that cannot be read, because upstream's form leaves a type out that is needed. */
  unreadable: number;
  spilled: number;
  slots: number;
  reloads: number;
  mapEntries: number;
  /** Cases in which upstream is unsound, and those of them that the checker rejects. */
  unsound: number;
  unsoundRejected: number;
  /** Results of policies with a known mistake, those that the checker rejects, and those that the oracle shows wrong. */
  wrong: number;
  wrongRejected: number;
  wrongShown: number;
}

export function emptyTally(): CaseTally {
  return {
    cases: 0,
    unreadable: 0,
    spilled: 0,
    slots: 0,
    reloads: 0,
    mapEntries: 0,
    unsound: 0,
    unsoundRejected: 0,
    wrong: 0,
    wrongRejected: 0,
    wrongShown: 0,
  };
}

/**
 * Upstream prints no type where an operand of the same block tells it, even if that stands further down, as it can in
 * unreachable blocks: such text cannot be read, neither by upstream nor here.
 */
const UNTYPED_OPERAND = "clif-type";

const BEFORE = 0;
const AFTER = 1;
const OTHER = 2;

/** Thrown inside and turned into a failure by `check`. */
class Failed extends Error {
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

export class CaseChecker {
  readonly tally: CaseTally;
  private readonly verifier: Verifier;
  private readonly spiller: SafepointSpiller;
  private readonly checker: SafepointChecker;
  private readonly oracle: Oracle;

  constructor() {
    this.tally = emptyTally();
    this.verifier = new Verifier();
    this.spiller = new SafepointSpiller();
    this.checker = new SafepointChecker();
    this.oracle = new Oracle();
  }

  /** What is wrong with the case, or null. Nothing is thrown: an exception is a failure of kind `exception`. */
  check(source: CaseSource, options: CaseOptions): CaseFailure | null {
    try {
      this.checkAll(source, options);
      return null;
    } catch (error) {
      if (error instanceof Failed) return { kind: error.kind, message: error.message };
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { kind: "exception", message };
    }
  }

  private checkAll(source: CaseSource, options: CaseOptions): void {
    const { tally } = this;
    const before = source.copy(BEFORE);
    this.verify("before", before);
    if (options.texts) this.checkRoundTrip("before", before);
    const after = source.copy(AFTER);
    const counts = this.spill(after, options.policy);
    this.prove(options.policy, before, after, options);
    if (options.texts) this.checkRoundTrip(options.policy, after);
    tally.cases++;
    if (counts.slots > 0) tally.spilled++;
    tally.slots += counts.slots;
    tally.reloads += counts.reloads;
    tally.mapEntries += counts.mapEntries;

    if (options.policy === "spillway") this.compareWithUpstream(source, before, after, counts, options);
    if (options.wrongPolicy !== undefined) this.checkWrong(source, before, options.wrongPolicy, options);
  }

  private compareWithUpstream(
    source: CaseSource,
    before: Function,
    after: Function,
    counts: SpillCounts,
    options: CaseOptions,
  ): void {
    const { tally } = this;
    const traits = traitsOf(before);
    const other = source.copy(OTHER);
    const otherCounts = this.spill(other, "cranelift");
    if (!traits.policiesDiffer) {
      // The same text is proved already.
      compareCounts(otherCounts, counts);
      compareCounts(counts, otherCounts);
      if (options.texts && functionText(other) !== functionText(after)) {
        throw new Failed("policies", "policies spillway and cranelift give different texts");
      }
    } else if (isSound(traits)) {
      this.prove("cranelift", before, other, options);
      compareCounts(counts, otherCounts);
    } else {
      tally.unsound++;
      if (this.checkSoundness("cranelift", before, other, options).rejected) tally.unsoundRejected++;
    }
  }

  private checkWrong(source: CaseSource, before: Function, policy: PolicyName, options: CaseOptions): void {
    const { tally } = this;
    const wrong = source.copy(OTHER);
    this.spill(wrong, policy);
    const { rejected, shown } = this.checkSoundness(policy, before, wrong, options);
    tally.wrong++;
    if (rejected) tally.wrongRejected++;
    if (shown) tally.wrongShown++;
  }

  private spill(func: Function, policy: PolicyName): SpillCounts {
    const counts = this.spiller.run(func, { policy });
    this.verify(policy, func);
    return counts;
  }

  private verify(subject: string, func: Function): void {
    const errors = this.verifier.verify(func, { pointerType: func.pointerType });
    if (errors.length === 0) return;
    throw new Failed(`${subject}-invalid`, errors.map(verifierErrorText).join("\n"));
  }

  /** Prints, reads and prints again. */
  private checkRoundTrip(subject: string, func: Function): void {
    const text = functionText(func, { directives: true });
    try {
      const [read] = parseFunctions(text);
      if (read === undefined || functionText(read, { directives: true }) !== text) {
        throw new Failed(`${subject}-text`, "the text does not read back as itself");
      }
    } catch (error) {
      if (!(error instanceof InputError && error.diagnostic.code === UNTYPED_OPERAND)) throw error;
      this.tally.unreadable++;
    }
  }

  private prove(policy: PolicyName, before: Function, after: Function, options: CaseOptions): void {
    const [error] = this.checker.check(before, after);
    const difference = this.oracle.compare(before, after, this.oracleOptions(options));
    if (error !== undefined) {
      const oracle = difference === null ? "the oracle agrees with it" : difference.message;
      const reasons = [error.message, ...error.notes, oracle].join("\n");
      throw new Failed(`${policy}-unproved${difference === null ? "" : "-and-differs"}`, reasons);
    }
    if (difference !== null) throw new Failed(`${policy}-differs`, difference.message);
  }

  /** What the checker proves, the oracle must confirm. */
  private checkSoundness(
    policy: PolicyName,
    before: Function,
    after: Function,
    options: CaseOptions,
  ): { readonly rejected: boolean; readonly shown: boolean } {
    const rejected = this.checker.check(before, after, { maxErrors: 1 }).length > 0;
    const difference = this.oracle.compare(before, after, this.oracleOptions(options));
    if (!rejected && difference !== null)
      throw new Failed(`${policy}-proved-but-differs`, difference.message);
    return { rejected, shown: difference !== null };
  }

  private oracleOptions(options: CaseOptions): { readonly seeds: number; readonly fuel: number } {
    return { seeds: options.oracleSeeds, fuel: options.fuel };
  }
}

function isSound(traits: CaseTraits): boolean {
  return !traits.declaredOnTryCallEdge && !traits.declaredAlias;
}

/** Slots may be more: what is only passed on gets one as well. */
function compareCounts(counts: SpillCounts, upstream: SpillCounts): void {
  const fail = (name: string, count: number, limit: number): void => {
    if (count <= limit) return;
    throw new Failed("more-than-upstream", `${name}: ${count}, with cranelift ${limit}`);
  };
  fail("spills and reloads", counts.spills + counts.reloads, upstream.spills + upstream.reloads);
  fail("map entries", counts.mapEntries, upstream.mapEntries);
}
