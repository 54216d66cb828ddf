/**
 * Block parameters that no safepoint comes between and that only hand on what others have in their slots: they get slots as well, so that
 * it can stay where it is (`webs.ts`).
 *
 *     block1(v1: i32):          v1 and v3 are live across calls, v2 is not: it would be loaded to be passed to
 *         call fn0(v1)          block2, and stored again in block3
 *         jump block2(v1)
 *     block2(v2: i32):
 *         br_table v9, block3(v2), …
 *     block3(v3: i32):
 *         call fn0(v3)
 *
 * Such a parameter gets only references, on edges without a collection, and is only passed on as one: else it would have to be loaded, at
 * each turn of a loop perhaps. One that gets something else is none, and then neither is one that gets that one. When the webs are known, nor
 * is one that does not stay in its slot, or costs more there, where what it gets or where it goes has none, than it spares.
 */
import { fillBytes, fillWords, grownCapacity, I32List } from "../../base/column.ts";
import { argValue, isValueArg } from "../../ir/block-calls.ts";
import { type Block, type Inst, NONE, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { isSafepoint } from "../../ir/opcodes.ts";
import { ValueKind } from "../../ir/values.ts";
import type { ReachableBlocks } from "./flow.ts";
import type { References } from "./references.ts";
import type { Webs } from "./webs.ts";

export class PassedOn {
  /** By rank: a parameter that may be one, and what it spares. */
  private candidates: Uint8Array;
  private gains: Int32Array;
  /** Whether the function at hand has any. */
  private present: boolean;
  /** The candidates that a candidate is passed to, and those that are passed to it: both ends of each pair, in two linked lists. */
  private heads: Int32Array;
  private sourceHeads: Int32Array;
  private readonly targets: I32List;
  private readonly sources: I32List;
  private readonly nexts: I32List;
  private readonly nextSources: I32List;
  private readonly worklist: I32List;

  constructor() {
    this.candidates = new Uint8Array(0);
    this.gains = new Int32Array(0);
    this.present = false;
    this.heads = new Int32Array(0);
    this.sourceHeads = new Int32Array(0);
    this.targets = new I32List();
    this.sources = new I32List();
    this.nexts = new I32List();
    this.nextSources = new I32List();
    this.worklist = new I32List();
  }

  /** Sets the bit of each in `slotted`, which has those of the references with slots. */
  addTo(slotted: Int32Array, func: Function, references: References, blocks: ReachableBlocks): void {
    this.reserve(references.count);
    this.present = this.findCandidates(slotted, func, references, blocks);
    if (!this.present) return;
    for (let number = 0; number < blocks.count; number++)
      this.scanBlock(func, references, blocks.block(number));
    this.finishDropping(null, () => {});
    for (let rank = 0; rank < references.count; rank++) {
      if (this.candidates[rank] === 1) slotted[rank >> 5]! |= 1 << (rank & 31);
    }
  }

  /** Takes back those that do not pay, and what gets them; whether there were any. */
  takeBack(
    slotted: Int32Array,
    func: Function,
    references: References,
    blocks: ReachableBlocks,
    webs: Webs,
  ): boolean {
    if (!this.present) return false;
    const { candidates, gains } = this;
    fillWords(gains, 0, 0, references.count);
    for (let number = 0; number < blocks.count; number++) {
      const last = func.layout.lastInst(blocks.block(number));
      if (last !== NONE) this.countBranch(func, references, webs, last);
    }
    for (let rank = 0; rank < references.count; rank++) {
      if (candidates[rank] === 1 && (gains[rank]! < 0 || !webs.isCarried(rank))) this.drop(rank);
    }
    if (this.worklist.length === 0) return false;
    this.finishDropping(webs, (rank) => {
      slotted[rank >> 5]! &= ~(1 << (rank & 31));
    });
    return true;
  }

  /** Of each parameter, the reloads that it spares where it comes from, less what it costs there and where it goes. */
  private countBranch(func: Function, references: References, webs: Webs, branch: Inst): void {
    const { gains } = this;
    forEachPassed(func, references, branch, (source, target) => {
      if (this.isCandidate(target)) {
        const isThere = source >= 0 && webs.webOf(source) === webs.webOf(target);
        if (!isThere) gains[target]!--;
        else if (!this.isCandidate(source)) gains[target]!++;
      }
      if (this.isCandidate(source) && (target < 0 || !webs.isCarried(target))) gains[source]!--;
    });
  }

  private reserve(ranks: number): void {
    if (this.candidates.length < ranks) {
      const capacity = grownCapacity(this.candidates.length, ranks);
      this.candidates = new Uint8Array(capacity);
      this.gains = new Int32Array(capacity);
      this.heads = new Int32Array(capacity);
      this.sourceHeads = new Int32Array(capacity);
    }
    fillBytes(this.candidates, 0, 0, ranks);
    fillWords(this.gains, 0, 0, ranks);
    fillWords(this.heads, NONE, 0, ranks);
    fillWords(this.sourceHeads, NONE, 0, ranks);
    this.targets.clear();
    this.sources.clear();
    this.nexts.clear();
    this.nextSources.clear();
    this.worklist.clear();
  }

  private findCandidates(
    slotted: Int32Array,
    func: Function,
    references: References,
    blocks: ReachableBlocks,
  ): boolean {
    const { dfg, layout } = func;
    let any = false;
    for (let rank = 0; rank < references.count; rank++) {
      const value = references.value(rank);
      if (((slotted[rank >> 5]! >>> (rank & 31)) & 1) === 1 || dfg.valueKind(value) !== ValueKind.Param)
        continue;
      const block = dfg.valueBlock(value);
      if (block === layout.entryBlock || blocks.numberOf(block) < 0) continue;
      this.candidates[rank] = 1;
      any = true;
    }
    return any;
  }

  private scanBlock(func: Function, references: References, block: Block): void {
    const { dfg, layout } = func;
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      for (let i = 0; i < dfg.argCount(inst); i++) this.read(references.rankOf(dfg.arg(inst, i)));
    }
    const last = layout.lastInst(block);
    if (last !== NONE) this.scanBranch(func, references, last);
  }

  private scanBranch(func: Function, references: References, branch: Inst): void {
    const { dfg } = func;
    const collects = isSafepoint(dfg.opcode(branch));
    forEachPassed(func, references, branch, (source, target) => void this.pass(source, target, collects));
    if (!dfg.hasExceptionTable(branch)) return;
    const table = dfg.exceptionTable(branch);
    for (let i = 0; i < dfg.blockCalls.itemCount(table); i++) {
      const context = dfg.blockCalls.contextValue(table, i);
      if (context >= 0) this.read(references.rankOf(context as Value));
    }
  }

  private isCandidate(rank: number): boolean {
    return rank >= 0 && this.candidates[rank] === 1;
  }

  private read(rank: number): void {
    if (this.isCandidate(rank)) this.drop(rank);
  }

  private pass(source: number, target: number, collects: boolean): void {
    if (this.isCandidate(target) && (source < 0 || collects)) this.drop(target);
    if (!this.isCandidate(source)) return;
    if (target < 0 || collects) this.drop(source);
    else if (this.isCandidate(target)) this.link(source, target);
  }

  private link(source: number, target: number): void {
    const pair = this.targets.length;
    this.nexts.push(this.heads[source]!);
    this.nextSources.push(this.sourceHeads[target]!);
    this.heads[source] = pair;
    this.sourceHeads[target] = pair;
    this.targets.push(target);
    this.sources.push(source);
  }

  /** Dropped from the candidates when all are known. */
  private drop(rank: number): void {
    this.worklist.push(rank);
  }

  /** With one goes what gets it. What was passed for nothing to one that was carried has to be loaded now, and may not pay any more. */
  private finishDropping(webs: Webs | null, dropped: (rank: number) => void): void {
    const { candidates, gains, worklist } = this;
    while (worklist.length > 0) {
      const rank = worklist.pop();
      if (candidates[rank] === 0) continue;
      candidates[rank] = 0;
      dropped(rank);
      this.dropTargets(rank);
      if (webs?.isCarried(rank) !== true) continue;
      for (let at = this.sourceHeads[rank]!; at !== NONE; at = this.nextSources.get(at)) {
        const source = this.sources.get(at);
        if (--gains[source]! < 0) worklist.push(source);
      }
    }
  }

  private dropTargets(rank: number): void {
    for (let at = this.heads[rank]!; at !== NONE; at = this.nexts.get(at))
      this.worklist.push(this.targets.get(at));
  }
}

/** The arguments and parameters of a branch's destinations, by rank; -1 for what has none. */
function forEachPassed(
  func: Function,
  references: References,
  branch: Inst,
  visit: (source: number, target: number) => void,
): void {
  const { dfg } = func;
  for (let i = 0; i < dfg.destinationCount(branch); i++) {
    const call = dfg.destination(branch, i);
    const target = dfg.blockCalls.block(call);
    for (let j = 0; j < dfg.blockCalls.argCount(call); j++) {
      const arg = dfg.blockCalls.arg(call, j);
      const source = isValueArg(arg) ? references.rankOf(argValue(arg)) : -1;
      visit(source, references.rankOf(dfg.blockParam(target, j)));
    }
  }
}
