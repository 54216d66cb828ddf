/**
 * Which stack map a frame names where each block begins, so that a call whose map is named already need not name it again.
 *
 * A collecting call leaves its own map named, whichever way it ends. So a block ends with the map of its last such call, or, without
 * one, with what it began with; and it begins with what all its predecessors end with, if that is one map. Optimistic: what comes
 * around a loop counts as equal until it is found not to be, round after round in reverse post-order.
 *
 * A map is a number: 0 for none, `StackMap` + 1 otherwise.
 */
import { fillWords, grownCapacity } from "../base/column.ts";
import { type Block, type Inst, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { ControlTree } from "./control-tree.ts";

/** Nothing is known: no map, or one of several. */
export const UNNAMED = -1;
/** Not reached in this round yet. */
const UNKNOWN = -2;

export class NamedMaps {
  /** The map of a block's last collecting call, or `UNKNOWN`; and what the block begins with. */
  private lastMaps: Int32Array;
  private entries: Int32Array;

  constructor() {
    this.lastMaps = new Int32Array(0);
    this.entries = new Int32Array(0);
  }

  /** What the frame names where a reachable block begins: a map, or `UNNAMED`. */
  at(block: Block): number {
    return this.entries[block]!;
  }

  /** `onEntry` is what the frame names where the function begins. */
  compute(func: Function, control: ControlTree, onEntry: number): void {
    const blocks = func.dfg.numBlocks;
    if (this.entries.length < blocks) {
      this.entries = new Int32Array(grownCapacity(this.entries.length, blocks));
      this.lastMaps = new Int32Array(this.entries.length);
    }
    fillWords(this.entries, UNKNOWN, 0, blocks);
    for (let i = 0; i < control.blockCount; i++) {
      const block = control.blockAt(i);
      this.lastMaps[block] = lastMap(func, block);
    }
    while (this.round(func, control, onEntry));
  }

  /** Whether something changed. */
  private round(func: Function, control: ControlTree, onEntry: number): boolean {
    let changed = false;
    for (let i = 0; i < control.blockCount; i++) {
      const block = control.blockAt(i);
      const before = this.entries[block]!;
      if (before === UNNAMED) continue;
      const met = this.meet(control, block, block === func.layout.entryBlock ? onEntry : UNKNOWN);
      if (met === before) continue;
      this.entries[block] = met;
      changed = true;
    }
    return changed;
  }

  private meet(control: ControlTree, block: Block, start: number): number {
    const { graph } = control;
    let met = start;
    for (let i = 0; i < graph.predecessorCount(block) && met !== UNNAMED; i++) {
      const from = graph.predecessor(block, i);
      if (!control.isReachable(from)) continue;
      const end = this.lastMaps[from] === UNKNOWN ? this.entries[from]! : this.lastMaps[from]!;
      if (end === UNKNOWN || end === met) continue;
      met = met === UNKNOWN ? end : UNNAMED;
    }
    return met;
  }
}

function lastMap(func: Function, block: Block): number {
  const { dfg, layout } = func;
  for (let inst = layout.lastInst(block); inst !== NONE; inst = layout.prevInst(inst as Inst)) {
    if (func.mayCollect(inst as Inst)) return dfg.stackMap(inst as Inst) + 1;
  }
  return UNKNOWN;
}
