/**
 * Slot assignment: which stack slot each reference lives in.
 *
 * As upstream does it, while the function is rewritten backwards: a reference takes a slot at the first point (from
 * below) that needs one, from the free list of its size or a new one, and gives it back at its definition, above which
 * nothing needs it. The free lists are last in, first out, and shared by all types of a size.
 */
import { fillWords, grownCapacity, I32List } from "../../base/column.ts";
import { NONE, type StackSlot } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { bytesOf } from "../../ir/types.ts";
import type { References } from "./references.ts";

/** log2 of the sizes in bytes: 1, 2, 4, 8, 16. */
const SIZE_CLASSES = 5;

/** What the rewriter asks of a slot assignment; another one can be put in. */
export interface SlotAssignment {
  /** Begins a function. */
  begin(func: Function, references: References): void;
  /** The slot of a reference, or `NONE` when it has none so far. */
  slotOf(rank: number): StackSlot | typeof NONE;
  /** The slot of a reference, taking one if it has none. */
  acquire(rank: number): StackSlot;
  /** The definition is reached: the slot may serve others above. The reference keeps it as its own. */
  release(rank: number): void;
}

export class BackwardSlots implements SlotAssignment {
  private slots: Int32Array;
  private readonly free: readonly I32List[];
  private func: Function | null;
  private references: References | null;

  constructor() {
    this.slots = new Int32Array(0);
    this.free = Array.from({ length: SIZE_CLASSES }, () => new I32List());
    this.func = null;
    this.references = null;
  }

  begin(func: Function, references: References): void {
    this.func = func;
    this.references = references;
    const count = references.count;
    if (this.slots.length < count) this.slots = new Int32Array(grownCapacity(this.slots.length, count));
    fillWords(this.slots, NONE, 0, count);
    for (let i = 0; i < SIZE_CLASSES; i++) this.free[i]!.clear();
  }

  slotOf(rank: number): StackSlot | typeof NONE {
    return this.slots[rank]! as StackSlot;
  }

  acquire(rank: number): StackSlot {
    const assigned = this.slots[rank]!;
    if (assigned !== NONE) return assigned as StackSlot;
    const sizeLog2 = this.sizeLog2(rank);
    const free = this.free[sizeLog2]!;
    const slot =
      free.length > 0
        ? free.pop()
        : this.func!.createStackSlot({ sizeBytes: 1 << sizeLog2, alignLog2: sizeLog2 });
    this.slots[rank] = slot;
    return slot as StackSlot;
  }

  release(rank: number): void {
    this.free[this.sizeLog2(rank)]!.push(this.slots[rank]!);
  }

  private sizeLog2(rank: number): number {
    const type = this.func!.dfg.valueType(this.references!.value(rank));
    return 31 - Math.clz32(bytesOf(type));
  }
}
