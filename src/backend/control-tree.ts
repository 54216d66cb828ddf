/**
 * From a control-flow graph to nested Wasm control: which blocks open a `loop`, which get a `block` around what comes
 * before them, and in which order blocks are emitted.
 *
 * Ramsey, "Beyond Relooper: Recursive Translation of Unstructured Control Flow to Structured Control Flow" (ICFP 2022).
 * A block is emitted where its immediate dominator is: inline at the one branch to it, or, when several forward edges
 * reach it (a *merge block*), behind a `block … end` in which its dominator stands, so that `br` gets there. Targets of
 * `br_table` and of `try_call` count as merge blocks, since those can only name labels. A block with a back edge to it
 * opens a `loop`.
 *
 * The graph must be reducible (`passes/make-reducible.ts` sees to that). Linear in blocks and edges but for sorting each
 * block's merge children.
 */
import { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import { DominatorTree } from "../analysis/dominator-tree.ts";
import { Traversal } from "../analysis/traversal.ts";
import { fillBytes, fillWords, grownCapacity, I32List } from "../base/column.ts";
import { type Block, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { Format } from "../ir/opcodes.ts";

export class ControlTree {
  private readonly cfg: ControlFlowGraph;
  private readonly dominators: DominatorTree;
  private readonly traversal: Traversal;
  /** Reachable blocks in reverse post-order. */
  private readonly order: I32List;
  /** Place in that order by block, or -1. */
  private places: Int32Array;
  private loopHeaders: Uint8Array;
  private merges: Uint8Array;
  /** Merge blocks by immediate dominator, latest first, as linked lists. */
  private firstMerges: Int32Array;
  private nextMerges: Int32Array;
  private irreducible: boolean;

  constructor() {
    this.cfg = new ControlFlowGraph();
    this.dominators = new DominatorTree();
    this.traversal = new Traversal();
    this.order = new I32List();
    this.places = new Int32Array(0);
    this.loopHeaders = new Uint8Array(0);
    this.merges = new Uint8Array(0);
    this.firstMerges = new Int32Array(0);
    this.nextMerges = new Int32Array(0);
    this.irreducible = false;
  }

  /** Whether some loop is entered elsewhere than at its header; the tree is of no use then. */
  get isIrreducible(): boolean {
    return this.irreducible;
  }

  compute(func: Function): void {
    const blocks = func.dfg.numBlocks;
    this.reserve(blocks);
    this.irreducible = false;
    this.cfg.compute(func);
    this.dominators.compute(func, this.cfg);
    this.traversal.postOrder(func, this.order);
    const count = this.order.length;
    for (let i = 0; i < count; i++) this.places[this.order.get(i)] = count - 1 - i;
    for (let i = 0; i < count; i++) this.classify(func, this.order.get(i) as Block);
    // Earliest first in reverse post-order, so that pushing to the front leaves the latest in front.
    for (let i = count - 1; i >= 0; i--) {
      const block = this.order.get(i) as Block;
      if (this.merges[block] === 0) continue;
      const dominator = this.dominators.idom(block);
      if (dominator === NONE) continue;
      this.nextMerges[block] = this.firstMerges[dominator]!;
      this.firstMerges[dominator] = block;
    }
  }

  /** The graph that the tree was made of. */
  get graph(): ControlFlowGraph {
    return this.cfg;
  }

  /** Reachable blocks. */
  get blockCount(): number {
    return this.order.length;
  }

  /** The block at a place of the reverse post-order. */
  blockAt(place: number): Block {
    return this.order.get(this.order.length - 1 - place) as Block;
  }

  isReachable(block: Block): boolean {
    return this.places[block]! >= 0;
  }

  isLoopHeader(block: Block): boolean {
    return this.loopHeaders[block] !== 0;
  }

  isMerge(block: Block): boolean {
    return this.merges[block] !== 0;
  }

  /** Whether the edge goes back to a loop header that is open. */
  isBackEdge(from: Block, to: Block): boolean {
    return this.places[from]! >= this.places[to]!;
  }

  /** The merge block that `block` dominates immediately and that comes last, or `NONE`. */
  firstMerge(block: Block): Block | typeof NONE {
    return this.firstMerges[block]! as Block;
  }

  /** The merge block of the same dominator that comes next before `block`, or `NONE`. */
  nextMerge(block: Block): Block | typeof NONE {
    return this.nextMerges[block]! as Block;
  }

  private classify(func: Function, block: Block): void {
    let forward = 0;
    for (let i = 0; i < this.cfg.predecessorCount(block); i++) {
      const from = this.cfg.predecessor(block, i);
      if (this.places[from]! < 0) continue;
      if (this.isBackEdge(from, block)) {
        this.loopHeaders[block] = 1;
        if (!this.dominators.dominates(block, from)) this.irreducible = true;
        continue;
      }
      const format = func.dfg.format(this.cfg.predecessorInst(block, i));
      forward += format === Format.Jump || format === Format.Brif ? 1 : 2;
    }
    if (forward > 1) this.merges[block] = 1;
  }

  private reserve(blocks: number): void {
    if (this.places.length < blocks) {
      const capacity = grownCapacity(this.places.length, blocks);
      this.places = new Int32Array(capacity);
      this.loopHeaders = new Uint8Array(capacity);
      this.merges = new Uint8Array(capacity);
      this.firstMerges = new Int32Array(capacity);
      this.nextMerges = new Int32Array(capacity);
    }
    fillWords(this.places, -1, 0, blocks);
    fillBytes(this.loopHeaders, 0, 0, blocks);
    fillBytes(this.merges, 0, 0, blocks);
    fillWords(this.firstMerges, NONE, 0, blocks);
    fillWords(this.nextMerges, NONE, 0, blocks);
  }
}
