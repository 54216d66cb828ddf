/**
 * Integer arithmetic: one pair of functions an opcode, for lanes of up to 32 bits and for wider ones (`lanes.ts` says
 * what they get and give). Source of the semantics: `cranelift/codegen/meta/src/shared/instructions.rs`.
 */
import * as Op from "../ir/op.gen.ts";
import { INTEGER_DIVISION_BY_ZERO, INTEGER_OVERFLOW } from "../ir/trap-codes.ts";
import {
  defineIntBinary,
  defineIntUnary,
  getWidest,
  greater,
  lesser,
  setSmall,
  setWidest,
  unsigned,
  unsignedBig,
} from "./lanes.ts";
import { type Handler, TrapSignal } from "./machine.ts";
import { Field } from "./record.ts";
import { define } from "./semantics.ts";

const minOf = (bits: number): number => -(2 ** (bits - 1));
const maxOf = (bits: number): number => 2 ** (bits - 1) - 1;
const unsignedMax = (bits: number): number => 2 ** bits - 1;
const minOfBig = (bits: bigint): bigint => -(1n << (bits - 1n));
const maxOfBig = (bits: bigint): bigint => (1n << (bits - 1n)) - 1n;
const unsignedMaxBig = (bits: bigint): bigint => (1n << bits) - 1n;

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}

function clampBig(value: bigint, low: bigint, high: bigint): bigint {
  return value < low ? low : value > high ? high : value;
}

// Sums and products.

defineIntBinary(
  Op.Iadd,
  (a, b) => a + b,
  (a, b) => a + b,
);
defineIntBinary(
  Op.Isub,
  (a, b) => a - b,
  (a, b) => a - b,
);
defineIntBinary(
  Op.Imul,
  (a, b) => Math.imul(a, b),
  (a, b) => a * b,
);
defineIntBinary(
  Op.Umulhi,
  (a, b, bits) => Number((BigInt(unsigned(a, bits)) * BigInt(unsigned(b, bits))) >> BigInt(bits)),
  (a, b, bits) => (unsignedBig(a, bits) * unsignedBig(b, bits)) >> bits,
);
defineIntBinary(
  Op.Smulhi,
  (a, b, bits) => Number((BigInt(a) * BigInt(b)) >> BigInt(bits)),
  (a, b, bits) => (a * b) >> bits,
);
defineIntUnary(
  Op.Ineg,
  (a) => -a,
  (a) => -a,
);
defineIntUnary(
  Op.Iabs,
  (a) => (a < 0 ? -a : a),
  (a) => (a < 0n ? -a : a),
);

// Division: traps stop the machine.

function quotient(a: number, b: number, bits: number): number {
  if (b === 0) throw new TrapSignal(INTEGER_DIVISION_BY_ZERO);
  if (b === -1 && a === minOf(bits)) throw new TrapSignal(INTEGER_OVERFLOW);
  return Math.trunc(a / b);
}

function nonzero(b: number): number {
  if (b === 0) throw new TrapSignal(INTEGER_DIVISION_BY_ZERO);
  return b;
}

function nonzeroBig(b: bigint): bigint {
  if (b === 0n) throw new TrapSignal(INTEGER_DIVISION_BY_ZERO);
  return b;
}

defineIntBinary(
  Op.Udiv,
  (a, b, bits) => Math.floor(unsigned(a, bits) / nonzero(unsigned(b, bits))),
  (a, b, bits) => unsignedBig(a, bits) / nonzeroBig(unsignedBig(b, bits)),
);
defineIntBinary(Op.Sdiv, quotient, (a, b, bits) => {
  if (nonzeroBig(b) === -1n && a === minOfBig(bits)) throw new TrapSignal(INTEGER_OVERFLOW);
  return a / b;
});
defineIntBinary(
  Op.Urem,
  (a, b, bits) => unsigned(a, bits) % nonzero(unsigned(b, bits)),
  (a, b, bits) => unsignedBig(a, bits) % nonzeroBig(unsignedBig(b, bits)),
);
defineIntBinary(
  Op.Srem,
  (a, b) => a % nonzero(b),
  (a, b) => a % nonzeroBig(b),
);

