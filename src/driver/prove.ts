/**
 * Proves what the spiller did to one function: the function is translated once more without it, both are verified, and the checker,
 * which shares no code with the spiller, compares them. Bundles for browsers leave this file out, and the checker with it.
 */
import { checkSafepoints } from "../check/index.ts";
import type { Function } from "../ir/function.ts";
import { verifyFunction } from "../verify/index.ts";
import { NotProven } from "./not-proven.ts";

/** Throws `NotProven`. */
export function proveSpilled(before: Function, after: Function, label: string): void {
  for (const [func, when] of [
    [before, "before"],
    [after, "after"],
  ] as const) {
    const error = verifyFunction(func, {})[0];
    if (error !== undefined) throw new NotProven(`${label}, ${when} spilling: ${error.message}`);
  }
  const error = checkSafepoints(before, after)[0];
  if (error !== undefined) throw new NotProven(`${label} is not proven: ${error.message}`);
}
