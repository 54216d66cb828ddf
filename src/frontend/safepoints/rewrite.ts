/**
 * The rewriting: spills after definitions, reloads before uses, stack maps on safepoints.
 *
 * Blocks are walked in post-order and instructions backwards, so that uses come before definitions. At each instruction:
 *
 *     (a) a result that has a slot is stored to it right after the instruction, and the slot is given back;
 *     (b) a safepoint's map lists the slots of all that is live across it, in value order;
 *     (c) each use of a reference that lives across some safepoint is replaced by a fresh load.
 *
 * At the block's head its parameters are treated as results, but for those that stand in their slots already: a branch passes nothing to
 * these, or stores it, and what it leaves as their argument means nothing (`webs.ts`). Before all that, everything live out of the block takes its
 * slot (upstream #13498): else a reference whose first need, from below, is above a definition could take the slot that
 * the definition just gave back, though it is live over it, around the loop.
 *
 * Order of creation is upstream's, since it numbers values and slots.
 * Source: `cranelift/frontend/src/frontend/safepoints.rs`, `SafepointSpiller::rewrite`.
 */
import { fillWords, grownCapacity, I32List } from "../../base/column.ts";
import { isValueArg } from "../../ir/block-calls.ts";
import {
  type AliasRegion,
  type Block,
  type Inst,
  NONE,
  type StackMap,
  type StackSlot,
  type Value,
} from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { type MemFlags, TRUSTED_MEMFLAGS, withAliasRegion } from "../../ir/memflags.ts";
import * as Op from "../../ir/op.gen.ts";
import { isBranch, isSafepoint } from "../../ir/opcodes.ts";
import type { ReachableBlocks } from "./flow.ts";
import { LiveSet } from "./live-set.ts";
import type { Liveness } from "./liveness.ts";
import type { Policy } from "./policies.ts";
import type { References } from "./references.ts";
import type { SlotAssignment } from "./slots.ts";
import type { Webs } from "./webs.ts";

/** Names the alias region that a slot's spills and reloads belong to; asked once for each of them. */
export type SlotRegion = (func: Function, slot: StackSlot) => AliasRegion | typeof NONE;

/** How much the rewriting added. */
export interface RewriteCounts {
  spills: number;
  reloads: number;
  /** Safepoints whose map is not empty. */
  mapped: number;
  mapEntries: number;
}

/** What was found out about the function, and by which rules to rewrite it. */
export interface RewritePlan {
  readonly references: References;
  readonly blocks: ReachableBlocks;
  readonly liveness: Liveness;
  readonly webs: Webs;
  readonly slots: SlotAssignment;
  readonly policy: Policy;
  readonly slotRegion: SlotRegion | null;
}

export class Rewriter {
  readonly counts: RewriteCounts;
  private readonly live: LiveSet;
  private readonly operands: I32List;
  /** Beside each operand: the rank of the carried parameter that it is passed to, or `NONE`. */
  private readonly carriers: I32List;
  /** What a branch stores for those: pairs of an operand's number and a rank. */
  private readonly edgeStores: I32List;
  private func: Function | null;
  private references: References | null;
  private slots: SlotAssignment | null;
  private webs: Webs | null;
  private policy: Policy | null;
  private slotRegion: SlotRegion | null;
  /** Whether `lastMap` is the map of what is live now. */
  private mapIsCurrent: boolean;
  /** The map built last, and how many entries it has. */
  private lastMap: StackMap | typeof NONE;
  private lastEntries: number;
  /** Bits by rank: the reference has a slot. */
  private slotted: Int32Array;

  constructor() {
    this.counts = { spills: 0, reloads: 0, mapped: 0, mapEntries: 0 };
    this.live = new LiveSet();
    this.operands = new I32List();
    this.carriers = new I32List();
    this.edgeStores = new I32List();
    this.func = null;
    this.references = null;
    this.slots = null;
    this.webs = null;
    this.policy = null;
    this.slotRegion = null;
    this.mapIsCurrent = false;
    this.lastMap = NONE;
    this.lastEntries = 0;
    this.slotted = new Int32Array(0);
  }

