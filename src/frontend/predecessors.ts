/**
 * The branches that lead to each block, in the order in which they were built: the one piece of control flow that SSA
 * construction needs while the function is unfinished.
 *
 * A predecessor is a branch instruction, named once for a block however many of its edges go there. Those edges, the
 * block calls, hang on it as a chain, so that passing one more argument costs the edges concerned and not a scan of the
 * branch: a `br_table` of thousands of arms that each join their neighbour stays linear.
 *
 *     block ─► predecessor ─► predecessor ─► …        in order; first, last and count by block
 *                  └─► block call ─► block call       edges of that branch to that block
 */
import { fillBytes, fillWords, grownCapacity, grownColumn } from "../base/column.ts";
import { type Block, type BlockCall, type Inst, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { predecessorNotDeclared, predecessorOfSealedBlock, sharedBlockCall } from "./messages.ts";

/** The number of a predecessor entry. */
export type Predecessor = number;

export class Predecessors {
  private firsts: Int32Array;
  private lasts: Int32Array;
  private counts: Int32Array;
  private sealedFlags: Uint8Array;
  private blocks: number;

  private branches: Int32Array;
  private firstCalls: Int32Array;
  private nexts: Int32Array;
  private entries: number;

  /** The branch that a block call belongs to, and the next call of its chain. */
  private callBranches: Int32Array;
  private callNexts: Int32Array;
  private calls: number;

  constructor() {
    this.firsts = new Int32Array(0);
    this.lasts = new Int32Array(0);
    this.counts = new Int32Array(0);
    this.sealedFlags = new Uint8Array(0);
    this.blocks = 0;
    this.branches = new Int32Array(0);
    this.firstCalls = new Int32Array(0);
    this.nexts = new Int32Array(0);
    this.entries = 0;
    this.callBranches = new Int32Array(0);
    this.callNexts = new Int32Array(0);
    this.calls = 0;
  }

  clear(): void {
    this.blocks = 0;
    this.entries = 0;
    this.calls = 0;
  }

  /** Blocks known, all numbers below the largest included. */
  get blockCount(): number {
    return this.blocks;
  }

  /** Makes the block known, without predecessors and unsealed. */
  declareBlock(block: Block): void {
    if (block < this.blocks) return;
    const count = block + 1;
    if (count > this.firsts.length) {
      const capacity = grownCapacity(this.firsts.length, count);
      this.firsts = grownColumn(this.firsts, capacity);
      this.lasts = grownColumn(this.lasts, capacity);
      this.counts = grownColumn(this.counts, capacity);
      this.sealedFlags = grownColumn(this.sealedFlags, capacity);
    }
    fillWords(this.firsts, NONE, this.blocks, count);
    fillWords(this.lasts, NONE, this.blocks, count);
    fillWords(this.counts, 0, this.blocks, count);
    fillBytes(this.sealedFlags, 0, this.blocks, count);
    this.blocks = count;
  }

  isSealed(block: Block): boolean {
    return block < this.blocks && this.sealedFlags[block] !== 0;
  }

  /** No predecessor will be added from here on. */
  seal(block: Block): void {
    this.declareBlock(block);
    this.sealedFlags[block] = 1;
  }

  count(block: Block): number {
    return block < this.blocks ? this.counts[block]! : 0;
  }

  /** The first predecessor, or `NONE`; `next` gives the others. */
  first(block: Block): Predecessor {
    return this.firsts[block]!;
  }

  next(predecessor: Predecessor): Predecessor {
    return this.nexts[predecessor]!;
  }

  branch(predecessor: Predecessor): Inst {
    return this.branches[predecessor]! as Inst;
  }

  /** The first edge of the branch to its block; `nextCall` gives the others. */
  firstCall(predecessor: Predecessor): BlockCall {
    return this.firstCalls[predecessor]! as BlockCall;
  }

  nextCall(call: BlockCall): BlockCall | typeof NONE {
    return this.callNexts[call]! as BlockCall;
  }

  /** Makes a branch a predecessor of each of its destinations. */
  declareBranch(func: Function, inst: Inst): void {
    const count = func.dfg.destinationCount(inst);
    for (let i = 0; i < count; i++) {
      const call = func.dfg.destination(inst, i);
      this.declareEdge(func.dfg.blockCalls.block(call), inst, call);
    }
  }

  private declareEdge(block: Block, inst: Inst, call: BlockCall): void {
    this.declareBlock(block);
    if (this.sealedFlags[block] !== 0) throw predecessorOfSealedBlock(block);
    if (call >= this.calls) this.growCalls(call + 1);
    // One edge named twice by its branch is one edge.
    if (this.callBranches[call] === inst) return;
    if (this.callBranches[call] !== NONE) throw sharedBlockCall(call, block);
    this.callBranches[call] = inst;
    const last = this.lasts[block]!;
    if (last !== NONE && this.branches[last] === inst) {
      this.callNexts[call] = this.firstCalls[last]!;
      this.firstCalls[last] = call;
    } else {
      this.callNexts[call] = NONE;
      this.append(block, inst, call);
    }
  }

  private append(block: Block, inst: Inst, call: BlockCall): void {
    const entry = this.entries++;
    if (entry >= this.branches.length) {
      const capacity = grownCapacity(this.branches.length, this.entries);
      this.branches = grownColumn(this.branches, capacity);
      this.firstCalls = grownColumn(this.firstCalls, capacity);
      this.nexts = grownColumn(this.nexts, capacity);
    }
    this.branches[entry] = inst;
    this.firstCalls[entry] = call;
    this.nexts[entry] = NONE;
    const last = this.lasts[block]!;
    if (last === NONE) this.firsts[block] = entry;
    else this.nexts[last] = entry;
    this.lasts[block] = entry;
    this.counts[block]!++;
  }

  /**
   * The branch is no predecessor of the block any more. As upstream does it, the last predecessor takes its place in
   * the order. Takes time in proportion to the predecessors.
   */
  removeBranch(block: Block, inst: Inst): void {
    if (this.isSealed(block)) throw predecessorOfSealedBlock(block);
    let found = block < this.blocks ? this.firsts[block]! : NONE;
    while (found !== NONE && this.branches[found] !== inst) found = this.nexts[found]!;
    if (found === NONE) throw predecessorNotDeclared(block, inst);
    for (let call = this.firstCalls[found]!; call !== NONE; call = this.callNexts[call]!) {
      this.callBranches[call] = NONE;
    }
    const last = this.lasts[block]!;
    this.branches[found] = this.branches[last]!;
    this.firstCalls[found] = this.firstCalls[last]!;
    let beforeLast: number = NONE;
    for (let at = this.firsts[block]!; at !== last; at = this.nexts[at]!) beforeLast = at;
    if (beforeLast === NONE) this.firsts[block] = NONE;
    else this.nexts[beforeLast] = NONE;
    this.lasts[block] = beforeLast;
    this.counts[block]!--;
  }

  private growCalls(count: number): void {
    if (count > this.callBranches.length) {
      const capacity = grownCapacity(this.callBranches.length, count);
      this.callBranches = grownColumn(this.callBranches, capacity);
      this.callNexts = grownColumn(this.callNexts, capacity);
    }
    fillWords(this.callBranches, NONE, this.calls, count);
    this.calls = count;
  }
}
