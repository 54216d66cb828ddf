/**
 * Takes `i128` out of a function, and `f128` as far as it is only moved: each value becomes two `i64`, low half first, in parameters, results, calls and block
 * parameters as well.
 *
 *     v2 = iadd v0, v1        →    v10, v11 = uadd_overflow v4, v6      v4, v5 and v6, v7 are the halves of v0 and v1
 *                                  v12 = iadd v5, v7
 *                                  v13 = uextend.i64 v11
 *                                  v14 = iadd v12, v13                  v10, v14 those of v2
 *
 * Blocks are walked in reverse post-order, so halves are there before they are used; those of block parameters are made
 * first. Unreachable blocks are dropped. What an instruction becomes is in `halves.ts`; division is a loop
 * (`split-division.ts`). The signature changes with the function, and every signature that it calls by: run the pass on all functions
 * that call each other. Does nothing to a function without such integers.
 *
 * A load or store of 16 bytes is two of 8, the upper one first: where the access would trap, nothing has been written.
 *
 * Needs a valid function, after the spiller. Refuses atomic accesses, arithmetic of `f128`, conversions between the two and other
 * types, and `try_call` beside them, by name.
 */
import { postOrder } from "../analysis/traversal.ts";
import { I32List } from "../base/column.ts";
import { InputError } from "../base/diagnostics.ts";
import { argValue, type BlockArg, isValueArg, valueArg } from "../ir/block-calls.ts";
import { INT_CONDITIONS } from "../ir/conditions.ts";
import { FuncCursor } from "../ir/cursor.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { endianness } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, isBranch, type Opcode, opcodeName } from "../ir/opcodes.ts";
import type { AbiParam, Signature } from "../ir/signature.ts";
import { abiParam } from "../ir/signature.ts";
import { bitsOf, F128, I64, I64X2, I128, isVector, type Type } from "../ir/types.ts";
import {
  anyBits,
  BINARY,
  compare,
  type Halves,
  SHIFTS,
  select,
  UNARY,
  WITH_CARRY,
  withCarry,
} from "./halves.ts";
import { wideInst } from "./messages.ts";
import { splitDivision } from "./split-division.ts";

/** Returns whether there was anything to split. Throws `InputError` for what cannot be, with the function half changed. */
export function splitWideIntegers(func: Function): boolean {
  if (!hasWideIntegers(func)) return false;
  new Splitter(func).run();
  return true;
}

function isPair(type: Type): boolean {
  return type === I128 || type === F128;
}

function isWide(signature: Signature): boolean {
  const wide = ({ type }: AbiParam): boolean => isPair(type);
  return signature.params.some(wide) || signature.returns.some(wide);
}

function hasWideIntegers({ dfg, signature }: Function): boolean {
  for (let value = 0; value < dfg.numValues; value++) {
    if (dfg.isValueValid(value as Value) && isPair(dfg.valueType(value as Value))) return true;
  }
  return isWide(signature) || dfg.signatures.some(isWide);
}

function split(signature: Signature): Signature {
  const halves = (param: AbiParam): AbiParam[] =>
    isPair(param.type) ? [abiParam(I64), abiParam(I64)] : [param];
  return {
    ...signature,
    params: signature.params.flatMap(halves),
    returns: signature.returns.flatMap(halves),
  };
}

class Splitter {
  private readonly func: Function;
  private readonly ins: FuncCursor;
  /** Of each wide value that was met, by value. */
  private readonly halves: Map<Value, Halves>;

  constructor(func: Function) {
    this.func = func;
    this.ins = new FuncCursor(func);
    this.halves = new Map();
  }

  run(): void {
    const { dfg } = this.func;
    this.func.signature = split(this.func.signature);
    for (let i = 0; i < dfg.signatures.length; i++) dfg.signatures[i] = split(dfg.signatures[i]!);
    const blocks = new I32List();
    postOrder(this.func, blocks);
    this.dropUnreachable(blocks);
    for (let i = 0; i < blocks.length; i++) this.splitParams(blocks.get(i) as Block);
    for (let i = blocks.length - 1; i >= 0; i--) this.splitBlock(blocks.get(i) as Block);
  }

  private dropUnreachable(reachable: I32List): void {
    const { layout } = this.func;
    const kept = new Set<number>();
    for (let i = 0; i < reachable.length; i++) kept.add(reachable.get(i));
    for (let block = layout.entryBlock; block !== NONE; ) {
      const next = layout.nextBlock(block);
      if (!kept.has(block)) layout.removeBlock(block);
      block = next;
    }
  }

