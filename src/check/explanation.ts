/**
 * Why a proof fails: from the place where it shows back to what took the value away. Runs only when there is an error, so it
 * may walk the function again.
 *
 * A failed proof is a claim that does not hold: "v10 is v0 here", "ss0 holds v0 where block2 begins". Each such claim fails
 * because of an event at hand (another value stored, a safepoint passed), or because one that it rests on fails: a
 * reload's, that of its slot; a parameter's, that of an argument; a slot's at the beginning of a block, that of the slot at
 * the end of a predecessor. Claims are followed breadth first, each once, so the story told is a shortest one, and loops in
 * which claims rest on each other lead out. Values change their names on the way: before an edge on which BEFORE gives v5 the
 * argument v1, what was v5 is v1.
 */
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Type } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { instText } from "../text/index.ts";
import { type CellClaim, type Reason, Story, type ValueClaim } from "./claims.ts";
import type { FactSet } from "./facts.ts";
import type { SafepointFlow } from "./flow.ts";
import { Added, type Match } from "./match.ts";
import { type SafepointError, safepointError } from "./safepoint-error.ts";
import { EventEnd, SlotHistory } from "./slot-history.ts";

export class Explanation {
  private readonly flow: SafepointFlow;
  private readonly history: SlotHistory;
  private readonly story: Story;
  private match!: Match;
  /** The type asked for when any reference would do; else a claim's element says what is wanted. */
  private wantedType: { readonly type: Type; readonly text: string } | null;
  /** What the value in question is called where it is used; constants have no number of their own. */
  private wantedName: string;

  constructor(flow: SafepointFlow) {
    this.flow = flow;
    this.history = new SlotHistory(flow);
    this.story = new Story();
    this.wantedType = null;
    this.wantedName = "";
  }

  begin(match: Match): void {
    this.match = match;
    this.history.begin(match);
  }

  /** An operand of an instruction is not what BEFORE uses there. */
  ofUse(block: Block, inst: Inst, value: Value, operand: Value, epoch: number): SafepointError {
    this.wantedType = null;
    this.wantedName = `v${value}`;
    const element = this.flow.facts.elementOf(value);
    this.story.start({ kind: "value", value: operand, element, block, inst, epoch, parent: null, note: "" });
    const reason = this.search();
    const message = `v${value} does not reach ${this.place(block, inst)}: ${reason.message}`;
    const { code, slot, notes } = reason;
    return safepointError(code, message, { inst, block, value, slot, notes });
  }

  /** A slot that a map names holds no reference of the entry's type. */
  ofEntry(block: Block, inst: Inst, cell: number, type: Type, typeText: string): SafepointError {
    this.wantedType = { type, text: `a live ${typeText} reference` };
    const slot = this.flow.cells.slot(cell);
    this.story.start({ kind: "cell", cell, element: NONE, block, inst, parent: null, note: "" });
    const { message: reason, notes } = this.search();
    const name = this.flow.cells.name(cell);
    const message = `the map of ${this.place(block, inst)} names ${name}, which holds no reference: ${reason}`;
    return safepointError("map-not-reference", message, { inst, block, slot, notes });
  }

  private search(): Reason {
    for (let claim = this.story.next(); claim !== null; claim = this.story.next()) {
      const reason = claim.kind === "value" ? this.ofValue(claim) : this.ofCell(claim);
      if (reason !== null) return reason;
    }
    return this.story.fallback();
  }

  /** Whether a place with these facts is what is wanted. */
  private holds(set: FactSet, element: number): boolean {
    const { facts } = this.flow;
    return this.wantedType === null ? facts.has(set, element) : facts.isReference(set, this.wantedType.type);
  }

  // Claims about values.

