/**
 * The control-flow graph: which blocks follow which, both ways.
 *
 * Edges are numbered 0, 1, … in layout order of their source and, within a branch, in destination order; a branch that
 * names a block twice has two edges to it. Both directions are lists in compressed rows:
 *
 *     successors of block b:    edges  starts[b] … starts[b] + counts[b] - 1,  targets[edge]
 *     predecessors of block b:  predEdges[i] for i in predStarts[b] … predStarts[b + 1] - 1,  sources[edge]
 *
 * All blocks of the layout are in it, also those that the entry does not reach. Destinations outside the layout (only
 * hostile input has them) give no edge. Linear in blocks and edges; the object keeps its memory between functions.
 */
import { fillWords, grownCapacity, grownColumn } from "../base/column.ts";
import { type Block, type BlockCall, type Inst, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";

export class ControlFlowGraph {
  private starts: Int32Array;
  private counts: Int32Array;
  private branches: Int32Array;
  private targets: Int32Array;
  private sources: Int32Array;
  private predStarts: Int32Array;
  private predEdges: Int32Array;
  private blocks: number;
  private edges: number;

  constructor() {
    this.starts = new Int32Array(0);
    this.counts = new Int32Array(0);
    this.branches = new Int32Array(0);
    this.targets = new Int32Array(0);
    this.sources = new Int32Array(0);
    this.predStarts = new Int32Array(1);
    this.predEdges = new Int32Array(0);
    this.blocks = 0;
    this.edges = 0;
  }

  compute(func: Function): void {
    this.reserveBlocks(func.dfg.numBlocks);
    this.edges = 0;
    const { layout } = func;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      this.addEdges(func, block);
    }
    this.sortPredecessors();
  }

  /** Block numbers are below this one. */
  get blockLimit(): number {
    return this.blocks;
  }

  get edgeCount(): number {
    return this.edges;
  }

  successorCount(block: Block): number {
    return this.counts[block]!;
  }

  successor(block: Block, index: number): Block {
    return this.targets[this.starts[block]! + index]! as Block;
  }

  /** The first edge out of the block; the others follow it. */
  firstEdge(block: Block): number {
    return this.starts[block]!;
  }

  predecessorCount(block: Block): number {
    return this.predStarts[block + 1]! - this.predStarts[block]!;
  }

  /** The edge that predecessor `index` comes along. */
  predecessorEdge(block: Block, index: number): number {
    return this.predEdges[this.predStarts[block]! + index]!;
  }

  predecessor(block: Block, index: number): Block {
    return this.sources[this.predecessorEdge(block, index)]! as Block;
  }

  /** The branch that leads here from predecessor `index`. */
  predecessorInst(block: Block, index: number): Inst {
    return this.branches[this.predecessor(block, index)]! as Inst;
  }

  /** What it passes, of the function that the graph was computed of. */
  predecessorCall({ dfg }: Function, block: Block, index: number): BlockCall {
    const edge = this.predecessorEdge(block, index);
    const source = this.edgeSource(edge);
    return dfg.destination(this.branches[source]! as Inst, edge - this.firstEdge(source));
  }

  edgeSource(edge: number): Block {
    return this.sources[edge]! as Block;
  }

  edgeTarget(edge: number): Block {
    return this.targets[edge]! as Block;
  }

  private addEdges(func: Function, block: Block): void {
    const { dfg, layout } = func;
    const last = layout.lastInst(block);
    const count = last === NONE ? 0 : dfg.destinationCount(last);
    this.starts[block] = this.edges;
    if (last === NONE || count === 0) return;
    this.branches[block] = last;
    if (this.edges + count > this.targets.length) this.reserveEdges(this.edges + count);
    for (let i = 0; i < count; i++) {
      const target = dfg.blockCalls.block(dfg.destination(last, i));
      if (target >= this.blocks || !layout.isBlockInserted(target)) continue;
      this.targets[this.edges] = target;
      this.sources[this.edges++] = block;
    }
    this.counts[block] = this.edges - this.starts[block]!;
  }

  /** A counting sort of the edges by target. */
  private sortPredecessors(): void {
    const { predStarts, predEdges, targets, edges, blocks } = this;
    fillWords(predStarts, 0, 0, blocks + 1);
    for (let edge = 0; edge < edges; edge++) predStarts[targets[edge]! + 1]!++;
    for (let block = 0; block < blocks; block++) predStarts[block + 1]! += predStarts[block]!;
    // Filled from the back, each row's start counting down from its end, so that rows keep edge order.
    for (let edge = edges - 1; edge >= 0; edge--) {
      const target = targets[edge]!;
      predEdges[--predStarts[target + 1]!] = edge;
    }
    // Each start has moved one row up: move them back down.
    predStarts.copyWithin(0, 1, blocks + 1);
    predStarts[blocks] = edges;
  }

  private reserveBlocks(blocks: number): void {
    this.blocks = blocks;
    if (blocks > this.starts.length) {
      const capacity = grownCapacity(this.starts.length, blocks);
      this.starts = new Int32Array(capacity);
      this.counts = new Int32Array(capacity);
      this.branches = new Int32Array(capacity);
      this.predStarts = new Int32Array(capacity + 1);
    }
    fillWords(this.starts, 0, 0, blocks);
    fillWords(this.counts, 0, 0, blocks);
    fillWords(this.branches, NONE, 0, blocks);
  }

  private reserveEdges(edges: number): void {
    const capacity = grownCapacity(this.targets.length, edges);
    this.targets = grownColumn(this.targets, capacity);
    this.sources = grownColumn(this.sources, capacity);
    this.predEdges = new Int32Array(capacity);
  }
}
