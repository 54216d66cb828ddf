/**
 * The loop nesting forest, irreducible loops included.
 *
 * A loop is a strongly connected region; its header is the block of it that the depth-first tree reaches first; the
 * loops inside are those of the region without its header. The loop is irreducible when an edge from outside enters
 * elsewhere than at the header. So every cycle is in a loop, and a reducible loop is the natural loop of its header.
 *
 * Havlak, "Nesting of Reducible and Irreducible Loops" (1997), as made almost linear by Ramalingam, "Identifying Loops
 * in Almost Linear Time" (1999): headers from the last to the first in preorder; the body is found backwards from the
 * sources of the header's back edges and folded into the header (union-find). An edge that is neither a tree edge nor
 * a back edge waits at the lowest common ancestor of its ends: no loop below that vertex holds both ends, so when the
 * vertex's turn comes every loop found so far around the edge's target, other than as its header, is irreducible.
 */
import { fillBytes, fillWords, grownCapacity, grownColumn } from "../base/column.ts";
import { type Block, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { ControlFlowGraph } from "./control-flow-graph.ts";
import { DepthFirstTree } from "./depth-first-tree.ts";

declare const loopBrand: unique symbol;
/** A loop: outer loops have smaller numbers than those inside. */
export type Loop = number & { readonly [loopBrand]: true };

export class LoopAnalysis {
  private readonly tree: DepthFirstTree;
  // By vertex of the depth-first tree.
  /** The header of the innermost loop around the vertex, other than its own loop; or `NONE`. */
  private around: Int32Array;
  /** Union-find: the header that a folded vertex was folded into; `fold` halves paths. */
  private folded: Int32Array;
  /** Union-find over headers, to pass over those already marked irreducible. */
  private marked: Int32Array;
  private headers: Uint8Array;
  private irreducible: Uint8Array;
  /** Sources of back edges by header, then edges waiting at a vertex, then extra predecessors: linked lists of edges. */
  private backHeads: Int32Array;
  private waitHeads: Int32Array;
  private predHeads: Int32Array;
  private body: Int32Array;
  private inBody: Int32Array;
  private loopOf: Int32Array;
  // By edge.
  private edgeNexts: Int32Array;
  // By loop.
  private loopVertices: Int32Array;
  private parents: Int32Array;
  private depths: Int32Array;
  private loops: number;

  constructor() {
    this.tree = new DepthFirstTree();
    this.around = new Int32Array(0);
    this.folded = new Int32Array(0);
    this.marked = new Int32Array(0);
    this.headers = new Uint8Array(0);
    this.irreducible = new Uint8Array(0);
    this.backHeads = new Int32Array(0);
    this.waitHeads = new Int32Array(0);
    this.predHeads = new Int32Array(0);
    this.body = new Int32Array(0);
    this.inBody = new Int32Array(0);
    this.loopOf = new Int32Array(0);
    this.edgeNexts = new Int32Array(0);
    this.loopVertices = new Int32Array(0);
    this.parents = new Int32Array(0);
    this.depths = new Int32Array(0);
    this.loops = 0;
  }

  /** `cfg` must be that of `func` as it is now. */
  compute(func: Function, cfg: ControlFlowGraph): void {
    this.tree.compute(func, cfg);
    this.reserve(this.tree.size, cfg.edgeCount);
    this.classifyEdges(cfg);
    for (let vertex = this.tree.size - 1; vertex >= 0; vertex--) {
      this.admitWaitingEdges(vertex, cfg);
      if (this.backHeads[vertex] !== NONE) this.findLoop(vertex, cfg);
    }
    this.numberLoops();
  }

  get loopCount(): number {
    return this.loops;
  }

  header(loop: Loop): Block {
    return this.tree.block(this.loopVertices[loop]!);
  }

  /** The loop around this one, or `NONE`. */
  parent(loop: Loop): Loop | typeof NONE {
    return this.parents[loop]! as Loop;
  }

  /** 1 for an outermost loop. */
  depth(loop: Loop): number {
    return this.depths[loop]!;
  }

  /** Whether an edge from outside enters elsewhere than at the header. */
  isIrreducible(loop: Loop): boolean {
    return this.irreducible[this.loopVertices[loop]!] !== 0;
  }

  /** The innermost loop that the block is in (as its header, too), or `NONE`. */
  innermost(block: Block): Loop | typeof NONE {
    const vertex = this.tree.vertex(block);
    return (vertex === NONE ? NONE : this.loopOf[vertex]!) as Loop;
  }

  /** How many loops the block is in. */
  loopDepth(block: Block): number {
    const loop = this.innermost(block);
    return loop === NONE ? 0 : this.depths[loop]!;
  }

  contains(loop: Loop, block: Block): boolean {
    let inner = this.innermost(block);
    while (inner !== NONE && this.depths[inner]! > this.depths[loop]!) inner = this.parent(inner);
    return inner === loop;
  }

  /**
   * Puts back edges at their header and the others at the lowest common ancestor of their ends (Tarjan's offline
   * algorithm: a finished vertex is folded into its parent, so a target's root is its lowest unfinished ancestor).
   */
  private classifyEdges(cfg: ControlFlowGraph): void {
    const { tree, folded, edgeNexts } = this;
    for (let i = 0; i < tree.size; i++) {
      const vertex = tree.inPostOrder(i);
      const block = tree.block(vertex);
      const first = cfg.firstEdge(block);
      const count = cfg.successorCount(block);
      for (let edge = first; edge < first + count; edge++) {
        const target = tree.vertex(cfg.edgeTarget(edge));
        if (tree.parent(target) === vertex) continue;
        const root = this.fold(target);
        // Neither finished nor folded: the target is on the path to this vertex.
        const heads = root === target ? this.backHeads : this.waitHeads;
        edgeNexts[edge] = heads[root]!;
        heads[root] = edge;
      }
      if (vertex > 0) folded[vertex] = tree.parent(vertex);
    }
    for (let vertex = 0; vertex < tree.size; vertex++) folded[vertex] = vertex;
  }

  /** The root that the vertex is folded into. */
  private fold(vertex: number): number {
    const { folded } = this;
    let at = vertex;
    while (folded[at] !== at) {
      folded[at] = folded[folded[at]!]!;
      at = folded[at]!;
    }
    return at;
  }

  /** Edges whose ends meet at this vertex become predecessors of what their targets are folded into. */
  private admitWaitingEdges(vertex: number, cfg: ControlFlowGraph): void {
    let edge = this.waitHeads[vertex]!;
    while (edge !== NONE) {
      const next = this.edgeNexts[edge]!;
      const target = this.tree.vertex(cfg.edgeTarget(edge));
      const root = this.fold(target);
      this.edgeNexts[edge] = this.predHeads[root]!;
      this.predHeads[root] = edge;
      this.markIrreducible(target);
      edge = next;
    }
  }

  /** Marks every loop found so far that holds the vertex other than as its header. */
  private markIrreducible(vertex: number): void {
    const { around, marked, irreducible } = this;
    let header = around[vertex]!;
    while (header !== NONE) {
      while (marked[header] !== header) {
        marked[header] = marked[marked[header]!]!;
        header = marked[header]!;
      }
      irreducible[header] = 1;
      const outer = around[header]!;
      // Where no loop is around it yet, the mark is made again when one is.
      if (outer !== NONE) marked[header] = outer;
      header = outer;
    }
  }

  private findLoop(header: number, cfg: ControlFlowGraph): void {
    const { tree, body, edgeNexts } = this;
    this.headers[header] = 1;
    this.inBody[header] = header;
    let count = 0;
    for (let edge = this.backHeads[header]!; edge !== NONE; edge = edgeNexts[edge]!) {
      count = this.addToBody(tree.vertex(cfg.edgeSource(edge)), header, count);
    }
    for (let i = 0; i < count; i++) {
      const member = body[i]!;
      count = this.addToBody(tree.parent(member), header, count);
      for (let edge = this.predHeads[member]!; edge !== NONE; edge = edgeNexts[edge]!) {
        count = this.addToBody(tree.vertex(cfg.edgeSource(edge)), header, count);
      }
    }
    for (let i = 0; i < count; i++) {
      this.around[body[i]!] = header;
      this.folded[body[i]!] = header;
    }
  }

  private addToBody(vertex: number, header: number, count: number): number {
    const root = this.fold(vertex);
    if (this.inBody[root] === header) return count;
    this.inBody[root] = header;
    this.body[count] = root;
    return count + 1;
  }

  private numberLoops(): void {
    this.loops = 0;
    for (let vertex = 0; vertex < this.tree.size; vertex++) {
      const around = this.around[vertex]!;
      const outer = around === NONE ? NONE : this.loopOf[around]!;
      this.loopOf[vertex] = outer;
      if (this.headers[vertex] === 0) continue;
      const loop = this.loops++;
      this.loopOf[vertex] = loop;
      this.loopVertices[loop] = vertex;
      this.parents[loop] = outer;
      this.depths[loop] = outer === NONE ? 1 : this.depths[outer]! + 1;
    }
  }

  private reserve(count: number, edges: number): void {
    if (count > this.around.length) this.growVertices(grownCapacity(this.around.length, count));
    if (edges > this.edgeNexts.length) {
      this.edgeNexts = grownColumn(this.edgeNexts, grownCapacity(this.edgeNexts.length, edges));
    }
    fillWords(this.around, NONE, 0, count);
    fillWords(this.backHeads, NONE, 0, count);
    fillWords(this.waitHeads, NONE, 0, count);
    fillWords(this.predHeads, NONE, 0, count);
    fillWords(this.inBody, NONE, 0, count);
    fillBytes(this.headers, 0, 0, count);
    fillBytes(this.irreducible, 0, 0, count);
    for (let vertex = 0; vertex < count; vertex++) {
      this.folded[vertex] = vertex;
      this.marked[vertex] = vertex;
    }
  }

  private growVertices(capacity: number): void {
    this.around = new Int32Array(capacity);
    this.folded = new Int32Array(capacity);
    this.marked = new Int32Array(capacity);
    this.headers = new Uint8Array(capacity);
    this.irreducible = new Uint8Array(capacity);
    this.backHeads = new Int32Array(capacity);
    this.waitHeads = new Int32Array(capacity);
    this.predHeads = new Int32Array(capacity);
    this.body = new Int32Array(capacity);
    this.inBody = new Int32Array(capacity);
    this.loopOf = new Int32Array(capacity);
    this.loopVertices = new Int32Array(capacity);
    this.parents = new Int32Array(capacity);
    this.depths = new Int32Array(capacity);
  }
}
