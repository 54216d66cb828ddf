/**
 * What a frame names where each block begins, so that it is made only on the way to a call that needs it, and a map that is named
 * already is not named again.
 *
 * A frame that is not made at once, where the function begins, is *closed* until the first call that may collect with references live;
 * calls without any leave it closed. Once it is open a collecting call leaves its own map named, whichever way it ends. So a block ends
 * with the map of its last such call, or, without one, with what it began with; and it begins with what all its predecessors end with,
 * if that is one thing. Optimistic: what comes around a loop counts as equal until it is found not to be, round after round in
 * reverse post-order.
 *
 * A map is a number: 0 for none, `StackMap` + 1 otherwise.
 */
import { fillWords, grownCapacity } from "../base/column.ts";
import { type Block, type Inst, NONE, type StackMap } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { ControlTree } from "./control-tree.ts";

/** The frame is open, and names one of several maps, or none yet. */
export const UNNAMED = -1;
/** Not reached in this round yet. */
const UNKNOWN = -2;
/** There is no frame yet. */
export const CLOSED = -3;
/** Closed, or open with any map. */
export const MAYBE_OPEN = -4;

export class NamedMaps {
  /** The map of a block's last collecting call, or `UNKNOWN`; how it ends if it begins closed; what it begins with. */
  private lastMaps: Int32Array;
  private closedEnds: Int32Array;
  private entries: Int32Array;

  constructor() {
    this.lastMaps = new Int32Array(0);
    this.closedEnds = new Int32Array(0);
    this.entries = new Int32Array(0);
  }

  /** What the frame names where a reachable block begins: a map, or one of the above. */
  at(block: Block): number {
    return this.entries[block]!;
  }

  /** Goes through the calls, for `compute`; returns whether the frame may still be closed where the first block ends. */
  readCalls(func: Function, control: ControlTree): boolean {
    const blocks = func.dfg.numBlocks;
    if (this.entries.length < blocks) {
      this.entries = new Int32Array(grownCapacity(this.entries.length, blocks));
      this.lastMaps = new Int32Array(this.entries.length);
      this.closedEnds = new Int32Array(this.entries.length);
    }
    for (let i = 0; i < control.blockCount; i++) this.readBlock(func, control.blockAt(i));
    return this.closedEnds[func.layout.entryBlock] === CLOSED;
  }

  private readBlock(func: Function, block: Block): void {
    const { dfg, layout } = func;
    let last = UNKNOWN;
    let closedEnd = CLOSED;
    for (let inst = layout.lastInst(block); inst !== NONE; inst = layout.prevInst(inst as Inst)) {
      if (!func.mayCollect(inst as Inst)) continue;
      const map = dfg.stackMap(inst as Inst) + 1;
      if (last === UNKNOWN) last = map;
      if (isEmpty(func, map)) continue;
      closedEnd = last;
      break;
    }
    this.lastMaps[block] = last;
    this.closedEnds[block] = closedEnd;
  }

  /** `onEntry` is what the frame names where the function begins. */
  compute(func: Function, control: ControlTree, onEntry: number): void {
    fillWords(this.entries, UNKNOWN, 0, func.dfg.numBlocks);
    while (this.round(func, control, onEntry));
  }

  /** Whether something changed. */
  private round(func: Function, control: ControlTree, onEntry: number): boolean {
    let changed = false;
    for (let i = 0; i < control.blockCount; i++) {
      const block = control.blockAt(i);
      const before = this.entries[block]!;
      if (before === MAYBE_OPEN) continue;
      const met = lowered(
        before,
        this.meet(control, block, block === func.layout.entryBlock ? onEntry : UNKNOWN),
      );
      if (met === before) continue;
      this.entries[block] = met;
      changed = true;
    }
    return changed;
  }

  private meet(control: ControlTree, block: Block, start: number): number {
    const { graph } = control;
    let met = start;
    for (let i = 0; i < graph.predecessorCount(block) && met !== MAYBE_OPEN; i++) {
      const from = graph.predecessor(block, i);
      if (!control.isReachable(from)) continue;
      const end = this.endOf(from);
      if (end === UNKNOWN || end === met) continue;
      if (met === UNKNOWN) met = end;
      else met = isOpen(met) && isOpen(end) ? UNNAMED : MAYBE_OPEN;
    }
    return met;
  }

  private endOf(block: Block): number {
    const entry = this.entries[block]!;
    if (entry === UNKNOWN) return UNKNOWN;
    if (entry === CLOSED) return this.closedEnds[block]!;
    return this.lastMaps[block] === UNKNOWN ? entry : this.lastMaps[block]!;
  }
}

/** What is known after a round that found `now`: never more than before, but that what was closed may be open. */
function lowered(before: number, now: number): number {
  if (before === now || before === UNKNOWN || before === CLOSED || now === MAYBE_OPEN) return now;
  return isOpen(now) ? UNNAMED : MAYBE_OPEN;
}

/** Whether a frame is there, whatever it names. */
function isOpen(state: number): boolean {
  return state >= UNNAMED;
}

/** Whether a map, by its number, says that no slot holds a reference. */
export function isEmpty({ dfg }: Function, map: number): boolean {
  return map === 0 || dfg.stackMaps.entryCount((map - 1) as StackMap) === 0;
}