// Order, averages, saturation.

defineIntBinary(Op.Smin, (a, b) => Math.min(a, b), lesser);
defineIntBinary(Op.Smax, (a, b) => Math.max(a, b), greater);
defineIntBinary(
  Op.Umin,
  (a, b, bits) => (unsigned(a, bits) < unsigned(b, bits) ? a : b),
  (a, b, bits) => (unsignedBig(a, bits) < unsignedBig(b, bits) ? a : b),
);
defineIntBinary(
  Op.Umax,
  (a, b, bits) => (unsigned(a, bits) > unsigned(b, bits) ? a : b),
  (a, b, bits) => (unsignedBig(a, bits) > unsignedBig(b, bits) ? a : b),
);
defineIntBinary(
  Op.AvgRound,
  (a, b, bits) => Math.floor((unsigned(a, bits) + unsigned(b, bits) + 1) / 2),
  (a, b, bits) => (unsignedBig(a, bits) + unsignedBig(b, bits) + 1n) >> 1n,
);
defineIntBinary(
  Op.UaddSat,
  (a, b, bits) => Math.min(unsigned(a, bits) + unsigned(b, bits), unsignedMax(bits)),
  (a, b, bits) => clampBig(unsignedBig(a, bits) + unsignedBig(b, bits), 0n, unsignedMaxBig(bits)),
);
defineIntBinary(
  Op.UsubSat,
  (a, b, bits) => Math.max(unsigned(a, bits) - unsigned(b, bits), 0),
  (a, b, bits) => clampBig(unsignedBig(a, bits) - unsignedBig(b, bits), 0n, unsignedMaxBig(bits)),
);
defineIntBinary(
  Op.SaddSat,
  (a, b, bits) => clamp(a + b, minOf(bits), maxOf(bits)),
  (a, b, bits) => clampBig(a + b, minOfBig(bits), maxOfBig(bits)),
);
defineIntBinary(
  Op.SsubSat,
  (a, b, bits) => clamp(a - b, minOf(bits), maxOf(bits)),
  (a, b, bits) => clampBig(a - b, minOfBig(bits), maxOfBig(bits)),
);

/** Q-format product, rounded half up; the one overflow, of two minima, saturates. */
defineIntBinary(
  Op.SqmulRoundSat,
  (a, b, bits) => {
    const n = BigInt(bits - 1);
    const rounded = (BigInt(a) * BigInt(b) + (1n << (n - 1n))) >> n;
    return Number(clampBig(rounded, minOfBig(n + 1n), maxOfBig(n + 1n)));
  },
  (a, b, bits) => {
    const n = bits - 1n;
    return clampBig((a * b + (1n << (n - 1n))) >> n, minOfBig(bits), maxOfBig(bits));
  },
);
/** The same without saturation. */
defineIntBinary(
  Op.X86Pmulhrsw,
  (a, b, bits) => {
    const n = BigInt(bits - 1);
    return Number(BigInt.asIntN(bits, (BigInt(a) * BigInt(b) + (1n << (n - 1n))) >> n));
  },
  (a, b, bits) => (a * b + (1n << (bits - 2n))) >> (bits - 1n),
);

// Two results, or a trap: the exact result decides.

type Exact = (a: bigint, b: bigint, carry: bigint) => bigint;

interface CarryOptions {
  readonly signed: boolean;
  /** The third operand is a carry or borrow. */
  readonly carryIn: boolean;
  readonly exact: Exact;
}

function overflows(value: bigint, bits: bigint, signed: boolean): boolean {
  return signed
    ? value < minOfBig(bits) || value > maxOfBig(bits)
    : value < 0n || value > unsignedMaxBig(bits);
}

