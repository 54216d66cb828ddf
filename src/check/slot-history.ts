/**
 * Questions to the dataflow's result, asked when there is an error to explain: what ended a fact about a slot, which
 * safepoint lies between a copy and its use, along which edge a parameter gets something else.
 */
import { I32List } from "../base/column.ts";
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { ValueKind } from "../ir/dfg.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Type } from "../ir/types.ts";
import { collects, EventKind } from "./events.ts";
import type { FactSet } from "./facts.ts";
import type { SafepointFlow } from "./flow.ts";
import type { Match } from "./match.ts";

export const CauseKind = { Spill: 0, Unmapped: 1, Mapped: 2, Edge: 3, Never: 4 } as const;

/** What ended the fact that a cell holds an element. */
export interface Cause {
  readonly kind: number;
  readonly cell: number;
  /** The element as it is called there. */
  readonly element: number;
  readonly block: Block;
  readonly inst: Inst | typeof NONE;
  /** Blocks from the cause to where it shows. */
  readonly path: readonly Block[];
}

/** A step of a backward search: where it stands and which step it came from. */
interface Step {
  readonly block: Block;
  readonly element: number;
  readonly next: Step | null;
}

/** An edge on which a parameter gets something else. */
export interface FailingEdge {
  readonly block: Block;
  /** The branch. */
  readonly inst: Inst;
  /** The value passed, aliases resolved; `NONE` for what a `try_call` gives. */
  readonly passed: Value | typeof NONE;
  /** What the parameter should be, as it is called before the edge; negative for what a `try_call` gives. */
  readonly element: number;
}