  private splitParams(block: Block): void {
    const { dfg } = this.func;
    const params = Array.from({ length: dfg.blockParamCount(block) }, (_, i) => dfg.blockParam(block, i));
    if (!params.some((param) => isPair(dfg.valueType(param)))) return;
    for (const param of [...params].reverse()) dfg.removeBlockParam(param);
    for (const param of params) {
      const type = dfg.valueType(param);
      if (!isPair(type)) dfg.defineBlockParam(block, param, type);
      else this.halves.set(param, [dfg.appendBlockParam(block, I64), dfg.appendBlockParam(block, I64)]);
    }
  }

  /** Division splits the block: the walk goes on in the block behind it. */
  private splitBlock(block: Block): void {
    const { layout } = this.func;
    for (let inst = layout.firstInst(block); inst !== NONE; ) {
      const next = layout.nextInst(inst);
      if (this.touchesWide(inst)) this.splitInst(inst);
      inst = next;
    }
  }

  private touchesWide(inst: Inst): boolean {
    const { dfg } = this.func;
    for (let i = 0; i < dfg.resultCount(inst); i++)
      if (isPair(dfg.valueType(dfg.result(inst, i)))) return true;
    for (let i = 0; i < dfg.argCount(inst); i++) if (this.isWideArg(inst, i)) return true;
    if (!isBranch(dfg.opcode(inst))) return false;
    for (let i = 0; i < dfg.destinationCount(inst); i++) {
      if (this.hasWideArgs(dfg.destination(inst, i))) return true;
    }
    return false;
  }

  // Operands and results.

  private arg(inst: Inst, index: number): Value {
    return this.func.dfg.resolveAliases(this.func.dfg.arg(inst, index));
  }

  private isWideArg(inst: Inst, index: number): boolean {
    return isPair(this.func.dfg.valueType(this.arg(inst, index)));
  }

  private halvesOf(value: Value): Halves {
    const found = this.halves.get(this.func.dfg.resolveAliases(value));
    if (found === undefined) throw new Error("an i128 is used before it is made");
    return found;
  }

  private wide(inst: Inst, index: number): Halves {
    return this.halvesOf(this.func.dfg.arg(inst, index));
  }

  /** An operand as an integer of at most 64 bits that is zero exactly when it is. */
  private condition(inst: Inst, index: number): Value {
    return this.isWideArg(inst, index) ? anyBits(this.ins, this.wide(inst, index)) : this.arg(inst, index);
  }

  /** The amount of a shift, which counts modulo the width. */
  private amount(inst: Inst): Value {
    const { dfg } = this.func;
    if (this.isWideArg(inst, 1)) return this.wide(inst, 1)[0];
    const amount = this.arg(inst, 1);
    return dfg.valueType(amount) === I64 ? amount : this.ins.uextend(I64, amount);
  }

  /** All operands from `from` on, wide ones as two. */
  private flatArgs(inst: Inst, from: number): Value[] {
    const args: Value[] = [];
    for (let i = from; i < this.func.dfg.argCount(inst); i++) {
      if (this.isWideArg(inst, i)) args.push(...this.wide(inst, i));
      else args.push(this.arg(inst, i));
    }
    return args;
  }

  /** Puts values in place of the instruction's results, pairs for wide ones, and removes it. */
  private replace(inst: Inst, results: readonly (Value | Halves)[]): void {
    const { dfg, layout } = this.func;
    const old = Array.from({ length: dfg.resultCount(inst) }, (_, i) => dfg.result(inst, i));
    dfg.detachResults(inst);
    old.forEach((value, i) => {
      const result = results[i]!;
      if (typeof result === "object") this.halves.set(value, result);
      else dfg.changeToAlias(value, result);
    });
    layout.removeInst(inst);
  }

  // Instructions.

  private splitInst(inst: Inst): void {
    const { dfg } = this.func;
    const op = dfg.opcode(inst);
    this.ins.beforeInst(inst).withSourceLoc(this.func.sourceLoc(inst));
    if (dfg.hasExceptionTable(inst)) this.refuse(op);
    if (isBranch(op)) this.splitBranch(inst);
    else if (!this.splitControl(inst, op) && !this.splitArithmetic(inst, op)) this.splitOther(inst, op);
  }

  private refuse(op: Opcode): never {
    throw new InputError(wideInst(opcodeName(op)));
  }

  private splitBranch(inst: Inst): void {
    const { dfg } = this.func;
    if (dfg.format(inst) === Format.Brif) dfg.setArg(inst, 0, this.condition(inst, 0));
    for (let i = 0; i < dfg.destinationCount(inst); i++) {
      const call = dfg.destination(inst, i);
      if (this.hasWideArgs(call)) this.splitDestination(call);
    }
  }