function defineOverflow(op: number, options: CarryOptions): void {
  const { signed, carryIn, exact } = options;
  const carryOf = (word: number): bigint => (carryIn && word !== 0 ? 1n : 0n);
  const small: Handler = (m, code, at) => {
    const shift = code[at + Field.Shift]!;
    const bits = 32 - shift;
    const a = m.i32[(m.base + code[at + Field.A]!) << 1]!;
    const b = m.i32[(m.base + code[at + Field.B]!) << 1]!;
    const carry = carryOf(m.i32[(m.base + code[at + Field.C]!) << 1]!);
    const value = signed
      ? exact(BigInt(a), BigInt(b), carry)
      : exact(BigInt(unsigned(a, bits)), BigInt(unsigned(b, bits)), carry);
    setSmall(m, m.base + code[at + Field.Dst]!, shift, Number(BigInt.asIntN(32, value)));
    setSmall(m, m.base + code[at + Field.Imm2]!, 24, overflows(value, BigInt(bits), signed) ? 1 : 0);
  };
  const wide: Handler = (m, code, at) => {
    const from = signed ? m.i64 : m.u64;
    const carry = carryOf(m.i32[(m.base + code[at + Field.C]!) << 1]!);
    const value = exact(from[m.base + code[at + Field.A]!]!, from[m.base + code[at + Field.B]!]!, carry);
    m.i64[m.base + code[at + Field.Dst]!] = value;
    setSmall(m, m.base + code[at + Field.Imm2]!, 24, overflows(value, 64n, signed) ? 1 : 0);
  };
  const widest: Handler = (m, code, at) => {
    let a = getWidest(m, m.base + code[at + Field.A]!);
    let b = getWidest(m, m.base + code[at + Field.B]!);
    if (!signed) {
      a = unsignedBig(a, 128n);
      b = unsignedBig(b, 128n);
    }
    const value = exact(a, b, carryOf(m.i32[(m.base + code[at + Field.C]!) << 1]!));
    setWidest(m, m.base + code[at + Field.Dst]!, value);
    setSmall(m, m.base + code[at + Field.Imm2]!, 24, overflows(value, 128n, signed) ? 1 : 0);
  };
  define(op, { small, wide, widest });
}

const sum: Exact = (a, b, carry) => a + b + carry;
const difference: Exact = (a, b, borrow) => a - b - borrow;
const product: Exact = (a, b) => a * b;

defineOverflow(Op.UaddOverflow, { signed: false, carryIn: false, exact: sum });
defineOverflow(Op.SaddOverflow, { signed: true, carryIn: false, exact: sum });
defineOverflow(Op.UsubOverflow, { signed: false, carryIn: false, exact: difference });
defineOverflow(Op.SsubOverflow, { signed: true, carryIn: false, exact: difference });
defineOverflow(Op.UmulOverflow, { signed: false, carryIn: false, exact: product });
defineOverflow(Op.SmulOverflow, { signed: true, carryIn: false, exact: product });
defineOverflow(Op.UaddOverflowCin, { signed: false, carryIn: true, exact: sum });
defineOverflow(Op.SaddOverflowCin, { signed: true, carryIn: true, exact: sum });
defineOverflow(Op.UsubOverflowBin, { signed: false, carryIn: true, exact: difference });
defineOverflow(Op.SsubOverflowBin, { signed: true, carryIn: true, exact: difference });

define(Op.UaddOverflowTrap, {
  small: (m, code, at) => {
    const a = m.i32[(m.base + code[at + Field.A]!) << 1]! >>> 0;
    const b = m.i32[(m.base + code[at + Field.B]!) << 1]! >>> 0;
    if (a + b > 0xffff_ffff) m.trap(code[at + Field.Imm]! as never);
    else m.i32[(m.base + code[at + Field.Dst]!) << 1] = a + b;
  },
  wide: (m, code, at) => {
    const value = m.u64[m.base + code[at + Field.A]!]! + m.u64[m.base + code[at + Field.B]!]!;
    if (value > 0xffff_ffff_ffff_ffffn) m.trap(code[at + Field.Imm]! as never);
    else m.u64[m.base + code[at + Field.Dst]!] = value;
  },
});
