/**
 * The blocks that the entry reaches, numbered in post-order, and their predecessors in those numbers. The liveness and
 * the rewriting walk blocks by these numbers: a block's successors come before it but for back edges.
 */

import { Traversal } from "../../analysis/traversal.ts";
import { fillWords, grownCapacity, I32List } from "../../base/column.ts";
import { type Block, NONE } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";

export class ReachableBlocks {
  private readonly traversal: Traversal;
  private readonly order: I32List;
  /** Post-order number by block, or -1. */
  private numbers: Int32Array;
  /** Where the predecessors of each number start in `preds`; the next one's start ends them. */
  private predStarts: Int32Array;
  private preds: Int32Array;
  /** The edges' ends, while predecessors are sorted. */
  private readonly sources: I32List;
  private readonly targets: I32List;

  constructor() {
    this.traversal = new Traversal();
    this.order = new I32List();
    this.numbers = new Int32Array(0);
    this.predStarts = new Int32Array(0);
    this.preds = new Int32Array(0);
    this.sources = new I32List();
    this.targets = new I32List();
  }

  get count(): number {
    return this.order.length;
  }

  block(number: number): Block {
    return this.order.get(number) as Block;
  }

  /** The post-order number of a block, or -1 when the entry does not reach it. */
  numberOf(block: Block): number {
    return this.numbers[block]!;
  }

  predStart(number: number): number {
    return this.predStarts[number]!;
  }

  /** The predecessor at position `at`, between `predStart(n)` and `predStart(n + 1)`; one per edge. */
  predAt(at: number): number {
    return this.preds[at]!;
  }

  clear(): void {
    this.order.clear();
  }

  compute(func: Function): void {
    this.traversal.postOrder(func, this.order);
    const blocks = func.dfg.numBlocks;
    if (this.numbers.length < blocks)
      this.numbers = new Int32Array(grownCapacity(this.numbers.length, blocks));
    fillWords(this.numbers, -1, 0, blocks);
    for (let i = 0; i < this.order.length; i++) this.numbers[this.order.get(i)] = i;
    this.computePreds(func);
  }

  /** Counting sort of the edges by destination. */
  private computePreds(func: Function): void {
    const count = this.order.length;
    if (this.predStarts.length < count + 2) {
      this.predStarts = new Int32Array(grownCapacity(this.predStarts.length, count + 2));
    }
    const starts = this.predStarts;
    fillWords(starts, 0, 0, count + 2);
    this.targets.clear();
    this.sources.clear();
    for (let from = 0; from < count; from++) this.addEdges(func, from);
    const edges = this.targets.length;
    if (this.preds.length < edges) this.preds = new Int32Array(grownCapacity(this.preds.length, edges));
    // Counted two places up, so that filling leaves each start in its place.
    for (let i = 0; i < edges; i++) starts[this.targets.get(i) + 2]!++;
    for (let i = 2; i < count + 2; i++) starts[i]! += starts[i - 1]!;
    for (let i = 0; i < edges; i++) this.preds[starts[this.targets.get(i) + 1]!++] = this.sources.get(i);
  }

  private addEdges(func: Function, from: number): void {
    const { dfg, layout } = func;
    const last = layout.lastInst(this.block(from));
    if (last === NONE) return;
    const count = dfg.destinationCount(last);
    for (let i = 0; i < count; i++) {
      this.targets.push(this.numbers[dfg.blockCalls.block(dfg.destination(last, i))]!);
      this.sources.push(from);
    }
  }
}
