/** Constants, comparisons, selection, and moves between widths. */
import { FLOAT_CONDITIONS, INT_CONDITIONS } from "../ir/conditions.ts";
import * as Op from "../ir/op.gen.ts";
import { bitsOf, isVector, laneBits, type Type } from "../ir/types.ts";
import { getLane, getWidest, setLane, setSmall, unsigned, unsignedBig } from "./lanes.ts";
import type { Handler, Machine } from "./machine.ts";
import { Field } from "./record.ts";
import { define } from "./semantics.ts";

// Constants. `Imm` and `Imm2` hold the words; those of the pool lie in `extra` from `Imm` on, `Imm2` words.

define(Op.Iconst, {
  small: (m, code, at) => {
    m.i32[(m.base + code[at + Field.Dst]!) << 1] = code[at + Field.Imm]!;
  },
  wide: (m, code, at) => {
    const dst = (m.base + code[at + Field.Dst]!) << 1;
    m.i32[dst] = code[at + Field.Imm]!;
    m.i32[dst + 1] = code[at + Field.Imm2]!;
  },
});

const twoWords: Handler = (m, code, at) => {
  const dst = (m.base + code[at + Field.Dst]!) << 1;
  m.i32[dst] = code[at + Field.Imm]!;
  m.i32[dst + 1] = code[at + Field.Imm2]!;
};
define(Op.F16const, { any: twoWords });
define(Op.F32const, { any: twoWords });
define(Op.F64const, { any: twoWords });

const poolConstant: Handler = (m, code, at) => {
  const dst = (m.base + code[at + Field.Dst]!) << 1;
  const from = code[at + Field.Imm]!;
  const extra = m.program.extra;
  for (let i = 0; i < code[at + Field.Imm2]!; i++) m.i32[dst + i] = extra[from + i]!;
};
define(Op.F128const, { any: poolConstant });
define(Op.Vconst, { any: poolConstant });

// Comparisons.

type Order<T> = (a: T, b: T, bits: number) => boolean;

const SIGNED: Readonly<Record<string, Order<number | bigint>>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  slt: (a, b) => a < b,
  sge: (a, b) => a >= b,
  sgt: (a, b) => a > b,
  sle: (a, b) => a <= b,
};

const SIGNED_OF_UNSIGNED: Readonly<Record<string, string>> = {
  ult: "slt",
  uge: "sge",
  ugt: "sgt",
  ule: "sle",
};

/** By condition; the unsigned ones compare what is left without the sign. */
const SMALL_ORDERS: readonly Order<number>[] = INT_CONDITIONS.map((name) => {
  const plain = SIGNED[name];
  if (plain !== undefined) return plain;
  const order = SIGNED[SIGNED_OF_UNSIGNED[name]!]!;
  return (a, b, bits) => order(unsigned(a, bits), unsigned(b, bits), bits);
});
const BIG_ORDERS: readonly Order<bigint>[] = INT_CONDITIONS.map((name) => {
  const plain = SIGNED[name];
  if (plain !== undefined) return plain;
  const order = SIGNED[SIGNED_OF_UNSIGNED[name]!]!;
  return (a, b, bits) => order(unsignedBig(a, BigInt(bits)), unsignedBig(b, BigInt(bits)), bits);
});

define(Op.Icmp, {
  small: (m, code, at) => {
    const a = m.i32[(m.base + code[at + Field.A]!) << 1]!;
    const b = m.i32[(m.base + code[at + Field.B]!) << 1]!;
    const order = SMALL_ORDERS[code[at + Field.Imm]!]!;
    m.i32[(m.base + code[at + Field.Dst]!) << 1] = order(a, b, 32 - code[at + Field.Shift]!) ? 1 : 0;
  },
  smallLanes: (m, code, at) => {
    const order = SMALL_ORDERS[code[at + Field.Imm]!]!;
    const shift = code[at + Field.Shift]!;
    const [dst, a, b] = cells(m, code, at);
    for (let i = 0; i < code[at + Field.Lanes]!; i++) {
      const holds = order(getLane(m, a, i, shift), getLane(m, b, i, shift), 32 - shift);
      setLane(m, dst, i, shift, holds ? -1 : 0);
    }
  },
  wide: (m, code, at) => {
    const order = BIG_ORDERS[code[at + Field.Imm]!]!;
    const [dst, a, b] = cells(m, code, at);
    if (!isVector(code[at + Field.From]! as Type)) {
      m.i32[dst << 1] = order(m.i64[a]!, m.i64[b]!, 64) ? 1 : 0;
      return;
    }
    for (let i = 0; i < code[at + Field.Lanes]!; i++) {
      m.i64[dst + i] = order(m.i64[a + i]!, m.i64[b + i]!, 64) ? -1n : 0n;
    }
  },
  widest: (m, code, at) => {
    const order = BIG_ORDERS[code[at + Field.Imm]!]!;
    const [dst, a, b] = cells(m, code, at);
    if (!isVector(code[at + Field.From]! as Type)) {
      m.i32[dst << 1] = order(getWidest(m, a), getWidest(m, b), 128) ? 1 : 0;
      return;
    }
    for (let i = 0; i < 2 * code[at + Field.Lanes]!; i += 2) {
      const mask = order(getWidest(m, a + i), getWidest(m, b + i), 128) ? -1n : 0n;
      m.i64[dst + i] = mask;
      m.i64[dst + i + 1] = mask;
    }
  },
});

