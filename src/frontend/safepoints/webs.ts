/**
 * Webs: block parameters and what is passed to them, as far as all of it can share one slot. A parameter whose arguments stand in its
 * slot already needs no spill at the head of its block, and they no reload at the branch: it is *carried* in the slot.
 *
 *     block1(v1: i32):                  v1 and v5 are one web, in ss0
 *         call fn0(v1)
 *         v5 = call fn1()               stored to ss0
 *         brif v9, block1(v5), …        nothing to do: ss0 is v1's, and holds v5
 *
 * No two members of a web are live at one point. A program's variable is one web, mostly, however many parameters it took to make
 * it single assignments; in a function that can be entered in many places (a coroutine), that is one for each variable and place.
 *
 * 1. Definitions and uses are numbered in a preorder of the dominator tree.
 * 2. Each parameter is united with each of its arguments, if none of one web is live where one of the other is defined. Of the members
 *    that dominate a definition only the closest has to be asked, so two webs are compared by one walk over both
 *    (Boissinot et al., "Revisiting Out-of-SSA Translation for Correctness, Code Quality, and Efficiency", 2009).
 * 3. An argument that is in no slot, or in another, is stored at the end of its block where that ends in a `jump`. Where it does not,
 *    another edge may need what the slot holds: then the parameter is not carried.
 * 4. A web takes its slot from the first block, in post-order, in which a member is live, to the last.
 */
import { ControlFlowGraph } from "../../analysis/control-flow-graph.ts";
import { DominatorTree } from "../../analysis/dominator-tree.ts";
import { fillBytes, fillWords, grownCapacity, I32List } from "../../base/column.ts";
import { argValue, isValueArg } from "../../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import * as Op from "../../ir/op.gen.ts";
import { isSafepoint } from "../../ir/opcodes.ts";
import { ValueKind } from "../../ir/values.ts";
import type { ReachableBlocks } from "./flow.ts";
import { LiveSet } from "./live-set.ts";
import type { Liveness } from "./liveness.ts";
import type { References } from "./references.ts";

/** No web has more members: comparing two takes as many steps as both have, and a function may have as many arguments as it likes. */
const MOST_MEMBERS = 1024;

export class Webs {
  private readonly cfg: ControlFlowGraph;
  private readonly tree: DominatorTree;
  private func!: Function;
  private references!: References;
  private blocks!: ReachableBlocks;
  private liveness!: Liveness;
  /** Whether the function at hand has a web of several members. */
  private present: boolean;

  // By rank.
  private parents: Int32Array;
  private sizes: Int32Array;
  private nexts: Int32Array;
  private heads: Int32Array;
  /** The place of its definition, the last place that it dominates, and the number of its block. */
  private defPlaces: Int32Array;
  private lastPlaces: Int32Array;
  private defBlocks: Int32Array;
  private useStarts: Int32Array;
  private carried: Uint8Array;
  private firsts: Int32Array;
  private lasts: Int32Array;

  // Uses: of each rank, its blocks in the tree's preorder, and the place of the last use there.
  private readonly useRanks: I32List;
  private readonly useBlocks: I32List;
  private readonly usePlaces: I32List;
  private sortedBlocks: Int32Array;
  private sortedPlaces: Int32Array;
  private lastUses: Int32Array;

  // What is live out of the blocks that were asked for: by block number, where its words are, and the block that looked at it last.
  private outStarts: Int32Array;
  private outEnds: Int32Array;
  private visitors: Int32Array;
  private readonly outGroups: I32List;
  private readonly outWords: I32List;
  private readonly live: LiveSet;
  /** Bits by rank: seen live. */
  private seen: Int32Array;

  /** By block number: where it comes in the tree's preorder. */
  private preorders: Int32Array;
  /** By preorder: the last place in what the block dominates. */
  private subtreeEnds: Int32Array;
  private readonly operands: I32List;
  /** While two webs are compared: the members so far, and those that dominate the last, each with its web. */
  private readonly merged: Int32Array;
  private readonly stack: Int32Array;

