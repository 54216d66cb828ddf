/**
 * Counts what becomes of mutants: rejected by the checker, equivalent for all that the oracle can see, or escaped, which
 * is a defect of the checker (or of the oracle).
 */

import { InputError } from "../../base/diagnostics.ts";
import { SafepointChecker, type SafepointError } from "../../check/index.ts";
import { SafepointSpiller } from "../../frontend/safepoints/spiller.ts";
import { Oracle } from "../../interp/oracle.ts";
import type { Function } from "../../ir/function.ts";
import { MUTATION_OPERATORS, type MutationOperator } from "./operators.ts";
import { spillCodeOf } from "./spill-code.ts";

export interface MutantCounts {
  mutants: number;
  rejected: number;
  /** Of the rejected: those whose structure already tells, without any flow of values. */
  structural: number;
  equivalent: number;
  escaped: number;
  /** Accepted, and the oracle cannot run the function. */
  unknown: number;
}

export interface Escape {
  readonly operator: string;
  readonly index: number;
  readonly difference: string;
}

export interface TallyOptions {
  /** Takes one mutant in so many; 1 takes all. */
  readonly stride: number;
  /** Inputs that the oracle tries on an accepted mutant. */
  readonly seeds: number;
}

export class MutationTally {
  readonly counts: Map<string, MutantCounts>;
  readonly escapes: Escape[];
  private readonly spiller: SafepointSpiller;
  private readonly checker: SafepointChecker;
  private readonly oracle: Oracle;
  private readonly options: TallyOptions;
  /** Mutants seen so far, for the stride. */
  private seen: number;

  constructor(options: TallyOptions) {
    this.counts = new Map();
    this.escapes = [];
    for (const { name } of MUTATION_OPERATORS) {
      const none = { mutants: 0, rejected: 0, structural: 0, equivalent: 0, escaped: 0, unknown: 0 };
      this.counts.set(name, none);
    }
    this.spiller = new SafepointSpiller();
    this.checker = new SafepointChecker();
    this.oracle = new Oracle();
    this.options = options;
    this.seen = 0;
  }

  /** All mutants of one function; `make` gives it anew each time, not yet spilled. */
  add(make: () => Function): void {
    const before = make();
    const after = make();
    this.spiller.run(after);
    const code = spillCodeOf(before, after);
    for (const operator of MUTATION_OPERATORS) {
      const mutations = operator.list(after, code);
      for (const [index, mutate] of mutations.entries()) {
        if (this.seen++ % this.options.stride !== 0) continue;
        const mutant = make();
        this.spiller.run(mutant);
        mutate(mutant);
        this.judge(before, mutant, operator, index);
      }
    }
  }

  private judge(before: Function, mutant: Function, operator: MutationOperator, index: number): void {
    const counts = this.counts.get(operator.name)!;
    counts.mutants++;
    const errors = this.checker.check(before, mutant, { maxErrors: 1 });
    if (errors.length > 0) {
      counts.rejected++;
      if (isStructural(errors[0]!)) counts.structural++;
      return;
    }
    const difference = this.difference(before, mutant);
    if (difference === null) counts.equivalent++;
    else if (difference === undefined) counts.unknown++;
    else {
      counts.escaped++;
      this.escapes.push({ operator: operator.name, index, difference });
    }
  }

  /** What the oracle sees, `null` for nothing, `undefined` where it cannot look. */
  private difference(before: Function, mutant: Function): string | null | undefined {
    try {
      return this.oracle.compare(before, mutant, { seeds: this.options.seeds })?.message ?? null;
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  /** A line an operator, and the sums. */
  table(): string {
    const total = { mutants: 0, rejected: 0, structural: 0, equivalent: 0, escaped: 0, unknown: 0 };
    const lines = [row("operator", Object.keys(total))];
    for (const [name, counts] of this.counts) {
      lines.push(row(name, Object.values(counts)));
      for (const key of Object.keys(total) as (keyof MutantCounts)[]) total[key] += counts[key];
    }
    lines.push(row("all", Object.values(total)));
    return lines.join("\n");
  }
}

function row(name: string, cells: readonly (string | number)[]): string {
  return name.padEnd(18) + cells.map((cell) => String(cell).padStart(11)).join("");
}

function isStructural(error: SafepointError): boolean {
  return /^(before|after|changed|missing|added)-/.test(error.code);
}
