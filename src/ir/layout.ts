/**
 * The order of things: which blocks are in the function, which instructions in each block, both as doubly linked
 * lists over typed arrays. Data about blocks and instructions is elsewhere (`dfg.ts`).
 *
 * An inserted instruction costs no renumbering, and there is no position number: who must compare positions
 * numbers the instructions for itself.
 */
import { EMPTY_I32, EMPTY_U8, grownCapacity, grownColumn } from "../base/column.ts";
import { type Block, type Inst, NONE } from "./entities.ts";

/** What lookups return where there is nothing. */
export type OrNone<T> = T | typeof NONE;

export class Layout {
  private instBlocks: Int32Array;
  private instPrevs: Int32Array;
  private instNexts: Int32Array;
  private blockPrevs: Int32Array;
  private blockNexts: Int32Array;
  private firstInsts: Int32Array;
  private lastInsts: Int32Array;
  private coldFlags: Uint8Array;
  /** Instructions and blocks below these numbers have initialised rows. */
  private instLimit: number;
  private blockLimit: number;
  private first: number;
  private last: number;

  constructor() {
    this.instBlocks = EMPTY_I32;
    this.instPrevs = EMPTY_I32;
    this.instNexts = EMPTY_I32;
    this.blockPrevs = EMPTY_I32;
    this.blockNexts = EMPTY_I32;
    this.firstInsts = EMPTY_I32;
    this.lastInsts = EMPTY_I32;
    this.coldFlags = EMPTY_U8;
    this.instLimit = 0;
    this.blockLimit = 0;
    this.first = NONE;
    this.last = NONE;
  }

  clear(): void {
    this.instLimit = 0;
    this.blockLimit = 0;
    this.first = NONE;
    this.last = NONE;
  }

  // Blocks.

  get entryBlock(): OrNone<Block> {
    return this.first as Block;
  }

  get lastBlock(): OrNone<Block> {
    return this.last as Block;
  }

  nextBlock(block: Block): OrNone<Block> {
    return this.blockNexts[block]! as Block;
  }

  prevBlock(block: Block): OrNone<Block> {
    return this.blockPrevs[block]! as Block;
  }

  isBlockInserted(block: Block): boolean {
    return block < this.blockLimit && (block === this.first || this.blockPrevs[block] !== NONE);
  }

  appendBlock(block: Block): void {
    this.ensureBlock(block);
    this.linkBlock(block, this.last, NONE);
  }

  insertBlockBefore(block: Block, before: Block): void {
    this.ensureBlock(block);
    this.linkBlock(block, this.blockPrevs[before]!, before);
  }

  insertBlockAfter(block: Block, after: Block): void {
    this.ensureBlock(block);
    this.linkBlock(block, after, this.blockNexts[after]!);
  }

  /** Takes the block out; its instructions stay linked to it. */
  removeBlock(block: Block): void {
    const prev = this.blockPrevs[block]!;
    const next = this.blockNexts[block]!;
    if (prev === NONE) this.first = next;
    else this.blockNexts[prev] = next;
    if (next === NONE) this.last = prev;
    else this.blockPrevs[next] = prev;
    this.blockPrevs[block] = NONE;
    this.blockNexts[block] = NONE;
  }

  isCold(block: Block): boolean {
    return block < this.blockLimit && this.coldFlags[block] !== 0;
  }

  setCold(block: Block): void {
    this.ensureBlock(block);
    this.coldFlags[block] = 1;
  }

  setHot(block: Block): void {
    if (block < this.blockLimit) this.coldFlags[block] = 0;
  }

  // Instructions.

  firstInst(block: Block): OrNone<Inst> {
    return this.firstInsts[block]! as Inst;
  }

  lastInst(block: Block): OrNone<Inst> {
    return this.lastInsts[block]! as Inst;
  }

  nextInst(inst: Inst): OrNone<Inst> {
    return this.instNexts[inst]! as Inst;
  }

  prevInst(inst: Inst): OrNone<Inst> {
    return this.instPrevs[inst]! as Inst;
  }

