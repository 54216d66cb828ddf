/** Comparisons, selection, constants and conversions between scalar types. */

import { FLOAT_CONDITIONS } from "../ir/conditions.ts";
import type { Inst } from "../ir/entities.ts";
import * as Op from "../ir/op.gen.ts";
import { BAD_CONVERSION_TO_INTEGER } from "../ir/trap-codes.ts";
import { bitsOf, F32, F64, I32, I64, isFloat, isInt, type Type } from "../ir/types.ts";
import { findOpcode } from "../wasm/opcode-names.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { CodeWriter } from "./code-writer.ts";
import { pushCondition } from "./conditions.ts";
import { floatCompare, isNarrow } from "./direct-ops.ts";

/** Conditions that Wasm lacks: ordered and unordered ask each operand whether it equals itself. */
export function lowerFloatCompare(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  const type = dfg.controlType(inst);
  const direct = floatCompare(dfg.condition(inst), type);
  if (direct >= 0) {
    w.pushArg(inst, 0);
    w.pushArg(inst, 1);
    w.op(direct);
    return;
  }
  const condition = FLOAT_CONDITIONS[dfg.condition(inst)]!;
  const compare = (name: string, first: number, second: number): void => {
    w.pushArg(inst, first);
    w.pushArg(inst, second);
    w.op(findOpcode(`${type === F32 ? "f32" : "f64"}.${name}`));
  };
  switch (condition) {
    case "ord":
    case "uno":
      compare("eq", 0, 0);
      compare("eq", 1, 1);
      w.op(WasmOp.I32And);
      if (condition === "uno") w.op(WasmOp.I32Eqz);
      return;
    case "one":
    case "ueq":
      compare("lt", 0, 1);
      compare("gt", 0, 1);
      w.op(WasmOp.I32Or);
      if (condition === "ueq") w.op(WasmOp.I32Eqz);
      return;
    default:
      // Unordered or less is not (greater or equal), and so on.
      compare({ ult: "ge", ule: "gt", ugt: "le", uge: "lt" }[condition as "ult"] ?? "eq", 0, 1);
      w.op(WasmOp.I32Eqz);
  }
}

const REPEATING_CONDITIONS = new Set(
  ["ord", "uno", "one", "ueq"].map((c) => FLOAT_CONDITIONS.indexOf(c as "ord")),
);

/** Whether a float comparison pushes its operands more than once. */
export function repeatsFloatOperands(condition: number): boolean {
  return REPEATING_CONDITIONS.has(condition);
}

export function lowerSelect(w: CodeWriter, inst: Inst): void {
  w.pushArg(inst, 1);
  w.pushArg(inst, 2);
  pushCondition(w, w.arg(inst, 0));
  const type = w.func.dfg.valueType(w.func.dfg.firstResult(inst));
  if (isInt(type) || isFloat(type)) {
    w.op(WasmOp.Select);
  } else {
    w.op(WasmOp.SelectT);
    w.rawByte(1);
    w.rawByte(0x7b);
  }
}

export function lowerConstant(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  const type = dfg.valueType(dfg.firstResult(inst));
  switch (dfg.opcode(inst)) {
    case Op.Iconst:
      if (type === I64) w.i64Const(dfg.immLow(inst), dfg.immHigh(inst));
      else w.i32Const(isNarrow(type) ? dfg.immLow(inst) & ((1 << bitsOf(type)) - 1) : dfg.immLow(inst));
      return;
    case Op.F32const:
      w.op(WasmOp.F32Const);
      w.rawWord(dfg.immLow(inst));
      return;
    default:
      w.op(WasmOp.F64Const);
      w.rawWord(dfg.immLow(inst));
      w.rawWord(dfg.immHigh(inst));
  }
}

function wasmName(type: Type): string {
  if (type === I64) return "i64";
  if (type === F32) return "f32";
  return type === F64 ? "f64" : "i32";
}

