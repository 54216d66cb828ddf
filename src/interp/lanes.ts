/**
 * Reading and writing lanes, and the handlers that apply a function of one lane to all lanes.
 *
 * A semantic function for lanes of up to 32 bits takes and gives numbers: operands sign-extended, of the result only the
 * low bits count. One for 64 and 128 bits takes and gives BigInts likewise. The handlers below are made from one such pair,
 * so that an opcode's meaning is written once, whatever the type.
 */
import type { Opcode } from "../ir/opcodes.ts";
import type { Handler, Machine } from "./machine.ts";
import { Field } from "./record.ts";
import { define } from "./semantics.ts";

/** A lane of up to 32 bits, sign-extended. `q` is an absolute cell. */
export function getLane(m: Machine, q: number, lane: number, shift: number): number {
  if (shift === 0) return m.i32[(q << 1) + lane]!;
  return shift === 16 ? m.i16[(q << 2) + lane]! : m.i8[(q << 3) + lane]!;
}

export function setLane(m: Machine, q: number, lane: number, shift: number, value: number): void {
  if (shift === 0) m.i32[(q << 1) + lane] = value;
  else if (shift === 16) m.i16[(q << 2) + lane] = value;
  else m.i8[(q << 3) + lane] = value;
}

/** Writes a scalar of up to 32 bits in its canonical form. */
export function setSmall(m: Machine, q: number, shift: number, value: number): void {
  m.i32[q << 1] = (value << shift) >> shift;
}

/** The lane without its sign. */
export function unsigned(value: number, bits: number): number {
  return bits === 32 ? value >>> 0 : value & ((1 << bits) - 1);
}

export function unsignedBig(value: bigint, bits: bigint): bigint {
  return BigInt.asUintN(Number(bits), value);
}

/** The lesser of two BigInts, which Math.min does not take. */
export function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

export function greater(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** A 128-bit integer, signed. */
export function getWidest(m: Machine, q: number): bigint {
  return (m.i64[q + 1]! << 64n) | m.u64[q]!;
}

export function setWidest(m: Machine, q: number, value: bigint): void {
  m.u64[q] = BigInt.asUintN(64, value);
  m.u64[q + 1] = BigInt.asUintN(64, value >> 64n);
}

export type Small1 = (a: number, bits: number) => number;
export type Small2 = (a: number, b: number, bits: number) => number;
export type Big1 = (a: bigint, bits: bigint) => bigint;
export type Big2 = (a: bigint, b: bigint, bits: bigint) => bigint;

export function smallUnary(f: Small1): Handler {
  return (m, code, at) => {
    const shift = code[at + Field.Shift]!;
    const a = m.i32[(m.base + code[at + Field.A]!) << 1]!;
    m.i32[(m.base + code[at + Field.Dst]!) << 1] = (f(a, 32 - shift) << shift) >> shift;
  };
}

export function smallBinary(f: Small2): Handler {
  return (m, code, at) => {
    const shift = code[at + Field.Shift]!;
    const i32 = m.i32;
    const a = i32[(m.base + code[at + Field.A]!) << 1]!;
    const b = i32[(m.base + code[at + Field.B]!) << 1]!;
    i32[(m.base + code[at + Field.Dst]!) << 1] = (f(a, b, 32 - shift) << shift) >> shift;
  };
}

export function smallLanesUnary(f: Small1): Handler {
  return (m, code, at) => {
    const shift = code[at + Field.Shift]!;
    const a = m.base + code[at + Field.A]!;
    const dst = m.base + code[at + Field.Dst]!;
    for (let i = 0; i < code[at + Field.Lanes]!; i++) {
      setLane(m, dst, i, shift, f(getLane(m, a, i, shift), 32 - shift));
    }
  };
}

export function smallLanesBinary(f: Small2): Handler {
  return (m, code, at) => {
    const shift = code[at + Field.Shift]!;
    const a = m.base + code[at + Field.A]!;
    const b = m.base + code[at + Field.B]!;
    const dst = m.base + code[at + Field.Dst]!;
    for (let i = 0; i < code[at + Field.Lanes]!; i++) {
      setLane(m, dst, i, shift, f(getLane(m, a, i, shift), getLane(m, b, i, shift), 32 - shift));
    }
  };
}

export function wideUnary(f: Big1): Handler {
  return (m, code, at) => {
    const a = m.base + code[at + Field.A]!;
    const dst = m.base + code[at + Field.Dst]!;
    for (let i = 0; i < code[at + Field.Lanes]!; i++) m.i64[dst + i] = f(m.i64[a + i]!, 64n);
  };
}

export function wideBinary(f: Big2): Handler {
  return (m, code, at) => {
    const a = m.base + code[at + Field.A]!;
    const b = m.base + code[at + Field.B]!;
    const dst = m.base + code[at + Field.Dst]!;
    for (let i = 0; i < code[at + Field.Lanes]!; i++) m.i64[dst + i] = f(m.i64[a + i]!, m.i64[b + i]!, 64n);
  };
}

export function widestUnary(f: Big1): Handler {
  return (m, code, at) => {
    const a = m.base + code[at + Field.A]!;
    const dst = m.base + code[at + Field.Dst]!;
    for (let i = 0; i < 2 * code[at + Field.Lanes]!; i += 2) {
      setWidest(m, dst + i, f(getWidest(m, a + i), 128n));
    }
  };
}

export function widestBinary(f: Big2): Handler {
  return (m, code, at) => {
    const a = m.base + code[at + Field.A]!;
    const b = m.base + code[at + Field.B]!;
    const dst = m.base + code[at + Field.Dst]!;
    for (let i = 0; i < 2 * code[at + Field.Lanes]!; i += 2) {
      setWidest(m, dst + i, f(getWidest(m, a + i), getWidest(m, b + i), 128n));
    }
  };
}

/** An integer operation of one operand, on all integer types. */
export function defineIntUnary(op: Opcode, small: Small1, big: Big1): void {
  define(op, {
    small: smallUnary(small),
    smallLanes: smallLanesUnary(small),
    wide: wideUnary(big),
    widest: widestUnary(big),
  });
}

/** An integer operation of two operands of one type, on all integer types. */
export function defineIntBinary(op: Opcode, small: Small2, big: Big2): void {
  define(op, {
    small: smallBinary(small),
    smallLanes: smallLanesBinary(small),
    wide: wideBinary(big),
    widest: widestBinary(big),
  });
}