  constructor() {
    const empty = new Int32Array(0);
    this.cfg = new ControlFlowGraph();
    this.tree = new DominatorTree();
    this.present = false;
    this.parents = empty;
    this.sizes = empty;
    this.nexts = empty;
    this.heads = empty;
    this.defPlaces = empty;
    this.lastPlaces = empty;
    this.defBlocks = empty;
    this.useStarts = empty;
    this.carried = new Uint8Array(0);
    this.firsts = empty;
    this.lasts = empty;
    this.useRanks = new I32List();
    this.useBlocks = new I32List();
    this.usePlaces = new I32List();
    this.sortedBlocks = empty;
    this.sortedPlaces = empty;
    this.lastUses = empty;
    this.outStarts = empty;
    this.outEnds = empty;
    this.visitors = empty;
    this.outGroups = new I32List();
    this.outWords = new I32List();
    this.live = new LiveSet();
    this.seen = empty;
    this.preorders = empty;
    this.subtreeEnds = empty;
    this.operands = new I32List();
    this.merged = new Int32Array(MOST_MEMBERS);
    this.stack = new Int32Array(MOST_MEMBERS);
  }

  /** For a function without any. */
  clear(): void {
    this.present = false;
  }

  /** Of the references that are live across a safepoint. */
  compute(func: Function, references: References, blocks: ReachableBlocks, liveness: Liveness): void {
    this.present = false;
    this.func = func;
    this.references = references;
    this.blocks = blocks;
    this.liveness = liveness;
    if (!this.hasCandidates()) return;
    this.reserve();
    this.cfg.compute(func);
    this.tree.compute(func, this.cfg);
    this.numberPlaces();
    this.sortUses();
    this.uniteAll();
    this.findCarried();
  }

  /** Whether the reference has the slot of its web, in which there were others when it was made. */
  isShared(rank: number): boolean {
    return this.present && this.sizes[this.find(rank)]! > 1;
  }

  /** One of the references that share a slot with this one: the same for all. */
  webOf(rank: number): number {
    return this.find(rank);
  }

  /** Whether the reference is a block parameter whose slot holds it when its block is entered. */
  isCarried(rank: number): boolean {
    return this.present && this.carried[rank] === 1;
  }

  /** Whether no two references share a slot. */
  get isEmpty(): boolean {
    return !this.present;
  }

  /** The first and the last block, by post-order number, in which a slot of the web's is in use; no last one where nobody is left. */
  firstBlock(web: number): number {
    return this.firsts[web]!;
  }

  lastBlock(web: number): number | typeof NONE {
    return this.lasts[web]!;
  }

  // Who there is.

  /** Whether a reference that has a slot is passed to a parameter that has one. */
  private hasCandidates(): boolean {
    const { references, blocks } = this;
    const { dfg, layout } = this.func;
    for (let number = 0; number < blocks.count; number++) {
      const last = layout.lastInst(blocks.block(number));
      if (last === NONE) continue;
      for (let i = 0; i < dfg.destinationCount(last); i++) {
        const call = dfg.destination(last, i);
        const target = dfg.blockCalls.block(call);
        for (let j = 0; j < dfg.blockCalls.argCount(call); j++) {
          const arg = dfg.blockCalls.arg(call, j);
          if (!isValueArg(arg) || references.rankOf(argValue(arg)) < 0) continue;
          if (references.rankOf(dfg.blockParam(target, j)) >= 0) return true;
        }
      }
    }
    return false;
  }

  private reserve(): void {
    const ranks = this.references.count;
    const blocks = this.blocks.count;
    if (this.parents.length < ranks + 1) {
      const capacity = grownCapacity(this.parents.length, ranks + 1);
      this.parents = new Int32Array(capacity);
      this.sizes = new Int32Array(capacity);
      this.nexts = new Int32Array(capacity);
      this.heads = new Int32Array(capacity);
      this.defPlaces = new Int32Array(capacity);
      this.lastPlaces = new Int32Array(capacity);
      this.defBlocks = new Int32Array(capacity);
      this.useStarts = new Int32Array(capacity);
      this.lastUses = new Int32Array(capacity);
      this.firsts = new Int32Array(capacity);
      this.lasts = new Int32Array(capacity);
      this.carried = new Uint8Array(capacity);
      this.seen = new Int32Array(capacity);
    }
    if (this.preorders.length < blocks) {
      const capacity = grownCapacity(this.preorders.length, blocks);
      this.preorders = new Int32Array(capacity);
      this.subtreeEnds = new Int32Array(capacity);
      this.outStarts = new Int32Array(capacity);
      this.outEnds = new Int32Array(capacity);
      this.visitors = new Int32Array(capacity);
    }
    fillWords(this.outStarts, NONE, 0, blocks);
    fillWords(this.visitors, NONE, 0, blocks);
    this.outGroups.clear();
    this.outWords.clear();
    this.live.reset(ranks);
    for (let rank = 0; rank < ranks; rank++) {
      this.parents[rank] = rank;
      this.heads[rank] = rank;
    }
    fillWords(this.sizes, 1, 0, ranks);
    fillWords(this.nexts, NONE, 0, ranks);
    fillWords(this.useStarts, 0, 0, ranks + 1);
    fillWords(this.lastUses, NONE, 0, ranks);
    this.useRanks.clear();
    this.useBlocks.clear();
    this.usePlaces.clear();
  }

