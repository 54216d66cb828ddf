/**
 * Scalar integer instructions that are more than one Wasm instruction: narrow widths, and what Wasm has no opcode for.
 * Operands used more than once are in locals (`keepsOperands`), so pushing one again costs a `local.get`.
 */
import type { Inst, Value } from "../ir/entities.ts";
import * as Op from "../ir/op.gen.ts";
import { INTEGER_OVERFLOW } from "../ir/trap-codes.ts";
import { bitsOf, I32, I64, type Type } from "../ir/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { CodeWriter } from "./code-writer.ts";
import { isNarrow } from "./direct-ops.ts";

type Lowering = (w: CodeWriter, inst: Inst, type: Type) => void;

const MAX_SHIFT: Readonly<Record<number, number>> = { 8: 7, 16: 15, 32: 31, 64: 63 };

/** Pushes a shift amount, reduced to the width, in the type that the shift wants. */
function pushAmount(w: CodeWriter, amount: Value, type: Type): void {
  w.push(amount);
  const from = w.typeOf(amount);
  if (from === I64) w.op(WasmOp.I32WrapI64);
  // Wasm's own shifts take the amount modulo 32 or 64.
  if (isNarrow(type)) {
    w.i32Const(MAX_SHIFT[bitsOf(type)]!);
    w.op(WasmOp.I32And);
  }
  if (type === I64) w.op(WasmOp.I64ExtendI32U);
}

const shiftLeft: Lowering = (w, inst, type) => {
  w.pushArg(inst, 0);
  pushAmount(w, w.arg(inst, 1), type);
  w.intOp(type, WasmOp.I32Shl, WasmOp.I64Shl);
};

const shiftRight: Lowering = (w, inst, type) => {
  w.pushZero(w.arg(inst, 0));
  pushAmount(w, w.arg(inst, 1), type);
  w.intOp(type, WasmOp.I32ShrU, WasmOp.I64ShrU);
};

const shiftRightSigned: Lowering = (w, inst, type) => {
  w.pushSign(w.arg(inst, 0));
  pushAmount(w, w.arg(inst, 1), type);
  w.intOp(type, WasmOp.I32ShrS, WasmOp.I64ShrS);
};

/** Narrow rotations: the value twice in a word, shifted. */
function rotate(left: boolean): Lowering {
  return (w, inst, type) => {
    const [value, amount] = [w.arg(inst, 0), w.arg(inst, 1)];
    if (!isNarrow(type)) {
      w.push(value);
      pushAmount(w, amount, type);
      w.intOp(type, left ? WasmOp.I32Rotl : WasmOp.I32Rotr, left ? WasmOp.I64Rotl : WasmOp.I64Rotr);
      return;
    }
    const bits = bitsOf(type);
    const doubled = w.temp(I32);
    w.pushZero(value);
    w.localTee(doubled);
    w.localGet(doubled);
    w.i32Const(bits);
    w.op(WasmOp.I32Shl);
    w.op(WasmOp.I32Or);
    if (left) {
      // Rotating left is rotating right by the rest.
      w.i32Const(bits);
      pushAmount(w, amount, type);
      w.op(WasmOp.I32Sub);
      w.i32Const(bits - 1);
      w.op(WasmOp.I32And);
    } else {
      pushAmount(w, amount, type);
    }
    w.op(WasmOp.I32ShrU);
  };
}

const negate: Lowering = (w, inst, type) => {
  w.intConst(type, 0);
  w.pushArg(inst, 0);
  w.intOp(type, WasmOp.I32Sub, WasmOp.I64Sub);
};

const invert: Lowering = (w, inst, type) => {
  w.pushArg(inst, 0);
  w.intConst(type, -1);
  w.intOp(type, WasmOp.I32Xor, WasmOp.I64Xor);
};

