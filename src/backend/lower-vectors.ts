/** Lane access, shifts, widening, narrowing and comparisons of 128-bit vectors, where a Wasm instruction matches. */
import { type Inst, NONE } from "../ir/entities.ts";
import * as Op from "../ir/op.gen.ts";
import {
  bitsOf,
  F64X2,
  I64,
  I64X2,
  isFloat,
  isInt,
  isVector,
  laneBits,
  laneType,
  type Type,
  typeName,
} from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { findOpcode } from "../wasm/opcode-names.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { CodeWriter } from "./code-writer.ts";
import { intCompare } from "./direct-ops.ts";

/** The vector of the same lanes, with lanes of that many bits. */
function lanesOf(type: Type): string {
  return typeName(type);
}

function named(w: CodeWriter, inst: Inst, name: string): void {
  const opcode = findOpcode(name);
  if (opcode < 0) w.refuse(inst);
  w.op(opcode);
}

const WIDENINGS: ReadonlyMap<number, string> = new Map<number, string>([
  [Op.SwidenLow, "extend_low_#_s"],
  [Op.SwidenHigh, "extend_high_#_s"],
  [Op.UwidenLow, "extend_low_#_u"],
  [Op.UwidenHigh, "extend_high_#_u"],
  [Op.Snarrow, "narrow_#_s"],
  [Op.Unarrow, "narrow_#_u"],
]);

const SHIFTS: ReadonlyMap<number, string> = new Map<number, string>([
  [Op.Ishl, "shl"],
  [Op.Ushr, "shr_u"],
  [Op.Sshr, "shr_s"],
]);

const FLOAT_NAMES = ["", "", "eq", "ne", "", "", "lt", "le", "gt", "ge"];

/** Emits a vector instruction; everything else is refused by name. */
export function lowerVector(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  const op = dfg.opcode(inst);
  const result = dfg.resultCount(inst) > 0 ? dfg.valueType(dfg.firstResult(inst)) : dfg.controlType(inst);
  const widening = WIDENINGS.get(op);
  if (widening !== undefined) {
    for (let i = 0; i < dfg.argCount(inst); i++) w.pushArg(inst, i);
    named(w, inst, `${lanesOf(result)}.${widening.replace("#", lanesOf(w.typeOf(w.arg(inst, 0))))}`);
    return;
  }
  const shift = SHIFTS.get(op);
  if (shift !== undefined) {
    w.pushArg(inst, 0);
    w.pushArg(inst, 1);
    if (w.typeOf(w.arg(inst, 1)) === I64) w.op(WasmOp.I32WrapI64);
    named(w, inst, `${lanesOf(result)}.${shift}`);
    return;
  }
  lowerLanes(w, inst, op, result);
}

function lowerLanes(w: CodeWriter, inst: Inst, op: number, result: Type): void {
  const { dfg } = w.func;
  switch (op) {
    case Op.Swizzle:
      w.pushArg(inst, 0);
      w.pushArg(inst, 1);
      w.op(WasmOp.I8x16Swizzle);
      return;
    case Op.Splat:
      w.pushArg(inst, 0);
      named(w, inst, `${lanesOf(result)}.splat`);
      return;
    case Op.Insertlane:
      w.pushArg(inst, 0);
      w.pushArg(inst, 1);
      named(w, inst, `${lanesOf(result)}.replace_lane`);
      w.rawByte(dfg.imm8(inst));
      return;
    case Op.Extractlane: {
      const from = w.typeOf(w.arg(inst, 0));
      w.pushArg(inst, 0);
      named(
        w,
        inst,
        `${lanesOf(from)}.extract_lane${laneBits(from) < 32 && isInt(laneType(from)) ? "_u" : ""}`,
      );
      w.rawByte(dfg.imm8(inst));
      return;
    }
    case Op.ScalarToVector:
      w.op(WasmOp.V128Const);
      for (let i = 0; i < 16; i++) w.rawByte(0);
      w.pushArg(inst, 0);
      named(w, inst, `${lanesOf(result)}.replace_lane`);
      w.rawByte(0);
      return;
    case Op.IaddPairwise:
      lowerAddPairwise(w, inst, result);
      return;
    case Op.VhighBits:
      w.pushArg(inst, 0);
      named(w, inst, `${integerLanes(w.typeOf(w.arg(inst, 0)))}.bitmask`);
      if (result === I64) w.op(WasmOp.I64ExtendI32U);
      return;
    case Op.Shuffle:
      w.pushArg(inst, 0);
      w.pushArg(inst, 1);
      w.op(WasmOp.I8x16Shuffle);
      for (const lane of dfg.immediates[dfg.shuffleMask(inst)]!) w.rawByte(lane);
      return;
    case Op.Vconst:
      w.op(WasmOp.V128Const);
      for (const byte of dfg.constants.bytes(dfg.constant(inst))) w.rawByte(byte);
      return;
    default:
      lowerVectorConversion(w, inst, op, result);
  }
}

