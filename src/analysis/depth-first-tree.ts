/**
 * The depth-first spanning tree of the blocks that the entry reaches: what the dominator tree and the loop analysis
 * stand on. Vertices are the blocks' preorder numbers 0, 1, …, so that a parent's number is below its children's.
 * Successors are taken in order, which makes the post-order the one of `traversal.ts`. Iterative and linear.
 */
import { fillWords, grownCapacity } from "../base/column.ts";
import { type Block, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { ControlFlowGraph } from "./control-flow-graph.ts";

export class DepthFirstTree {
  /** Vertex by block, or `NONE` where the entry does not reach it. */
  private numbers: Int32Array;
  private blocks: Int32Array;
  private parents: Int32Array;
  /** Vertices in post-order. */
  private finished: Int32Array;
  private finishedCount: number;
  /** Vertices being visited, and how many of each one's edges are taken. */
  private frames: Int32Array;
  private frameNexts: Int32Array;
  private count: number;

  constructor() {
    this.numbers = new Int32Array(0);
    this.blocks = new Int32Array(0);
    this.parents = new Int32Array(0);
    this.finished = new Int32Array(0);
    this.finishedCount = 0;
    this.frames = new Int32Array(0);
    this.frameNexts = new Int32Array(0);
    this.count = 0;
  }

  compute(func: Function, cfg: ControlFlowGraph): void {
    this.reserve(cfg.blockLimit);
    const entry = func.layout.entryBlock;
    if (entry !== NONE) this.visitFrom(entry, cfg);
  }

  /** Reachable blocks. */
  get size(): number {
    return this.count;
  }

  /** The block's preorder number, or `NONE`. */
  vertex(block: Block): number {
    return this.numbers[block]!;
  }

  block(vertex: number): Block {
    return this.blocks[vertex]! as Block;
  }

  /** The vertex that this one was first reached from; `NONE` for the entry. */
  parent(vertex: number): number {
    return this.parents[vertex]!;
  }

  /** The vertex at that place of the post-order. */
  inPostOrder(index: number): number {
    return this.finished[index]!;
  }

  private visitFrom(entry: Block, cfg: ControlFlowGraph): void {
    const { numbers, frames, frameNexts } = this;
    let depth = 0;
    frames[depth] = this.discover(entry, NONE);
    frameNexts[depth++] = 0;
    while (depth > 0) {
      const vertex = frames[depth - 1]!;
      const block = this.blocks[vertex]! as Block;
      const next = frameNexts[depth - 1]!;
      if (next === cfg.successorCount(block)) {
        this.finished[this.finishedCount++] = vertex;
        depth--;
        continue;
      }
      frameNexts[depth - 1] = next + 1;
      const successor = cfg.successor(block, next);
      if (numbers[successor] !== NONE) continue;
      frames[depth] = this.discover(successor, vertex);
      frameNexts[depth++] = 0;
    }
  }

  private discover(block: Block, parent: number): number {
    const vertex = this.count++;
    this.numbers[block] = vertex;
    this.blocks[vertex] = block;
    this.parents[vertex] = parent;
    return vertex;
  }

  private reserve(blocks: number): void {
    this.count = 0;
    this.finishedCount = 0;
    if (blocks > this.numbers.length) {
      const capacity = grownCapacity(this.numbers.length, blocks);
      this.numbers = new Int32Array(capacity);
      this.blocks = new Int32Array(capacity);
      this.parents = new Int32Array(capacity);
      this.finished = new Int32Array(capacity);
      this.frames = new Int32Array(capacity);
      this.frameNexts = new Int32Array(capacity);
    }
    fillWords(this.numbers, NONE, 0, blocks);
  }
}