  private ofValue(claim: ValueClaim): Reason | null {
    const { flow, match } = this;
    const { value, element } = claim;
    const { dfg } = match.after;
    if (this.holds(flow.made(value), element)) return this.stale(claim);
    const isParam = dfg.valueKind(value) === ValueKind.Param;
    if (isParam && dfg.valueBlock(value) !== match.after.layout.entryBlock) {
      this.addArguments(claim);
      return this.orStale(claim);
    }
    if (!isParam && match.isAdded(value) && match.addedKind(dfg.valueInst(value)) === Added.Reload) {
      const inst = dfg.valueInst(value);
      const block = match.after.layout.blockOf(inst) as Block;
      const cell = this.history.cellOf(inst);
      const subject = claim.parent === null ? "it" : `v${value}`;
      const note = `${subject} is read from ${flow.cells.name(cell)} by ${this.place(block, inst)}`;
      this.story.add({ kind: "cell", cell, element, block, inst, parent: claim, note });
      return this.orStale(claim);
    }
    return this.story.reason(claim, "wrong-use", `v${value}${this.meaning(value)} stands in its place`);
  }

  /** If all that a claim rests on goes in circles, a safepoint within the circle is why. */
  private orStale(claim: ValueClaim): null {
    if (this.mayBeStale(claim)) this.story.keep(this.stale(claim));
    return null;
  }

  /** A parameter rests on what is passed for it on each edge. */
  private addArguments(claim: ValueClaim): void {
    const { flow, match } = this;
    const { dfg, layout } = match.after;
    const { value: param, element } = claim;
    const to = dfg.valueBlock(param);
    for (const [block, index] of this.history.predecessorsOf(to)) {
      const call = flow.setEdge(block, index);
      const arg = dfg.blockCalls.arg(call, dfg.valueIndex(param));
      const epoch = flow.epochs.exit(block);
      if (this.holds(flow.passed(arg, epoch, block), element)) continue;
      const source = element === NONE ? NONE : flow.edge.source(element);
      const edge = `on the edge from block${block} to block${to}`;
      if (!isValueArg(arg) || (element !== NONE && source < 0)) {
        this.story.keep(this.story.reason(claim, "wrong-use", `v${param} gets something else ${edge}`));
        continue;
      }
      const value = dfg.resolveAliases(argValue(arg));
      const instead = element === NONE ? "" : `, where BEFORE passes ${this.elementName(source)}`;
      const note = `v${param} gets v${value} ${edge}${instead}`;
      const inst = layout.lastInst(block) as Inst;
      this.addValue({ kind: "value", value, element: source, block, inst, epoch, parent: claim, note });
    }
  }

  /** A claim that has been looked at elsewhere may fail here for a reason of its own: a safepoint in a loop. */
  private addValue(claim: ValueClaim): void {
    if (!this.story.add(claim) && this.mayBeStale(claim)) this.story.keep(this.stale(claim));
  }

  /** Whether a safepoint has passed since the value was made that ends what it should be. */
  private mayBeStale({ value, element, epoch }: ValueClaim): boolean {
    const { facts, events } = this.flow;
    if (events.epochOf(value) === epoch) return false;
    const wanted = element === NONE ? NONE : facts.asValue(element);
    return element === NONE || (wanted !== NONE && facts.isDeclared(wanted));
  }

  private stale(claim: ValueClaim): Reason {
    const { match } = this;
    const { value, element, block, inst } = claim;
    const isReload = match.isAdded(value);
    const found = this.history.safepointBetween(value, block, inst);
    const call = found === null ? "a safepoint" : this.place(found.block, found.inst);
    const message = isReload
      ? `${call} may have moved it since v${value} was made of it`
      : `${call} may have moved it, and v${value} is used without a reload`;
    const reason = this.story.reason(claim, "stale-use", message, null, found?.path ?? []);
    const name = element === NONE ? "it" : this.elementName(element);
    if (element === NONE || name === `v${value}`) return reason;
    return { ...reason, notes: [...reason.notes, `v${value} is a copy of ${name}, made before that call`] };
  }

  // Claims about slots.

