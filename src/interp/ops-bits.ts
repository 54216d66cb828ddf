/** Bitwise operations, shifts, rotations and bit counts. */
import * as Op from "../ir/op.gen.ts";
import {
  type Big1,
  type Big2,
  defineIntUnary,
  getLane,
  getWidest,
  type Small1,
  type Small2,
  setLane,
  setWidest,
  unsigned,
  unsignedBig,
} from "./lanes.ts";
import type { Handler } from "./machine.ts";
import { Field } from "./record.ts";
import { define } from "./semantics.ts";

// Any type: words of the cells. Sign-extended words stay sign-extended. `Imm` holds the word count.

function words(f: (a: number, b: number, c: number) => number): Handler {
  return (m, code, at) => {
    const i32 = m.i32;
    const a = (m.base + code[at + Field.A]!) << 1;
    const b = (m.base + code[at + Field.B]!) << 1;
    const c = (m.base + code[at + Field.C]!) << 1;
    const dst = (m.base + code[at + Field.Dst]!) << 1;
    for (let i = 0; i < code[at + Field.Imm]!; i++) i32[dst + i] = f(i32[a + i]!, i32[b + i]!, i32[c + i]!);
  };
}

define(Op.Band, { any: words((a, b) => a & b) });
define(Op.Bor, { any: words((a, b) => a | b) });
define(Op.Bxor, { any: words((a, b) => a ^ b) });
define(Op.Bnot, { any: words((a) => ~a) });
define(Op.Bitselect, { any: words((c, x, y) => (x & c) | (y & ~c)) });

/** The top bit of each lane of the condition chooses. */
define(Op.Blendv, {
  any: (m, code, at) => {
    const c = (m.base + code[at + Field.A]!) << 3;
    const x = (m.base + code[at + Field.B]!) << 3;
    const y = (m.base + code[at + Field.C]!) << 3;
    const dst = (m.base + code[at + Field.Dst]!) << 3;
    const lanes = code[at + Field.Lanes]!;
    const bytes = code[at + Field.Imm2]!;
    const laneBytes = bytes / lanes;
    for (let i = 0; i < bytes; i++) {
      const top = m.u8[c + (Math.floor(i / laneBytes) + 1) * laneBytes - 1]!;
      m.u8[dst + i] = m.u8[((top & 0x80) !== 0 ? x : y) + i]!;
    }
    // A scalar of 8 or 16 bits stays sign-extended.
    if (lanes === 1 && bytes < 4) {
      const shift = 32 - 8 * bytes;
      m.i32[dst >> 2] = (m.i32[dst >> 2]! << shift) >> shift;
    }
  },
});

// Shifts: the amount is any integer scalar, taken modulo the lane's bits, which are a power of two.

function defineShift(op: number, small: Small2, big: Big2): void {
  const amountOf = (m: { i32: Int32Array; base: number }, code: Int32Array, at: number): number =>
    m.i32[(m.base + code[at + Field.B]!) << 1]!;
  define(op, {
    small: (m, code, at) => {
      const shift = code[at + Field.Shift]!;
      const amount = amountOf(m, code, at) & (31 - shift);
      const a = m.i32[(m.base + code[at + Field.A]!) << 1]!;
      m.i32[(m.base + code[at + Field.Dst]!) << 1] = (small(a, amount, 32 - shift) << shift) >> shift;
    },
    smallLanes: (m, code, at) => {
      const shift = code[at + Field.Shift]!;
      const amount = amountOf(m, code, at) & (31 - shift);
      const a = m.base + code[at + Field.A]!;
      const dst = m.base + code[at + Field.Dst]!;
      for (let i = 0; i < code[at + Field.Lanes]!; i++) {
        setLane(m, dst, i, shift, small(getLane(m, a, i, shift), amount, 32 - shift));
      }
    },
    wide: (m, code, at) => {
      const amount = BigInt(amountOf(m, code, at) & 63);
      const a = m.base + code[at + Field.A]!;
      const dst = m.base + code[at + Field.Dst]!;
      for (let i = 0; i < code[at + Field.Lanes]!; i++) m.i64[dst + i] = big(m.i64[a + i]!, amount, 64n);
    },
    widest: (m, code, at) => {
      const amount = BigInt(amountOf(m, code, at) & 127);
      const a = m.base + code[at + Field.A]!;
      const dst = m.base + code[at + Field.Dst]!;
      for (let i = 0; i < 2 * code[at + Field.Lanes]!; i += 2) {
        setWidest(m, dst + i, big(getWidest(m, a + i), amount, 128n));
      }
    },
  });
}

