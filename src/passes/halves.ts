/**
 * Arithmetic on integers of 128 bits as pairs of `i64`, low half first: the sequences that `split-wide-integers.ts` puts in
 * place of an instruction. They branch nowhere; each gives the same bits as the instruction, for any operands.
 *
 * Shifts use that CLIF's own take the amount modulo the width: for an amount n, `x >> (63 - n % 64) >> 1` are the bits that a
 * shift by n carries into the other half, for n % 64 = 0 none. What a shift by 64 and more does besides is a select.
 */
import type { IntCondition } from "../ir/conditions.ts";
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import * as Op from "../ir/op.gen.ts";
import type { Opcode } from "../ir/opcodes.ts";
import { I64 } from "../ir/types.ts";

/** Low, then high. */
export type Halves = readonly [Value, Value];

/** Any bit of a pair, for what asks whether it is zero. */
export function anyBits(ins: InstBuilder, [low, high]: Halves): Value {
  return ins.bor(low, high);
}

/** `count` in the low half. */
function small(ins: InstBuilder, count: Value): Halves {
  return [count, ins.iconst(I64, 0)];
}

export function add(ins: InstBuilder, [xl, xh]: Halves, [yl, yh]: Halves): Halves {
  const [low, carry] = ins.uaddOverflow(xl, yl);
  return [low, ins.iadd(ins.iadd(xh, yh), ins.uextend(I64, carry))];
}

export function subtract(ins: InstBuilder, [xl, xh]: Halves, [yl, yh]: Halves): Halves {
  const [low, borrow] = ins.usubOverflow(xl, yl);
  return [low, ins.isub(ins.isub(xh, yh), ins.uextend(I64, borrow))];
}

export function negate(ins: InstBuilder, x: Halves): Halves {
  const zero = ins.iconst(I64, 0);
  return subtract(ins, [zero, zero], x);
}

function multiply(ins: InstBuilder, [xl, xh]: Halves, [yl, yh]: Halves): Halves {
  const crossed = ins.iadd(ins.imul(xl, yh), ins.imul(xh, yl));
  return [ins.imul(xl, yl), ins.iadd(ins.umulhi(xl, yl), crossed)];
}

/** The product's upper 128 bits: of four products of halves, the three upper ones and the carries out of the second word. */
function multiplyHigh(ins: InstBuilder, [xl, xh]: Halves, [yl, yh]: Halves): Halves {
  const [first, carry] = ins.uaddOverflow(ins.umulhi(xl, yl), ins.imul(xl, yh));
  const [, otherCarry] = ins.uaddOverflow(first, ins.imul(xh, yl));
  const zero = ins.iconst(I64, 0);
  let sum: Halves = [ins.imul(xh, yh), ins.umulhi(xh, yh)];
  for (const word of [ins.umulhi(xl, yh), ins.umulhi(xh, yl)]) sum = add(ins, sum, [word, zero]);
  for (const bit of [carry, otherCarry]) sum = add(ins, sum, [ins.uextend(I64, bit), zero]);
  return sum;
}

/** The unsigned one, less each operand where the other is negative. */
function multiplyHighSigned(ins: InstBuilder, x: Halves, y: Halves): Halves {
  let high = multiplyHigh(ins, x, y);
  for (const [sign, other] of [
    [x, y],
    [y, x],
  ] as const) {
    const mask = ins.sshrImmS(sign[1], 63);
    high = subtract(ins, high, [ins.band(mask, other[0]), ins.band(mask, other[1])]);
  }
  return high;
}

export function select(ins: InstBuilder, condition: Value, x: Halves, y: Halves): Halves {
  return [ins.select(condition, x[0], y[0]), ins.select(condition, x[1], y[1])];
}

/** On the low halves, where an order of both decides by the high ones first. */
const UNSIGNED: Readonly<Partial<Record<IntCondition, IntCondition>>> = {
  slt: "ult",
  sge: "uge",
  sgt: "ugt",
  sle: "ule",
};

