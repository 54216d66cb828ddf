/**
 * Slot assignment: which stack slot each reference lives in.
 *
 * As upstream does it, while the function is rewritten backwards: a reference takes a slot at the first point (from
 * below) that needs one, from the free list of its size or a new one, and gives it back at its definition, above which
 * nothing needs it. The free lists are last in, first out, and shared by all types of a size.
 *
 * References that share a slot (`webs.ts`) have several definitions, so theirs serves nobody else in the blocks, in post-order, from the
 * first in which one of them is live to the last.
 */
import { fillWords, grownCapacity, I32List } from "../../base/column.ts";
import { NONE, type StackSlot } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { bytesOf } from "../../ir/types.ts";
import type { References } from "./references.ts";
import type { Webs } from "./webs.ts";

/** log2 of the sizes in bytes: 1, 2, 4, 8, 16. */
const SIZE_CLASSES = 5;

/** What the rewriter asks of a slot assignment; another one can be put in. */
export interface SlotAssignment {
  /** Begins a function of so many blocks. */
  begin(func: Function, references: References, webs: Webs, blocks: number): void;
  /** Goes on to the next block, by post-order number; `leaveBlock` ends it. */
  enterBlock(number: number): void;
  leaveBlock(number: number): void;
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
  /** By block number: the webs that begin there, and those that end, as linked lists. */
  private beginning: Int32Array;
  private ending: Int32Array;
  private nextBeginning: Int32Array;
  private nextEnding: Int32Array;
  /** By rank: the one whose slot it is, of those that share it. */
  private owners: Int32Array;
  private webs: Webs | null;
  private func: Function | null;
  private references: References | null;

  constructor() {
    this.slots = new Int32Array(0);
    this.free = Array.from({ length: SIZE_CLASSES }, () => new I32List());
    this.beginning = new Int32Array(0);
    this.ending = new Int32Array(0);
    this.nextBeginning = new Int32Array(0);
    this.nextEnding = new Int32Array(0);
    this.owners = new Int32Array(0);
    this.webs = null;
    this.func = null;
    this.references = null;
  }

  begin(func: Function, references: References, webs: Webs, blocks: number): void {
    this.func = func;
    this.references = references;
    const count = references.count;
    if (this.slots.length < count) {
      const capacity = grownCapacity(this.slots.length, count);
      this.slots = new Int32Array(capacity);
      this.owners = new Int32Array(capacity);
    }
    fillWords(this.slots, NONE, 0, count);
    for (let i = 0; i < SIZE_CLASSES; i++) this.free[i]!.clear();
    this.webs = webs;
    for (let rank = 0; rank < count; rank++)
      this.owners[rank] = webs.isShared(rank) ? webs.webOf(rank) : rank;
    if (!webs.isEmpty) this.listWebs(webs, blocks);
  }

  enterBlock(number: number): void {
    if (this.webs!.isEmpty) return;
    for (let web = this.beginning[number]!; web !== NONE; web = this.nextBeginning[web]!) this.acquire(web);
  }

  leaveBlock(number: number): void {
    if (this.webs!.isEmpty) return;
    for (let web = this.ending[number]!; web !== NONE; web = this.nextEnding[web]!) this.giveBack(web);
  }

  private listWebs(webs: Webs, blocks: number): void {
    const count = this.references!.count;
    if (this.beginning.length < blocks) {
      const capacity = grownCapacity(this.beginning.length, blocks);
      this.beginning = new Int32Array(capacity);
      this.ending = new Int32Array(capacity);
    }
    if (this.nextBeginning.length < count) {
      const capacity = grownCapacity(this.nextBeginning.length, count);
      this.nextBeginning = new Int32Array(capacity);
      this.nextEnding = new Int32Array(capacity);
    }
    fillWords(this.beginning, NONE, 0, blocks);
    fillWords(this.ending, NONE, 0, blocks);
    for (let web = count - 1; web >= 0; web--) {
      if (!webs.isShared(web) || webs.webOf(web) !== web) continue;
      const [first, last] = [webs.firstBlock(web), webs.lastBlock(web)];
      if (last === NONE) continue;
      this.nextBeginning[web] = this.beginning[first]!;
      this.beginning[first] = web;
      this.nextEnding[web] = this.ending[last]!;
      this.ending[last] = web;
    }
  }

  slotOf(rank: number): StackSlot | typeof NONE {
    return this.slots[this.owners[rank]!]! as StackSlot;
  }

  acquire(rank: number): StackSlot {
    const owner = this.owners[rank]!;
    const assigned = this.slots[owner]!;
    if (assigned !== NONE) return assigned as StackSlot;
    const sizeLog2 = this.sizeLog2(rank);
    const free = this.free[sizeLog2]!;
    const slot =
      free.length > 0
        ? free.pop()
        : this.func!.createStackSlot({ sizeBytes: 1 << sizeLog2, alignLog2: sizeLog2 });
    this.slots[owner] = slot;
    return slot as StackSlot;
  }

  release(rank: number): void {
    if (!this.webs!.isShared(rank)) this.giveBack(rank);
  }

  private giveBack(rank: number): void {
    this.free[this.sizeLog2(rank)]!.push(this.slots[rank]!);
  }

  private sizeLog2(rank: number): number {
    const type = this.func!.dfg.valueType(this.references!.value(rank));
    return 31 - Math.clz32(bytesOf(type));
  }
}
