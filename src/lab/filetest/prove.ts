/** What the safepoint checker has against a rewriting, as lines of text. */
import { checkSafepoints } from "../../check/index.ts";
import type { Function } from "../../ir/function.ts";

/** One text an error, its notes on lines of their own; empty when the rewriting is proven. */
export function safepointComplaints(before: Function, after: Function): string[] {
  return checkSafepoints(before, after).map(({ message, inst, notes }) => {
    const at = inst === null ? "" : `inst${inst}: `;
    return [`${at}${message}`, ...notes.map((note) => `  ${note}`)].join("\n");
  });
}