/** `(x ^ s) - s` where `s` is the sign in every bit. */
const absolute: Lowering = (w, inst, type) => {
  const sign = w.temp(type);
  const value = w.temp(type, 1);
  w.pushSign(w.arg(inst, 0));
  w.localTee(value);
  w.intConst(type, type === I64 ? 63 : 31);
  w.intOp(type, WasmOp.I32ShrS, WasmOp.I64ShrS);
  w.localTee(sign);
  w.localGet(value);
  w.intOp(type, WasmOp.I32Xor, WasmOp.I64Xor);
  w.localGet(sign);
  w.intOp(type, WasmOp.I32Sub, WasmOp.I64Sub);
};

/** Minimum or maximum: the operands, and a select on their comparison. */
function select(signed: boolean, narrow: number, wide: number): Lowering {
  return (w, inst, type) => {
    const push = (index: number): void =>
      signed ? w.pushSign(w.arg(inst, index)) : w.pushZero(w.arg(inst, index));
    w.pushArg(inst, 0);
    w.pushArg(inst, 1);
    push(0);
    push(1);
    w.intOp(type, narrow, wide);
    w.op(WasmOp.Select);
  };
}

/** The most negative value divided by -1 overflows: Wasm traps for its own widths, narrow ones are checked. */
const divideSigned: Lowering = (w, inst, type) => {
  w.pushSign(w.arg(inst, 0));
  w.pushSign(w.arg(inst, 1));
  w.intOp(type, WasmOp.I32DivS, WasmOp.I64DivS);
  if (!isNarrow(type)) return;
  const quotient = w.temp(I32);
  w.localTee(quotient);
  w.i32Const(1 << (bitsOf(type) - 1));
  w.op(WasmOp.I32Eq);
  w.trapIf(INTEGER_OVERFLOW);
  w.localGet(quotient);
};

/** Leading zeros of a narrow value, without those of the word around it. */
const leadingZeros: Lowering = (w, inst, type) => {
  w.pushZero(w.arg(inst, 0));
  w.intOp(type, WasmOp.I32Clz, WasmOp.I64Clz);
  if (!isNarrow(type)) return;
  w.i32Const(32 - bitsOf(type));
  w.op(WasmOp.I32Sub);
};

/** Trailing zeros: a bit above a narrow value ends the count. */
const trailingZeros: Lowering = (w, inst, type) => {
  w.pushArg(inst, 0);
  if (isNarrow(type)) {
    w.i32Const(1 << bitsOf(type));
    w.op(WasmOp.I32Or);
  }
  w.intOp(type, WasmOp.I32Ctz, WasmOp.I64Ctz);
};

/** Leading bits equal to the sign, the sign itself left out: `clz(x ^ (x >> 1)) - 1`, signed. */
const leadingSigns: Lowering = (w, inst, type) => {
  const value = w.temp(type);
  w.pushSign(w.arg(inst, 0));
  w.localTee(value);
  w.localGet(value);
  w.intConst(type, 1);
  w.intOp(type, WasmOp.I32ShrS, WasmOp.I64ShrS);
  w.intOp(type, WasmOp.I32Xor, WasmOp.I64Xor);
  w.intOp(type, WasmOp.I32Clz, WasmOp.I64Clz);
  w.intConst(type, isNarrow(type) ? 33 - bitsOf(type) : 1);
  w.intOp(type, WasmOp.I32Sub, WasmOp.I64Sub);
};

/** `((x >> shift) & mask) | ((x & mask) << shift)` on the value in a local. */
function swapGroups(w: CodeWriter, local: number, type: Type, mask: bigint, shift: number): void {
  const push = (): void => {
    if (type === I64) w.i64Const(Number(BigInt.asIntN(32, mask)), Number(BigInt.asIntN(32, mask >> 32n)));
    else w.i32Const(Number(BigInt.asIntN(32, mask)));
  };
  w.localGet(local);
  w.intConst(type, shift);
  w.intOp(type, WasmOp.I32ShrU, WasmOp.I64ShrU);
  push();
  w.intOp(type, WasmOp.I32And, WasmOp.I64And);
  w.localGet(local);
  push();
  w.intOp(type, WasmOp.I32And, WasmOp.I64And);
  w.intConst(type, shift);
  w.intOp(type, WasmOp.I32Shl, WasmOp.I64Shl);
  w.intOp(type, WasmOp.I32Or, WasmOp.I64Or);
  w.localSet(local);
}