  run(func: Function, plan: RewritePlan): void {
    const { references, blocks, liveness, policy } = plan;
    this.func = func;
    this.references = references;
    this.slots = plan.slots;
    this.webs = plan.webs;
    this.policy = policy;
    this.slotRegion = plan.slotRegion;
    this.counts.spills = 0;
    this.counts.reloads = 0;
    this.counts.mapped = 0;
    this.counts.mapEntries = 0;
    this.live.reset(references.count);
    this.lastMap = NONE;
    const groups = (references.count + 31) >> 5;
    if (this.slotted.length < groups)
      this.slotted = new Int32Array(grownCapacity(this.slotted.length, groups));
    fillWords(this.slotted, 0, 0, groups);
    func.dfg.stackMaps.beginTable(references.count);
    for (let number = 0; number < blocks.count; number++) {
      plan.slots.enterBlock(number);
      this.loadLiveOut(blocks, liveness, number);
      if (policy.reservesLiveOut) this.reserveLive();
      this.rewriteBlock(blocks.block(number));
      plan.slots.leaveBlock(number);
    }
  }

  private loadLiveOut(blocks: ReachableBlocks, liveness: Liveness, number: number): void {
    const { dfg, layout } = this.func!;
    this.live.clear();
    this.mapIsCurrent = false;
    const last = layout.lastInst(blocks.block(number));
    const count = last === NONE ? 0 : dfg.destinationCount(last);
    for (let i = 0; i < count; i++) {
      const successor = blocks.numberOf(dfg.blockCalls.block(dfg.destination(last as Inst, i)));
      if (this.policy!.onePassLiveness && successor >= number) continue;
      liveness.addLiveIn(successor, this.live);
    }
  }

  private reserveLive(): void {
    const { live } = this;
    const groups = live.groupCount();
    for (let i = 0; i < groups; i++) this.reserveWord(live.baseAt(i), live.wordAt(i));
  }

  /** Gives a slot to those of 32 ranks that have none. */
  private reserveWord(base: number, word: number): void {
    for (let bits = word & ~this.slotted[base >> 5]!; bits !== 0; bits &= bits - 1) {
      this.acquire(base + (31 - Math.clz32(bits & -bits)));
    }
  }

  private acquire(rank: number): StackSlot {
    const slot = this.slots!.acquire(rank);
    const bit = 1 << (rank & 31);
    if ((this.slotted[rank >> 5]! & bit) === 0) {
      this.slotted[rank >> 5]! |= bit;
      const { dfg } = this.func!;
      dfg.stackMaps.setTableEntry(rank, dfg.valueType(this.references!.value(rank)), slot);
    }
    return slot;
  }

  private rewriteBlock(block: Block): void {
    const { layout } = this.func!;
    let inst = layout.lastInst(block);
    while (inst !== NONE) {
      // What is inserted before `inst` needs no rewriting.
      const prev = layout.prevInst(inst);
      this.rewriteInst(inst);
      inst = prev;
    }
    this.spillParams(block);
  }

  private rewriteInst(inst: Inst): void {
    const { dfg } = this.func!;
    const policy = this.policy!;
    const op = dfg.opcode(inst);
    const safepoint = isSafepoint(op) && (!policy.heedsNoCollect || this.func!.mayCollect(inst));
    const results = dfg.resultCount(inst);
    if (safepoint && policy.mapsBeforeFreeing) {
      for (let i = 0; i < results; i++) this.kill(dfg.result(inst, i));
      this.attachMap(inst);
      if (results > 0) this.spillResults(inst, results);
    } else {
      if (results > 0) this.spillResults(inst, results);
      if (safepoint) this.attachMap(inst);
    }
    if (this.usesReferences(inst, op)) this.reloadUses(inst);
  }

  /** A definition ends the reference's life, going backwards. */
  private kill(value: Value): void {
    const rank = this.references!.rankOf(value);
    if (rank >= 0 && this.live.delete(rank)) this.mapIsCurrent = false;
  }

