/**
 * Arithmetic that also says whether it overflowed: two results, pushed in order.
 *
 * Up to 32 bits the sum is made exactly in the next width that Wasm has, and compared with what is left of it; for 64 bits
 * the carry, borrow or sign rules decide. Operands are in locals (`keepsOperands`).
 */
import type { Inst, Value } from "../ir/entities.ts";
import * as Op from "../ir/op.gen.ts";
import { OPCODE_COUNT } from "../ir/opcodes.ts";
import { I32, I64, type Type } from "../ir/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { CodeWriter } from "./code-writer.ts";
import { isNarrow } from "./direct-ops.ts";

type Kind = "add" | "sub" | "mul";

interface Overflow {
  readonly kind: Kind;
  readonly signed: boolean;
}

const OVERFLOWS: ReadonlyMap<number, Overflow> = new Map<number, Overflow>([
  [Op.UaddOverflow, { kind: "add", signed: false }],
  [Op.SaddOverflow, { kind: "add", signed: true }],
  [Op.UsubOverflow, { kind: "sub", signed: false }],
  [Op.SsubOverflow, { kind: "sub", signed: true }],
  [Op.UmulOverflow, { kind: "mul", signed: false }],
  [Op.SmulOverflow, { kind: "mul", signed: true }],
  [Op.UaddOverflowCin, { kind: "add", signed: false }],
  [Op.SaddOverflowCin, { kind: "add", signed: true }],
  [Op.UsubOverflowBin, { kind: "sub", signed: false }],
  [Op.SsubOverflowBin, { kind: "sub", signed: true }],
]);

/** By opcode: asked of every instruction. */
const IS_OVERFLOW: Uint8Array = new Uint8Array(OPCODE_COUNT + 1).map((_, op) => (OVERFLOWS.has(op) ? 1 : 0));

export function isOverflowOp(op: number): boolean {
  return IS_OVERFLOW[op] === 1;
}

const NARROW_OPS = { add: WasmOp.I32Add, sub: WasmOp.I32Sub, mul: WasmOp.I32Mul };
const WIDE_OPS = { add: WasmOp.I64Add, sub: WasmOp.I64Sub, mul: WasmOp.I64Mul };

/** Pushes the result and the overflow flag. `false` for 64-bit products, which the caller puts together. */
export function lowerOverflow(w: CodeWriter, inst: Inst, type: Type): boolean {
  const { kind, signed } = OVERFLOWS.get(w.func.dfg.opcode(inst))!;
  if (type !== I64) {
    exactly(w, inst, type, kind, signed);
    return true;
  }
  if (kind === "mul") return false;
  pushResult64(w, inst, kind);
  w.localTee(w.temp(I64));
  if (signed) signedOverflow64(w, inst, kind);
  else if (kind === "add") carry64(w, inst);
  else borrow64(w, inst);
  return true;
}

/** Pushes the carry or borrow that comes in, as 0 or 1; false where there is none. */
function pushIncoming(w: CodeWriter, inst: Inst, wide: boolean): boolean {
  if (w.func.dfg.argCount(inst) < 3) return false;
  w.pushZero(w.arg(inst, 2));
  w.i32Const(0);
  w.op(WasmOp.I32Ne);
  if (wide) w.op(WasmOp.I64ExtendI32U);
  return true;
}

function exactly(w: CodeWriter, inst: Inst, type: Type, kind: Kind, signed: boolean): void {
  const wide = !isNarrow(type);
  const exact = wide ? I64 : I32;
  const sum = w.temp(exact);
  const pushOperand = (value: Value): void => {
    if (signed) w.pushSign(value);
    else w.pushZero(value);
    if (wide) w.op(signed ? WasmOp.I64ExtendI32S : WasmOp.I64ExtendI32U);
  };
  pushOperand(w.arg(inst, 0));
  pushOperand(w.arg(inst, 1));
  w.op((wide ? WIDE_OPS : NARROW_OPS)[kind]);
  if (pushIncoming(w, inst, wide)) w.op((wide ? WIDE_OPS : NARROW_OPS)[kind]);
  w.localSet(sum);
  w.localGet(sum);
  if (wide) w.op(WasmOp.I32WrapI64);
  // The exact sum differs from the extension of what is kept of it.
  w.localGet(sum);
  w.localGet(sum);
  keepLow(w, type, signed);
  w.op(wide ? WasmOp.I64Ne : WasmOp.I32Ne);
}

/** Replaces an exact sum on the stack by the extension of its low bits. */
function keepLow(w: CodeWriter, type: Type, signed: boolean): void {
  if (isNarrow(type)) {
    if (signed) w.signExtend(type);
    else w.zeroExtend(type);
  } else if (signed) {
    w.op(WasmOp.I64Extend32S);
  } else {
    w.i64Const(-1, 0);
    w.op(WasmOp.I64And);
  }
}

function pushResult64(w: CodeWriter, inst: Inst, kind: "add" | "sub"): void {
  w.pushArg(inst, 0);
  w.pushArg(inst, 1);
  w.op(WIDE_OPS[kind]);
  if (pushIncoming(w, inst, true)) w.op(WIDE_OPS[kind]);
}

/** A sum overflows when its sign differs from both operands', a difference when the operands' differ and it has not the first's. */
function signedOverflow64(w: CodeWriter, inst: Inst, kind: "add" | "sub"): void {
  const result = w.temp(I64);
  w.pushArg(inst, 0);
  if (kind === "add") w.localGet(result);
  else w.pushArg(inst, 1);
  w.op(WasmOp.I64Xor);
  w.pushArg(inst, kind === "add" ? 1 : 0);
  w.localGet(result);
  w.op(WasmOp.I64Xor);
  w.op(WasmOp.I64And);
  w.i64Const(0, 0);
  w.op(WasmOp.I64LtS);
}

/** Carry out of `x + y + c`: the sum is below `x`, or equal to it with a carry in that `y` did not absorb. */
function carry64(w: CodeWriter, inst: Inst): void {
  const result = w.temp(I64);
  w.localGet(result);
  w.pushArg(inst, 0);
  w.op(WasmOp.I64LtU);
  if (w.func.dfg.argCount(inst) < 3) return;
  w.localGet(result);
  w.pushArg(inst, 0);
  w.op(WasmOp.I64Eq);
  pushIncoming(w, inst, false);
  w.op(WasmOp.I32And);
  w.op(WasmOp.I32Or);
}

function borrow64(w: CodeWriter, inst: Inst): void {
  w.pushArg(inst, 0);
  w.pushArg(inst, 1);
  w.op(WasmOp.I64LtU);
  if (w.func.dfg.argCount(inst) < 3) return;
  w.pushArg(inst, 0);
  w.pushArg(inst, 1);
  w.op(WasmOp.I64Eq);
  pushIncoming(w, inst, false);
  w.op(WasmOp.I32And);
  w.op(WasmOp.I32Or);
}