/** `width` bits on, `width` bits off, repeated. */
function groupMask(width: number): bigint {
  let mask = 0n;
  for (let bit = 0; bit < 64; bit++) if (Math.floor(bit / width) % 2 === 0) mask |= 1n << BigInt(bit);
  return mask;
}

/** Reverses groups of `smallest` bits within the type, in steps of doubling width. */
function reverse(smallest: number): Lowering {
  return (w, inst, type) => {
    const local = w.temp(type);
    w.pushZero(w.arg(inst, 0));
    w.localSet(local);
    for (let width = smallest; width < bitsOf(type); width *= 2) {
      swapGroups(w, local, type, groupMask(width), width);
    }
    w.localGet(local);
  };
}

/** The high half of a product. Up to 32 bits, of a 64-bit product; of 64 bits, put together from four products. */
function multiplyHigh(signed: boolean): Lowering {
  return (w, inst, type) => {
    if (type === I64) {
      if (signed) multiplyHighSigned64(w, inst);
      else multiplyHighUnsigned64(w, w.arg(inst, 0), w.arg(inst, 1));
      return;
    }
    for (const index of [0, 1]) {
      if (signed) w.pushSign(w.arg(inst, index));
      else w.pushZero(w.arg(inst, index));
      w.op(signed ? WasmOp.I64ExtendI32S : WasmOp.I64ExtendI32U);
    }
    w.op(WasmOp.I64Mul);
    w.i64Const(bitsOf(type), 0);
    w.op(WasmOp.I64ShrU);
    w.op(WasmOp.I32WrapI64);
  };
}

function pushLow32(w: CodeWriter, value: Value): void {
  w.push(value);
  w.i64Const(-1, 0);
  w.op(WasmOp.I64And);
}

function pushHigh32(w: CodeWriter, value: Value): void {
  w.push(value);
  w.i64Const(32, 0);
  w.op(WasmOp.I64ShrU);
}

/** Warren, "Hacker's Delight", 8-2: with `t = xh·yl + (xl·yl >> 32)` and `u = xl·yh + low(t)`. */
function multiplyHighUnsigned64(w: CodeWriter, x: Value, y: Value): void {
  const t = w.temp(I64);
  pushHigh32(w, x);
  pushLow32(w, y);
  w.op(WasmOp.I64Mul);
  pushLow32(w, x);
  pushLow32(w, y);
  w.op(WasmOp.I64Mul);
  w.i64Const(32, 0);
  w.op(WasmOp.I64ShrU);
  w.op(WasmOp.I64Add);
  w.localSet(t);
  pushHigh32(w, x);
  pushHigh32(w, y);
  w.op(WasmOp.I64Mul);
  w.localGet(t);
  w.i64Const(32, 0);
  w.op(WasmOp.I64ShrU);
  w.op(WasmOp.I64Add);
  pushLow32(w, x);
  pushHigh32(w, y);
  w.op(WasmOp.I64Mul);
  w.localGet(t);
  w.i64Const(-1, 0);
  w.op(WasmOp.I64And);
  w.op(WasmOp.I64Add);
  w.i64Const(32, 0);
  w.op(WasmOp.I64ShrU);
  w.op(WasmOp.I64Add);
}

/** The unsigned high half, less each operand where the other is negative. */
function multiplyHighSigned64(w: CodeWriter, inst: Inst): void {
  const [x, y] = [w.arg(inst, 0), w.arg(inst, 1)];
  multiplyHighUnsigned64(w, x, y);
  for (const [sign, other] of [
    [x, y],
    [y, x],
  ] as const) {
    w.push(sign);
    w.i64Const(63, 0);
    w.op(WasmOp.I64ShrS);
    w.push(other);
    w.op(WasmOp.I64And);
    w.op(WasmOp.I64Sub);
  }
}