  private spillResults(inst: Inst, results: number): void {
    const { dfg, layout } = this.func!;
    let after = inst;
    for (let i = 0; i < results; i++) {
      const result = dfg.result(inst, i);
      this.kill(result);
      const slot = this.releasedSlot(result);
      if (slot === NONE) continue;
      const addr = this.makeSlotAddr(slot);
      const store = this.makeSpill(result, addr, slot);
      layout.insertInstAfter(addr, after);
      layout.insertInstAfter(store, addr);
      after = store;
    }
  }

  private spillParams(block: Block): void {
    const { dfg, layout } = this.func!;
    const first = layout.firstInst(block);
    if (first === NONE) return;
    for (let i = 0; i < dfg.blockParamCount(block); i++) {
      const param = dfg.blockParam(block, i);
      const slot = this.releasedSlot(param);
      if (slot === NONE || this.isCarried(param)) continue;
      this.insertSpill(param, slot, first as Inst);
    }
  }

  private isCarried(param: Value): boolean {
    const rank = this.references!.rankOf(param);
    return rank >= 0 && this.webs!.isCarried(rank);
  }

  private insertSpill(value: Value, slot: StackSlot, before: Inst): void {
    const { layout } = this.func!;
    const addr = this.makeSlotAddr(slot);
    layout.insertInstBefore(addr, before);
    layout.insertInstBefore(this.makeSpill(value, addr, slot), before);
  }

  /** The slot that a definition stores to, given back from here up; `NONE` when nothing below needed one. */
  private releasedSlot(value: Value): StackSlot | typeof NONE {
    const rank = this.references!.rankOf(value);
    if (rank < 0) return NONE;
    const slot = this.slots!.slotOf(rank);
    if (slot !== NONE) this.slots!.release(rank);
    return slot;
  }

  private usesReferences(inst: Inst, op: number): boolean {
    const { dfg } = this.func!;
    if (isBranch(op)) return true;
    const args = dfg.argCount(inst);
    for (let i = 0; i < args; i++) {
      if (this.references!.rankOf(dfg.arg(inst, i)) >= 0) return true;
    }
    return false;
  }

