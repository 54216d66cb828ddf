/**
 * Float arithmetic on f32 and f64 and their vectors. Sums, products, quotients and roots of f32 are exact enough in f64
 * that rounding them to f32 gives the correctly rounded f32 (Figueroa, "When is double rounding innocuous?", 1995); only
 * the fused multiply-add needs more (`float-bits.ts`).
 *
 * What only flips bits works on f16 and f128 too; their arithmetic is in `ops-soft-float.ts`.
 */
import * as Op from "../ir/op.gen.ts";
import { laneBits, type Type } from "../ir/types.ts";
import {
  DEFAULT_NAN64_HIGH,
  demoteNan,
  fusedMultiplyAdd,
  isNan32,
  isNan64,
  nearest,
  promoteNan,
  quiet64High,
  resultNan32,
} from "./float-bits.ts";
import type { Handler, Machine } from "./machine.ts";
import { Field } from "./record.ts";
import { define } from "./semantics.ts";

type Float = (a: number, b: number, c: number) => number;

/** Operands beyond `arity` are read from the first one's cell. */
function lanes32(f: Float, arity: number): Handler {
  return (m, code, at) => {
    const a = (m.base + code[at + Field.A]!) << 1;
    const b = arity > 1 ? (m.base + code[at + Field.B]!) << 1 : a;
    const c = arity > 2 ? (m.base + code[at + Field.C]!) << 1 : a;
    const dst = (m.base + code[at + Field.Dst]!) << 1;
    for (let i = 0; i < code[at + Field.Lanes]!; i++) {
      const value = f(m.f32[a + i]!, m.f32[b + i]!, m.f32[c + i]!);
      if (Number.isNaN(value)) m.i32[dst + i] = resultNan32(m.i32[a + i]!, m.i32[b + i]!, m.i32[c + i]!);
      else m.f32[dst + i] = value;
    }
  };
}

function lanes64(f: Float, arity: number): Handler {
  return (m, code, at) => {
    const a = m.base + code[at + Field.A]!;
    const b = arity > 1 ? m.base + code[at + Field.B]! : a;
    const c = arity > 2 ? m.base + code[at + Field.C]! : a;
    const dst = m.base + code[at + Field.Dst]!;
    for (let i = 0; i < code[at + Field.Lanes]!; i++) {
      const value = f(m.f64[a + i]!, m.f64[b + i]!, m.f64[c + i]!);
      if (Number.isNaN(value)) writeNan64(m, dst + i, a + i, b + i, c + i);
      else m.f64[dst + i] = value;
    }
  };
}

function writeNan64(m: Machine, dst: number, a: number, b: number, c: number): void {
  let from = -1;
  for (const q of [c, b, a]) {
    if (isNan64(m.i32[q << 1]!, m.i32[(q << 1) + 1]!)) from = q;
  }
  const low = from < 0 ? 0 : m.i32[from << 1]!;
  const high = from < 0 ? DEFAULT_NAN64_HIGH : quiet64High(m.i32[(from << 1) + 1]!);
  m.i32[dst << 1] = low;
  m.i32[(dst << 1) + 1] = high;
}

function defineFloat(op: number, arity: number, f: Float, single: Float = f): void {
  define(op, { f32: lanes32(single, arity), f64: lanes64(f, arity) });
}

defineFloat(Op.Fadd, 2, (a, b) => a + b);
defineFloat(Op.Fsub, 2, (a, b) => a - b);
defineFloat(Op.Fmul, 2, (a, b) => a * b);
defineFloat(Op.Fdiv, 2, (a, b) => a / b);
defineFloat(Op.Sqrt, 1, (a) => Math.sqrt(a));
defineFloat(Op.Ceil, 1, (a) => Math.ceil(a));
defineFloat(Op.Floor, 1, (a) => Math.floor(a));
defineFloat(Op.Trunc, 1, (a) => Math.trunc(a));
defineFloat(Op.Nearest, 1, nearest);
// Math.min and Math.max give NaN for any NaN and order the zeros.
defineFloat(Op.Fmin, 2, (a, b) => Math.min(a, b));
defineFloat(Op.Fmax, 2, (a, b) => Math.max(a, b));
defineFloat(
  Op.Fma,
  3,
  (a, b, c) => fusedMultiplyAdd(a, b, c, false),
  (a, b, c) => fusedMultiplyAdd(a, b, c, true),
);

// Signs: the top byte of each lane, whatever the format.

function defineSign(op: number, f: (top: number, other: number) => number): void {
  define(op, {
    any: (m, code, at) => {
      const type = code[at + Field.From]! as Type;
      const laneBytes = laneBits(type) >>> 3;
      const bytes = laneBytes * code[at + Field.Lanes]!;
      const a = (m.base + code[at + Field.A]!) << 3;
      const b = (m.base + code[at + Field.B]!) << 3;
      const dst = (m.base + code[at + Field.Dst]!) << 3;
      for (let i = 0; i < bytes; i++) {
        const isTop = (i & (laneBytes - 1)) === laneBytes - 1;
        m.u8[dst + i] = isTop ? f(m.u8[a + i]!, m.u8[b + i]!) : m.u8[a + i]!;
      }
      if (bytes === 2) m.i32[dst >> 2] = m.i16[dst >> 1]!;
    },
  });
}

defineSign(Op.Fneg, (top) => top ^ 0x80);
defineSign(Op.Fabs, (top) => top & 0x7f);
defineSign(Op.Fcopysign, (top, other) => (top & 0x7f) | (other & 0x80));

// Between formats.

function promote(m: Machine, dst: number, from: number): void {
  const bits = m.i32[from]!;
  if (!isNan32(bits)) {
    m.f64[dst] = m.f32[from]!;
    return;
  }
  const nan = promoteNan(bits);
  m.i32[dst << 1] = nan.low;
  m.i32[(dst << 1) + 1] = nan.high;
}

function demote(m: Machine, dst: number, from: number): void {
  const low = m.i32[from << 1]!;
  const high = m.i32[(from << 1) + 1]!;
  if (isNan64(low, high)) m.i32[dst] = demoteNan(low, high);
  else m.f32[dst] = m.f64[from]!;
}

// Only between f32 and f64; the others have handlers of their own.
define(Op.Fpromote, {
  f32: (m, code, at) => promote(m, m.base + code[at + Field.Dst]!, (m.base + code[at + Field.A]!) << 1),
});
define(Op.Fdemote, {
  f64: (m, code, at) => demote(m, (m.base + code[at + Field.Dst]!) << 1, m.base + code[at + Field.A]!),
});
define(Op.FvpromoteLow, {
  any: (m, code, at) => {
    const a = (m.base + code[at + Field.A]!) << 1;
    for (let i = 0; i < 2; i++) promote(m, m.base + code[at + Field.Dst]! + i, a + i);
  },
});
define(Op.Fvdemote, {
  any: (m, code, at) => {
    const dst = (m.base + code[at + Field.Dst]!) << 1;
    for (let i = 0; i < 2; i++) demote(m, dst + i, m.base + code[at + Field.A]! + i);
    m.i32[dst + 2] = 0;
    m.i32[dst + 3] = 0;
  },
});
