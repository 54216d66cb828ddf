/**
 * What happens to slots, block by block: AFTER's reloads, spills and safepoints in order, all else left out, so that the
 * dataflow walks a list of events and no instructions. Also the epoch in which each value of AFTER comes into being.
 *
 *     event        cell               operand
 *     Reload       the cell read      the result
 *     Spill        the cell written   the stored value, aliases resolved
 *     Safepoint    -                  the set of cells that its map names
 */
import type { DominatorTree } from "../analysis/dominator-tree.ts";
import { grownCapacity, grownColumn } from "../base/column.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import { isSafepoint } from "../ir/opcodes.ts";
import type { Cells } from "./cells.ts";
import type { Epochs } from "./epochs.ts";
import { Added, type Match } from "./match.ts";

export const EventKind = { Reload: 0, Spill: 1, Safepoint: 2 } as const;

export class Events {
  private kinds: Uint8Array;
  private cellsOf: Int32Array;
  private operands: Int32Array;
  private insts: Int32Array;
  private count: number;
  /** By block: its first event; `ends` is behind its last. */
  private starts: Int32Array;
  private ends: Int32Array;
  /** By value of AFTER: the epoch in which it is made. */
  private epochs: Int32Array;

  constructor() {
    this.kinds = new Uint8Array(64);
    this.cellsOf = new Int32Array(64);
    this.operands = new Int32Array(64);
    this.insts = new Int32Array(64);
    this.count = 0;
    this.starts = new Int32Array(0);
    this.ends = new Int32Array(0);
    this.epochs = new Int32Array(0);
  }

  /** Lists the events of the reachable blocks and counts their safepoints; `numberEpochs` comes after. */
  compute(match: Match, tree: DominatorTree, cells: Cells, epochs: Epochs): void {
    const { dfg, layout } = match.after;
    this.count = 0;
    if (this.starts.length < dfg.numBlocks) {
      const capacity = grownCapacity(this.starts.length, dfg.numBlocks);
      this.starts = new Int32Array(capacity);
      this.ends = new Int32Array(capacity);
    }
    epochs.begin(dfg.numBlocks);
    for (let i = 0; i < tree.reachableCount; i++) {
      const block = tree.inPreorder(i);
      this.starts[block] = this.count;
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        this.addInst(match, inst, cells);
        if (collects(match, inst)) epochs.addSafepoint(block);
      }
      this.ends[block] = this.count;
    }
  }

  private addInst(match: Match, inst: Inst, cells: Cells): void {
    const { after } = match;
    const { dfg } = after;
    if (match.origin(inst) !== NONE) {
      if (!collects(match, inst)) return;
      const named = cells.ofMap(after, dfg.stackMap(inst), match.before.stackSlots.length);
      this.push(EventKind.Safepoint, NONE, named, inst);
      return;
    }
    const added = match.addedKind(inst);
    if (added !== Added.Reload && added !== Added.Spill) return;
    const value = added === Added.Reload ? dfg.firstResult(inst) : dfg.resolveAliases(dfg.arg(inst, 0));
    const address = match.addressOf(inst) as Inst;
    const cell = cells.ofAccess(after, address, dfg.offset(inst), dfg.valueType(value));
    this.push(added === Added.Reload ? EventKind.Reload : EventKind.Spill, cell, value, inst);
  }

  private push(kind: number, cell: number, operand: number, inst: Inst): void {
    const at = this.count++;
    if (at === this.kinds.length) {
      const capacity = grownCapacity(at, this.count);
      this.kinds = grownColumn(this.kinds, capacity);
      this.cellsOf = grownColumn(this.cellsOf, capacity);
      this.operands = grownColumn(this.operands, capacity);
      this.insts = grownColumn(this.insts, capacity);
    }
    this.kinds[at] = kind;
    this.cellsOf[at] = cell;
    this.operands[at] = operand;
    this.insts[at] = inst;
  }

  /** Gives each value of the reachable blocks its epoch. */
  numberEpochs(match: Match, tree: DominatorTree, epochs: Epochs): void {
    const { dfg, layout } = match.after;
    if (this.epochs.length < dfg.numValues) {
      this.epochs = new Int32Array(grownCapacity(this.epochs.length, dfg.numValues));
    }
    for (let i = 0; i < tree.reachableCount; i++) {
      const block = tree.inPreorder(i);
      for (let p = 0; p < dfg.blockParamCount(block); p++) {
        this.epochs[dfg.blockParam(block, p)] = epochs.entry(block);
      }
      let safepoints = 0;
      for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
        if (collects(match, inst)) safepoints++;
        const epoch = epochs.after(block, safepoints);
        for (let r = 0; r < dfg.resultCount(inst); r++) this.epochs[dfg.result(inst, r)] = epoch;
      }
    }
  }

  epochOf(value: Value): number {
    return this.epochs[value]!;
  }

  start(block: Block): number {
    return this.starts[block]!;
  }

  end(block: Block): number {
    return this.ends[block]!;
  }

  get length(): number {
    return this.count;
  }

  kind(event: number): number {
    return this.kinds[event]!;
  }

  cell(event: number): number {
    return this.cellsOf[event]!;
  }

  operand(event: number): number {
    return this.operands[event]!;
  }

  inst(event: number): Inst {
    return this.insts[event]! as Inst;
  }
}

/** Whether a collector may run while this instruction of AFTER does: BEFORE says so. */
export function collects(match: Match, inst: Inst): boolean {
  if (!isSafepoint(match.after.dfg.opcode(inst))) return false;
  const origin = match.origin(inst);
  return origin !== NONE && match.before.mayCollect(origin);
}