function cells(m: Machine, code: Int32Array, at: number): [number, number, number] {
  return [m.base + code[at + Field.Dst]!, m.base + code[at + Field.A]!, m.base + code[at + Field.B]!];
}

const FLOAT_ORDERS: readonly ((a: number, b: number) => boolean)[] = FLOAT_CONDITIONS.map((name) => {
  const ordered: Readonly<Record<string, (a: number, b: number) => boolean>> = {
    eq: (a, b) => a === b,
    lt: (a, b) => a < b,
    le: (a, b) => a <= b,
    gt: (a, b) => a > b,
    ge: (a, b) => a >= b,
    one: (a, b) => a < b || a > b,
    ord: (a, b) => !Number.isNaN(a) && !Number.isNaN(b),
  };
  const plain = ordered[name];
  if (plain !== undefined) return plain;
  // The rest are the negations of ordered ones.
  const negated: Readonly<Record<string, string>> = {
    uno: "ord",
    ne: "eq",
    ueq: "one",
    ult: "ge",
    ule: "gt",
    ugt: "le",
    uge: "lt",
  };
  const order = ordered[negated[name]!]!;
  return (a, b) => !order(a, b);
});

/** Whether a float condition (an index into `FLOAT_CONDITIONS`) holds. */
export function floatConditionHolds(condition: number, a: number, b: number): boolean {
  return FLOAT_ORDERS[condition]!(a, b);
}

define(Op.Fcmp, {
  f32: (m, code, at) => {
    const order = FLOAT_ORDERS[code[at + Field.Imm]!]!;
    const [dst, a, b] = cells(m, code, at);
    const lanes = code[at + Field.Lanes]!;
    const yes = isVector(code[at + Field.From]! as Type) ? -1 : 1;
    for (let i = 0; i < lanes; i++) {
      m.i32[(dst << 1) + i] = order(m.f32[(a << 1) + i]!, m.f32[(b << 1) + i]!) ? yes : 0;
    }
  },
  f64: (m, code, at) => {
    const order = FLOAT_ORDERS[code[at + Field.Imm]!]!;
    const [dst, a, b] = cells(m, code, at);
    if (!isVector(code[at + Field.From]! as Type)) {
      m.i32[dst << 1] = order(m.f64[a]!, m.f64[b]!) ? 1 : 0;
      return;
    }
    for (let i = 0; i < code[at + Field.Lanes]!; i++) {
      m.i64[dst + i] = order(m.f64[a + i]!, m.f64[b + i]!) ? -1n : 0n;
    }
  },
});

// Selection. `Imm` holds the words of the value, `Imm2` those of the condition.

/** Whether an integer scalar of `words` words is not zero. */
export function isTrue(m: Machine, q: number, words: number): boolean {
  let bits = 0;
  for (let i = 0; i < words; i++) bits |= m.i32[(q << 1) + i]!;
  return bits !== 0;
}

const select: Handler = (m, code, at) => {
  const yes = isTrue(m, m.base + code[at + Field.A]!, code[at + Field.Imm2]!);
  const from = (m.base + code[at + (yes ? Field.B : Field.C)]!) << 1;
  const dst = (m.base + code[at + Field.Dst]!) << 1;
  for (let i = 0; i < code[at + Field.Imm]!; i++) m.i32[dst + i] = m.i32[from + i]!;
};
define(Op.Select, { any: select });
define(Op.SelectSpectreGuard, { any: select });

// Between widths.

/** Words that a scalar of that many bits is made of in a cell. */
function wordsOfBits(bits: number): number {
  return bits <= 32 ? 1 : bits >>> 5;
}