  /** Replaces each reference used by a load; once one is, the other operands lose their aliases too, as upstream's do. */
  private reloadUses(inst: Inst): void {
    const { dfg, layout } = this.func!;
    const { operands } = this;
    operands.clear();
    dfg.collectInstValues(inst, operands);
    this.findCarriers(inst);
    let replaced = false;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands.get(i) as Value;
      const rank = this.references!.rankOf(operand);
      const carrier = this.carriers.length === 0 ? NONE : this.carriers.get(i);
      if (this.policy!.reloadsAliases) operands.set(i, dfg.resolveAliases(operand));
      if (rank >= 0 && this.live.add(rank)) this.mapIsCurrent = false;
      if (carrier !== NONE) {
        if (rank >= 0 && this.webs!.webOf(rank) === this.webs!.webOf(carrier)) continue;
        this.edgeStores.push(i);
        this.edgeStores.push(carrier);
      }
      if (rank < 0) continue;
      if (!this.policy!.reloadsAliases && dfg.isAlias(operand)) continue;
      const slot = this.acquire(rank);
      const addr = this.makeSlotAddr(slot);
      const load = dfg.newInst(Op.Load, 0, this.slotFlags(slot), 0);
      dfg.addArg(dfg.firstResult(addr));
      operands.set(i, dfg.appendResult(load, dfg.valueType(operand)));
      layout.insertInstBefore(addr, inst);
      layout.insertInstBefore(load, inst);
      this.counts.reloads++;
      replaced = true;
    }
    if (replaced) dfg.overwriteInstValues(inst, operands, 0);
    // After all reloads: what one stores another may have to read before.
    for (let i = 0; i < this.edgeStores.length; i += 2) {
      const value = operands.get(this.edgeStores.get(i)) as Value;
      this.insertSpill(value, this.acquire(this.edgeStores.get(i + 1)), inst);
    }
    this.edgeStores.clear();
  }

  /** Of a branch's operands, in their order: its own, those of its destinations, those of its handlers. */
  private findCarriers(inst: Inst): void {
    const { dfg } = this.func!;
    const { carriers } = this;
    carriers.clear();
    if (this.webs!.isEmpty || !isBranch(dfg.opcode(inst))) return;
    for (let i = 0; i < dfg.argCount(inst); i++) carriers.push(NONE);
    for (let i = 0; i < dfg.destinationCount(inst); i++) {
      const call = dfg.destination(inst, i);
      const target = dfg.blockCalls.block(call);
      for (let j = 0; j < dfg.blockCalls.argCount(call); j++) {
        if (!isValueArg(dfg.blockCalls.arg(call, j))) continue;
        const param = dfg.blockParam(target, j);
        carriers.push(this.isCarried(param) ? this.references!.rankOf(param) : NONE);
      }
    }
    while (carriers.length < this.operands.length) carriers.push(NONE);
  }

  private makeSlotAddr(slot: StackSlot): Inst {
    const { dfg, pointerType } = this.func!;
    const addr = dfg.newInst(Op.StackAddr, 0, slot, 0);
    dfg.appendResult(addr, pointerType);
    return addr;
  }

  private makeSpill(value: Value, addr: Inst, slot: StackSlot): Inst {
    const { dfg } = this.func!;
    const store = dfg.newInst(Op.Store, 0, this.slotFlags(slot), 0);
    dfg.addArg(value);
    dfg.addArg(dfg.firstResult(addr));
    this.counts.spills++;
    return store;
  }

  private slotFlags(slot: StackSlot): MemFlags {
    const region = this.slotRegion === null ? NONE : this.slotRegion(this.func!, slot);
    return region === NONE ? TRUSTED_MEMFLAGS : withAliasRegion(TRUSTED_MEMFLAGS, region as AliasRegion);
  }

  /** Puts the map of what is live now on a safepoint, behind the entries that it has already. */
  private attachMap(inst: Inst): void {
    const { dfg } = this.func!;
    const present = dfg.stackMap(inst);
    if (present !== NONE) {
      this.extendMap(inst, present as StackMap);
      return;
    }
    if (!this.mapIsCurrent) this.updateMap();
    if (this.lastEntries === 0) return;
    dfg.setStackMap(inst, this.lastMap);
    this.counts.mapped++;
    this.counts.mapEntries += this.lastEntries;
  }

  private updateMap(): void {
    this.mapIsCurrent = true;
    this.lastMap = this.finishLiveMap();
    this.lastEntries = this.func!.dfg.stackMaps.entryCount(this.lastMap);
  }

  private extendMap(inst: Inst, present: StackMap): void {
    const { dfg } = this.func!;
    const kept = dfg.stackMaps.entryCount(present);
    for (let i = 0; i < kept; i++) dfg.stackMaps.pushCopy(present, i);
    const added = this.pushLive();
    dfg.setStackMap(inst, dfg.stackMaps.finish());
    if (kept + added > 0) this.counts.mapped++;
    this.counts.mapEntries += added;
  }

  /** The map of all that is live, each of which gets a slot if it has none. */
  private finishLiveMap(): StackMap {
    const { stackMaps } = this.func!.dfg;
    const { live } = this;
    const groups = live.groupCount();
    for (let i = 0; i < groups; i++) {
      const base = live.baseAt(i);
      const word = live.wordAt(i);
      this.reserveWord(base, word);
      stackMaps.pushTableWord(base, word);
    }
    return stackMaps.finishTabular();
  }

  /** Adds an entry for each live reference to the map under construction; returns how many. */
  private pushLive(): number {
    const { dfg } = this.func!;
    const { live } = this;
    const groups = live.groupCount();
    let entries = 0;
    for (let i = 0; i < groups; i++) {
      for (let bits = live.wordAt(i); bits !== 0; bits &= bits - 1) {
        const rank = live.baseAt(i) + (31 - Math.clz32(bits & -bits));
        dfg.stackMaps.push(dfg.valueType(this.references!.value(rank)), this.acquire(rank), 0);
        entries++;
      }
    }
    return entries;
  }
}
