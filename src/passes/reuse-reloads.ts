/**
 * Uses a spilled reference again where the spiller reloads it: from one safepoint to the next a slot and the value that was
 * stored to it or loaded from it last are the same, so a reload that follows is another name of that value.
 *
 *     store v1, ss0                  store v1, ss0
 *     v5 = load ss0                  call fn0(v1)
 *     call fn0(v5)              →    v6 = load ss0
 *     v6 = load ss0                  v8 = iadd v6, v6
 *     v7 = load ss0
 *     v8 = iadd v6, v7
 *
 * What is known at the end of a block holds in the blocks that only it leads to; where paths meet, nothing is known. A safepoint
 * ends everything: whatever it moved is only in the slots.
 *
 * Needs a function that the spiller has been over, whose slots are addressed by `stack_addr` right at each load and store.
 */
import { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import { DominatorTree } from "../analysis/dominator-tree.ts";
import { fillWords, I32List } from "../base/column.ts";
import { type Block, type Inst, NONE, type StackSlot, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { OpFlag, opcodeFlags } from "../ir/opcodes.ts";
import { ValueKind } from "../ir/values.ts";

/** What is handed on from block to block is no more than this many slots, so that time stays linear. */
const MOST_HANDED_ON = 64;

/** For one function; a compiler of many keeps a `ReloadReuse`. */
export function reuseReloads(func: Function): number {
  return new ReloadReuse().run(func);
}

export class ReloadReuse {
  private readonly cfg: ControlFlowGraph;
  private readonly dominators: DominatorTree;
  /** What each slot holds, by slot, and the slots of which that is known. */
  private values: Int32Array;
  private readonly slots: I32List;
  /** What was known at the ends of open blocks: pairs of slot and value, and where each block's begin. */
  private readonly saved: I32List;
  private readonly starts: I32List;
  private readonly open: I32List;
  private func: Function | null;
  private reused: number;

  constructor() {
    this.cfg = new ControlFlowGraph();
    this.dominators = new DominatorTree();
    this.values = new Int32Array(0);
    this.slots = new I32List();
    this.saved = new I32List();
    this.starts = new I32List();
    this.open = new I32List();
    this.func = null;
    this.reused = 0;
  }

  /** Returns how many reloads are gone. */
  run(func: Function): number {
    this.reused = 0;
    const slots = func.stackSlots.length;
    if (slots === 0) return 0;
    this.func = func;
    if (this.values.length < slots) this.values = new Int32Array(slots * 2);
    fillWords(this.values, NONE, 0, slots);
    this.slots.clear();
    this.saved.clear();
    this.starts.clear();
    this.open.clear();
    this.cfg.compute(func);
    this.dominators.compute(func, this.cfg);
    for (let i = 0; i < this.dominators.reachableCount; i++) this.visit(this.dominators.inPreorder(i));
    return this.reused;
  }

  private visit(block: Block): void {
    const { open, saved, starts } = this;
    const { layout } = this.func!;
    const idom = this.dominators.idom(block);
    while (open.length > 0 && open.get(open.length - 1) !== idom) {
      open.pop();
      saved.truncate(starts.pop());
    }
    this.forgetAll();
    // A parameter may stand in its slot, which then is another value's from here on.
    if (this.cfg.predecessorCount(block) === 1 && this.func!.dfg.blockParamCount(block) === 0) this.restore();
    open.push(block);
    let inst = layout.firstInst(block);
    while (inst !== NONE) {
      const next = layout.nextInst(inst);
      this.visitInst(inst);
      inst = next;
    }
    starts.push(saved.length);
    for (let i = Math.max(0, this.slots.length - MOST_HANDED_ON); i < this.slots.length; i++) {
      const slot = this.slots.get(i);
      saved.push(slot);
      saved.push(this.values[slot]!);
    }
  }

  /** What the block entered last ended with. */
  private restore(): void {
    const { saved, starts } = this;
    if (starts.length === 0) return;
    for (let i = starts.get(starts.length - 1); i < saved.length; i += 2) {
      this.know(saved.get(i) as StackSlot, saved.get(i + 1) as Value);
    }
  }

  private visitInst(inst: Inst): void {
    const { dfg } = this.func!;
    const op = dfg.opcode(inst);
    if (op === Op.Load) this.visitLoad(inst);
    else if (op === Op.Store) this.visitStore(inst);
    else if (this.func!.mayCollect(inst)) this.forgetAll();
    else if ((opcodeFlags(op) & OpFlag.Store) !== 0) this.forgetAll();
  }

  private visitLoad(inst: Inst): void {
    const { dfg, layout } = this.func!;
    const slot = this.slotOf(inst, dfg.arg(inst, 0));
    if (slot === NONE) return;
    const result = dfg.firstResult(inst);
    const value = this.values[slot]!;
    if (value === NONE || dfg.valueType(value as Value) !== dfg.valueType(result)) {
      this.know(slot as StackSlot, result);
      return;
    }
    dfg.detachResults(inst);
    dfg.changeToAlias(result, value as Value);
    layout.removeInst(inst);
    this.reused++;
  }

  private visitStore(inst: Inst): void {
    const { dfg } = this.func!;
    const slot = this.slotOf(inst, dfg.arg(inst, 1));
    if (slot !== NONE) this.know(slot as StackSlot, dfg.resolveAliases(dfg.arg(inst, 0)));
  }

  /** The slot that an access is of, as a whole; `NONE` for any other address. */
  private slotOf(inst: Inst, used: Value): StackSlot | typeof NONE {
    const { dfg } = this.func!;
    const address = dfg.resolveAliases(used);
    if (dfg.valueKind(address) !== ValueKind.Result || dfg.offset(inst) !== 0) return NONE;
    const origin = dfg.valueInst(address);
    return dfg.opcode(origin) === Op.StackAddr && dfg.offset(origin) === 0 ? dfg.stackSlot(origin) : NONE;
  }

  private know(slot: StackSlot, value: Value): void {
    if (this.values[slot] === NONE) this.slots.push(slot);
    this.values[slot] = value;
  }

  private forgetAll(): void {
    for (let i = 0; i < this.slots.length; i++) this.values[this.slots.get(i)] = NONE;
    this.slots.clear();
  }
}
