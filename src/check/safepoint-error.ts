/** What the checker has against a rewrite, as a value: stable code, place, the value and the slot concerned, and notes. */
import type { Block, Inst, StackSlot, Value } from "../ir/entities.ts";

/**
 * Groups of codes:
 *
 *     before-invalid                      BEFORE itself is not valid SSA: no verdict on AFTER
 *     changed-…, added-…, missing-…       AFTER is not BEFORE with spill code added
 *     stale-use, wrong-use                an instruction would work on something else than in BEFORE
 *     map-…                               a collector would be misled
 */
export type SafepointErrorCode =
  | "before-invalid"
  | "after-invalid"
  | "changed-signature"
  | "changed-table"
  | "changed-slot"
  | "changed-block"
  | "changed-instruction"
  | "changed-destination"
  | "changed-type"
  | "missing-block"
  | "missing-instruction"
  | "added-instruction"
  | "added-access"
  | "stale-use"
  | "wrong-use"
  | "map-lost-entry"
  | "map-program-slot"
  | "map-bounds"
  | "map-overlap"
  | "map-not-reference";

export interface SafepointError {
  readonly code: SafepointErrorCode;
  /** The instruction of AFTER where it shows, or `null` for what concerns a block or the whole function. */
  readonly inst: Inst | null;
  readonly block: Block | null;
  /** The value of BEFORE that is lost, as far as one is. */
  readonly value: Value | null;
  readonly slot: StackSlot | null;
  readonly message: string;
  /** How it comes about, one step each: where the value was, what took it away, along which blocks. */
  readonly notes: readonly string[];
}

/** What most errors say; the rest is `null` and empty. */
export function safepointError(
  code: SafepointErrorCode,
  message: string,
  at: Partial<Omit<SafepointError, "code" | "message">> = {},
): SafepointError {
  return { code, inst: null, block: null, value: null, slot: null, notes: [], ...at, message };
}
