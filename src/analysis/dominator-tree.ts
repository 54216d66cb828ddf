/**
 * The dominator tree: block a dominates block b when every path from the entry to b passes a.
 *
 * Immediate dominators by Lengauer and Tarjan, "A Fast Algorithm for Finding Dominators in a Flowgraph" (1979), the
 * simple version with path compression: O(edges · log blocks) whatever the graph, nothing recursive. The tree is then
 * numbered in preorder, each subtree one interval, so that `dominates` compares two numbers. Semi-NCA, which upstream
 * uses, is as fast on real graphs, but quadratic on hostile ones.
 *
 * Blocks that the entry does not reach have no place in the tree: they dominate nothing, and nothing dominates them.
 */
import { fillWords, grownCapacity } from "../base/column.ts";
import { type Block, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { ControlFlowGraph } from "./control-flow-graph.ts";
import { DepthFirstTree } from "./depth-first-tree.ts";

export class DominatorTree {
  private readonly tree: DepthFirstTree;
  // By vertex of the depth-first tree.
  private semis: Int32Array;
  private idoms: Int32Array;
  /** The forest of processed vertices: its links, and on the compressed path the vertex of least semidominator. */
  private ancestors: Int32Array;
  private bests: Int32Array;
  /** Vertices by semidominator, as linked lists. */
  private bucketHeads: Int32Array;
  private bucketNexts: Int32Array;
  private path: Int32Array;
  /** Preorder number in the dominator tree, and the size of the subtree. */
  private orders: Int32Array;
  private sizes: Int32Array;
  /** Vertices in preorder of the dominator tree. */
  private ordered: Int32Array;

  constructor() {
    this.tree = new DepthFirstTree();
    this.semis = new Int32Array(0);
    this.idoms = new Int32Array(0);
    this.ancestors = new Int32Array(0);
    this.bests = new Int32Array(0);
    this.bucketHeads = new Int32Array(0);
    this.bucketNexts = new Int32Array(0);
    this.path = new Int32Array(0);
    this.orders = new Int32Array(0);
    this.sizes = new Int32Array(0);
    this.ordered = new Int32Array(0);
  }

  /** `cfg` must be that of `func` as it is now. */
  compute(func: Function, cfg: ControlFlowGraph): void {
    this.tree.compute(func, cfg);
    this.reserve(this.tree.size);
    for (let vertex = this.tree.size - 1; vertex > 0; vertex--) this.findSemidominator(vertex, cfg);
    for (let vertex = 1; vertex < this.tree.size; vertex++) {
      if (this.idoms[vertex] !== this.semis[vertex]) this.idoms[vertex] = this.idoms[this.idoms[vertex]!]!;
    }
    this.numberTree();
  }

  /** Whether the entry reaches the block. */
  isReachable(block: Block): boolean {
    return this.tree.vertex(block) !== NONE;
  }

  /** The immediate dominator; `NONE` for the entry and for blocks that it does not reach. */
  idom(block: Block): Block | typeof NONE {
    const vertex = this.tree.vertex(block);
    return vertex <= 0 ? NONE : this.tree.block(this.idoms[vertex]!);
  }

  /** Whether `a` dominates `b`; a block dominates itself. */
  dominates(a: Block, b: Block): boolean {
    const above = this.tree.vertex(a);
    const below = this.tree.vertex(b);
    if (above === NONE || below === NONE) return false;
    const distance = this.orders[below]! - this.orders[above]!;
    return distance >= 0 && distance < this.sizes[above]!;
  }

  get reachableCount(): number {
    return this.tree.size;
  }

  /** The reachable blocks with every block after its dominators: a preorder of the tree. */
  inPreorder(index: number): Block {
    return this.tree.block(this.ordered[index]!);
  }

  private findSemidominator(vertex: number, cfg: ControlFlowGraph): void {
    const { tree, semis, idoms } = this;
    const block = tree.block(vertex);
    const count = cfg.predecessorCount(block);
    let semi = semis[vertex]!;
    for (let i = 0; i < count; i++) {
      const predecessor = tree.vertex(cfg.predecessor(block, i));
      if (predecessor === NONE) continue;
      const candidate = semis[this.evaluate(predecessor)]!;
      if (candidate < semi) semi = candidate;
    }
    semis[vertex] = semi;
    this.bucketNexts[vertex] = this.bucketHeads[semi]!;
    this.bucketHeads[semi] = vertex;
    const parent = tree.parent(vertex);
    this.ancestors[vertex] = parent;
    for (let waiting = this.bucketHeads[parent]!; waiting !== NONE; waiting = this.bucketNexts[waiting]!) {
      const best = this.evaluate(waiting);
      idoms[waiting] = semis[best]! < semis[waiting]! ? best : parent;
    }
    this.bucketHeads[parent] = NONE;
  }

  /** The vertex of least semidominator on the forest path from `vertex` up to its root, the root left out. */
  private evaluate(vertex: number): number {
    const { ancestors, bests, semis, path } = this;
    if (ancestors[vertex] === NONE) return vertex;
    let length = 0;
    let at = vertex;
    while (ancestors[ancestors[at]!] !== NONE) {
      path[length++] = at;
      at = ancestors[at]!;
    }
    while (length > 0) {
      const low = path[--length]!;
      const high = ancestors[low]!;
      if (semis[bests[high]!]! < semis[bests[low]!]!) bests[low] = bests[high]!;
      ancestors[low] = ancestors[high]!;
    }
    return bests[vertex]!;
  }

  /** Gives each subtree an interval, without walking the tree: dominators have smaller vertex numbers. */
  private numberTree(): void {
    const { orders, sizes, idoms, ordered, bucketHeads: nextFree } = this;
    const count = this.tree.size;
    fillWords(sizes, 1, 0, count);
    for (let vertex = count - 1; vertex > 0; vertex--) sizes[idoms[vertex]!]! += sizes[vertex]!;
    for (let vertex = 0; vertex < count; vertex++) {
      const idom = idoms[vertex]!;
      const order = vertex === 0 ? 0 : nextFree[idom]!;
      if (vertex > 0) nextFree[idom] = order + sizes[vertex]!;
      orders[vertex] = order;
      nextFree[vertex] = order + 1;
      ordered[order] = vertex;
    }
  }

  private reserve(count: number): void {
    if (count > this.semis.length) {
      const capacity = grownCapacity(this.semis.length, count);
      this.semis = new Int32Array(capacity);
      this.idoms = new Int32Array(capacity);
      this.ancestors = new Int32Array(capacity);
      this.bests = new Int32Array(capacity);
      this.bucketHeads = new Int32Array(capacity);
      this.bucketNexts = new Int32Array(capacity);
      this.path = new Int32Array(capacity);
      this.orders = new Int32Array(capacity);
      this.sizes = new Int32Array(capacity);
      this.ordered = new Int32Array(capacity);
    }
    fillWords(this.ancestors, NONE, 0, count);
    fillWords(this.bucketHeads, NONE, 0, count);
    for (let vertex = 0; vertex < count; vertex++) {
      this.semis[vertex] = vertex;
      this.bests[vertex] = vertex;
    }
  }
}
