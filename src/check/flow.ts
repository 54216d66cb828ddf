/**
 * The dataflow: what every slot holds where a block begins, and what every reload and parameter of AFTER equals. The
 * lattice and the transfer functions are described in `check-safepoints.ts`.
 *
 * Optimistic: nothing is known of a block until a predecessor has been walked, and what is known only ever shrinks. Blocks
 * are walked in reverse post-order, again and again those of them whose entry state, or a value that they spill or pass
 * on, has changed.
 */
import type { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import type { DominatorTree } from "../analysis/dominator-tree.ts";
import { Traversal } from "../analysis/traversal.ts";
import { grownCapacity, I32List } from "../base/column.ts";
import { argValue, type BlockArg, isValueArg } from "../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../ir/entities.ts";
import { AddedBlocks } from "./added-blocks.ts";
import { Cells } from "./cells.ts";
import { EdgeRenaming } from "./edge-renaming.ts";
import { Epochs } from "./epochs.ts";
import { EventKind, Events } from "./events.ts";
import { type FactSet, FactSets } from "./facts.ts";
import { Added, type Match } from "./match.ts";
import { EMPTY } from "./patricia.ts";
import { type SlotState, SlotStates } from "./slot-states.ts";

/** Not known yet: everything holds. */
const ALL = -1;

export class SafepointFlow {
  readonly facts: FactSets;
  readonly cells: Cells;
  readonly states: SlotStates;
  readonly events: Events;
  readonly epochs: Epochs;
  readonly edge: EdgeRenaming;
  private readonly addedBlocks: AddedBlocks;
  private match!: Match;
  private cfg!: ControlFlowGraph;
  private readonly traversal: Traversal;
  /** Reachable blocks in post-order. */
  readonly order: I32List;
  private entryStates: Int32Array;
  /** By value of AFTER: what it equals where it is made, or `ALL`. */
  private valueFacts: Int32Array;
  private dirty: Uint8Array;
  /** By value of AFTER: the blocks that spill it or pass it on, as lists in `userBlocks`. */
  private userHeads: Int32Array;
  private readonly userNexts: I32List;
  private readonly userBlocks: I32List;

  constructor() {
    this.facts = new FactSets();
    this.cells = new Cells();
    this.states = new SlotStates(this.facts, this.cells);
    this.events = new Events();
    this.epochs = new Epochs();
    this.edge = new EdgeRenaming(this.facts);
    this.addedBlocks = new AddedBlocks(this.facts);
    this.traversal = new Traversal();
    this.order = new I32List();
    this.entryStates = new Int32Array(0);
    this.valueFacts = new Int32Array(0);
    this.dirty = new Uint8Array(0);
    this.userHeads = new Int32Array(0);
    this.userNexts = new I32List();
    this.userBlocks = new I32List();
  }

  compute(match: Match, cfg: ControlFlowGraph, tree: DominatorTree): void {
    this.match = match;
    this.cfg = cfg;
    this.states.clear();
    this.facts.begin(match.before);
    this.cells.begin(match.after);
    this.events.compute(match, tree, this.cells, this.epochs);
    this.epochs.compute(cfg, tree);
    this.events.numberEpochs(match, tree, this.epochs);
    this.traversal.postOrder(match.after, this.order);
    this.addedBlocks.begin(match, cfg, this.order);
    this.reserve();
    this.listUsers();
    this.solve();
  }

  /** What the slots hold where the block begins. */
  entryState(block: Block): SlotState {
    return this.entryStates[block]!;
  }

  /**
   * What a resolved value of AFTER equals at a point of that epoch in the block: what it did when it was made, what has gone
   * stale left out.
   */
  current(value: Value, epoch: number, block: Block): FactSet {
    const made = this.made(value);
    const set = this.events.epochOf(value) === epoch ? made : this.facts.unmapped(made);
    return this.match.isOriginal(block) ? set : this.addedBlocks.behind(set, value, block);
  }

  /** What a resolved value of AFTER equals where it is made. */
  made(value: Value): FactSet {
    const known = this.valueFacts[value]!;
    if (known !== ALL) return known;
    const set = this.firstFacts(value);
    this.valueFacts[value] = set;
    return set;
  }

  /** Results of BEFORE's instructions and of added constants, which no state decides. */
  private firstFacts(value: Value): FactSet {
    const { after } = this.match;
    if (!this.match.isAdded(value)) return this.facts.ofValue(value);
    const inst = after.dfg.valueInst(value);
    return this.match.addedKind(inst) === Added.Constant ? this.facts.ofConstant(after, value) : EMPTY;
  }

  // The fixed point.

  private solve(): void {
    const entry = this.match.after.layout.entryBlock as Block;
    const { dfg } = this.match.after;
    this.entryStates[entry] = EMPTY;
    for (let i = 0; i < dfg.blockParamCount(entry); i++) {
      const param = dfg.blockParam(entry, i);
      this.valueFacts[param] = this.match.isAdded(param) ? EMPTY : this.facts.ofValue(param);
    }
    this.dirty[entry] = 1;
    for (let again = true; again; ) {
      again = false;
      for (let i = this.order.length - 1; i >= 0; i--) {
        const block = this.order.get(i) as Block;
        if (this.dirty[block] === 0) continue;
        this.dirty[block] = 0;
        again = true;
        this.walk(block);
      }
    }
  }

  private walk(block: Block): void {
    const { events } = this;
    let state = this.entryStates[block]!;
    let epoch = this.epochs.entry(block);
    let safepoints = 0;
    const end = events.end(block);
    for (let event = events.start(block); event < end; event++) {
      if (events.kind(event) === EventKind.Reload) this.reload(event, state);
      else state = this.step(event, state, epoch, block);
      if (events.kind(event) === EventKind.Safepoint) epoch = this.epochs.after(block, ++safepoints);
    }
    const count = this.cfg.successorCount(block);
    for (let i = 0; i < count; i++) this.follow(block, i, state, epoch);
  }

  /** The state behind an event. */
  step(event: number, state: SlotState, epoch: number, block: Block): SlotState {
    const { events, states } = this;
    switch (events.kind(event)) {
      case EventKind.Safepoint:
        return states.afterSafepoint(state, events.operand(event));
      case EventKind.Spill: {
        const cell = events.cell(event);
        let stored = state;
        for (const other of this.cells.overlapping(cell)) stored = states.without(stored, other);
        return states.store(stored, cell, this.current(events.operand(event) as Value, epoch, block));
      }
      default:
        return state;
    }
  }

  private reload(event: number, state: SlotState): void {
    this.setFacts(this.events.operand(event), this.states.get(state, this.events.cell(event)));
  }

  private setFacts(value: number, set: FactSet): void {
    if (this.valueFacts[value] === set) return;
    this.valueFacts[value] = set;
    for (let user = this.userHeads[value]!; user !== NONE; user = this.userNexts.get(user)) {
      const block = this.userBlocks.get(user);
      if (this.entryStates[block] !== ALL) this.dirty[block] = 1;
    }
  }

  private follow(block: Block, index: number, state: SlotState, epoch: number): void {
    const to = this.cfg.successor(block, index);
    const call = this.setEdge(block, index);
    const { entryStates } = this;
    const arriving = this.states.rename(state, this.edge);
    const known = entryStates[to]!;
    const met = known === ALL ? arriving : this.states.meet(known, arriving);
    if (met !== known) {
      entryStates[to] = met;
      this.dirty[to] = 1;
    }
    const { dfg } = this.match.after;
    const params = dfg.blockParamCount(to);
    for (let i = 0; i < params; i++) {
      const param = dfg.blockParam(to, i);
      const passed = this.passed(dfg.blockCalls.arg(call, i), epoch, block);
      const before = this.valueFacts[param]!;
      this.setFacts(param, before === ALL ? passed : this.facts.meet(before, passed));
    }
  }

  /** Makes `edge` what BEFORE does on the way to a successor; returns AFTER's block call. */
  setEdge(block: Block, index: number): BlockCall {
    const { match } = this;
    const last = match.after.layout.lastInst(block) as Inst;
    const call = match.after.dfg.destination(last, index);
    const origin = match.origin(last);
    if (origin === NONE) {
      // Between added blocks nothing of BEFORE happens: it did on the edge into the first of them.
      this.edge.setNone();
    } else {
      const target = match.target(match.after.dfg.blockCalls.block(call));
      this.edge.set(match.before, match.before.dfg.destination(origin, index), target);
    }
    return call;
  }

  /** What an argument of AFTER equals behind the edge that `setEdge` has been called for. */
  passed(arg: BlockArg, epoch: number, block: Block): FactSet {
    if (!isValueArg(arg)) return this.edge.ofCallResult(arg);
    return this.edge.apply(this.current(this.match.after.dfg.resolveAliases(argValue(arg)), epoch, block));
  }

  // Who must be walked again when the facts of a value shrink.

  private listUsers(): void {
    this.userNexts.clear();
    this.userBlocks.clear();
    for (let i = 0; i < this.order.length; i++) {
      const block = this.order.get(i) as Block;
      for (let event = this.events.start(block); event < this.events.end(block); event++) {
        if (this.events.kind(event) === EventKind.Spill) this.addUser(this.events.operand(event), block);
      }
      this.listPassed(block);
    }
  }

  private listPassed(block: Block): void {
    const { dfg, layout } = this.match.after;
    const last = layout.lastInst(block);
    const count = this.cfg.successorCount(block);
    for (let i = 0; i < count; i++) {
      const call = dfg.destination(last as Inst, i);
      const args = dfg.blockCalls.argCount(call);
      for (let j = 0; j < args; j++) {
        const arg = dfg.blockCalls.arg(call, j);
        if (isValueArg(arg)) this.addUser(dfg.resolveAliases(argValue(arg)), block);
      }
    }
  }

  private addUser(value: number, block: Block): void {
    const head = this.userHeads[value]!;
    if (head !== NONE && this.userBlocks.get(head) === block) return;
    this.userHeads[value] = this.userNexts.length;
    this.userNexts.push(head);
    this.userBlocks.push(block);
  }

  private reserve(): void {
    const { numBlocks, numValues } = this.match.after.dfg;
    if (this.entryStates.length < numBlocks) {
      const capacity = grownCapacity(this.entryStates.length, numBlocks);
      this.entryStates = new Int32Array(capacity);
      this.dirty = new Uint8Array(capacity);
    }
    if (this.valueFacts.length < numValues) {
      const capacity = grownCapacity(this.valueFacts.length, numValues);
      this.valueFacts = new Int32Array(capacity);
      this.userHeads = new Int32Array(capacity);
    }
    this.entryStates.fill(ALL, 0, numBlocks);
    this.dirty.fill(0, 0, numBlocks);
    this.valueFacts.fill(ALL, 0, numValues);
    this.userHeads.fill(NONE, 0, numValues);
  }
}