  // Places: an instruction's uses come at its place, and what it defines is live behind it.

  private numberPlaces(): void {
    const { tree, blocks, references } = this;
    const { dfg, layout } = this.func;
    let place = 0;
    for (let i = 0; i < tree.reachableCount; i++) {
      const block = tree.inPreorder(i);
      const number = blocks.numberOf(block);
      this.preorders[number] = i;
      for (let p = 0; p < dfg.blockParamCount(block); p++) {
        this.define(references.rankOf(dfg.blockParam(block, p)), number, place++);
      }
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        place++;
        this.useOperands(inst, i, place);
        for (let r = 0; r < dfg.resultCount(inst); r++) {
          this.define(references.rankOf(dfg.result(inst, r)), number, place++);
        }
      }
      this.subtreeEnds[i] = place - 1;
    }
    this.findLastPlaces();
  }

  private findLastPlaces(): void {
    const { tree, blocks, preorders, subtreeEnds } = this;
    for (let i = tree.reachableCount - 1; i > 0; i--) {
      const above = preorders[blocks.numberOf(tree.idom(tree.inPreorder(i)) as Block)]!;
      subtreeEnds[above] = Math.max(subtreeEnds[above]!, subtreeEnds[i]!);
    }
    for (let rank = 0; rank < this.references.count; rank++) {
      if (this.references.isTracked(rank))
        this.lastPlaces[rank] = subtreeEnds[preorders[this.defBlocks[rank]!]!]!;
    }
  }

  private define(rank: number, number: number, place: number): void {
    if (rank < 0) return;
    this.defBlocks[rank] = number;
    this.defPlaces[rank] = place;
  }

  private useOperands(inst: Inst, preorder: number, place: number): void {
    const { dfg } = this.func;
    const { operands } = this;
    operands.clear();
    dfg.collectInstValues(inst, operands);
    for (let i = 0; i < operands.length; i++) {
      const rank = this.references.rankOf(operands.get(i) as Value);
      if (rank < 0) continue;
      const last = this.lastUses[rank]!;
      if (last !== NONE && this.useBlocks.get(last) === preorder) {
        this.usePlaces.set(last, place);
        continue;
      }
      this.lastUses[rank] = this.useRanks.length;
      this.useStarts[rank + 1]!++;
      this.useRanks.push(rank);
      this.useBlocks.push(preorder);
      this.usePlaces.push(place);
    }
  }

  /** By rank, the blocks of each in order as they were met. */
  private sortUses(): void {
    const { useStarts: starts, lastUses: filled } = this;
    const ranks = this.references.count;
    const count = this.useRanks.length;
    if (this.sortedBlocks.length < count) {
      const capacity = grownCapacity(this.sortedBlocks.length, count);
      this.sortedBlocks = new Int32Array(capacity);
      this.sortedPlaces = new Int32Array(capacity);
    }
    for (let rank = 0; rank < ranks; rank++) starts[rank + 1]! += starts[rank]!;
    for (let rank = 0; rank < ranks; rank++) filled[rank] = starts[rank]!;
    for (let i = 0; i < count; i++) {
      const at = filled[this.useRanks.get(i)]!++;
      this.sortedBlocks[at] = this.useBlocks.get(i);
      this.sortedPlaces[at] = this.usePlaces.get(i);
    }
  }

  /** Whether a reference whose definition dominates that place is used behind it, or in what follows its block. */
  private isLiveBehind(rank: number, number: number, place: number): boolean {
    const { sortedBlocks } = this;
    const preorder = this.preorders[number]!;
    let low = this.useStarts[rank]!;
    let high = this.useStarts[rank + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sortedBlocks[middle]! < preorder) low = middle + 1;
      else high = middle;
    }
    const isUsed = low < this.useStarts[rank + 1]! && sortedBlocks[low] === preorder;
    return (isUsed && this.sortedPlaces[low]! > place) || this.isLiveOut(rank, number);
  }

  private isLiveOut(rank: number, number: number): boolean {
    if (this.outStarts[number] === NONE) this.listLiveOut(number);
    const { outGroups } = this;
    const group = rank >> 5;
    let low = this.outStarts[number]!;
    let high = this.outEnds[number]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (outGroups.get(middle) < group) low = middle + 1;
      else high = middle;
    }
    if (low === this.outEnds[number] || outGroups.get(low) !== group) return false;
    return ((this.outWords.get(low) >>> (rank & 31)) & 1) === 1;
  }

  /** Once for each block that is asked for, each of its successors once: a table may name one as often as it likes. */
  private listLiveOut(number: number): void {
    const { blocks, liveness, live, visitors, outGroups, outWords } = this;
    const { dfg, layout } = this.func;
    const last = layout.lastInst(blocks.block(number));
    const count = last === NONE ? 0 : dfg.destinationCount(last);
    live.clear();
    for (let i = 0; i < count; i++) {
      const successor = blocks.numberOf(dfg.blockCalls.block(dfg.destination(last as Inst, i)));
      if (visitors[successor] === number) continue;
      visitors[successor] = number;
      liveness.addLiveIn(successor, live);
    }
    this.outStarts[number] = outGroups.length;
    const groups = live.groupCount();
    for (let i = 0; i < groups; i++) {
      outGroups.push(live.baseAt(i) >> 5);
      outWords.push(live.wordAt(i));
    }
    this.outEnds[number] = outGroups.length;
  }

  // Uniting.

  private find(rank: number): number {
    const { parents } = this;
    let at = rank;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]!]!;
      at = parents[at]!;
    }
    return at;
  }

  private uniteAll(): void {
    this.forEachParam((block, index, rank) => {
      for (let i = 0; i < this.cfg.predecessorCount(block); i++) {
        const call = this.callOf(block, i);
        const other = call === NONE ? -1 : this.rankOfArg(call as BlockCall, index);
        if (other >= 0) this.unite(rank, other);
      }
    });
  }

  /** Parameters with a slot, outer loops before inner ones. Those of the entry are the function's own. */
  private forEachParam(visit: (block: Block, index: number, rank: number) => void): void {
    const { tree, references } = this;
    const { dfg } = this.func;
    for (let i = 1; i < tree.reachableCount; i++) {
      const block = tree.inPreorder(i);
      for (let p = 0; p < dfg.blockParamCount(block); p++) {
        const rank = references.rankOf(dfg.blockParam(block, p));
        if (rank >= 0) visit(block, p, rank);
      }
    }
  }

  /** What is passed to a block on one of its edges; `NONE` on one that nothing comes by, or that a collection comes before. */
  private callOf(block: Block, index: number): BlockCall | typeof NONE {
    const { cfg, blocks, func } = this;
    const isPassing =
      blocks.numberOf(cfg.predecessor(block, index)) >= 0 &&
      !isSafepoint(func.dfg.opcode(cfg.predecessorInst(block, index)));
    return isPassing ? cfg.predecessorCall(func, block, index) : NONE;
  }

  private rankOfArg(call: BlockCall, index: number): number {
    const arg = this.func.dfg.blockCalls.arg(call, index);
    return isValueArg(arg) ? this.references.rankOf(argValue(arg)) : -1;
  }

  private unite(one: number, other: number): void {
    const [a, b] = [this.find(one), this.find(other)];
    if (a === b || this.sizes[a]! + this.sizes[b]! > MOST_MEMBERS) return;
    if (!this.mergeMembers(a, b)) return;
    const [root, child] = this.sizes[a]! < this.sizes[b]! ? [b, a] : [a, b];
    const { merged, nexts } = this;
    const size = this.sizes[root]! + this.sizes[child]!;
    this.parents[child] = root;
    this.sizes[root] = size;
    this.heads[root] = merged[0]!;
    for (let i = 0; i < size; i++) nexts[merged[i]!] = i + 1 < size ? merged[i + 1]! : NONE;
    this.present = true;
  }

  /** Lists the members of both by the places of their definitions; false if one is live where one of the other web is defined. */
  private mergeMembers(a: number, b: number): boolean {
    const { stack, merged, defPlaces, lastPlaces, nexts } = this;
    let count = 0;
    let depth = 0;
    let [nextA, nextB] = [this.heads[a]!, this.heads[b]!];
    while (nextA !== NONE || nextB !== NONE) {
      const isOfA = nextB === NONE || (nextA !== NONE && defPlaces[nextA]! < defPlaces[nextB]!);
      const rank = isOfA ? nextA : nextB;
      if (isOfA) nextA = nexts[nextA]!;
      else nextB = nexts[nextB]!;
      while (depth > 0 && lastPlaces[stack[depth - 1]! >> 1]! < defPlaces[rank]!) depth--;
      const closest = depth > 0 ? stack[depth - 1]! : NONE;
      const isOther = closest !== NONE && (closest & 1) !== Number(isOfA);
      if (isOther && this.interfere(closest >> 1, rank)) return false;
      stack[depth++] = (rank << 1) | Number(isOfA);
      merged[count++] = rank;
    }
    return true;
  }

  /** Whether one is live where the other is defined, which it dominates. Parameters of one block are defined at once. */
  private interfere(above: number, below: number): boolean {
    const { defBlocks } = this;
    const number = defBlocks[below]!;
    const isBeside = defBlocks[above] === number && this.isParam(above) && this.isParam(below);
    return isBeside || this.isLiveBehind(above, number, this.defPlaces[below]!);
  }

  private isParam(rank: number): boolean {
    return this.func.dfg.valueKind(this.references.value(rank)) === ValueKind.Param;
  }

  // Who is carried, and how long a web needs its slot.

  /** To be called again when references were restricted again. */
  findCarried(): void {
    if (!this.present) return;
    fillBytes(this.carried, 0, 0, this.references.count);
    this.forEachParam((block, index, rank) => {
      if (this.isShared(rank) && this.standsInSlot(block, index, rank)) this.carried[rank] = 1;
    });
  }

  /** When it is known who is carried. What is live somewhere has a lower post-order number there than where it is defined. */
  findBlocks(): void {
    if (!this.present) return;
    const { blocks, references, cfg, liveness, seen } = this;
    const ranks = references.count;
    fillWords(this.firsts, blocks.count, 0, ranks);
    fillWords(this.lasts, NONE, 0, ranks);
    fillWords(seen, 0, 0, (ranks + 31) >> 5);
    for (let rank = 0; rank < ranks; rank++) {
      if (references.isTracked(rank)) this.include(rank, this.defBlocks[rank]!);
    }
    for (let number = 0; number < blocks.count; number++) {
      liveness.forEachFirstLiveIn(number, seen, (rank) => void this.include(rank, number));
    }
    this.forEachParam((block, _, rank) => {
      if (this.carried[rank] === 0) return;
      // A store where an edge begins.
      for (let i = 0; i < cfg.predecessorCount(block); i++) {
        const number = blocks.numberOf(cfg.predecessor(block, i));
        if (number >= 0) this.include(rank, number);
      }
    });
  }

  private include(rank: number, number: number): void {
    const web = this.find(rank);
    this.firsts[web] = Math.min(this.firsts[web]!, number);
    this.lasts[web] = Math.max(this.lasts[web]!, number);
  }

  /** Whether each edge finds the parameter in the slot of its web, as many without a store as with one. */
  private standsInSlot(block: Block, index: number, rank: number): boolean {
    const { cfg, blocks } = this;
    const web = this.find(rank);
    let members = 0;
    let stores = 0;
    for (let i = 0; i < cfg.predecessorCount(block); i++) {
      if (blocks.numberOf(cfg.predecessor(block, i)) < 0) continue;
      const call = this.callOf(block, i);
      if (call === NONE) return false;
      const other = this.rankOfArg(call as BlockCall, index);
      if (other >= 0 && this.find(other) === web) members++;
      else if (this.func.dfg.opcode(cfg.predecessorInst(block, i)) === Op.Jump) stores++;
      else return false;
    }
    return members > 0 && stores <= members;
  }
}
