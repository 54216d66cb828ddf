/**
 * The control stack of a function under translation: one frame for each construct that is open, and whether the code at
 * hand can be reached. Unreachable code is validated already and is passed over, counting the constructs that it opens.
 */
import { type Block, NONE, type Value } from "../ir/entities.ts";
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

/** Of a construct, or of a function. */
export interface BlockTypes {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

export const NO_VALUES: readonly Value[] = [];
export const NO_TYPES: BlockTypes = { params: [], results: [] };

/** A construct that is open. */
export class ControlFrame {
  kind: number = FrameKind.Block;
  /** Where a branch to the construct goes: the header of a loop, or what follows anything else. */
  target: Block = 0 as Block;
  /** What follows the construct. */
  next: Block = 0 as Block;
  types: BlockTypes = NO_TYPES;
  /** Operands below the construct's own. */
  height = 0;
  /** The `else` arm of an `if` that has not come to it. */
  elseBlock: Block | typeof NONE = NONE;
  /** The operands that this arm starts with. */
  elseOperands: readonly Value[] = NO_VALUES;
  /** Something jumps to `next`. */
  nextIsReached = false;
  /** Null for a construct that lets exceptions pass. */
  region: TryRegion | null = null;

  /** Begins a construct, forgetting the one before. */
  open(kind: number, target: Block, next: Block, types: BlockTypes, height: number): void {
    this.kind = kind;
    this.target = target;
    this.next = next;
    this.types = types;
    this.height = height;
    this.elseBlock = NONE;
    this.elseOperands = NO_VALUES;
    this.nextIsReached = false;
    this.region = null;
  }

  /** The types that a branch to the construct passes. */
  get labelTypes(): readonly ValType[] {
    return this.kind === FrameKind.Loop ? this.types.params : this.types.results;
  }
}

/** The frames. Those of closed constructs serve again: an object for each would be much of what a compiler throws away. */
export class ControlStack {
  private readonly frames: ControlFrame[] = [];
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** The frame of the innermost construct. */
  get top(): ControlFrame {
    return this.at(0);
  }

  /** The frame that a label names: 0 for the innermost construct. */
  at(label: number): ControlFrame {
    return this.frames[this.count - 1 - label]!;
  }

  /** Opens a construct; the frame is good until the next is opened behind its end. */
  open(kind: number, target: Block, next: Block, types: BlockTypes, height: number): ControlFrame {
    if (this.count === this.frames.length) this.frames.push(new ControlFrame());
    const frame = this.frames[this.count++]!;
    frame.open(kind, target, next, types, height);
    return frame;
  }

  close(): void {
    this.count--;
  }

  clear(): void {
    this.count = 0;
  }
}