export function compare(
  ins: InstBuilder,
  condition: IntCondition,
  [xl, xh]: Halves,
  [yl, yh]: Halves,
): Value {
  if (condition === "eq" || condition === "ne") {
    return ins.icmpImmS(condition, ins.bor(ins.bxor(xl, yl), ins.bxor(xh, yh)), 0);
  }
  const low = ins.icmp(UNSIGNED[condition] ?? condition, xl, yl);
  return ins.select(ins.icmp("eq", xh, yh), low, ins.icmp(condition, xh, yh));
}

/** The smaller or the larger: `x` where the condition holds. */
function choose(condition: IntCondition): Binary {
  return (ins, x, y) => select(ins, compare(ins, condition, x, y), x, y);
}

function absolute(ins: InstBuilder, x: Halves): Halves {
  const sign = ins.sshrImmS(x[1], 63);
  return subtract(ins, [ins.bxor(x[0], sign), ins.bxor(x[1], sign)], [sign, sign]);
}

// Shifts; the amount is an i64.

/** Whether the amount goes beyond a half. */
function isLong(ins: InstBuilder, amount: Value): Value {
  return ins.band(amount, ins.iconst(I64, 64));
}

/** What a shift of `x` to the left carries out at the top. */
function carriedUp(ins: InstBuilder, x: Value, amount: Value): Value {
  return ins.ushr(ins.ushrImmS(x, 1), ins.bnot(amount));
}

/** What a shift of `x` to the right carries out at the bottom. */
function carriedDown(ins: InstBuilder, x: Value, amount: Value): Value {
  return ins.ishl(ins.ishlImmS(x, 1), ins.bnot(amount));
}

function shiftLeft(ins: InstBuilder, [low, high]: Halves, amount: Value): Halves {
  const shifted = ins.ishl(low, amount);
  const upper = ins.bor(ins.ishl(high, amount), carriedUp(ins, low, amount));
  return select(ins, isLong(ins, amount), [ins.iconst(I64, 0), shifted], [shifted, upper]);
}

function shiftRight(signed: boolean): Shift {
  return (ins, [low, high], amount) => {
    const shifted = signed ? ins.sshr(high, amount) : ins.ushr(high, amount);
    const lower = ins.bor(ins.ushr(low, amount), carriedDown(ins, high, amount));
    const fill = signed ? ins.sshrImmS(high, 63) : ins.iconst(I64, 0);
    return select(ins, isLong(ins, amount), [shifted, fill], [lower, shifted]);
  };
}

function rotateLeft(ins: InstBuilder, [low, high]: Halves, amount: Value): Halves {
  const [x, y] = select(ins, isLong(ins, amount), [high, low], [low, high]);
  return [
    ins.bor(ins.ishl(x, amount), carriedUp(ins, y, amount)),
    ins.bor(ins.ishl(y, amount), carriedUp(ins, x, amount)),
  ];
}

function rotateRight(ins: InstBuilder, [low, high]: Halves, amount: Value): Halves {
  const [x, y] = select(ins, isLong(ins, amount), [high, low], [low, high]);
  return [
    ins.bor(ins.ushr(x, amount), carriedDown(ins, y, amount)),
    ins.bor(ins.ushr(y, amount), carriedDown(ins, x, amount)),
  ];
}

// Bits.

function leadingZeros(ins: InstBuilder, [low, high]: Halves): Halves {
  const below = ins.iaddImmS(ins.clz(low), 64);
  return small(ins, ins.select(high, ins.clz(high), below));
}

function trailingZeros(ins: InstBuilder, [low, high]: Halves): Halves {
  const above = ins.iaddImmS(ins.ctz(high), 64);
  return small(ins, ins.select(low, ins.ctz(low), above));
}

/** Leading bits equal to the sign, itself left out: the zeros before the first that differs. */
function leadingSigns(ins: InstBuilder, [low, high]: Halves): Halves {
  const sign = ins.sshrImmS(high, 63);
  const [zeros] = leadingZeros(ins, [ins.bxor(low, sign), ins.bxor(high, sign)]);
  return small(ins, ins.iaddImmS(zeros, -1));
}

function setBits(ins: InstBuilder, [low, high]: Halves): Halves {
  return small(ins, ins.iadd(ins.popcnt(low), ins.popcnt(high)));
}