/** Bits stay, the type changes. */
export function lowerBitcast(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  const from = w.typeOf(w.arg(inst, 0));
  const to = dfg.valueType(dfg.firstResult(inst));
  if (bitsOf(from) !== bitsOf(to)) w.refuse(inst);
  w.pushArg(inst, 0);
  if (bitsOf(from) === 128 || isInt(from) === isInt(to)) return;
  const opcode = findOpcode(`${wasmName(to)}.reinterpret_${wasmName(from)}`);
  if (opcode < 0) w.refuse(inst);
  w.op(opcode);
}

/** Bounds that a float must be strictly between to convert to a narrow integer, by signedness and bits. */
function narrowBounds(signed: boolean, bits: number): readonly [number, number] {
  return signed ? [-(2 ** (bits - 1)) - 1, 2 ** (bits - 1)] : [-1, 2 ** bits];
}

/** Truncation that traps. Narrow integers are truncated to an i32, whose range is then checked. */
export function lowerTrappingTruncation(w: CodeWriter, inst: Inst, signed: boolean): void {
  const { dfg } = w.func;
  const to = dfg.valueType(dfg.firstResult(inst));
  const from = w.typeOf(w.arg(inst, 0));
  const sign = signed ? "s" : "u";
  w.pushArg(inst, 0);
  if (!isNarrow(to)) {
    const opcode = findOpcode(`${wasmName(to)}.trunc_${wasmName(from)}_${sign}`);
    if (opcode < 0) w.refuse(inst);
    w.op(opcode);
    return;
  }
  const opcode = findOpcode(`i32.trunc_${wasmName(from)}_s`);
  if (opcode < 0) w.refuse(inst);
  const integer = w.temp(I32);
  const [below, above] = narrowBounds(signed, bitsOf(to));
  w.op(opcode);
  w.localTee(integer);
  w.i32Const(below);
  w.op(WasmOp.I32LeS);
  w.localGet(integer);
  w.i32Const(above);
  w.op(WasmOp.I32GeS);
  w.op(WasmOp.I32Or);
  w.trapIf(BAD_CONVERSION_TO_INTEGER);
  w.localGet(integer);
}

/** Truncation that saturates; to narrow integers by way of a saturated i32, cut to the range. */
export function lowerSaturatingTruncation(w: CodeWriter, inst: Inst, signed: boolean): void {
  const { dfg } = w.func;
  const to = dfg.valueType(dfg.firstResult(inst));
  const from = w.typeOf(w.arg(inst, 0));
  const opcode = findOpcode(
    `${isNarrow(to) ? "i32" : wasmName(to)}.trunc_sat_${wasmName(from)}_${signed ? "s" : "u"}`,
  );
  if (opcode < 0) w.refuse(inst);
  w.pushArg(inst, 0);
  w.op(opcode);
  if (!isNarrow(to)) return;
  const integer = w.temp(I32);
  const [below, above] = narrowBounds(signed, bitsOf(to));
  w.localSet(integer);
  if (signed) clamp(w, integer, below + 1, WasmOp.I32LtS);
  clamp(w, integer, above - 1, signed ? WasmOp.I32GtS : WasmOp.I32GtU);
  w.localGet(integer);
}

/** Replaces a local by `bound` where it compares so with it. */
function clamp(w: CodeWriter, local: number, bound: number, compare: number): void {
  w.i32Const(bound);
  w.localGet(local);
  w.localGet(local);
  w.i32Const(bound);
  w.op(compare);
  w.op(WasmOp.Select);
  w.localSet(local);
}

export function lowerFromInteger(w: CodeWriter, inst: Inst, signed: boolean): void {
  const { dfg } = w.func;
  const to = dfg.valueType(dfg.firstResult(inst));
  const value = w.arg(inst, 0);
  const opcode = findOpcode(
    `${wasmName(to)}.convert_${w.typeOf(value) === I64 ? "i64" : "i32"}_${signed ? "s" : "u"}`,
  );
  if (opcode < 0 || (to !== F32 && to !== F64)) w.refuse(inst);
  if (signed) w.pushSign(value);
  else w.pushZero(value);
  w.op(opcode);
}