/** The even lanes of both vectors plus the odd ones. */
function lowerAddPairwise(w: CodeWriter, inst: Inst, type: Type): void {
  const bytes = laneBits(type) / 8;
  for (const odd of [0, 1]) {
    w.pushArg(inst, 0);
    w.pushArg(inst, 1);
    w.op(WasmOp.I8x16Shuffle);
    for (let lane = 0; lane < 16 / bytes; lane++) {
      for (let byte = 0; byte < bytes; byte++) w.rawByte((2 * lane + odd) * bytes + byte);
    }
  }
  named(w, inst, `${lanesOf(type)}.add`);
}

/** Float lanes have no `bitmask` of their own. */
function integerLanes(type: Type): string {
  return lanesOf(type).replace(/^f/, "i");
}

const CONVERSIONS: ReadonlyMap<string, number> = new Map<string, number>([
  [`${Op.FcvtFromSint} f32x4`, WasmOp.F32x4ConvertI32x4S],
  [`${Op.FcvtFromUint} f32x4`, WasmOp.F32x4ConvertI32x4U],
  [`${Op.FcvtToSintSat} i32x4`, WasmOp.I32x4TruncSatF32x4S],
  [`${Op.FcvtToUintSat} i32x4`, WasmOp.I32x4TruncSatF32x4U],
  [`${Op.Fvdemote} f32x4`, WasmOp.F32x4DemoteF64x2Zero],
  [`${Op.FvpromoteLow} f64x2`, WasmOp.F64x2PromoteLowF32x4],
]);

function lowerVectorConversion(w: CodeWriter, inst: Inst, op: number, result: Type): void {
  const { dfg } = w.func;
  if (op === Op.Icmp || op === Op.Fcmp) {
    lowerVectorCompare(w, inst, op);
    return;
  }
  if (lowerConvertLow(w, inst, op, result)) return;
  const opcode = CONVERSIONS.get(`${op} ${typeName(result)}`);
  if (opcode === undefined || bitsOf(result) !== 128 || !isVector(result)) w.refuse(inst);
  for (let i = 0; i < dfg.argCount(inst); i++) w.pushArg(inst, i);
  w.op(opcode!);
}

/** Of two 64-bit lanes the low halves, side by side. */
const LOW_HALVES = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];

/**
 * The low two integers to floats of twice the width: widened in CLIF, one instruction in Wasm. Where the widened lanes are in a
 * local, as below a tree that is too deep, their low halves are the integers again.
 */
function lowerConvertLow(w: CodeWriter, inst: Inst, op: number, result: Type): boolean {
  if (result !== F64X2) return false;
  const { dfg } = w.func;
  const widened = w.arg(inst, 0);
  if (dfg.valueKind(widened) !== ValueKind.Result) return false;
  const widening = dfg.valueInst(widened);
  const widen = dfg.opcode(widening);
  const signed = op === Op.FcvtFromSint && widen === Op.SwidenLow;
  const unsigned = op === Op.FcvtFromUint && widen === Op.UwidenLow;
  if (!signed && !unsigned) return false;
  if (dfg.valueType(widened) !== I64X2) return false;
  if (w.inlinedInst(widened) !== NONE) {
    w.pushArg(widening, 0);
  } else {
    w.push(widened);
    w.push(widened);
    w.op(WasmOp.I8x16Shuffle);
    for (const lane of LOW_HALVES) w.rawByte(lane);
  }
  w.op(signed ? WasmOp.F64x2ConvertLowI32x4S : WasmOp.F64x2ConvertLowI32x4U);
  return true;
}

function lowerVectorCompare(w: CodeWriter, inst: Inst, op: number): void {
  const { dfg } = w.func;
  const type = dfg.controlType(inst);
  w.pushArg(inst, 0);
  w.pushArg(inst, 1);
  if (op === Op.Icmp) {
    const opcode = intCompare(dfg.condition(inst), type);
    if (opcode < 0) w.refuse(inst);
    w.op(opcode);
    return;
  }
  const name = isFloat(laneType(type)) ? FLOAT_NAMES[dfg.condition(inst)] : "";
  if (name === "" || name === undefined) w.refuse(inst);
  named(w, inst, `${lanesOf(type)}.${name}`);
}
