/**
 * What a target, or a module that stands alone, cannot have is refused by the compiler by name. Where a script runs for a target on
 * purpose, that is no failure: the module and all that is asked of it are skipped, and counted by the reason.
 */
import { type Diagnostic, InputError } from "../base/diagnostics.ts";

/** What the compiler refuses a module with that is valid. */
const REFUSALS: ReadonlySet<string> = new Set(["target-feature", "link-unsupported", "link-memory-size"]);

/** The code of a module that is not for the target of this run. */
export const NOT_FOR_TARGET = "wast-not-for-target";

export function isRefusal(error: unknown): error is InputError {
  return error instanceof InputError && REFUSALS.has(error.diagnostic.code);
}

/** The same reason for modules that are refused for the same: without names, types, instructions and places. */
export function refusalReason({ message }: Diagnostic): string {
  const plain = message
    .replace(/ "(?:[^"\\]|\\.)*"/g, "")
    .replace(/( with references|global),? (?:of type |\().*, in a module/, "$1, in a module")
    .replace(/^[a-z0-9_]+\.[a-z0-9_.]+(?= needs )/, "an instruction")
    .replace(/,? cannot be compiled yet$/, "");
  return `not for this target: ${plain}`;
}

export function notForTarget(error: InputError): InputError {
  return new InputError({ code: NOT_FOR_TARGET, message: refusalReason(error.diagnostic) });
}