  /** The block that an instruction stands in, or `NONE`. */
  blockOf(inst: Inst): OrNone<Block> {
    return (inst < this.instLimit ? this.instBlocks[inst]! : NONE) as Block;
  }

  appendInst(inst: Inst, block: Block): void {
    this.linkInst(inst, block, this.lastInsts[block]!, NONE);
  }

  insertInstBefore(inst: Inst, before: Inst): void {
    this.linkInst(inst, this.instBlocks[before]! as Block, this.instPrevs[before]!, before);
  }

  insertInstAfter(inst: Inst, after: Inst): void {
    this.linkInst(inst, this.instBlocks[after]! as Block, after, this.instNexts[after]!);
  }

  /** Inserts at the head of the block. */
  prependInst(inst: Inst, block: Block): void {
    this.linkInst(inst, block, NONE, this.firstInsts[block]!);
  }

  removeInst(inst: Inst): void {
    const block = this.instBlocks[inst]!;
    const prev = this.instPrevs[inst]!;
    const next = this.instNexts[inst]!;
    if (prev === NONE) this.firstInsts[block] = next;
    else this.instNexts[prev] = next;
    if (next === NONE) this.lastInsts[block] = prev;
    else this.instPrevs[next] = prev;
    this.instBlocks[inst] = NONE;
    this.instPrevs[inst] = NONE;
    this.instNexts[inst] = NONE;
  }

  /** Moves `from` and all that follows it in its block to the end of `block`, which must be inserted. */
  splitBlock(block: Block, from: Inst): void {
    const old = this.instBlocks[from]! as Block;
    let inst: number = from;
    while (inst !== NONE) {
      const next = this.instNexts[inst]!;
      this.removeInst(inst as Inst);
      this.appendInst(inst as Inst, block);
      inst = next;
    }
    if (this.coldFlags[old] !== 0) this.coldFlags[block] = 1;
  }

  private linkBlock(block: Block, prev: number, next: number): void {
    this.blockPrevs[block] = prev;
    this.blockNexts[block] = next;
    if (prev === NONE) this.first = block;
    else this.blockNexts[prev] = block;
    if (next === NONE) this.last = block;
    else this.blockPrevs[next] = block;
  }

  private linkInst(inst: Inst, block: Block, prev: number, next: number): void {
    if (inst >= this.instLimit) this.ensureInst(inst);
    this.instBlocks[inst] = block;
    this.instPrevs[inst] = prev;
    this.instNexts[inst] = next;
    if (prev === NONE) this.firstInsts[block] = inst;
    else this.instNexts[prev] = inst;
    if (next === NONE) this.lastInsts[block] = inst;
    else this.instPrevs[next] = inst;
  }

  private ensureInst(inst: Inst): void {
    if (inst >= this.instBlocks.length) {
      const capacity = grownCapacity(this.instBlocks.length, inst + 1);
      this.instBlocks = grownColumn(this.instBlocks, capacity);
      this.instPrevs = grownColumn(this.instPrevs, capacity);
      this.instNexts = grownColumn(this.instNexts, capacity);
    }
    for (let i = this.instLimit; i <= inst; i++) {
      this.instBlocks[i] = NONE;
      this.instPrevs[i] = NONE;
      this.instNexts[i] = NONE;
    }
    this.instLimit = inst + 1;
  }

  private ensureBlock(block: Block): void {
    if (block < this.blockLimit) return;
    if (block >= this.blockPrevs.length) {
      const capacity = grownCapacity(this.blockPrevs.length, block + 1);
      this.blockPrevs = grownColumn(this.blockPrevs, capacity);
      this.blockNexts = grownColumn(this.blockNexts, capacity);
      this.firstInsts = grownColumn(this.firstInsts, capacity);
      this.lastInsts = grownColumn(this.lastInsts, capacity);
      this.coldFlags = grownColumn(this.coldFlags, capacity);
    }
    for (let i = this.blockLimit; i <= block; i++) {
      this.blockPrevs[i] = NONE;
      this.blockNexts[i] = NONE;
      this.firstInsts[i] = NONE;
      this.lastInsts[i] = NONE;
      this.coldFlags[i] = 0;
    }
    this.blockLimit = block + 1;
  }
}
