/**
 * What a reduction keeps: conditions that are tested in this process or in its workers. Each gives a file a symptom, a
 * short text, or none; a candidate holds if its symptom is that of the file the reduction began with. So a reduction
 * does not slip from one failure to another.
 *
 *     checker    policy P's output is rejected: the code of the first error
 *     oracle     policy P's output behaves otherwise than the function before: the kind of difference
 *     verifier   the function is not valid: the code of the first error
 *     policies   policies P and Q give different texts
 *
 * All but the verifier's ask for valid functions. For the checker and the oracle another policy may be named that must
 * do well where P does not: so what is left shows P's own mistake, not one that both make.
 */
import { InputError } from "../../base/diagnostics.ts";
import { SafepointChecker } from "../../check/index.ts";
import type { PolicyName } from "../../frontend/safepoints/policies.ts";
import { SafepointSpiller } from "../../frontend/safepoints/spiller.ts";
import { Oracle } from "../../interp/oracle.ts";
import type { Function } from "../../ir/function.ts";
import { functionText, parseFile, parseFunctions } from "../../text/index.ts";
import { verifyFunction } from "../../verify/index.ts";
import { fileRules } from "../filetest/index.ts";

export type ConditionSpec =
  | { readonly kind: "checker" | "oracle"; readonly policy: PolicyName; readonly unlike?: PolicyName }
  | { readonly kind: "verifier" }
  | { readonly kind: "policies"; readonly policies: readonly [PolicyName, PolicyName] };

/** Finishes "it is so that …". */
export function describeCondition(spec: ConditionSpec): string {
  switch (spec.kind) {
    case "checker":
      return `the checker rejects what policy ${spec.policy} makes of it${unlike(spec.unlike)}`;
    case "oracle":
      return `what policy ${spec.policy} makes of it behaves otherwise than before${unlike(spec.unlike)}`;
    case "verifier":
      return "the verifier rejects it";
    case "policies":
      return `policies ${spec.policies.join(" and ")} make different texts of it`;
  }
}

function unlike(policy: PolicyName | undefined): string {
  return policy === undefined ? "" : `, unlike what ${policy} makes`;
}

/** Whether the file is so. */
export function showsFailure(spec: ConditionSpec, bytes: Uint8Array): boolean {
  return new SymptomFinder(spec).symptom(bytes) !== null;
}

/** Looks for the symptom; keeps the memory of its tools from file to file. */
export class SymptomFinder {
  private readonly spec: ConditionSpec;
  private spiller: SafepointSpiller;
  private checker: SafepointChecker;
  private oracle: Oracle;

  constructor(spec: ConditionSpec) {
    this.spec = spec;
    this.spiller = new SafepointSpiller();
    this.checker = new SafepointChecker();
    this.oracle = new Oracle();
  }

  /** The symptom of the file, or `null` if it shows none or is not what can be looked at. */
  symptom(bytes: Uint8Array): string | null {
    try {
      return this.spec.kind === "verifier" ? verifierSymptom(bytes) : this.spillSymptom(bytes);
    } catch (error) {
      if (error instanceof InputError) return null;
      return this.internalError(error);
    }
  }

  /** A defect of ours is a symptom, too: where it was thrown. The tools it left half-way are made anew. */
  private internalError(error: unknown): string {
    this.spiller = new SafepointSpiller();
    this.checker = new SafepointChecker();
    this.oracle = new Oracle();
    const thrower = error instanceof Error ? /^ *at (\S+) /m.exec(error.stack ?? "")?.[1] : undefined;
    return `internal error in ${thrower ?? "an unknown function"}`;
  }

  private spillSymptom(bytes: Uint8Array): string | null {
    if (!isValidClif(bytes)) return null;
    const { spec } = this;
    const befores = parseFunctions(bytes);
    const afters = parseFunctions(bytes);
    for (const [i, before] of befores.entries()) {
      const symptom = this.functionSymptom(before, afters[i]!);
      if (symptom === null) continue;
      if (spec.kind === "policies" || spec.kind === "verifier" || spec.unlike === undefined) return symptom;
      if (this.spillFault(before, parseFunctions(bytes)[i]!, spec.kind, spec.unlike) === null) return symptom;
    }
    return null;
  }

  private functionSymptom(before: Function, copy: Function): string | null {
    const { spec } = this;
    if (spec.kind === "verifier") return null;
    if (spec.kind !== "policies") return this.spillFault(before, copy, spec.kind, spec.policy);
    this.spiller.run(before, { policy: spec.policies[0] });
    this.spiller.run(copy, { policy: spec.policies[1] });
    return functionText(before) === functionText(copy) ? null : "texts differ";
  }

  /** What the checker or the oracle has against the policy's output; `copy` is spilled. */
  private spillFault(
    before: Function,
    copy: Function,
    judge: "checker" | "oracle",
    policy: PolicyName,
  ): string | null {
    this.spiller.run(copy, { policy });
    if (judge === "oracle") return this.oracle.compare(before, copy)?.kind ?? null;
    return this.checker.check(before, copy, { maxErrors: 1 })[0]?.code ?? null;
  }
}

function verifierSymptom(bytes: Uint8Array): string | null {
  const file = parseFile(bytes);
  for (const { func } of file.functions) {
    const error = verifyFunction(func, fileRules(file))[0];
    if (error !== undefined) return error.code;
  }
  return null;
}

/** Whether the text is CLIF that the verifier accepts. */
export function isValidClif(bytes: Uint8Array): boolean {
  try {
    return verifierSymptom(bytes) === null;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}
