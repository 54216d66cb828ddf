/**
 * Holds vectors of 64 bits in vectors of 128: the lanes that are meant lie below, what lies above is anything. What works on
 * each lane alone stays as it is; memory, casts to scalars and questions about all lanes look at the lower half.
 *
 * Values and signatures get other types in place: run the pass on all functions that call each other. Needs a valid function;
 * refuses what moves lanes from one half to the other, by name.
 */
import { InputError } from "../base/diagnostics.ts";
import { FuncCursor } from "../ir/cursor.ts";
import { type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { DEFAULT_MEMFLAGS, endianness, type MemFlags, withEndianness } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { isCall, isTerminator, type Opcode, opcodeName } from "../ir/opcodes.ts";
import type { AbiParam, Signature } from "../ir/signature.ts";
import {
  bitsOf,
  F64,
  I8X16,
  I16,
  I64,
  I64X2,
  intOfBits,
  isVector,
  laneCount,
  laneType,
  type Type,
  vectorOf,
} from "../ir/types.ts";
import { halfVector } from "./messages.ts";

const LITTLE: MemFlags = withEndianness(DEFAULT_MEMFLAGS, "little");

/** Returns whether there was anything to widen. */
export function widenVectors(func: Function): boolean {
  const { dfg } = func;
  const halves = new Set<Value>();
  for (let value = 0 as Value; value < dfg.numValues; value++) {
    if (dfg.isValueValid(value) && isHalf(dfg.valueType(value))) halves.add(value);
  }
  const isTouched = ({ params, returns }: Signature): boolean =>
    [...params, ...returns].some(({ type }) => isHalf(type));
  if (halves.size === 0 && !isTouched(func.signature) && !dfg.signatures.some(isTouched)) return false;
  new Widener(func, halves).run();
  return true;
}

function isHalf(type: Type): boolean {
  return isVector(type) && bitsOf(type) === 64;
}

function widened(type: Type): Type {
  return isHalf(type) ? vectorOf(laneType(type), 2 * laneCount(type)) : type;
}

function widenSignature(signature: Signature): Signature {
  const widen = (param: AbiParam): AbiParam => ({ ...param, type: widened(param.type) });
  return { ...signature, params: signature.params.map(widen), returns: signature.returns.map(widen) };
}

/** What works on each lane alone, or takes or gives single lanes. */
const LANEWISE: ReadonlySet<Opcode> = new Set<Opcode>(
  [
    [
      Op.Splat,
      Op.ScalarToVector,
      Op.Insertlane,
      Op.Extractlane,
      Op.Select,
      Op.SelectSpectreGuard,
      Op.Bitselect,
    ],
    [Op.Icmp, Op.Fcmp, Op.Iadd, Op.Isub, Op.Ineg, Op.Iabs, Op.Imul, Op.Umulhi, Op.Smulhi, Op.Popcnt],
    [Op.UaddSat, Op.SaddSat, Op.UsubSat, Op.SsubSat, Op.AvgRound, Op.Smin, Op.Smax, Op.Umin, Op.Umax],
    [Op.Band, Op.Bor, Op.Bxor, Op.Bnot, Op.Ishl, Op.Ushr, Op.Sshr, Op.Rotl, Op.Rotr, Op.SqmulRoundSat],
    [Op.Fadd, Op.Fsub, Op.Fmul, Op.Fdiv, Op.Fmin, Op.Fmax, Op.Fma, Op.Sqrt, Op.Fneg, Op.Fabs, Op.Fcopysign],
    [Op.Ceil, Op.Floor, Op.Trunc, Op.Nearest, Op.FcvtFromSint, Op.FcvtFromUint],
    [Op.FcvtToSintSat, Op.FcvtToUintSat, Op.SwidenLow, Op.UwidenLow],
  ].flat(),
);

class Widener {
  private readonly func: Function;
  private readonly ins: FuncCursor;
  private readonly halves: ReadonlySet<Value>;

  constructor(func: Function, halves: ReadonlySet<Value>) {
    this.func = func;
    this.ins = new FuncCursor(func);
    this.halves = halves;
  }

  run(): void {
    const { func } = this;
    const { dfg, layout } = func;
    func.signature = widenSignature(func.signature);
    for (let i = 0; i < dfg.signatures.length; i++) dfg.signatures[i] = widenSignature(dfg.signatures[i]!);
    for (const value of this.halves) dfg.setValueType(value, widened(dfg.valueType(value)));
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      for (let inst = layout.firstInst(block); inst !== NONE; ) {
        const next = layout.nextInst(inst);
        if (this.touchesHalf(inst)) this.widen(inst);
        inst = next;
      }
    }
  }

  private arg(inst: Inst, index: number): Value {
    return this.func.dfg.resolveAliases(this.func.dfg.arg(inst, index));
  }

  private isHalfArg(inst: Inst, index: number): boolean {
    return this.halves.has(this.arg(inst, index));
  }

  private touchesHalf(inst: Inst): boolean {
    const { dfg } = this.func;
    for (let i = 0; i < dfg.resultCount(inst); i++) if (this.halves.has(dfg.result(inst, i))) return true;
    for (let i = 0; i < dfg.argCount(inst); i++) if (this.isHalfArg(inst, i)) return true;
    return false;
  }

  private replace(inst: Inst, value: Value): void {
    const { dfg, layout } = this.func;
    const result = dfg.firstResult(inst);
    dfg.detachResults(inst);
    dfg.changeToAlias(result, value);
    layout.removeInst(inst);
  }

  private widen(inst: Inst): void {
    const { dfg } = this.func;
    const op = dfg.opcode(inst);
    this.ins.beforeInst(inst).withSourceLoc(this.func.sourceLoc(inst));
    switch (op) {
      case Op.Load:
        this.widenLoad(inst);
        return;
      case Op.Store:
        this.widenStore(inst);
        return;
      case Op.Bitcast:
        this.widenBitcast(inst);
        return;
      case Op.Vconst: {
        const bytes = new Uint8Array(16);
        bytes.set(dfg.constants.bytes(dfg.constant(inst)).subarray(0, 8));
        const type = dfg.valueType(dfg.firstResult(inst));
        this.replace(inst, this.ins.vconst(type, dfg.constants.insert(bytes)));
        return;
      }
      case Op.VanyTrue:
        this.replace(inst, this.ins.vanyTrue(this.withUpper(this.arg(inst, 0), 0)));
        return;
      case Op.VallTrue:
        this.replace(inst, this.ins.vallTrue(this.withUpper(this.arg(inst, 0), -1)));
        return;
      case Op.VhighBits:
        this.widenHighBits(inst);
        return;
      case Op.SwidenHigh:
      case Op.UwidenHigh: {
        const upper = this.ins.ushrImmS(this.lowerHalf(this.arg(inst, 0)), 32);
        const vector = this.ofScalar(dfg.valueType(this.arg(inst, 0)), upper);
        this.replace(inst, op === Op.SwidenHigh ? this.ins.swidenLow(vector) : this.ins.uwidenLow(vector));
        return;
      }
      case Op.IaddPairwise: {
        const both = this.sideBySide(this.arg(inst, 0), this.arg(inst, 1));
        this.replace(inst, this.ins.iaddPairwise(both, both));
        return;
      }
      default:
        if (!LANEWISE.has(op) && !isCall(op) && !isTerminator(op)) this.refuse(op);
    }
  }

  private refuse(op: Opcode): never {
    throw new InputError(halfVector(opcodeName(op)));
  }

  private asPair(value: Value): Value {
    return this.ins.bitcast(I64X2, LITTLE, value);
  }

  /** The vector with all bits of its upper half 0 or 1. */
  private withUpper(value: Value, bits: 0 | -1): Value {
    const { ins } = this;
    const pair = ins.insertlane(this.asPair(value), ins.iconst(I64, bits), 1);
    return ins.bitcast(this.func.dfg.valueType(value), LITTLE, pair);
  }

  private sideBySide(lower: Value, upper: Value): Value {
    const { ins } = this;
    const pair = ins.insertlane(this.asPair(lower), this.lowerHalf(upper), 1);
    return ins.bitcast(this.func.dfg.valueType(lower), LITTLE, pair);
  }

  private ofScalar(type: Type, scalar: Value): Value {
    const pair = this.ins.scalarToVector(I64X2, scalar);
    return type === I64X2 ? pair : this.ins.bitcast(type, LITTLE, pair);
  }

  private lowerHalf(value: Value): Value {
    return this.ins.extractlane(this.asPair(value), 0);
  }

  private widenLoad(inst: Inst): void {
    const { dfg } = this.func;
    const flags = dfg.memFlags(inst);
    if (endianness(flags) === "big") this.refuse(Op.Load);
    const word = this.ins.load(I64, flags, this.arg(inst, 0), dfg.offset(inst));
    this.replace(inst, this.ofScalar(dfg.valueType(dfg.firstResult(inst)), word));
  }

  private widenStore(inst: Inst): void {
    const { dfg, layout } = this.func;
    const flags = dfg.memFlags(inst);
    if (endianness(flags) === "big") this.refuse(Op.Store);
    this.ins.store(flags, this.lowerHalf(this.arg(inst, 0)), this.arg(inst, 1), dfg.offset(inst));
    layout.removeInst(inst);
  }

  /** Between two such vectors the cast is the same; else the other side is a scalar of 64 bits. */
  private widenBitcast(inst: Inst): void {
    const { dfg } = this.func;
    const { ins } = this;
    if (endianness(dfg.memFlags(inst)) === "big") this.refuse(Op.Bitcast);
    const value = this.arg(inst, 0);
    const [from, to] = [dfg.valueType(value), dfg.valueType(dfg.firstResult(inst))];
    if (isVector(from) && isVector(to)) return;
    if (isVector(from)) {
      const word = this.lowerHalf(value);
      this.replace(inst, to === F64 ? ins.bitcast(F64, LITTLE, word) : word);
    } else {
      this.replace(inst, this.ofScalar(to, from === F64 ? ins.bitcast(I64, LITTLE, value) : value));
    }
  }

  /** Of a vector whose upper lanes are zero, by way of an integer that has room for a bit of each lane. */
  private widenHighBits(inst: Inst): void {
    const { dfg } = this.func;
    const { ins } = this;
    const type = dfg.valueType(dfg.firstResult(inst));
    const vector = this.withUpper(this.arg(inst, 0), 0);
    const lanes = dfg.valueType(vector) === I8X16 ? I16 : intOfBits(8);
    const bits = ins.vhighBits(bitsOf(type) < bitsOf(lanes) ? lanes : type, vector);
    this.replace(inst, dfg.valueType(bits) === type ? bits : ins.ireduce(type, bits));
  }
}