type Unary = (ins: InstBuilder, x: Halves) => Halves;
type Binary = (ins: InstBuilder, x: Halves, y: Halves) => Halves;
type Shift = (ins: InstBuilder, x: Halves, amount: Value) => Halves;

/** By opcode, of one operand. */
export const UNARY: ReadonlyMap<Opcode, Unary> = new Map<Opcode, Unary>([
  [Op.Ineg, negate],
  [Op.Iabs, absolute],
  [Op.Bnot, (ins, [low, high]) => [ins.bnot(low), ins.bnot(high)]],
  [Op.Clz, leadingZeros],
  [Op.Ctz, trailingZeros],
  [Op.Cls, leadingSigns],
  [Op.Popcnt, setBits],
  [Op.Bitrev, (ins, [low, high]) => [ins.bitrev(high), ins.bitrev(low)]],
  [Op.Bswap, (ins, [low, high]) => [ins.bswap(high), ins.bswap(low)]],
]);

/** Of two operands of 128 bits. */
export const BINARY: ReadonlyMap<Opcode, Binary> = new Map<Opcode, Binary>([
  [Op.Iadd, add],
  [Op.Isub, subtract],
  [Op.Imul, multiply],
  [Op.Umulhi, multiplyHigh],
  [Op.Smulhi, multiplyHighSigned],
  [Op.Band, (ins, x, y) => [ins.band(x[0], y[0]), ins.band(x[1], y[1])]],
  [Op.Bor, (ins, x, y) => [ins.bor(x[0], y[0]), ins.bor(x[1], y[1])]],
  [Op.Bxor, (ins, x, y) => [ins.bxor(x[0], y[0]), ins.bxor(x[1], y[1])]],
  [Op.Umin, choose("ult")],
  [Op.Umax, choose("ugt")],
  [Op.Smin, choose("slt")],
  [Op.Smax, choose("sgt")],
]);

export const SHIFTS: ReadonlyMap<Opcode, Shift> = new Map<Opcode, Shift>([
  [Op.Ishl, shiftLeft],
  [Op.Ushr, shiftRight(false)],
  [Op.Sshr, shiftRight(true)],
  [Op.Rotl, rotateLeft],
  [Op.Rotr, rotateRight],
]);

/**
 * Sums and differences with a carry out, and in where `carry` is one: the low halves' carry goes into the high ones, whose
 * flag is the answer.
 */
export function withCarry(
  ins: InstBuilder,
  op: Opcode,
  [xl, xh]: Halves,
  [yl, yh]: Halves,
  carry: Value | null,
): readonly [Halves, Value] {
  const subtracts = SUBTRACTIONS.has(op);
  let low: readonly [Value, Value];
  if (subtracts) low = carry === null ? ins.usubOverflow(xl, yl) : ins.usubOverflowBin(xl, yl, carry);
  else low = carry === null ? ins.uaddOverflow(xl, yl) : ins.uaddOverflowCin(xl, yl, carry);
  const signed = SIGNED.has(op);
  let high: readonly [Value, Value];
  if (subtracts) high = signed ? ins.ssubOverflowBin(xh, yh, low[1]) : ins.usubOverflowBin(xh, yh, low[1]);
  else high = signed ? ins.saddOverflowCin(xh, yh, low[1]) : ins.uaddOverflowCin(xh, yh, low[1]);
  return [[low[0], high[0]], high[1]];
}

const SUBTRACTIONS: ReadonlySet<Opcode> = new Set<Opcode>([
  Op.UsubOverflow,
  Op.SsubOverflow,
  Op.UsubOverflowBin,
  Op.SsubOverflowBin,
]);
const SIGNED: ReadonlySet<Opcode> = new Set<Opcode>([
  Op.SaddOverflow,
  Op.SsubOverflow,
  Op.SaddOverflowCin,
  Op.SsubOverflowBin,
]);

/** The opcodes that `withCarry` knows. */
export const WITH_CARRY: ReadonlySet<Opcode> = new Set<Opcode>([
  ...SUBTRACTIONS,
  ...SIGNED,
  Op.UaddOverflow,
  Op.UaddOverflowCin,
]);
