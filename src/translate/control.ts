/**
 * The control stack of a function under translation: one frame for each construct that is open, and whether the code at
 * hand can be reached. Unreachable code is validated already and is passed over, counting the constructs that it opens.
 */
import type { Block, NONE, Value } from "../ir/entities.ts";
import type { ValType } from "../wasm/types.ts";

export const FrameKind = {
  Block: 0,
  Loop: 1,
  If: 2,
  Else: 3,
  Function: 4,
  /** A `try_table`, or a `try` in its body. */
  Try: 5,
  /** A `try` in one of its clauses. */
  Catch: 6,
} as const;

/** What a construct does with exceptions that are thrown in it. */
export interface TryRegion {
  /** How many constructs are around it. */
  readonly depth: number;
  /** Where calls that throw land; made when one needs it. */
  landing: Block | typeof NONE;
  /** Where exceptions thrown in the region go, as a parameter; made when something jumps there. */
  dispatch: Block | typeof NONE;
  /** Of a `try_table`: kind, tag and label of each clause. */
  readonly clauses: readonly number[];
  /** Of a `try`: where what its clauses so far did not catch goes on; none where nothing does. */
  uncaught: Block | typeof NONE;
  /** Of a `try`: what its clause holds; none where no exception comes to one. */
  caught: Value | typeof NONE;
}

export const NO_TYPES: readonly ValType[] = [];

export interface ControlFrame {
  kind: number;
  /** Where a branch to the construct goes: the header of a loop, or what follows anything else. */
  readonly target: Block;
  /** What follows the construct. */
  readonly next: Block;
  /** The `else` arm of an `if` that has not come to it. */
  readonly elseBlock: Block | typeof NONE;
  /** The operands that this arm starts with. */
  readonly elseOperands: readonly Value[];
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** Operands below the construct's own. */
  readonly height: number;
  /** Something jumps to `next`. */
  nextIsReached: boolean;
  /** Null for a construct that lets exceptions pass. */
  readonly region: TryRegion | null;
}

/** The types that a branch to the frame passes. */
export function labelTypes(frame: ControlFrame): readonly ValType[] {
  return frame.kind === FrameKind.Loop ? frame.params : frame.results;
}
