/**
 * Why a proof fails: goes back from the place where it shows to what took the value away. Runs only when there is an
 * error, so it may walk the function again.
 *
 * A slot's lost fact is followed backwards, breadth first, so that the shortest path is told: from the reload to the
 * last event in its block that ended the fact, else into the predecessors along whose edges it did not hold. The fact
 * changes its name on the way: before an edge on which BEFORE gives v5 the argument v1, what was v5 is v1.
 */
import { ValueKind } from "../ir/dfg.ts";
import { type Block, type Inst, NONE, type StackSlot, type Value } from "../ir/entities.ts";
import type { Type } from "../ir/types.ts";
import { instText } from "../text/index.ts";
import type { SafepointFlow } from "./flow.ts";
import { Added, type Match } from "./match.ts";
import { type SafepointError, type SafepointErrorCode, safepointError } from "./safepoint-error.ts";
import { type Cause, CauseKind, SlotHistory } from "./slot-history.ts";

/** How many copies of copies are followed. */
const MAX_DEPTH = 6;
const MAX_PATH = 12;

interface Reason {
  readonly code: SafepointErrorCode;
  readonly message: string;
  readonly slot: StackSlot | null;
}

export class Explanation {
  private readonly flow: SafepointFlow;
  private readonly history: SlotHistory;
  private match!: Match;
  private notes: string[];
  /** What has been said already, as `value:element`. */
  private readonly told: Set<string>;

  constructor(flow: SafepointFlow) {
    this.flow = flow;
    this.history = new SlotHistory(flow);
    this.notes = [];
    this.told = new Set();
  }

  begin(match: Match): void {
    this.match = match;
    this.history.begin(match);
  }

  /** An operand of an instruction is not what BEFORE uses there. */
  ofUse(block: Block, inst: Inst, value: Value, operand: Value, epoch: number): SafepointError {
    this.notes = [];
    this.told.clear();
    const element = this.flow.facts.elementOf(value);
    const reason = this.ofValue(operand, element, epoch, block, inst, 0);
    const message = `${this.elementName(element)} does not reach ${this.place(block, inst)}: ${reason.message}`;
    return safepointError(reason.code, message, { inst, block, value, slot: reason.slot, notes: this.notes });
  }

  /** A slot that a map names holds no reference. */
  ofEntry(block: Block, inst: Inst, cell: number, type: Type, typeText: string): SafepointError {
    this.notes = [];
    this.told.clear();
    const slot = this.flow.cells.slot(cell);
    const name = this.flow.cells.name(cell);
    const cause = this.history.whyNoReference(cell, type, block, inst);
    const reason = this.ofCause(cause, `a live ${typeText} reference`);
    const message = `the map of ${this.place(block, inst)} names ${name}, which holds no reference: ${reason}`;
    this.notePath(cause.path);
    return safepointError("map-not-reference", message, { inst, block, slot, notes: this.notes });
  }

  /** Why a value of AFTER does not equal an element in an epoch, at an instruction. */
  private ofValue(
    operand: Value,
    element: number,
    epoch: number,
    block: Block,
    inst: Inst,
    depth: number,
  ): Reason {
    const { flow, match } = this;
    const { dfg } = match.after;
    this.told.add(`${operand}:${element}`);
    if (
      flow.facts.has(flow.made(operand), element) &&
      !flow.facts.has(flow.current(operand, epoch, block), element)
    ) {
      return this.ofStaleCopy(operand, element, block, inst);
    }
    if (depth < MAX_DEPTH && dfg.valueKind(operand) === ValueKind.Param) {
      const reason = this.ofParam(operand, element, depth);
      if (reason !== null) return reason;
    } else if (match.isAdded(operand) && match.addedKind(dfg.valueInst(operand)) === Added.Reload) {
      return this.ofReload(operand, element, depth);
    }
    const message = `v${operand}${this.meaning(operand)} stands in its place`;
    return { code: "wrong-use", message, slot: null };
  }

  private ofStaleCopy(operand: Value, element: number, block: Block, inst: Inst): Reason {
    const { match } = this;
    const def =
      match.after.dfg.valueKind(operand) === ValueKind.Result ? match.after.dfg.valueInst(operand) : NONE;
    const reload = def !== NONE && match.isAdded(operand) ? this.flow.events : null;
    const found = this.history.safepointBetween(operand, block, inst);
    const call = found === null ? "a safepoint" : this.place(found.block, found.inst);
    if (found !== null) this.notePath(found.path);
    const message =
      reload === null
        ? `${call} may have moved it, and v${operand} is used without a reload`
        : `${call} may have moved it since v${operand} was made of it`;
    const name = this.elementName(element);
    if (name !== `v${operand}`) this.notes.push(`v${operand} is a copy of ${name}, made before that call`);
    return { code: "stale-use", message, slot: null };
  }

