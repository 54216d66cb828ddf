/** Vectors: building, shuffling, narrowing, widening, reductions, and the x86 dot products. */
import * as Op from "../ir/op.gen.ts";
import { bytesOf, laneBits, laneCount, type Type } from "../ir/types.ts";
import { getLane, setLane, setSmall, unsigned } from "./lanes.ts";
import type { Handler, Machine } from "./machine.ts";
import { Field } from "./record.ts";
import { define } from "./semantics.ts";

/** The lane as a number, for lanes of up to 32 bits; 64-bit lanes have BigInt twins where an opcode needs them. */
function lane(m: Machine, q: number, index: number, bits: number): number {
  return getLane(m, q, index, 32 - bits);
}

function copyLane(m: Machine, dst: number, to: number, src: number, from: number, laneBytes: number): void {
  const d = (dst << 3) + to * laneBytes;
  const s = (src << 3) + from * laneBytes;
  for (let i = 0; i < laneBytes; i++) m.u8[d + i] = m.u8[s + i]!;
}

function copyBytes(m: Machine, dst: number, src: number, bytes: number): void {
  copyLane(m, dst, 0, src, 0, bytes);
}

define(Op.Splat, {
  any: (m, code, at) => {
    const type = code[at + Field.Type]! as Type;
    const laneBytes = laneBits(type) >>> 3;
    for (let i = 0; i < laneCount(type); i++) {
      copyLane(m, m.base + code[at + Field.Dst]!, i, m.base + code[at + Field.A]!, 0, laneBytes);
    }
  },
});

define(Op.ScalarToVector, {
  any: (m, code, at) => {
    const type = code[at + Field.Type]! as Type;
    const dst = m.base + code[at + Field.Dst]!;
    const bytes = bytesOf(type);
    m.u8.fill(0, dst << 3, (dst << 3) + bytes);
    copyLane(m, dst, 0, m.base + code[at + Field.A]!, 0, laneBits(type) >>> 3);
  },
});

define(Op.Insertlane, {
  any: (m, code, at) => {
    const type = code[at + Field.From]! as Type;
    const dst = m.base + code[at + Field.Dst]!;
    copyBytes(m, dst, m.base + code[at + Field.A]!, bytesOf(type));
    copyLane(m, dst, code[at + Field.Imm]!, m.base + code[at + Field.B]!, 0, laneBits(type) >>> 3);
  },
});

define(Op.Extractlane, {
  any: (m, code, at) => {
    const bits = laneBits(code[at + Field.From]! as Type);
    const dst = m.base + code[at + Field.Dst]!;
    copyLane(m, dst, 0, m.base + code[at + Field.A]!, code[at + Field.Imm]!, bits >>> 3);
    if (bits < 32) setSmall(m, dst, 32 - bits, m.i32[dst << 1]!);
  },
});

/** Bytes of `a` by the indices in `b`; `mapIndex` gives -1 for a zero. */
function permute(mapIndex: (index: number) => number): Handler {
  return (m, code, at) => {
    const a = (m.base + code[at + Field.A]!) << 3;
    const b = (m.base + code[at + Field.B]!) << 3;
    const dst = (m.base + code[at + Field.Dst]!) << 3;
    for (let i = 0; i < 16; i++) {
      const from = mapIndex(m.u8[b + i]!);
      m.u8[dst + i] = from < 0 ? 0 : m.u8[a + from]!;
    }
  };
}
define(Op.Swizzle, { any: permute((index) => (index < 16 ? index : -1)) });
define(Op.X86Pshufb, { any: permute((index) => ((index & 0x80) !== 0 ? -1 : index & 15)) });

/** The mask lies in `extra` from `Imm` on, four words. */
define(Op.Shuffle, {
  any: (m, code, at) => {
    const a = (m.base + code[at + Field.A]!) << 3;
    const b = (m.base + code[at + Field.B]!) << 3;
    const dst = (m.base + code[at + Field.Dst]!) << 3;
    for (let i = 0; i < 16; i++) {
      const from = (m.program.extra[code[at + Field.Imm]! + (i >>> 2)]! >>> (8 * (i & 3))) & 0xff;
      m.u8[dst + i] = from < 16 ? m.u8[a + from]! : from < 32 ? m.u8[b + from - 16]! : 0;
    }
  },
});

// Reductions. A lane is zero when all its bytes are.

function laneIsZero(m: Machine, q: number, index: number, laneBytes: number): boolean {
  const start = (q << 3) + index * laneBytes;
  for (let i = 0; i < laneBytes; i++) if (m.u8[start + i] !== 0) return false;
  return true;
}

function reduce(all: boolean): Handler {
  return (m, code, at) => {
    const type = code[at + Field.From]! as Type;
    const a = m.base + code[at + Field.A]!;
    let result = all;
    for (let i = 0; i < laneCount(type); i++) {
      if (laneIsZero(m, a, i, laneBits(type) >>> 3) === all) result = !all;
    }
    setSmall(m, m.base + code[at + Field.Dst]!, 24, result ? 1 : 0);
  };
}
define(Op.VanyTrue, { any: reduce(false) });
define(Op.VallTrue, { any: reduce(true) });