/** The low half of a 64-bit product, and whether the high half is more than its extension. */
export function multiplyOverflow64(w: CodeWriter, inst: Inst, signed: boolean): void {
  const low = w.temp(I64, 1);
  w.pushArg(inst, 0);
  w.pushArg(inst, 1);
  w.op(WasmOp.I64Mul);
  w.localTee(low);
  if (signed) multiplyHighSigned64(w, inst);
  else multiplyHighUnsigned64(w, w.arg(inst, 0), w.arg(inst, 1));
  if (signed) {
    w.localGet(low);
    w.i64Const(63, 0);
    w.op(WasmOp.I64ShrS);
  } else {
    w.i64Const(0, 0);
  }
  w.op(WasmOp.I64Ne);
}

const mask: Lowering = (w, inst, type) => {
  w.intConst(type, 0);
  w.pushCondition(w.arg(inst, 0));
  w.i32Const(0);
  w.op(WasmOp.I32Ne);
  if (type === I64) w.op(WasmOp.I64ExtendI32U);
  w.intOp(type, WasmOp.I32Sub, WasmOp.I64Sub);
};

const zeroExtend: Lowering = (w, inst, type) => {
  const value = w.arg(inst, 0);
  w.pushZero(value);
  if (type === I64 && w.typeOf(value) !== I64) w.op(WasmOp.I64ExtendI32U);
};

const signExtend: Lowering = (w, inst, type) => {
  const value = w.arg(inst, 0);
  w.pushSign(value);
  if (type === I64 && w.typeOf(value) !== I64) w.op(WasmOp.I64ExtendI32S);
};

const reduce: Lowering = (w, inst, type) => {
  const value = w.arg(inst, 0);
  w.push(value);
  if (w.typeOf(value) === I64 && type !== I64) w.op(WasmOp.I32WrapI64);
};

/** Low half from `lo`, high half from `hi`. */
const concat: Lowering = (w, inst, type) => {
  const wide = type === I32;
  for (const index of [1, 0]) {
    const value = w.arg(inst, index);
    if (index === 0) w.pushZero(value);
    else w.push(value);
    if (wide) w.op(WasmOp.I64ExtendI32U);
    if (index === 1) {
      const bits = bitsOf(type);
      if (wide) w.i64Const(bits, 0);
      else w.i32Const(bits);
      w.op(wide ? WasmOp.I64Shl : WasmOp.I32Shl);
    }
  }
  w.op(wide ? WasmOp.I64Or : WasmOp.I32Or);
};

/** Integer instructions with one result, by opcode; the type is the control type. */
export const INTEGER_LOWERINGS: ReadonlyMap<number, Lowering> = new Map<number, Lowering>([
  [Op.Ineg, negate],
  [Op.Bnot, invert],
  [Op.Iabs, absolute],
  [Op.Ishl, shiftLeft],
  [Op.Ushr, shiftRight],
  [Op.Sshr, shiftRightSigned],
  [Op.Rotl, rotate(true)],
  [Op.Rotr, rotate(false)],
  [Op.Smin, select(true, WasmOp.I32LtS, WasmOp.I64LtS)],
  [Op.Smax, select(true, WasmOp.I32GtS, WasmOp.I64GtS)],
  [Op.Umin, select(false, WasmOp.I32LtU, WasmOp.I64LtU)],
  [Op.Umax, select(false, WasmOp.I32GtU, WasmOp.I64GtU)],
  [Op.Sdiv, divideSigned],
  [Op.Clz, leadingZeros],
  [Op.Ctz, trailingZeros],
  [Op.Cls, leadingSigns],
  [Op.Bitrev, reverse(1)],
  [Op.Bswap, reverse(8)],
  [Op.Umulhi, multiplyHigh(false)],
  [Op.Smulhi, multiplyHigh(true)],
  [Op.Bmask, mask],
  [Op.Uextend, zeroExtend],
  [Op.Sextend, signExtend],
  [Op.Ireduce, reduce],
  [Op.Iconcat, concat],
]);

/** Those that push an operand more than once. */
const REPEATED: ReadonlySet<number> = new Set<number>([
  Op.Smin,
  Op.Smax,
  Op.Umin,
  Op.Umax,
  Op.Umulhi,
  Op.Smulhi,
]);

export function repeatsIntegerOperands(op: number): boolean {
  return REPEATED.has(op);
}