  private ofReload(operand: Value, element: number, depth: number): Reason {
    const { flow, match } = this;
    const reload = match.after.dfg.valueInst(operand);
    const block = match.after.layout.blockOf(reload) as Block;
    const cell = this.history.cellOf(reload);
    this.notes.push(`it is read from ${flow.cells.name(cell)} by ${this.place(block, reload)}`);
    const cause = this.history.why(cell, element, block, reload);
    const message = this.ofCause(cause, this.elementName(cause.element));
    this.notePath(cause.path);
    const code = cause.kind === CauseKind.Unmapped ? "stale-use" : "wrong-use";
    if (cause.kind === CauseKind.Spill && depth < MAX_DEPTH) this.noteSpilled(cause, depth);
    return { code, message, slot: flow.cells.slot(cell) };
  }

  /** A spill of something that should be the value, but is not: say why in a note. */
  private noteSpilled(cause: Cause, depth: number): void {
    const { dfg } = this.match.after;
    const stored = dfg.resolveAliases(dfg.arg(cause.inst as Inst, 0));
    if (!this.flow.facts.has(this.flow.made(stored), cause.element)) {
      const added = this.match.isAdded(stored) || dfg.valueKind(stored) === ValueKind.Param;
      if (!added) return;
    }
    const epoch = this.history.epochAt(cause.block, cause.inst as Inst);
    const reason = this.ofValue(stored, cause.element, epoch, cause.block, cause.inst as Inst, depth + 1);
    this.notes.push(`v${stored} there: ${reason.message}`);
  }

  /** A parameter that does not get the value on some edge. */
  private ofParam(param: Value, element: number, depth: number): Reason | null {
    const { flow, match } = this;
    const to = match.after.dfg.valueBlock(param);
    const isTold = (value: Value, wanted: number): boolean => this.told.has(`${value}:${wanted}`);
    const found = this.history.failingEdge(param, element, isTold);
    if (found === null) return null;
    const { passed, block, inst } = found;
    const edge = `on the edge from block${block} to block${to}`;
    if (passed !== NONE && isTold(passed, found.element) && this.mayBeStale(passed, found.element, block)) {
      return this.ofStaleCopy(passed, found.element, block, inst);
    }
    if (passed === NONE || found.element < 0 || isTold(passed, found.element)) {
      return { code: "wrong-use", message: `v${param} gets something else ${edge}`, slot: null };
    }
    this.notes.push(
      `v${param} gets v${passed} ${edge}, where BEFORE passes ${this.elementName(found.element)}`,
    );
    return this.ofValue(passed, found.element, flow.epochs.exit(block), block, inst, depth + 1);
  }

  /** Whether a safepoint lies between a value and the end of a block that ends what the value should be. */
  private mayBeStale(value: Value, element: number, block: Block): boolean {
    const { facts, events, epochs } = this.flow;
    const wanted = element < 0 ? NONE : facts.asValue(element);
    return wanted !== NONE && facts.isDeclared(wanted) && events.epochOf(value) !== epochs.exit(block);
  }

  /** What ended the fact that a cell holds `wanted`. */
  private ofCause(cause: Cause, wanted: string): string {
    const name = this.flow.cells.name(cause.cell);
    switch (cause.kind) {
      case CauseKind.Spill: {
        const { dfg } = this.match.after;
        const stored = dfg.resolveAliases(dfg.arg(cause.inst as Inst, 0));
        const what = `v${stored}${this.meaning(stored)}, stored to ${name} in block${cause.block},`;
        if (!this.history.isEverStored(cause.cell, cause.element)) return `${what} is not ${wanted}`;
        const isLoop = cause.path.length > 1 && cause.path.at(-1) === cause.block;
        return `${what} overwrites ${wanted}${isLoop ? `, which block${cause.block}'s next round reads` : ""}`;
      }
      case CauseKind.Unmapped:
        return `${name} holds ${wanted}, and the map of ${this.place(cause.block, cause.inst as Inst)} does not name ${name}`;
      case CauseKind.Mapped:
        return `${name} holds ${wanted}, which is no reference, and the map of ${this.place(cause.block, cause.inst as Inst)} names ${name}`;
      case CauseKind.Edge:
        return `block${cause.block} passes on something that ${name} does not hold`;
      default:
        return `nothing is stored to ${name} on the way there`;
    }
  }

  private meaning(operand: Value): string {
    const { match, flow } = this;
    if (!match.isAdded(operand)) return "";
    const set = flow.made(operand);
    const names = this.history.elementNames(set);
    return names === "" ? "" : ` (${names})`;
  }

  private elementName(element: number): string {
    const value = this.flow.facts.asValue(element);
    return value === NONE ? "the constant" : `v${value}`;
  }

  private place(block: Block, inst: Inst): string {
    // The comment that shows constants is for listings.
    const [text] = instText(this.match.after, inst).split("  ; ");
    return `\`${text}\` in block${block}`;
  }

  private notePath(path: readonly Block[]): void {
    if (path.length < 2) return;
    const names = path.map((block) => `block${block}`);
    if (names.length > MAX_PATH) names.splice(MAX_PATH / 2, names.length - MAX_PATH, "…");
    this.notes.push(`path: ${names.join(" → ")}`);
  }
}
