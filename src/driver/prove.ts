/**
 * Proves what the spiller did to one function: the function is translated once more without it, both are verified, and the checker,
 * which shares no code with the spiller, compares them.
 */
import { checkSafepoints } from "../check/index.ts";
import type { Function } from "../ir/function.ts";
import { verifyFunction } from "../verify/index.ts";

/** A function that is not proven: a defect of ours, or of the mistaken policy that was asked for. */
export class NotProven extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotProven";
  }
}

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
