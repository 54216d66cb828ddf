/**
 * Questions to the dataflow's result, asked when there is an error to explain: what in a block ended a fact about a slot,
 * which safepoint lies between a copy and its use, where blocks come from.
 */
import { I32List } from "../base/column.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import { ValueKind } from "../ir/values.ts";
import { collects, EventKind } from "./events.ts";
import type { FactSet } from "./facts.ts";
import type { SafepointFlow } from "./flow.ts";
import type { Match } from "./match.ts";

/** How an event ends what a slot holds. */
export const EventEnd = {
  /** Something else is stored. */
  Spill: 0,
  /** A safepoint's map does not name the slot, and the reference goes stale. */
  Unmapped: 1,
  /** A safepoint's map names the slot, and a collector may change what is no reference. */
  Mapped: 2,
} as const;

/** A safepoint, and the blocks from it to where it matters. */
export interface FoundSafepoint {
  readonly block: Block;
  readonly inst: Inst;
  readonly path: readonly Block[];
}

interface Step {
  readonly block: Block;
  readonly next: Step | null;
}

export class SlotHistory {
  private readonly flow: SafepointFlow;
  private match!: Match;
  /** By block: edges into it as pairs of block and destination index; made when first asked for. */
  private predecessors: Map<Block, [Block, number][]> | null;

  constructor(flow: SafepointFlow) {
    this.flow = flow;
    this.predecessors = null;
  }

  begin(match: Match): void {
    this.match = match;
    this.predecessors = null;
  }

  /**
   * The last event of the block, before `until` if given, that ends what a cell should hold. In a loop it may not hold
   * before that event either, because of that very event one round earlier.
   */
  lastEnd(
    cell: number,
    element: number,
    block: Block,
    until: Inst | typeof NONE,
    holds: (set: FactSet) => boolean,
  ): { readonly kind: number; readonly inst: Inst } | null {
    const { flow } = this;
    const { events } = flow;
    let end: { kind: number; inst: Inst } | null = null;
    let state = flow.entryState(block);
    let epoch = flow.epochs.entry(block);
    let safepoints = 0;
    for (let event = events.start(block); event < events.end(block); event++) {
      if (events.inst(event) === until) break;
      state = flow.step(event, state, epoch, block);
      if (events.kind(event) === EventKind.Safepoint) epoch = flow.epochs.after(block, ++safepoints);
      if (holds(flow.states.get(state, cell))) {
        end = null;
      } else {
        const kind = this.endKind(event, cell, element);
        if (kind !== null) end = { kind, inst: events.inst(event) };
      }
    }
    return end;
  }

  /** How an event would end the fact if it held before, or `null`. */
  private endKind(event: number, cell: number, element: number): number | null {
    const { events, cells, facts } = this.flow;
    if (events.kind(event) === EventKind.Spill) {
      const stored = events.cell(event);
      return stored === cell || cells.overlapping(cell).includes(stored) ? EventEnd.Spill : null;
    }
    if (events.kind(event) !== EventKind.Safepoint) return null;
    const isMapped = cells.sets.has(events.operand(event), cell);
    const value = element === NONE ? NONE : facts.asValue(element);
    if (element !== NONE && value === NONE) return null;
    const isMovable = element === NONE || facts.isDeclared(value as Value);
    if (isMovable) return isMapped ? null : EventEnd.Unmapped;
    return isMapped ? EventEnd.Mapped : null;
  }

  /** Whether some spill puts the element into the cell. */
  isEverStored(cell: number, element: number): boolean {
    const { events, facts } = this.flow;
    for (let event = 0; event < events.length; event++) {
      if (events.kind(event) !== EventKind.Spill || events.cell(event) !== cell) continue;
      if (facts.has(this.flow.made(events.operand(event) as Value), element)) return true;
    }
    return false;
  }