/** The top bit of each lane, lane 0's lowest; bits that the result has no room for are lost. */
define(Op.VhighBits, {
  any: (m, code, at) => {
    const type = code[at + Field.From]! as Type;
    const laneBytes = laneBits(type) >>> 3;
    const a = (m.base + code[at + Field.A]!) << 3;
    const dst = m.base + code[at + Field.Dst]!;
    const bits = laneBits(code[at + Field.Type]! as Type);
    const words: [number, number] = [0, 0];
    for (let i = 0; i < Math.min(laneCount(type), 64); i++) {
      const top = m.u8[a + i * laneBytes + laneBytes - 1]! >>> 7;
      words[i >>> 5]! |= top << (i & 31);
    }
    if (bits <= 32) {
      setSmall(m, dst, 32 - bits, words[0]);
      return;
    }
    m.i32[dst << 1] = words[0];
    m.i32[(dst << 1) + 1] = words[1];
  },
});

// Narrowing: the lanes of `a`, then those of `b`, clamped to half the width.

function narrow(readSigned: boolean, writeSigned: boolean): Handler {
  return (m, code, at) => {
    const from = code[at + Field.From]! as Type;
    const bits = laneBits(from);
    const half = bits >>> 1;
    const low = writeSigned ? -(2 ** (half - 1)) : 0;
    const high = writeSigned ? 2 ** (half - 1) - 1 : 2 ** half - 1;
    const dst = m.base + code[at + Field.Dst]!;
    const lanes = laneCount(from);
    // `dst` is no operand's cell, as a value is never its own operand.
    for (let i = 0; i < 2 * lanes; i++) {
      const q = m.base + code[at + (i < lanes ? Field.A : Field.B)]!;
      const index = i < lanes ? i : i - lanes;
      let value: number;
      // A 64-bit lane outside the safe integers clamps all the same.
      if (bits === 64) value = Number(readSigned ? m.i64[q + index]! : m.u64[q + index]!);
      else value = readSigned ? lane(m, q, index, bits) : unsigned(lane(m, q, index, bits), bits);
      setLane(m, dst, i, 32 - half, Math.min(Math.max(value, low), high));
    }
  };
}
define(Op.Snarrow, { any: narrow(true, true) });
define(Op.Unarrow, { any: narrow(true, false) });
define(Op.Uunarrow, { any: narrow(false, false) });

function widen(signed: boolean, upper: boolean): Handler {
  return (m, code, at) => {
    const from = code[at + Field.From]! as Type;
    const bits = laneBits(from);
    const half = laneCount(from) >>> 1;
    const a = m.base + code[at + Field.A]!;
    const dst = m.base + code[at + Field.Dst]!;
    for (let i = 0; i < half; i++) {
      const value = lane(m, a, upper ? half + i : i, bits);
      const wide = signed ? value : unsigned(value, bits);
      if (bits === 32) m.i64[dst + i] = BigInt(wide);
      else setLane(m, dst, i, 32 - 2 * bits, wide);
    }
  };
}
define(Op.SwidenLow, { any: widen(true, false) });
define(Op.SwidenHigh, { any: widen(true, true) });
define(Op.UwidenLow, { any: widen(false, false) });
define(Op.UwidenHigh, { any: widen(false, true) });

/** Sums of neighbours: those of `a` in the low half, those of `b` in the high half. */
define(Op.IaddPairwise, {
  any: (m, code, at) => {
    const type = code[at + Field.From]! as Type;
    const bits = laneBits(type);
    const half = laneCount(type) >>> 1;
    const dst = m.base + code[at + Field.Dst]!;
    for (let i = 0; i < 2 * half; i++) {
      const q = m.base + code[at + (i < half ? Field.A : Field.B)]!;
      const index = 2 * (i < half ? i : i - half);
      setLane(m, dst, i, 32 - bits, lane(m, q, index, bits) + lane(m, q, index + 1, bits));
    }
  },
});

/** Unsigned bytes of `a` times signed bytes of `b`, neighbours added with saturation. */
define(Op.X86Pmaddubsw, {
  any: (m, code, at) => {
    const a = (m.base + code[at + Field.A]!) << 3;
    const b = (m.base + code[at + Field.B]!) << 3;
    const dst = (m.base + code[at + Field.Dst]!) << 2;
    for (let i = 0; i < 8; i++) {
      const sum = m.u8[a + 2 * i]! * m.i8[b + 2 * i]! + m.u8[a + 2 * i + 1]! * m.i8[b + 2 * i + 1]!;
      m.i16[dst + i] = Math.min(Math.max(sum, -32768), 32767);
    }
  },
});

/** Part 0 of a dynamic vector, which has no other (`fixedType` in `decode-immediates.ts`). */
define(Op.ExtractVector, {
  any: (m, code, at) => {
    const bytes = bytesOf(code[at + Field.Type]! as Type);
    copyBytes(m, m.base + code[at + Field.Dst]!, m.base + code[at + Field.A]!, bytes);
  },
});