  private hasWideArgs(call: BlockCall): boolean {
    const { dfg } = this.func;
    for (let i = 0; i < dfg.blockCalls.argCount(call); i++) {
      const arg = dfg.blockCalls.arg(call, i);
      if (isValueArg(arg) && isPair(dfg.valueType(dfg.resolveAliases(argValue(arg))))) return true;
    }
    return false;
  }

  private splitDestination(call: BlockCall): void {
    const { dfg } = this.func;
    const { blockCalls } = dfg;
    const args: BlockArg[] = [];
    for (let i = 0; i < blockCalls.argCount(call); i++) {
      const arg = blockCalls.arg(call, i);
      const value = argValue(arg);
      if (!isPair(dfg.valueType(dfg.resolveAliases(value)))) args.push(arg);
      else args.push(...this.halvesOf(value).map(valueArg));
    }
    for (let i = blockCalls.argCount(call) - 1; i >= 0; i--) blockCalls.removeArg(call, i);
    for (const arg of args) blockCalls.appendArg(call, arg);
  }

  /** Calls, returns and traps. */
  private splitControl(inst: Inst, op: Opcode): boolean {
    const { dfg, layout } = this.func;
    const { ins } = this;
    switch (op) {
      case Op.Call:
        this.replaceCall(inst, ins.call(dfg.funcRef(inst), this.flatArgs(inst, 0)));
        return true;
      case Op.CallIndirect:
        this.replaceCall(inst, ins.callIndirect(dfg.sigRef(inst), this.arg(inst, 0), this.flatArgs(inst, 1)));
        return true;
      case Op.Return:
        ins.return_(this.flatArgs(inst, 0));
        break;
      case Op.ReturnCall:
        ins.returnCall(dfg.funcRef(inst), this.flatArgs(inst, 0));
        break;
      case Op.ReturnCallIndirect:
        ins.returnCallIndirect(dfg.sigRef(inst), this.arg(inst, 0), this.flatArgs(inst, 1));
        break;
      case Op.Trapz:
      case Op.Trapnz:
        dfg.setArg(inst, 0, this.condition(inst, 0));
        return true;
      default:
        return false;
    }
    layout.removeInst(inst);
    return true;
  }

  private replaceCall(old: Inst, call: Inst): void {
    const { dfg } = this.func;
    dfg.setStackMap(call, dfg.stackMap(old));
    if (dfg.hasDebugTags) dfg.setDebugTags(call, dfg.debugTags(old));
    let at = 0;
    const next = (): Value => dfg.result(call, at++);
    const results = Array.from({ length: dfg.resultCount(old) }, (_, i): Value | Halves =>
      isPair(dfg.valueType(dfg.result(old, i))) ? [next(), next()] : next(),
    );
    this.replace(old, results);
  }

  /** What `halves.ts` has a sequence for, and division. */
  private splitArithmetic(inst: Inst, op: Opcode): boolean {
    const { ins } = this;
    const [unary, binary, shift] = [UNARY.get(op), BINARY.get(op), SHIFTS.get(op)];
    if (shift !== undefined) {
      if (this.isWideArg(inst, 0)) this.replace(inst, [shift(ins, this.wide(inst, 0), this.amount(inst))]);
      else this.func.dfg.setArg(inst, 1, this.amount(inst));
    } else if (unary !== undefined) {
      this.replace(inst, [unary(ins, this.wide(inst, 0))]);
    } else if (binary !== undefined) {
      this.replace(inst, [binary(ins, this.wide(inst, 0), this.wide(inst, 1))]);
    } else if (WITH_CARRY.has(op)) {
      const carry = this.func.dfg.argCount(inst) === 3 ? this.arg(inst, 2) : null;
      this.replace(inst, withCarry(ins, op, this.wide(inst, 0), this.wide(inst, 1), carry));
    } else if (op === Op.Udiv || op === Op.Sdiv || op === Op.Urem || op === Op.Srem) {
      this.replace(inst, [splitDivision(this.func, inst, this.wide(inst, 0), this.wide(inst, 1))]);
    } else {
      return false;
    }
    return true;
  }

