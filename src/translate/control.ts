/**
 * The control stack of a function under translation: one frame for each construct that is open, and whether the code at
 * hand can be reached. Unreachable code is validated already and is passed over, counting the constructs that it opens.
 */
import type { Block, NONE } from "../ir/entities.ts";
import type { ValType } from "../wasm/types.ts";

export const FrameKind = { Block: 0, Loop: 1, If: 2, Else: 3, Function: 4 } as const;

export interface ControlFrame {
  kind: number;
  /** Where a branch to the construct goes: the header of a loop, or what follows anything else. */
  readonly target: Block;
  /** What follows the construct. */
  readonly next: Block;
  /** The `else` arm of an `if` that has not come to it. */
  readonly elseBlock: Block | typeof NONE;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** Operands below the construct's own. */
  readonly height: number;
  /** Something jumps to `next`. */
  nextIsReached: boolean;
}

/** The types that a branch to the frame passes. */
export function labelTypes(frame: ControlFrame): readonly ValType[] {
  return frame.kind === FrameKind.Loop ? frame.params : frame.results;
}
