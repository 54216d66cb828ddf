/** What the safepoint checker says of a rewriting, as a part of expected texts. */
import { checkSafepoints } from "../../check/index.ts";
import type { Function } from "../../ir/function.ts";
import { FiletestFailure } from "./command.ts";

/** One text an error, its notes on lines of their own; empty when the rewriting is proven. */
function safepointComplaints(before: Function, after: Function): string[] {
  return checkSafepoints(before, after).map(({ message, inst, notes }) => {
    const at = inst === null ? "" : `inst${inst}: `;
    return [`${at}${message}`, ...notes.map((note) => `  ${note}`)].join("\n");
  });
}

/**
 * The checker's complaints about a rewriting that it should reject, nothing about one that it should prove; throws a
 * `FiletestFailure` when it does the other.
 */
export function proof(before: Function, after: Function, expectFail: boolean): string {
  const complaints = safepointComplaints(before, after);
  if (!expectFail && complaints.length > 0) {
    throw new FiletestFailure("the checker rejects the spilled function", complaints.join("\n"));
  }
  if (expectFail && complaints.length === 0) {
    throw new FiletestFailure("the checker proves the spilled function, which is expected to fail");
  }
  return complaints.map((complaint) => `rejected: ${complaint}\n`).join("");
}