type Holds = (set: FactSet, element: number) => boolean;

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

  /** Why the cell does not hold the element where the instruction stands. */
  why(cell: number, element: number, block: Block, inst: Inst): Cause {
    return this.search(cell, element, block, inst, (set, wanted) => this.flow.facts.has(set, wanted));
  }

  /** Why the cell holds no reference of that type where the instruction stands. */
  whyNoReference(cell: number, type: Type, block: Block, inst: Inst): Cause {
    return this.search(cell, NONE, block, inst, (set) => this.flow.facts.isReference(set, type));
  }

  private search(cell: number, element: number, block: Block, inst: Inst, holds: Holds): Cause {
    const start: Step = { block, element, next: null };
    const atOnce = this.lastCause(cell, start, inst, holds);
    if (atOnce !== null) return atOnce;
    const queue: Step[] = [start];
    const seen = new Set<string>([`${block}:${element}`]);
    for (let i = 0; i < queue.length; i++) {
      const step = queue[i]!;
      if (step.block === this.match.after.layout.entryBlock) return never(cell, step);
      for (const [from, index] of this.predecessorsOf(step.block)) {
        const cause = this.before(cell, step, from, index, holds, queue, seen);
        if (cause !== null) return cause;
      }
    }
    return never(cell, start);
  }

  /** Follows a step back along an edge; a cause in the block it comes from ends the search. */
  private before(
    cell: number,
    step: Step,
    from: Block,
    index: number,
    holds: Holds,
    queue: Step[],
    seen: Set<string>,
  ): Cause | null {
    const { flow } = this;
    flow.setEdge(from, index);
    const element = step.element === NONE ? NONE : flow.edge.source(step.element);
    const earlier: Step = { block: from, element, next: step };
    if (step.element !== NONE && element < 0) return { ...never(cell, earlier), kind: CauseKind.Edge };
    if (holds(flow.states.get(this.exitState(from), cell), element)) return null;
    const cause = this.lastCause(cell, earlier, NONE, holds);
    if (cause !== null) return cause;
    const key = `${from}:${element}`;
    if (!seen.has(key)) {
      seen.add(key);
      queue.push(earlier);
    }
    return null;
  }

  /**
   * The last event of the step's block, before `until` if given, that ends the fact on this path. In a loop the fact may
   * not hold before it either, because of that very event.
   */
  private lastCause(cell: number, step: Step, until: Inst | typeof NONE, holds: Holds): Cause | null {
    const { flow } = this;
    const { events } = flow;
    let cause: Cause | null = null;
    let state = flow.entryState(step.block);
    let epoch = flow.epochs.entry(step.block);
    let safepoints = 0;
    for (let event = events.start(step.block); event < events.end(step.block); event++) {
      if (until !== NONE && events.inst(event) === until) break;
      state = flow.step(event, state, epoch, step.block);
      if (events.kind(event) === EventKind.Safepoint) epoch = flow.epochs.after(step.block, ++safepoints);
      if (holds(flow.states.get(state, cell), step.element)) {
        cause = null;
      } else if (this.stores(event, cell) || this.endsAtSafepoint(event, cell, step.element)) {
        const kind = this.kindOf(event, cell);
        const inst = events.inst(event);
        cause = { kind, cell, element: step.element, block: step.block, inst, path: pathOf(step) };
      }
    }
    return cause;
  }

  /** Whether a safepoint would end the fact if it held before. */
  private endsAtSafepoint(event: number, cell: number, element: number): boolean {
    const { events, cells, facts } = this.flow;
    if (events.kind(event) !== EventKind.Safepoint) return false;
    const isMapped = cells.sets.get(events.operand(event), cell) !== 0;
    const value = element === NONE ? NONE : facts.asValue(element);
    // Asked for any reference, or for a declared value: both go stale where no map names the slot.
    if (value === NONE) return element === NONE && !isMapped;
    return facts.isDeclared(value) ? !isMapped : isMapped;
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

  private stores(event: number, cell: number): boolean {
    const { events, cells } = this.flow;
    if (events.kind(event) !== EventKind.Spill) return false;
    return events.cell(event) === cell || cells.overlapping(cell).includes(events.cell(event));
  }

  private kindOf(event: number, cell: number): number {
    const { events, cells } = this.flow;
    if (events.kind(event) === EventKind.Spill) return CauseKind.Spill;
    return cells.sets.get(events.operand(event), cell) === 0 ? CauseKind.Unmapped : CauseKind.Mapped;
  }

  private exitState(block: Block): number {
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
  safepointBetween(
    value: Value,
    block: Block,
    inst: Inst,
  ): { readonly block: Block; readonly inst: Inst; readonly path: readonly Block[] } | null {
    const { dfg, layout } = this.match.after;
    const def = dfg.valueKind(value) === ValueKind.Result ? dfg.valueInst(value) : NONE;
    const home = def === NONE ? dfg.valueBlock(value) : layout.blockOf(def);
    const isBranch = layout.nextInst(inst) === NONE && dfg.destinationCount(inst) > 0;
    const queue: Step[] = [{ block, element: NONE, next: null }];
    const seen = new Set<Block>();
    for (let i = 0; i < queue.length; i++) {
      const step = queue[i]!;
      // The arguments of a branch are passed after it: of a try_call, after the call.
      let at =
        i > 0
          ? layout.lastInst(step.block)
          : isBranch && collects(this.match, inst)
            ? inst
            : layout.prevInst(inst);
      for (; at !== NONE && at !== def; at = layout.prevInst(at)) {
        if (collects(this.match, at)) return { block: step.block, inst: at, path: pathOf(step) };
      }
      if (at === NONE ? step.block === home && def === NONE : true) continue;
      for (const [from] of this.predecessorsOf(step.block)) {
        if (seen.has(from)) continue;
        seen.add(from);
        queue.push({ block: from, element: NONE, next: step });
      }
    }
    return null;
  }

  /**
   * An edge along which a parameter of AFTER does not get the element, and what the element is called before it. Edges
   * that pass what `told` has already been said about come last, so that a loop's reason is found outside it.
   */
  failingEdge(
    param: Value,
    element: number,
    told: (value: Value, element: number) => boolean,
  ): FailingEdge | null {
    const { flow } = this;
    const { dfg, layout } = this.match.after;
    let again: FailingEdge | null = null;
    for (const [block, index] of this.predecessorsOf(dfg.valueBlock(param))) {
      const call = flow.setEdge(block, index);
      const arg = dfg.blockCalls.arg(call, dfg.valueIndex(param));
      if (flow.facts.has(flow.passed(arg, flow.epochs.exit(block), block), element)) continue;
      const passed: FailingEdge["passed"] = isValueArg(arg) ? dfg.resolveAliases(argValue(arg)) : NONE;
      const source = passed === NONE ? NONE : flow.edge.source(element);
      const found = { block, inst: layout.lastInst(block) as Inst, passed, element: source };
      if (passed === NONE || !told(passed, source)) return found;
      again = found;
    }
    return again;
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

  private predecessorsOf(block: Block): readonly [Block, number][] {
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

function never(cell: number, step: Step): Cause {
  return {
    kind: CauseKind.Never,
    cell,
    element: step.element,
    block: step.block,
    inst: NONE,
    path: pathOf(step),
  };
}