  private ofCell(claim: CellClaim): Reason | null {
    const { cell, element, block, inst } = claim;
    const holds = (set: FactSet): boolean => this.holds(set, element);
    const end = this.history.lastEnd(cell, element, block, inst, holds);
    if (end === null) {
      this.addPredecessors(claim);
      return null;
    }
    const { flow } = this;
    const name = flow.cells.name(cell);
    const wanted = this.wanted(element);
    const slot = flow.cells.slot(cell);
    if (end.kind === EventEnd.Spill) return this.ofSpill(claim, end.inst);
    const map = `the map of ${this.place(block, end.inst)}`;
    const message =
      end.kind === EventEnd.Unmapped
        ? `${name} holds ${wanted}, and ${map} does not name ${name}`
        : `${name} holds ${wanted}, which is no reference, and ${map} names ${name}`;
    return this.story.reason(
      claim,
      end.kind === EventEnd.Unmapped ? "stale-use" : "wrong-use",
      message,
      slot,
    );
  }

  /** Something was stored that is not what is wanted; or that should be it, and fails itself. */
  private ofSpill(claim: CellClaim, inst: Inst): Reason | null {
    const { flow, match } = this;
    const { cell, element, block } = claim;
    const { dfg } = match.after;
    const value = dfg.resolveAliases(dfg.arg(inst, 0));
    const name = flow.cells.name(cell);
    const what = `v${value}${this.meaning(value)}, stored to ${name} in block${block},`;
    const wanted = this.wanted(element);
    let message = `${what} is not ${wanted}`;
    if (this.wantedType === null && this.history.isEverStored(cell, element)) {
      const around = this.story.path(claim);
      const isLoop = around.length > 1 && around.at(-1) === block;
      message = `${what} overwrites ${wanted}${isLoop ? `, which block${block}'s next round reads` : ""}`;
    }
    const reason = this.story.reason(claim, "wrong-use", message, flow.cells.slot(cell));
    const isNamesake = value === element || this.holds(flow.made(value), element);
    const isCopy =
      match.isAdded(value) && !isNamesake && match.addedKind(dfg.valueInst(value)) === Added.Reload;
    if (!isNamesake && !isCopy && !(this.wantedType !== null && dfg.valueKind(value) === ValueKind.Param))
      return reason;
    const epoch = this.history.epochAt(block, inst);
    const note = `v${value} is stored to ${name} in block${block}`;
    this.story.keep(reason);
    this.addValue({ kind: "value", value, element, block, inst, epoch, parent: claim, note });
    return null;
  }

  /** What a slot holds where a block begins rests on what it holds at the end of each predecessor. */
  private addPredecessors(claim: CellClaim): void {
    const { flow, match } = this;
    const { cell, element, block } = claim;
    const name = flow.cells.name(cell);
    const slot = flow.cells.slot(cell);
    if (block === match.after.layout.entryBlock) {
      this.story.keep(
        this.story.reason(claim, "wrong-use", `nothing is stored to ${name} on the way there`, slot),
      );
    }
    for (const [from, index] of this.history.predecessorsOf(block)) {
      flow.setEdge(from, index);
      const source = element === NONE ? NONE : flow.edge.source(element);
      if (element !== NONE && source < 0) {
        const message = `block${from} passes on something that ${name} does not hold`;
        this.story.keep(this.story.reason(claim, "wrong-use", message, slot));
        continue;
      }
      const atExit = flow.states.get(this.history.exitState(from), cell);
      if (this.holds(atExit, source)) continue;
      this.story.add({
        kind: "cell",
        cell,
        element: source,
        block: from,
        inst: NONE,
        parent: claim,
        note: "",
      });
    }
  }

  // Names.

  private wanted(element: number): string {
    return this.wantedType === null ? this.elementName(element) : this.wantedType.text;
  }

  private elementName(element: number): string {
    const value = this.flow.facts.asValue(element);
    return value === NONE ? `the constant ${this.wantedName}` : `v${value}`;
  }

  /** For a value that BEFORE does not have: what it is a copy of. */
  private meaning(operand: Value): string {
    if (!this.match.isAdded(operand)) return "";
    const names = this.history.elementNames(this.flow.made(operand));
    return names === "" ? "" : ` (${names})`;
  }

  private place(block: Block, inst: Inst): string {
    // The comment that shows constants is for listings.
    const [text] = instText(this.match.after, inst).split("  ; ");
    return `\`${text}\` in block${block}`;
  }
}