  private splitOther(inst: Inst, op: Opcode): void {
    const { dfg } = this.func;
    const { ins } = this;
    switch (op) {
      case Op.Icmp: {
        const condition = INT_CONDITIONS[dfg.condition(inst)]!;
        this.replace(inst, [compare(ins, condition, this.wide(inst, 0), this.wide(inst, 1))]);
        return;
      }
      case Op.Select:
      case Op.SelectSpectreGuard:
        this.splitSelect(inst);
        return;
      case Op.Bitselect:
        this.splitBitselect(inst);
        return;
      case Op.Bmask:
        this.splitMask(inst);
        return;
      case Op.Iconcat:
        this.replace(inst, [[this.arg(inst, 0), this.arg(inst, 1)]]);
        return;
      case Op.Isplit:
        this.replace(inst, this.wide(inst, 0));
        return;
      case Op.Uextend:
      case Op.Sextend: {
        const low = this.arg(inst, 0);
        const word =
          dfg.valueType(low) === I64
            ? low
            : op === Op.Uextend
              ? ins.uextend(I64, low)
              : ins.sextend(I64, low);
        this.replace(inst, [[word, op === Op.Uextend ? ins.iconst(I64, 0) : ins.sshrImmS(word, 63)]]);
        return;
      }
      case Op.Ireduce: {
        const type = dfg.valueType(dfg.firstResult(inst));
        const [low] = this.wide(inst, 0);
        this.replace(inst, [type === I64 ? low : ins.ireduce(type, low)]);
        return;
      }
      case Op.Bitcast:
        this.splitBitcast(inst, op);
        return;
      case Op.F128const: {
        const bytes = new DataView(dfg.constants.bytes(dfg.constant(inst)).slice().buffer);
        const half = (at: number): Value => ins.iconst(I64, bytes.getBigInt64(at, true));
        this.replace(inst, [[half(0), half(8)]]);
        return;
      }
      case Op.Load:
      case Op.Store:
        this.splitAccess(inst, op);
        return;
      default:
        this.refuse(op);
    }
  }

  private splitSelect(inst: Inst): void {
    const condition = this.condition(inst, 0);
    if (this.isWideArg(inst, 1)) {
      this.replace(inst, [select(this.ins, condition, this.wide(inst, 1), this.wide(inst, 2))]);
    } else {
      this.func.dfg.setArg(inst, 0, condition);
    }
  }

  private splitBitselect(inst: Inst): void {
    const [mask, x, y] = [this.wide(inst, 0), this.wide(inst, 1), this.wide(inst, 2)];
    const half = (i: 0 | 1): Value => this.ins.bitselect(mask[i], x[i], y[i]);
    this.replace(inst, [[half(0), half(1)]]);
  }

  private splitMask(inst: Inst): void {
    const { dfg } = this.func;
    const type = dfg.valueType(dfg.firstResult(inst));
    const mask = this.ins.bmask(type === I128 ? I64 : type, this.condition(inst, 0));
    this.replace(inst, [type === I128 ? [mask, mask] : mask]);
  }

  /** By way of two lanes. */
  private splitBitcast(inst: Inst, op: Opcode): void {
    const { dfg } = this.func;
    const { ins } = this;
    const flags = dfg.memFlags(inst);
    const to = dfg.valueType(dfg.firstResult(inst));
    const value = this.arg(inst, 0);
    if (isPair(to) && this.isWideArg(inst, 0)) {
      this.replace(inst, [this.wide(inst, 0)]);
      return;
    }
    const vector = isPair(to) ? dfg.valueType(value) : to;
    if (!isVector(vector) || bitsOf(vector) !== 128 || endianness(flags) === "big") this.refuse(op);
    const cast = (type: typeof to, lanes: Value): Value =>
      dfg.valueType(lanes) === type ? lanes : ins.bitcast(type, flags, lanes);
    if (isPair(to)) {
      const lanes = cast(I64X2, value);
      this.replace(inst, [[ins.extractlane(lanes, 0), ins.extractlane(lanes, 1)]]);
      return;
    }
    const [low, high] = this.wide(inst, 0);
    this.replace(inst, [cast(to, ins.insertlane(ins.splat(I64X2, low), high, 1))]);
  }

  private splitAccess(inst: Inst, op: Opcode): void {
    const { dfg } = this.func;
    const { ins } = this;
    const flags = dfg.memFlags(inst);
    const offset = dfg.offset(inst);
    if (offset > 0x7fff_ffff - 8) this.refuse(op);
    const isBig = endianness(flags) === "big";
    const address = this.arg(inst, op === Op.Load ? 0 : 1);
    if (op === Op.Load) {
      const upper = ins.load(I64, flags, address, offset + 8);
      const lower = ins.load(I64, flags, address, offset);
      this.replace(inst, [isBig ? [upper, lower] : [lower, upper]]);
      return;
    }
    const [low, high] = this.wide(inst, 0);
    ins.store(flags, isBig ? low : high, address, offset + 8);
    ins.store(flags, isBig ? high : low, address, offset);
    this.func.layout.removeInst(inst);
  }
}