defineShift(
  Op.Ishl,
  (a, n) => a << n,
  (a, n) => a << n,
);
defineShift(
  Op.Ushr,
  (a, n, bits) => unsigned(a, bits) >>> n,
  (a, n, bits) => unsignedBig(a, bits) >> n,
);
defineShift(
  Op.Sshr,
  (a, n) => a >> n,
  (a, n) => a >> n,
);
defineShift(
  Op.Rotl,
  (a, n, bits) => (n === 0 ? a : (a << n) | (unsigned(a, bits) >>> (bits - n))),
  (a, n, bits) => (a << n) | (unsignedBig(a, bits) >> (bits - n)),
);
defineShift(
  Op.Rotr,
  (a, n, bits) => (n === 0 ? a : (a << (bits - n)) | (unsigned(a, bits) >>> n)),
  (a, n, bits) => (a << (bits - n)) | (unsignedBig(a, bits) >> n),
);

// Counts and reversals.

function leadingZeros(a: bigint, bits: bigint): bigint {
  const value = unsignedBig(a, bits);
  return value === 0n ? bits : bits - BigInt(value.toString(2).length);
}

const reverseByte = (byte: number): number => {
  let b = ((byte & 0xf0) >> 4) | ((byte & 0x0f) << 4);
  b = ((b & 0xcc) >> 2) | ((b & 0x33) << 2);
  return ((b & 0xaa) >> 1) | ((b & 0x55) << 1);
};

/** The bytes in reverse order, each mapped. */
function reverseBytes(a: number, bits: number, map: (byte: number) => number): number {
  let result = 0;
  for (let i = 0; i < bits; i += 8) result = (result << 8) | map((a >>> i) & 0xff);
  return result;
}

function reverseBytesBig(a: bigint, bits: bigint, map: (byte: number) => number): bigint {
  let result = 0n;
  for (let i = 0n; i < bits; i += 8n) result = (result << 8n) | BigInt(map(Number((a >> i) & 0xffn)));
  return result;
}

const popcount: Small1 = (a, bits) => {
  let v = unsigned(a, bits);
  v -= (v >>> 1) & 0x55555555;
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};

const popcountBig: Big1 = (a, bits) => {
  let count = 0;
  for (let v = unsignedBig(a, bits); v !== 0n; v >>= 32n) count += popcount(Number(v & 0xffff_ffffn), 32);
  return BigInt(count);
};

const same = (byte: number): number => byte;

defineIntUnary(
  Op.Bitrev,
  (a, bits) => reverseBytes(a, bits, reverseByte),
  (a, bits) => reverseBytesBig(a, bits, reverseByte),
);
defineIntUnary(
  Op.Bswap,
  (a, bits) => reverseBytes(a, bits, same),
  (a, bits) => reverseBytesBig(a, bits, same),
);
defineIntUnary(Op.Clz, (a, bits) => Math.clz32(unsigned(a, bits)) - (32 - bits), leadingZeros);
/** Bits after the sign bit that equal it. */
defineIntUnary(
  Op.Cls,
  (a, bits) => Math.clz32(unsigned(a < 0 ? ~a : a, bits)) - (32 - bits) - 1,
  (a, bits) => leadingZeros(a < 0n ? ~a : a, bits) - 1n,
);
defineIntUnary(
  Op.Ctz,
  (a, bits) => (unsigned(a, bits) === 0 ? bits : 31 - Math.clz32(a & -a)),
  (a, bits) => (unsignedBig(a, bits) === 0n ? bits : bits - 1n - leadingZeros(a & -a, bits)),
);
defineIntUnary(Op.Popcnt, popcount, popcountBig);
