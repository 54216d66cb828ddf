/**
 * Epochs: the times between safepoints, numbered so that two points have one number just when no path from the first to
 * the second passes a safepoint. A copy of a reference in an SSA value is fresh at a use if the use's epoch is that in
 * which the copy was made. So freshness of values needs no set of values at every block.
 *
 * The epoch is itself like a variable that each safepoint assigns, in SSA form: a block where different epochs may arrive
 * begins an epoch of its own, as it would get a phi. Those blocks are the iterated dominance frontier of the blocks with
 * safepoints, found by the algorithm of Sreedhar and Gao, "A Linear Time Algorithm for Placing φ-nodes" (1995). Why equal
 * numbers are exact: let the copy's definition d dominate the use u. If a safepoint s lies on a path from d to u, then the
 * first block on that path behind s which s does not dominate is in the frontier and begins a new epoch (and every later
 * one likewise, or a safepoint's epoch reaches u). If none lies on any such path, no frontier block does either: a frontier
 * block's immediate dominator strictly dominates the safepoint it is there for, so the safepoint would lie behind d too.
 */
import type { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import type { DominatorTree } from "../analysis/dominator-tree.ts";
import { grownCapacity, I32List } from "../base/column.ts";
import { type Block, NONE } from "../ir/entities.ts";

export class Epochs {
  /** By block: the epoch that it begins in, and the first of those that its safepoints begin, which are consecutive. */
  private entries: Int32Array;
  private firsts: Int32Array;
  private safepointCounts: Int32Array;
  private levels: Int32Array;
  /** Children in the dominator tree. */
  private childHeads: Int32Array;
  private childNexts: Int32Array;
  /** Blocks to start from, in lists by level. */
  private levelHeads: Int32Array;
  private levelNexts: Int32Array;
  private joins: Uint8Array;
  private walked: Uint8Array;
  private readonly worklist: I32List;

  constructor() {
    this.entries = new Int32Array(0);
    this.firsts = new Int32Array(0);
    this.safepointCounts = new Int32Array(0);
    this.levels = new Int32Array(0);
    this.childHeads = new Int32Array(0);
    this.childNexts = new Int32Array(0);
    this.levelHeads = new Int32Array(0);
    this.levelNexts = new Int32Array(0);
    this.joins = new Uint8Array(0);
    this.walked = new Uint8Array(0);
    this.worklist = new I32List();
  }

  /** Prepares for a function of that many blocks; `addSafepoint` follows, then `compute`. */
  begin(blocks: number): void {
    if (this.entries.length < blocks) {
      const capacity = grownCapacity(this.entries.length, blocks);
      this.entries = new Int32Array(capacity);
      this.firsts = new Int32Array(capacity);
      this.safepointCounts = new Int32Array(capacity);
      this.levels = new Int32Array(capacity);
      this.childHeads = new Int32Array(capacity);
      this.childNexts = new Int32Array(capacity);
      this.levelHeads = new Int32Array(capacity);
      this.levelNexts = new Int32Array(capacity);
      this.joins = new Uint8Array(capacity);
      this.walked = new Uint8Array(capacity);
    }
    this.safepointCounts.fill(0, 0, blocks);
    this.childHeads.fill(NONE, 0, blocks);
    this.levelHeads.fill(NONE, 0, blocks);
    this.joins.fill(0, 0, blocks);
    this.walked.fill(0, 0, blocks);
  }

  addSafepoint(block: Block): void {
    this.safepointCounts[block]!++;
  }

  compute(cfg: ControlFlowGraph, tree: DominatorTree): void {
    const deepest = this.linkTree(tree);
    for (let level = deepest; level >= 0; level--) {
      // A block found on the way is put on this level or a higher one, so the list may still grow.
      for (let block = this.levelHeads[level]!; block !== NONE; block = this.levelHeads[level]!) {
        this.levelHeads[level] = this.levelNexts[block]!;
        this.walkSubtree(block as Block, cfg);
      }
    }
    this.number(tree);
  }

  /** The epoch in which the block begins. */
  entry(block: Block): number {
    return this.entries[block]!;
  }

  /** The epoch behind the first `safepoints` safepoints of the block. */
  after(block: Block, safepoints: number): number {
    return safepoints === 0 ? this.entries[block]! : this.firsts[block]! + safepoints - 1;
  }

  /** The epoch in which the block ends, its terminator included. */
  exit(block: Block): number {
    return this.after(block, this.safepointCounts[block]!);
  }

  /** Levels, children, and the blocks with safepoints by level. Returns the deepest level. */
  private linkTree(tree: DominatorTree): number {
    let deepest = 0;
    for (let i = 0; i < tree.reachableCount; i++) {
      const block = tree.inPreorder(i);
      const idom = tree.idom(block);
      const level = idom === NONE ? 0 : this.levels[idom]! + 1;
      this.levels[block] = level;
      if (level > deepest) deepest = level;
      if (idom !== NONE) {
        this.childNexts[block] = this.childHeads[idom]!;
        this.childHeads[idom] = block;
      }
      if (this.safepointCounts[block]! > 0) this.pushLevel(block);
    }
    return deepest;
  }

  private pushLevel(block: Block): void {
    const level = this.levels[block]!;
    this.levelNexts[block] = this.levelHeads[level]!;
    this.levelHeads[level] = block;
  }

  /** Finds the joins that edges out of the subtree lead to; a subtree walked before has given its joins already. */
  private walkSubtree(root: Block, cfg: ControlFlowGraph): void {
    const { worklist, levels, joins } = this;
    const rootLevel = levels[root]!;
    if (this.walked[root] === 0) this.push(root);
    while (worklist.length > 0) {
      const block = worklist.pop() as Block;
      const count = cfg.successorCount(block);
      for (let i = 0; i < count; i++) {
        const to = cfg.successor(block, i);
        if (levels[to]! > rootLevel || joins[to] === 1) continue;
        joins[to] = 1;
        if (this.safepointCounts[to] === 0) this.pushLevel(to);
      }
      for (let child = this.childHeads[block]!; child !== NONE; child = this.childNexts[child]!) {
        if (this.walked[child] === 0) this.push(child);
      }
    }
  }

  private push(block: number): void {
    this.walked[block] = 1;
    this.worklist.push(block);
  }

  private number(tree: DominatorTree): void {
    let next = 0;
    for (let i = 0; i < tree.reachableCount; i++) {
      const block = tree.inPreorder(i);
      const idom = tree.idom(block);
      this.entries[block] = idom === NONE || this.joins[block] === 1 ? next++ : this.exit(idom);
      this.firsts[block] = next;
      next += this.safepointCounts[block]!;
    }
  }
}