  /** What the slots hold at the end of a block. */
  exitState(block: Block): number {
    const { flow } = this;
    const { events } = flow;
    let state = flow.entryState(block);
    let epoch = flow.epochs.entry(block);
    let safepoints = 0;
    for (let event = events.start(block); event < events.end(block); event++) {
      state = flow.step(event, state, epoch, block);
      if (events.kind(event) === EventKind.Safepoint) epoch = flow.epochs.after(block, ++safepoints);
    }
    return state;
  }

  /** The epoch in which an instruction begins. */
  epochAt(block: Block, inst: Inst): number {
    const { layout } = this.match.after;
    let safepoints = 0;
    for (let at = layout.firstInst(block); at !== NONE && at !== inst; at = layout.nextInst(at)) {
      if (collects(this.match, at)) safepoints++;
    }
    return this.flow.epochs.after(block, safepoints);
  }

  /** The cell that a reload reads. */
  cellOf(reload: Inst): number {
    const { after } = this.match;
    const address = this.match.addressOf(reload) as Inst;
    const type = after.dfg.valueType(after.dfg.firstResult(reload));
    return this.flow.cells.ofAccess(after, address, after.dfg.offset(reload), type);
  }

  /** A safepoint on a path from where a value is made to an instruction, nearest to the instruction. */
  safepointBetween(value: Value, block: Block, inst: Inst): FoundSafepoint | null {
    const { dfg, layout } = this.match.after;
    const def = dfg.valueKind(value) === ValueKind.Result ? dfg.valueInst(value) : NONE;
    const home = def === NONE ? dfg.valueBlock(value) : layout.blockOf(def);
    const queue: Step[] = [{ block, next: null }];
    const seen = new Set<Block>();
    for (let i = 0; i < queue.length; i++) {
      const step = queue[i]!;
      let at = i > 0 ? layout.lastInst(step.block) : this.startOf(inst);
      for (; at !== NONE && at !== def; at = layout.prevInst(at)) {
        if (collects(this.match, at)) return { block: step.block, inst: at, path: pathOf(step) };
      }
      if (at !== NONE || (step.block === home && def === NONE)) continue;
      for (const [from] of this.predecessorsOf(step.block)) {
        if (seen.has(from)) continue;
        seen.add(from);
        queue.push({ block: from, next: step });
      }
    }
    return null;
  }

  /** The arguments of a branch are passed after it: of a `try_call`, after the call. */
  private startOf(inst: Inst): Inst | typeof NONE {
    const { dfg, layout } = this.match.after;
    return dfg.destinationCount(inst) > 0 && collects(this.match, inst) ? inst : layout.prevInst(inst);
  }

  /** The values of BEFORE in a set, for people. */
  elementNames(set: FactSet): string {
    const keys = new I32List();
    this.flow.facts.collectKeys(set, keys);
    const names: string[] = [];
    for (let i = 0; i < keys.length && names.length < 3; i++) {
      const value = this.flow.facts.asValue(keys.get(i));
      if (value !== NONE) names.push(`v${value}`);
    }
    return names.join(", ");
  }

  /** The edges into a block from reachable ones: the block and the destination's index. */
  predecessorsOf(block: Block): readonly (readonly [Block, number])[] {
    this.predecessors ??= this.listPredecessors();
    return this.predecessors.get(block) ?? [];
  }

  private listPredecessors(): Map<Block, [Block, number][]> {
    const { dfg, layout } = this.match.after;
    const lists = new Map<Block, [Block, number][]>();
    for (let i = this.flow.order.length - 1; i >= 0; i--) {
      const block = this.flow.order.get(i) as Block;
      const last = layout.lastInst(block);
      if (last === NONE) continue;
      for (let index = 0; index < dfg.destinationCount(last); index++) {
        const to = dfg.blockCalls.block(dfg.destination(last, index));
        const list = lists.get(to);
        if (list === undefined) lists.set(to, [[block, index]]);
        else list.push([block, index]);
      }
    }
    return lists;
  }
}

function pathOf(step: Step): Block[] {
  const path: Block[] = [];
  for (let at: Step | null = step; at !== null; at = at.next) path.push(at.block);
  return path;
}
