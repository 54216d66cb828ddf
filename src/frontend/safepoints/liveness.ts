/**
 * Liveness of the tracked references, and which of them are live across a safepoint.
 *
 *     live_in(b)  = exposed(b) ∪ (live_out(b) − defined(b))         exposed: used in b before any definition in b
 *     live_out(b) = ∪ live_in(s) for the successors s of b
 *
 * 1. One forward walk over the instructions finds, for each block, the exposed references, and settles all that happens
 *    inside one block: a running count of safepoints tells whether one lies between a definition (or the block's start)
 *    and a use.
 * 2. Then the references are taken 32 at a time, the bits of one word, and flow backwards from their exposed uses to
 *    their definitions. Only the bits that are new at a block travel on, so a block is visited at most once for each
 *    of them, and mostly once for all; blocks where nothing is live are never touched. What crosses a block with a
 *    safepoint on the way is live across it.
 *
 * Time and memory follow the number of (block, word) pairs in which something is live, not blocks times references.
 * Upstream (`cranelift/frontend/src/frontend/safepoints.rs`) keeps a hash set per block and unites those of all
 * successors at each visit; the fixed point is the same.
 *
 * Branch arguments are uses by the branch, as upstream has it: no flow from block parameters back to them.
 */
import { fillWords, grownCapacity, grownColumn, I32List } from "../../base/column.ts";
import { argValue, isValueArg } from "../../ir/block-calls.ts";
import { type Block, type Inst, NONE, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { isBranch, isSafepoint } from "../../ir/opcodes.ts";
import type { ReachableBlocks } from "./flow.ts";
import type { LiveSet } from "./live-set.ts";
import type { Policy } from "./policies.ts";
import type { References } from "./references.ts";

/** Grows `array` to hold `length` elements; contents are not kept. */
function scratch(array: Int32Array, length: number): Int32Array {
  return array.length >= length ? array : new Int32Array(grownCapacity(array.length, length));
}

/** The same with every element set. */
function filled(array: Int32Array, length: number, item: number): Int32Array {
  const grown = scratch(array, length);
  fillWords(grown, item, 0, length);
  return grown;
}

export class Liveness {
  // By rank: the block of the definition seen last, the count of safepoints there, the block of the exposed use last seen.
  private defBlocks: Int32Array;
  private defCounts: Int32Array;
  private exposedIn: Int32Array;

  // By block number: the count of safepoints at its start and end.
  private startCounts: Int32Array;
  private endCounts: Int32Array;

  // Exposed uses, linked by group of 32 ranks.
  private readonly exposedRanks: I32List;
  private readonly exposedBlocks: I32List;
  private readonly exposedNext: I32List;
  private exposedHeads: Int32Array;

  // Of the group that flows now, by block number.
  private liveWords: Int32Array;
  private killWords: Int32Array;
  private pendingWords: Int32Array;
  private readonly touched: I32List;
  private readonly worklist: I32List;

  // The result: live-in words of all blocks, linked by block in the order of groups.
  private entryGroups: Int32Array;
  private entryWords: Int32Array;
  private entryNexts: Int32Array;
  private entryCount: number;
  private entryHeads: Int32Array;

  /** Bits by rank: live across some safepoint. */
  private across: Int32Array;

  private safepoints: number;

  constructor() {
    const empty = new Int32Array(0);
    this.defBlocks = empty;
    this.defCounts = empty;
    this.exposedIn = empty;
    this.startCounts = empty;
    this.endCounts = empty;
    this.exposedRanks = new I32List();
    this.exposedBlocks = new I32List();
    this.exposedNext = new I32List();
    this.exposedHeads = empty;
    this.liveWords = empty;
    this.killWords = empty;
    this.pendingWords = empty;
    this.touched = new I32List();
    this.worklist = new I32List();
    this.entryGroups = empty;
    this.entryWords = empty;
    this.entryNexts = empty;
    this.entryCount = 0;
    this.entryHeads = empty;
    this.across = empty;
    this.safepoints = 0;
  }

  /** Safepoints in reachable blocks. */
  get safepointCount(): number {
    return this.safepoints;
  }

  /** Bit `rank & 31` of word `rank >> 5`: live across some safepoint. */
  get liveAcross(): Int32Array {
    return this.across;
  }

  compute(func: Function, references: References, blocks: ReachableBlocks, policy: Policy): void {
    this.reserve(references.count, blocks.count);
    for (let number = 0; number < blocks.count; number++) {
      this.scanBlock(func, references, blocks.block(number), number, policy);
    }
    // Last group first, so that pushing entries to the front of each block's list leaves them in order.
    for (let group = ((references.count + 31) >> 5) - 1; group >= 0; group--) {
      this.flowGroup(group, references, blocks, policy);
    }
  }

  /** Adds what is live into the block to `set`, as far as it is live across some safepoint. */
  addLiveIn(number: number, set: LiveSet): void {
    for (let entry = this.entryHeads[number]!; entry !== NONE; entry = this.entryNexts[entry]!) {
      const group = this.entryGroups[entry]!;
      set.addWord(group, this.entryWords[entry]! & this.across[group]!);
    }
  }

  /** Visits what is live into the block, as far as it is live across some safepoint, and has no bit in `seen` yet; then it has. */
  forEachFirstLiveIn(number: number, seen: Int32Array, visit: (rank: number) => void): void {
    for (let entry = this.entryHeads[number]!; entry !== NONE; entry = this.entryNexts[entry]!) {
      const group = this.entryGroups[entry]!;
      const fresh = this.entryWords[entry]! & this.across[group]! & ~seen[group]!;
      seen[group]! |= fresh;
      for (let bits = fresh; bits !== 0; bits &= bits - 1) {
        visit((group << 5) + (31 - Math.clz32(bits & -bits)));
      }
    }
  }

  private reserve(ranks: number, blocks: number): void {
    const groups = (ranks + 31) >> 5;
    this.defBlocks = filled(this.defBlocks, ranks, -1);
    this.defCounts = scratch(this.defCounts, ranks);
    this.exposedIn = filled(this.exposedIn, ranks, -1);
    this.startCounts = scratch(this.startCounts, blocks);
    this.endCounts = scratch(this.endCounts, blocks);
    this.exposedRanks.clear();
    this.exposedBlocks.clear();
    this.exposedNext.clear();
    this.exposedHeads = filled(this.exposedHeads, groups, NONE);
    this.liveWords = filled(this.liveWords, blocks, 0);
    this.killWords = filled(this.killWords, blocks, 0);
    this.pendingWords = filled(this.pendingWords, blocks, 0);
    this.entryCount = 0;
    this.entryHeads = filled(this.entryHeads, blocks, NONE);
    this.across = filled(this.across, groups, 0);
    this.safepoints = 0;
  }

  // Inside one block.

  private scanBlock(
    func: Function,
    references: References,
    block: Block,
    number: number,
    policy: Policy,
  ): void {
    const { dfg, layout } = func;
    this.startCounts[number] = this.safepoints;
    for (let i = 0; i < dfg.blockParamCount(block); i++) {
      this.define(references.rankOf(dfg.blockParam(block, i)), number);
    }
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      const args = dfg.argCount(inst);
      for (let i = 0; i < args; i++) this.use(references.rankOf(dfg.arg(inst, i)), number);
      const op = dfg.opcode(inst);
      if (isBranch(op)) this.useBranchValues(func, references, inst, number);
      if (isSafepoint(op) && (!policy.heedsNoCollect || func.mayCollect(inst))) this.safepoints++;
      const results = dfg.resultCount(inst);
      for (let i = 0; i < results; i++) this.define(references.rankOf(dfg.result(inst, i)), number);
    }
    this.endCounts[number] = this.safepoints;
  }

  private useBranchValues(func: Function, references: References, inst: Inst, number: number): void {
    const { dfg } = func;
    const destinations = dfg.destinationCount(inst);
    for (let i = 0; i < destinations; i++) {
      const call = dfg.destination(inst, i);
      const args = dfg.blockCalls.argCount(call);
      for (let j = 0; j < args; j++) {
        const arg = dfg.blockCalls.arg(call, j);
        if (isValueArg(arg)) this.use(references.rankOf(argValue(arg)), number);
      }
    }
    if (!dfg.hasExceptionTable(inst)) return;
    const table = dfg.exceptionTable(inst);
    for (let i = 0; i < dfg.blockCalls.itemCount(table); i++) {
      const context = dfg.blockCalls.contextValue(table, i);
      if (context >= 0) this.use(references.rankOf(context as Value), number);
    }
  }

  private define(rank: number, number: number): void {
    if (rank < 0) return;
    this.defBlocks[rank] = number;
    this.defCounts[rank] = this.safepoints;
  }

  private use(rank: number, number: number): void {
    if (rank < 0) return;
    if (this.defBlocks[rank] === number) {
      if (this.safepoints > this.defCounts[rank]!) this.crosses(rank);
      return;
    }
    if (this.safepoints > this.startCounts[number]!) this.crosses(rank);
    if (this.exposedIn[rank] === number) return;
    this.exposedIn[rank] = number;
    const group = rank >> 5;
    this.exposedNext.push(this.exposedHeads[group]!);
    this.exposedHeads[group] = this.exposedRanks.length;
    this.exposedRanks.push(rank);
    this.exposedBlocks.push(number);
  }

  private crosses(rank: number): void {
    this.across[rank >> 5]! |= 1 << (rank & 31);
  }

  // Between blocks, 32 references at a time.

  private flowGroup(group: number, references: References, blocks: ReachableBlocks, policy: Policy): void {
    if (this.exposedHeads[group] === NONE) return;
    const { liveWords, killWords, pendingWords, touched, worklist } = this;
    const base = group << 5;
    const end = Math.min(base + 32, references.count);
    for (let rank = base; rank < end; rank++) {
      const block = this.defBlocks[rank]!;
      if (block >= 0) killWords[block]! |= 1 << (rank & 31);
    }
    touched.clear();
    for (let use = this.exposedHeads[group]!; use !== NONE; use = this.exposedNext.get(use)) {
      this.arrive(this.exposedBlocks.get(use), 1 << (this.exposedRanks.get(use) & 31));
    }
    while (worklist.length > 0) {
      const number = worklist.pop();
      const fresh = pendingWords[number]!;
      pendingWords[number] = 0;
      const end = blocks.predStart(number + 1);
      for (let at = blocks.predStart(number); at < end; at++) {
        const pred = blocks.predAt(at);
        // Leaving out retreating edges is what one pass in post-order computes.
        if (policy.onePassLiveness && pred <= number) continue;
        const through = fresh & ~killWords[pred]!;
        if (this.endCounts[pred]! > this.startCounts[pred]!) {
          this.across[group]! |= through;
          if (through !== fresh) this.crossAfterDefinition(base, fresh & killWords[pred]!, pred);
        }
        this.arrive(pred, through);
      }
    }
    for (let i = 0; i < touched.length; i++) {
      const number = touched.get(i);
      this.pushEntry(number, group, liveWords[number]!);
      liveWords[number] = 0;
    }
    for (let rank = base; rank < end; rank++) {
      const block = this.defBlocks[rank]!;
      if (block >= 0) killWords[block] = 0;
    }
  }

  /** References become live into a block; those that were not are sent on later. */
  private arrive(number: number, word: number): void {
    const live = this.liveWords[number]!;
    const fresh = word & ~live;
    if (fresh === 0) return;
    if (live === 0) this.touched.push(number);
    this.liveWords[number] = live | fresh;
    if (this.pendingWords[number] === 0) this.worklist.push(number);
    this.pendingWords[number]! |= fresh;
  }

  /** References defined in a block and live out of it: is there a safepoint after the definition? */
  private crossAfterDefinition(base: number, word: number, number: number): void {
    for (let bits = word; bits !== 0; bits &= bits - 1) {
      const rank = base + (31 - Math.clz32(bits & -bits));
      if (this.endCounts[number]! > this.defCounts[rank]!) this.crosses(rank);
    }
  }

  private pushEntry(number: number, group: number, word: number): void {
    const entry = this.entryCount++;
    if (entry === this.entryGroups.length) {
      const capacity = grownCapacity(this.entryGroups.length, this.entryCount);
      this.entryGroups = grownColumn(this.entryGroups, capacity);
      this.entryWords = grownColumn(this.entryWords, capacity);
      this.entryNexts = grownColumn(this.entryNexts, capacity);
    }
    this.entryGroups[entry] = group;
    this.entryWords[entry] = word;
    this.entryNexts[entry] = this.entryHeads[number]!;
    this.entryHeads[number] = entry;
  }
}
