/**
 * Expression trees: which values stay on Wasm's operand stack, emitted where they are used, instead of in a local.
 *
 * A value is *inlined* when its one use is in its own block and moving its computation down to the use changes nothing:
 *
 *     pure            moves anywhere
 *     read            (a load that cannot trap) moves over anything but a write
 *     ordered, write  (may trap, stores, calls) moves only when nothing with an effect stands between
 *
 * Trees are grown from the last instruction of a block to the first, each from its last operand to its first; `limit` is
 * the earliest instruction with an effect that the tree has taken in so far, so what is inlined further left must come
 * right before it. Constants and stack addresses are cheap and are *made again* at each use.
 *
 * References stay safe: one that is live across a call is reloaded after it, and a reload is a read, which keeps the call
 * from being inlined behind it; so nothing that a collector would have to update lies on the operand stack during a call. What
 * is pure and moves down over a call works on the old bits, which are still in their locals, and gives what it gave above.
 *
 * In the spirit of LLVM's WebAssemblyRegStackify; without its commuting and tee-ing.
 */
import { fillBytes, fillWords, grownCapacity, I32List } from "../base/column.ts";
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { memTrapCode } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, type Opcode, OpFlag, opcodeFlags } from "../ir/opcodes.ts";
import { NO_TRAP } from "../ir/trap-codes.ts";
import { ValueKind } from "../ir/values.ts";
import type { ControlTree } from "./control-tree.ts";
import { operandAt } from "./operand-order.ts";

/** Where a value is found when it is used. */
export const Place = { Local: 0, Inline: 1, Again: 2 } as const;

const Effect = { Pure: 0, Read: 1, Ordered: 2, Write: 3 } as const;

/** Trees nest no deeper: the operand stack of the engine below is not without end. */
const MAX_DEPTH = 64;

/** Says of an instruction whose lowering uses an operand more than once, so that it must be in a local. */
export type KeepsOperands = (func: Function, inst: Inst) => boolean;

export class Trees {
  /** By value: how often it is read. */
  private uses: Int32Array;
  private places: Uint8Array;
  // Of the block at hand, by instruction.
  private writesBefore: Int32Array;
  private effectBefore: Int32Array;
  private readonly insts: I32List;
  private func: Function | null;
  private keepsOperands: KeepsOperands | null;
  private limit: number;

  constructor() {
    this.uses = new Int32Array(0);
    this.places = new Uint8Array(0);
    this.writesBefore = new Int32Array(0);
    this.effectBefore = new Int32Array(0);
    this.insts = new I32List();
    this.func = null;
    this.keepsOperands = null;
    this.limit = NONE;
  }

  /** `Place` of a value that is no alias. */
  placeOf(value: Value): number {
    return this.places[value]!;
  }

  isUsed(value: Value): boolean {
    return this.uses[value]! > 0;
  }

  /** Whether a value in a local is read by one instruction, once. */
  isReadOnce(value: Value): boolean {
    return this.uses[value] === 1;
  }