function extend(signed: boolean): Handler {
  return (m, code, at) => {
    const bits = bitsOf(code[at + Field.From]! as Type);
    const from = (m.base + code[at + Field.A]!) << 1;
    const dst = (m.base + code[at + Field.Dst]!) << 1;
    const words = wordsOfBits(bits);
    for (let i = 0; i < words; i++) m.i32[dst + i] = m.i32[from + i]!;
    if (!signed && bits < 32) m.i32[dst] = unsigned(m.i32[dst]!, bits);
    const fill = signed && m.i32[dst + words - 1]! < 0 ? -1 : 0;
    const wanted = wordsOfBits(bitsOf(code[at + Field.Type]! as Type));
    for (let i = words; i < wanted; i++) m.i32[dst + i] = fill;
  };
}
define(Op.Sextend, { any: extend(true) });
define(Op.Uextend, { any: extend(false) });

define(Op.Ireduce, {
  any: (m, code, at) => {
    const bits = bitsOf(code[at + Field.Type]! as Type);
    const from = (m.base + code[at + Field.A]!) << 1;
    const dst = (m.base + code[at + Field.Dst]!) << 1;
    for (let i = 0; i < wordsOfBits(bits); i++) m.i32[dst + i] = m.i32[from + i]!;
    if (bits < 32) m.i32[dst] = (m.i32[dst]! << (32 - bits)) >> (32 - bits);
  },
});

/** All ones where the operand is not zero. */
define(Op.Bmask, {
  any: (m, code, at) => {
    const fill = isTrue(m, m.base + code[at + Field.A]!, wordsOfBits(bitsOf(code[at + Field.From]! as Type)));
    const dst = (m.base + code[at + Field.Dst]!) << 1;
    const words = wordsOfBits(bitsOf(code[at + Field.Type]! as Type));
    for (let i = 0; i < words; i++) m.i32[dst + i] = fill ? -1 : 0;
  },
});

define(Op.Isplit, {
  any: (m, code, at) => {
    const half = bitsOf(code[at + Field.From]! as Type) >>> 1;
    const from = (m.base + code[at + Field.A]!) << 1;
    const low = m.base + code[at + Field.Dst]!;
    const high = m.base + code[at + Field.Imm2]!;
    if (half < 32) {
      const word = m.i32[from]!;
      setSmall(m, low, 32 - half, word);
      setSmall(m, high, 32 - half, word >> half);
      return;
    }
    const words = half >>> 5;
    for (let i = 0; i < words; i++) {
      m.i32[(low << 1) + i] = m.i32[from + i]!;
      m.i32[(high << 1) + i] = m.i32[from + words + i]!;
    }
  },
});

define(Op.Iconcat, {
  any: (m, code, at) => {
    const half = bitsOf(code[at + Field.From]! as Type);
    const [dst, low, high] = cells(m, code, at);
    if (half < 32) {
      const word = unsigned(m.i32[low << 1]!, half) | (m.i32[high << 1]! << half);
      setSmall(m, dst, 32 - 2 * half, word);
      return;
    }
    const words = half >>> 5;
    for (let i = 0; i < words; i++) {
      m.i32[(dst << 1) + i] = m.i32[(low << 1) + i]!;
      m.i32[(dst << 1) + words + i] = m.i32[(high << 1) + i]!;
    }
  },
});

/**
 * The bytes as they are, or through big-endian memory (`Imm2`): then the bytes of each lane are reversed on the way
 * in and on the way out.
 */
define(Op.Bitcast, {
  any: (m, code, at) => {
    const from = (m.base + code[at + Field.A]!) << 3;
    const dst = (m.base + code[at + Field.Dst]!) << 3;
    const bytes = bitsOf(code[at + Field.Type]! as Type) >>> 3;
    const big = code[at + Field.Imm2]! !== 0;
    const inner = big ? (laneBits(code[at + Field.From]! as Type) >>> 3) - 1 : 0;
    const outer = big ? (laneBits(code[at + Field.Type]! as Type) >>> 3) - 1 : 0;
    // Lane bytes are powers of two, so exclusive or with one less reverses within lanes.
    for (let i = 0; i < bytes; i++) m.u8[dst + (i ^ outer)] = m.u8[from + (i ^ inner)]!;
    if (bytes < 4) {
      const shift = 32 - 8 * bytes;
      m.i32[dst >> 2] = (m.i32[dst >> 2]! << shift) >> shift;
    }
  },
});
