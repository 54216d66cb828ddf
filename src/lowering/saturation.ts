/**
 * Conversions of floats to integers that saturate, as functions made of those that trap: what is no number gives 0, and what lies
 * outside gives the bound. Both bounds of each type are powers of two, which either float type has exactly.
 */
import { F32, F64, I32, I64, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { BodyWriter } from "./body-writer.ts";

export interface Saturation {
  readonly from: ValType;
  readonly to: ValType;
  /** The conversion that traps. */
  readonly trapping: number;
  readonly isSigned: boolean;
}

const row = (from: ValType, to: ValType, isSigned: boolean, trapping: number): Saturation => ({
  from,
  to,
  isSigned,
  trapping,
});

/** By the operator that saturates. */
export const SATURATIONS: ReadonlyMap<number, Saturation> = new Map([
  [WasmOp.I32TruncSatF32S, row(F32, I32, true, WasmOp.I32TruncF32S)],
  [WasmOp.I32TruncSatF32U, row(F32, I32, false, WasmOp.I32TruncF32U)],
  [WasmOp.I32TruncSatF64S, row(F64, I32, true, WasmOp.I32TruncF64S)],
  [WasmOp.I32TruncSatF64U, row(F64, I32, false, WasmOp.I32TruncF64U)],
  [WasmOp.I64TruncSatF32S, row(F32, I64, true, WasmOp.I64TruncF32S)],
  [WasmOp.I64TruncSatF32U, row(F32, I64, false, WasmOp.I64TruncF32U)],
  [WasmOp.I64TruncSatF64S, row(F64, I64, true, WasmOp.I64TruncF64S)],
  [WasmOp.I64TruncSatF64U, row(F64, I64, false, WasmOp.I64TruncF64U)],
]);

export function saturationBody({ from, to, trapping, isSigned }: Saturation): Uint8Array {
  const w = new BodyWriter();
  const bits = to === I64 ? 64 : 32;
  const isWide = from === F64;
  const bound = (value: number, compare: number, result: bigint): void => {
    w.get(0);
    w.float(isWide ? WasmOp.F64Const : WasmOp.F32Const, value);
    w.op(compare);
    returnIf(w, to, result);
  };
  w.get(0);
  w.get(0);
  w.op(isWide ? WasmOp.F64Ne : WasmOp.F32Ne);
  returnIf(w, to, 0n);
  const power = isSigned ? bits - 1 : bits;
  const below = isSigned ? -(2 ** power) : 0;
  bound(below, isWide ? WasmOp.F64Le : WasmOp.F32Le, BigInt(below));
  bound(2 ** power, isWide ? WasmOp.F64Ge : WasmOp.F32Ge, (1n << BigInt(power)) - 1n);
  w.get(0);
  w.op(trapping);
  return w.finish();
}

/** Returns a constant when the i32 on the stack is not zero. */
function returnIf(w: BodyWriter, type: ValType, result: bigint): void {
  w.open(WasmOp.If);
  if (type === I64) w.i64(result);
  else w.i32(Number(BigInt.asIntN(32, result)));
  w.op(WasmOp.Return);
  w.end();
}