  compute(func: Function, control: ControlTree, keepsOperands: KeepsOperands): void {
    const { dfg, layout } = func;
    this.func = func;
    this.keepsOperands = keepsOperands;
    this.reserve(dfg.numValues, dfg.numInsts);
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      if (control.isReachable(block)) this.countUses(block);
    }
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      if (control.isReachable(block)) this.growTrees(block);
    }
    this.func = null;
  }

  private reserve(values: number, insts: number): void {
    if (this.uses.length < values) {
      const capacity = grownCapacity(this.uses.length, values);
      this.uses = new Int32Array(capacity);
      this.places = new Uint8Array(capacity);
    }
    if (this.writesBefore.length < insts) {
      const capacity = grownCapacity(this.writesBefore.length, insts);
      this.writesBefore = new Int32Array(capacity);
      this.effectBefore = new Int32Array(capacity);
    }
    fillWords(this.uses, 0, 0, values);
    fillBytes(this.places, Place.Local, 0, values);
  }

  private countUses(block: Block): void {
    const { dfg, layout } = this.func!;
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      this.insts.clear();
      dfg.collectInstValues(inst, this.insts);
      const reads = this.keepsOperands!(this.func!, inst) ? 2 : 1;
      for (let i = 0; i < this.insts.length; i++)
        this.uses[dfg.resolveAliases(this.insts.get(i) as Value)]! += reads;
      if (isMadeAgain(dfg.opcode(inst))) this.places[dfg.firstResult(inst)] = Place.Again;
    }
  }

  private growTrees(block: Block): void {
    const { layout, dfg } = this.func!;
    this.insts.clear();
    let writes = 0;
    let effect: number = NONE;
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      this.insts.push(inst);
      this.writesBefore[inst] = writes;
      this.effectBefore[inst] = effect;
      const kind = effectOf(this.func!, inst);
      if (kind === Effect.Write) writes++;
      if (kind !== Effect.Pure) effect = inst;
    }
    for (let i = this.insts.length - 1; i >= 0; i--) {
      const root = this.insts.get(i) as Inst;
      // A tree's inner nodes were taken in when its root was.
      if (dfg.resultCount(root) === 1 && this.places[dfg.firstResult(root)] !== Place.Local) continue;
      this.limit = root;
      this.growDestinations(root, block);
      // What the handler must not see may be no part of the call that it is for: an earlier call, above all.
      const most = dfg.hasExceptionTable(root) ? Effect.Ordered : Effect.Write;
      this.growOperands(root, block, 0, most);
    }
  }

  private growOperands(inst: Inst, block: Block, depth: number, most: number): void {
    if (depth >= MAX_DEPTH || this.keepsOperands!(this.func!, inst)) return;
    const { dfg } = this.func!;
    const op = dfg.opcode(inst);
    const count = dfg.argCount(inst);
    for (let place = count - 1; place >= 0; place--) {
      const value = dfg.resolveAliases(dfg.arg(inst, operandAt(op, place, count)));
      this.tryInline(value, block, depth, most);
    }
  }

  /** Arguments of branches: of a jump they are evaluated in any case, of `brif` only in their arm. */
  private growDestinations(inst: Inst, block: Block): void {
    const { dfg } = this.func!;
    const format = dfg.format(inst);
    if (format === Format.Jump) {
      this.growArgs(dfg.destination(inst, 0), block, Effect.Write);
    } else if (format === Format.Brif) {
      this.growArgs(dfg.destination(inst, 1), block, Effect.Read);
      this.growArgs(dfg.destination(inst, 0), block, Effect.Read);
    }
  }

  private growArgs(call: BlockCall, block: Block, most: number): void {
    const { dfg } = this.func!;
    for (let i = dfg.blockCalls.argCount(call) - 1; i >= 0; i--) {
      const arg = dfg.blockCalls.arg(call, i);
      if (isValueArg(arg)) this.tryInline(dfg.resolveAliases(argValue(arg)), block, 0, most);
    }
  }

  /** Inlines a value and, through it, its operands. `most` bounds the effect that may be moved here. */
  private tryInline(value: Value, block: Block, depth: number, most: number): void {
    const { dfg, layout } = this.func!;
    if (this.uses[value] !== 1 || this.places[value] !== Place.Local) return;
    if (dfg.valueKind(value) !== ValueKind.Result) return;
    const inst = dfg.valueInst(value);
    if (dfg.resultCount(inst) !== 1 || layout.blockOf(inst) !== block) return;
    const effect = effectOf(this.func!, inst);
    if (effect > most || !this.mayMove(inst, effect)) return;
    this.places[value] = Place.Inline;
    if (effect > Effect.Read || (effect === Effect.Read && this.effectBefore[this.limit] === inst)) {
      this.limit = inst;
    }
    this.growOperands(inst, block, depth + 1, most);
  }

  private mayMove(inst: Inst, effect: number): boolean {
    if (effect === Effect.Pure) return true;
    if (effect === Effect.Read) return this.writesBefore[inst] === this.writesBefore[this.limit];
    return this.effectBefore[this.limit] === inst;
  }
}

function isMadeAgain(op: Opcode): boolean {
  switch (op) {
    case Op.Iconst:
    case Op.F32const:
    case Op.F64const:
    case Op.StackAddr:
    case Op.SymbolValue:
    case Op.FuncAddr:
      return true;
    default:
      return false;
  }
}

function effectOf(func: Function, inst: Inst): number {
  const op = func.dfg.opcode(inst);
  const flags = opcodeFlags(op);
  if ((flags & (OpFlag.Store | OpFlag.Call | OpFlag.SideEffect | OpFlag.Terminator)) !== 0)
    return Effect.Write;
  if ((flags & OpFlag.Load) !== 0) {
    return memTrapCode(func.dfg.memFlags(inst)) === NO_TRAP ? Effect.Read : Effect.Ordered;
  }
  return (flags & OpFlag.Trap) !== 0 ? Effect.Ordered : Effect.Pure;
}
