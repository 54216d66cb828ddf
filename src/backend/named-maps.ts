/**
 * Which stack map a frame names where each block begins, so that a map that is named already is not named again.
 *
 * A call that passes the frame on leaves its own map named, whichever way it ends. One that may collect and needs nothing of the frame
 * passes what lies above it, so what it calls has frames where this one is, and no map is named behind it. So a block ends with
 * what its last such call leaves, or, without one, with what it began with; and it begins with what all its predecessors end with, if that
 * is one map. Optimistic: what comes around a loop counts as equal until it is found not to be, round after round in reverse post-order.
 *
 * A map is a number: 0 for none, `StackMap` + 1 otherwise.
 */
import { fillWords, grownCapacity } from "../base/column.ts";
import { type Block, type Inst, NONE, type StackMap } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { ControlTree } from "./control-tree.ts";

/** The frame names one of several maps, or none. */
export const UNNAMED = -1;
/** Not reached in this round yet. */
const UNKNOWN = -2;

export class NamedMaps {
  /** What a block's last collecting call leaves, or `UNKNOWN`; what the block begins with. */
  private ends: Int32Array;
  private entries: Int32Array;

  constructor() {
    this.ends = new Int32Array(0);
    this.entries = new Int32Array(0);
  }

  /** What the frame names where a reachable block begins: a map, or `UNNAMED`. */
  at(block: Block): number {
    return this.entries[block]!;
  }

  /** With `isKept` each call passes the frame on. */
  compute(func: Function, control: ControlTree, isKept: boolean): void {
    const blocks = func.dfg.numBlocks;
    if (this.entries.length < blocks) {
      this.entries = new Int32Array(grownCapacity(this.entries.length, blocks));
      this.ends = new Int32Array(this.entries.length);
    }
    for (let i = 0; i < control.blockCount; i++) {
      const block = control.blockAt(i);
      this.ends[block] = this.readBlock(func, block, isKept);
    }
    fillWords(this.entries, UNKNOWN, 0, blocks);
    while (this.round(func, control));
  }

  private readBlock(func: Function, block: Block, isKept: boolean): number {
    const { dfg, layout } = func;
    for (let inst = layout.lastInst(block); inst !== NONE; inst = layout.prevInst(inst as Inst)) {
      if (!func.mayCollect(inst as Inst)) continue;
      const map = dfg.stackMap(inst as Inst);
      return isKept || !isEmpty(func, map) ? map + 1 : UNNAMED;
    }
    return UNKNOWN;
  }

  /** Whether something changed. */
  private round(func: Function, control: ControlTree): boolean {
    let changed = false;
    for (let i = 0; i < control.blockCount; i++) {
      const block = control.blockAt(i);
      const before = this.entries[block]!;
      if (before === UNNAMED) continue;
      const met = block === func.layout.entryBlock ? UNNAMED : this.meet(control, block);
      if (met === before) continue;
      // Never more than was known before.
      this.entries[block] = before === UNKNOWN ? met : UNNAMED;
      changed = true;
    }
    return changed;
  }

  private meet(control: ControlTree, block: Block): number {
    const { graph } = control;
    let met = UNKNOWN;
    for (let i = 0; i < graph.predecessorCount(block); i++) {
      const from = graph.predecessor(block, i);
      if (!control.isReachable(from)) continue;
      const end = this.ends[from] === UNKNOWN ? this.entries[from]! : this.ends[from]!;
      if (end === UNKNOWN || end === met) continue;
      if (met !== UNKNOWN) return UNNAMED;
      met = end;
    }
    return met;
  }
}

/** Whether a map says that no slot holds a reference. */
export function isEmpty({ dfg }: Function, map: StackMap | typeof NONE): boolean {
  return map === NONE || dfg.stackMaps.entryCount(map) === 0;
}
