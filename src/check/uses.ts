/**
 * The verdict: walks AFTER once more with the dataflow's result and asks at each instruction of BEFORE whether each
 * operand equals the operand there, and at each safepoint whether each slot that its map names holds a reference.
 */
import { I32List } from "../base/column.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import { bytesOf, typeName } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { EventKind } from "./events.ts";
import { Explanation } from "./explanation.ts";
import type { SafepointFlow } from "./flow.ts";
import { MapRules } from "./map-rules.ts";
import type { Match } from "./match.ts";
import { OperandPairs } from "./operands.ts";
import { type SafepointError, safepointError } from "./safepoint-error.ts";
import type { SlotState } from "./slot-states.ts";

export class Uses {
  private readonly flow: SafepointFlow;
  private readonly rules: MapRules;
  private readonly operands: OperandPairs;
  private readonly explanation: Explanation;
  private match!: Match;
  private errors!: SafepointError[];
  private maxErrors: number;

  constructor(flow: SafepointFlow) {
    this.flow = flow;
    this.rules = new MapRules();
    this.operands = new OperandPairs();
    this.explanation = new Explanation(flow);
    this.maxErrors = 0;
  }

  check(match: Match, maxErrors: number): SafepointError[] {
    this.match = match;
    this.errors = [];
    this.maxErrors = maxErrors;
    this.rules.begin(match);
    this.explanation.begin(match);
    const blocks = reachableInLayout(this.flow, match);
    for (let i = 0; i < blocks.length && this.errors.length < maxErrors; i++) {
      this.checkBlock(blocks.get(i) as Block);
    }
    return this.errors;
  }

  private checkBlock(block: Block): void {
    const { flow, match } = this;
    const { events, epochs } = flow;
    const { layout, dfg } = match.after;
    let state = flow.entryState(block);
    let epoch = epochs.entry(block);
    let event = events.start(block);
    const end = events.end(block);
    let safepoints = 0;
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      const here = event < end && events.inst(event) === inst;
      if (match.origin(inst) !== NONE) {
        this.checkOperands(block, inst, epoch);
        const hasMap =
          dfg.stackMap(inst) !== NONE || match.before.dfg.stackMap(match.origin(inst) as Inst) !== NONE;
        if (hasMap) this.checkMap(block, inst, here, state);
      }
      if (!here) continue;
      state = flow.step(event, state, epoch, block);
      if (events.kind(event) === EventKind.Safepoint) epoch = epochs.after(block, ++safepoints);
      event++;
      if (this.errors.length >= this.maxErrors) return;
    }
  }

  private checkOperands(block: Block, inst: Inst, epoch: number): void {
    const { operands, match } = this;
    operands.collect(match, inst);
    for (let i = 0; i < operands.length; i++) {
      const value = operands.before(i);
      const operand = operands.after(i);
      if (this.isRight(value, operand, epoch, block)) continue;
      this.errors.push(this.explanation.ofUse(block, inst, value, operand, epoch));
    }
  }

  /** Whether an operand of AFTER equals the value that BEFORE uses. */
  private isRight(value: Value, operand: Value, epoch: number, block: Block): boolean {
    const { flow, match } = this;
    const { dfg } = match.after;
    if (value === operand && dfg.valueKind(operand) === ValueKind.Result) {
      // The commonest case by far: the very result, and either no collector knows of it or none has run since.
      if (!flow.facts.isDeclared(value) || flow.events.epochOf(operand) === epoch) return true;
    }
    if (dfg.valueType(operand) !== match.before.dfg.valueType(value)) return false;
    return flow.facts.has(flow.current(operand, epoch, block), flow.facts.elementOf(value));
  }

  private checkMap(block: Block, inst: Inst, collects: boolean, state: SlotState): void {
    const fault = this.rules.fault(this.match, inst);
    if (fault !== null) {
      const slot = fault.slot as never;
      this.errors.push(safepointError(fault.code, fault.message, { inst, block, slot }));
    } else if (collects) {
      this.checkEntries(block, inst, state);
    }
  }

  /** Each slot that the map names holds a reference of the entry's type, or null. */
  private checkEntries(block: Block, inst: Inst, state: SlotState): void {
    const { flow, match } = this;
    const { dfg } = match.after;
    const { stackMaps } = dfg;
    const map = dfg.stackMap(inst);
    if (map === NONE) return;
    // Most maps are right as a whole, and equal parts of equal states are counted once.
    const named = flow.cells.ofMap(match.after, map, match.before.stackSlots.length);
    if (flow.states.countReferences(state, named) === stackMaps.entryCount(map)) return;
    for (let i = 0; i < stackMaps.entryCount(map); i++) {
      const slot = stackMaps.entrySlot(map, i);
      if (slot < match.before.stackSlots.length) continue;
      const type = stackMaps.entryType(map, i);
      const cell = flow.cells.at(slot, stackMaps.entryOffset(map, i), bytesOf(type));
      if (flow.facts.isReference(flow.states.get(state, cell), type)) continue;
      this.errors.push(this.explanation.ofEntry(block, inst, cell, type, typeName(type)));
    }
  }
}

/** The reachable blocks in the order in which they are printed, so that errors come in that order. */
function reachableInLayout(flow: SafepointFlow, match: Match): I32List {
  const { layout, dfg } = match.after;
  const reachable = new Uint8Array(dfg.numBlocks);
  for (let i = 0; i < flow.order.length; i++) reachable[flow.order.get(i)] = 1;
  const blocks = new I32List(flow.order.length);
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    if (reachable[block] === 1) blocks.push(block);
  }
  return blocks;
}
