/**
 * Depth-first orders over the blocks of a function.
 *
 * The post-order is upstream's (`cranelift/codegen/src/traversals.rs`): from the entry, the first successor is visited
 * first, and a block is emitted when all it leads to has been. Successors are those of `Function` order: `brif` then
 * and else, `br_table` the default and then the table, `try_call` the handlers and then the normal return. Blocks that
 * the entry does not reach are not in it.
 *
 * One stack frame a block, never recursion, so a chain of a million blocks is as good as any; linear in blocks and
 * edges. Destinations that are not blocks of the layout (only hostile input has them) are passed over.
 */
import { fillBytes, grownCapacity, type I32List } from "../base/column.ts";
import { type Block, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";

/** Post-order traversal; the object keeps its memory from one function to the next. */
export class Traversal {
  private seen: Uint8Array;
  /** Blocks being visited, and for each the number of its destinations already taken. */
  private frameBlocks: Int32Array;
  private frameNexts: Int32Array;

  constructor() {
    this.seen = new Uint8Array(0);
    this.frameBlocks = new Int32Array(0);
    this.frameNexts = new Int32Array(0);
  }

  /** Fills `out` (cleared first) with the reachable blocks in post-order. */
  postOrder(func: Function, out: I32List): void {
    out.clear();
    const { layout, dfg } = func;
    const entry = layout.entryBlock;
    if (entry === NONE) return;
    const blocks = dfg.numBlocks;
    this.reserve(blocks);
    const { seen, frameBlocks, frameNexts } = this;
    seen[entry] = 1;
    frameBlocks[0] = entry;
    frameNexts[0] = 0;
    let depth = 1;
    while (depth > 0) {
      const block = frameBlocks[depth - 1]! as Block;
      const last = layout.lastInst(block);
      const count = last === NONE ? 0 : dfg.destinationCount(last);
      let next = frameNexts[depth - 1]!;
      let child: number = NONE;
      while (next < count && last !== NONE) {
        const destination = dfg.blockCalls.block(dfg.destination(last, next++));
        if (destination >= blocks || seen[destination] !== 0 || !layout.isBlockInserted(destination))
          continue;
        child = destination;
        break;
      }
      frameNexts[depth - 1] = next;
      if (child === NONE) {
        out.push(block);
        depth--;
      } else {
        seen[child] = 1;
        frameBlocks[depth] = child;
        frameNexts[depth] = 0;
        depth++;
      }
    }
  }

  /** Whether the last traversal reached the block. */
  isReachable(block: Block): boolean {
    return this.seen[block] === 1;
  }

  private reserve(blocks: number): void {
    if (blocks > this.seen.length) {
      const capacity = grownCapacity(this.seen.length, blocks);
      this.seen = new Uint8Array(capacity);
      this.frameBlocks = new Int32Array(capacity);
      this.frameNexts = new Int32Array(capacity);
    } else {
      fillBytes(this.seen, 0, 0, blocks);
    }
  }
}

const shared = new Traversal();

/** Fills `out` (cleared first) with the reachable blocks of `func` in post-order. */
export function postOrder(func: Function, out: I32List): void {
  shared.postOrder(func, out);
}
