/** Arithmetic, comparisons and conversions of f16 and f128 and their vectors, lane by lane through `soft-float.ts`. */
import * as Op from "../ir/op.gen.ts";
import { BAD_CONVERSION_TO_INTEGER, INTEGER_OVERFLOW } from "../ir/trap-codes.ts";
import { F16, F32, F64, isVector, laneBits, laneCount, laneType, type Type } from "../ir/types.ts";
import { getLane, getWidest, setLane, setSmall, setWidest } from "./lanes.ts";
import { type Handler, type Machine, TrapSignal } from "./machine.ts";
import { floatConditionHolds } from "./ops-compare.ts";
import { Field } from "./record.ts";
import { define } from "./semantics.ts";
import {
  add,
  compare,
  DOUBLE,
  divide,
  type FloatFormat,
  finite,
  HALF,
  maximum,
  minimum,
  multiply,
  multiplyAdd,
  pack,
  QUADRUPLE,
  SINGLE,
  type SoftFloat,
  squareRoot,
  subtract,
  toIntegral,
  truncated,
  unpack,
} from "./soft-float.ts";

function formatOf(type: Type): FloatFormat {
  switch (laneType(type)) {
    case F16:
      return HALF;
    case F32:
      return SINGLE;
    case F64:
      return DOUBLE;
    default:
      return QUADRUPLE;
  }
}

/** A lane of any type as an integer; only its low bits count. */
function readLane(m: Machine, q: number, lane: number, bits: number): bigint {
  if (bits === 128) return getWidest(m, q + 2 * lane);
  if (bits === 64) return m.i64[q + lane]!;
  return BigInt(getLane(m, q, lane, 32 - bits));
}

/** A scalar narrower than a word is sign-extended; a vector's lanes are packed. */
function writeLane(m: Machine, q: number, lane: number, type: Type, value: bigint): void {
  const bits = laneBits(type);
  if (bits === 128) setWidest(m, q + 2 * lane, value);
  else if (bits === 64) m.u64[q + lane] = BigInt.asUintN(64, value);
  else if (isVector(type)) setLane(m, q, lane, 32 - bits, Number(BigInt.asIntN(32, value)));
  else setSmall(m, q, 32 - bits, Number(BigInt.asIntN(32, value)));
}

function readFloat(m: Machine, q: number, lane: number, type: Type): SoftFloat {
  const bits = laneBits(type);
  return unpack(BigInt.asUintN(bits, readLane(m, q, lane, bits)), formatOf(type));
}

type Operation = (a: SoftFloat, b: SoftFloat, c: SoftFloat) => SoftFloat;

/** Operands beyond `arity` are the first one again. */
function defineSoft(op: number, arity: number, f: Operation): void {
  const softFloat: Handler = (m, code, at) => {
    const type = code[at + Field.From]! as Type;
    const a = m.base + code[at + Field.A]!;
    const b = arity > 1 ? m.base + code[at + Field.B]! : a;
    const c = arity > 2 ? m.base + code[at + Field.C]! : a;
    const dst = m.base + code[at + Field.Dst]!;
    for (let i = 0; i < laneCount(type); i++) {
      const value = f(readFloat(m, a, i, type), readFloat(m, b, i, type), readFloat(m, c, i, type));
      writeLane(m, dst, i, type, pack(value, formatOf(type)));
    }
  };
  define(op, { softFloat });
}

defineSoft(Op.Fadd, 2, add);
defineSoft(Op.Fsub, 2, subtract);
defineSoft(Op.Fmul, 2, multiply);
defineSoft(Op.Fdiv, 2, divide);
defineSoft(Op.Fmin, 2, minimum);
defineSoft(Op.Fmax, 2, maximum);
defineSoft(Op.Sqrt, 1, squareRoot);
defineSoft(Op.Fma, 3, multiplyAdd);
defineSoft(Op.Ceil, 1, (x) => toIntegral(x, "up"));
defineSoft(Op.Floor, 1, (x) => toIntegral(x, "down"));
defineSoft(Op.Trunc, 1, (x) => toIntegral(x, "zero"));
defineSoft(Op.Nearest, 1, (x) => toIntegral(x, "nearest"));

define(Op.Fcmp, {
  softFloat: (m, code, at) => {
    const type = code[at + Field.From]! as Type;
    const to = code[at + Field.Type]! as Type;
    const a = m.base + code[at + Field.A]!;
    const b = m.base + code[at + Field.B]!;
    const yes = isVector(type) ? -1n : 1n;
    for (let i = 0; i < laneCount(type); i++) {
      const order = compare(readFloat(m, a, i, type), readFloat(m, b, i, type));
      const holds = floatConditionHolds(code[at + Field.Imm]!, order, 0);
      writeLane(m, m.base + code[at + Field.Dst]!, i, to, holds ? yes : 0n);
    }
  },
});

// Between formats, and to and from integers. Lanes correspond one to one.

const changeFormat: Handler = (m, code, at) => {
  const from = code[at + Field.From]! as Type;
  const to = code[at + Field.Type]! as Type;
  const value = readFloat(m, m.base + code[at + Field.A]!, 0, from);
  writeLane(m, m.base + code[at + Field.Dst]!, 0, to, pack(value, formatOf(to)));
};
define(Op.Fpromote, { softFloat: changeFormat });
define(Op.Fdemote, { softFloat: changeFormat });

type OutOfRange = (x: SoftFloat, low: bigint, high: bigint) => bigint;

function defineToInteger(op: number, signed: boolean, outOfRange: OutOfRange): void {
  const softFloat: Handler = (m, code, at) => {
    const from = code[at + Field.From]! as Type;
    const to = code[at + Field.Type]! as Type;
    const bits = BigInt(laneBits(to));
    const low = signed ? -(1n << (bits - 1n)) : 0n;
    const high = signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
    for (let i = 0; i < laneCount(to); i++) {
      const x = readFloat(m, m.base + code[at + Field.A]!, i, from);
      const value = truncated(x);
      const fits = x.kind === "finite" && value >= low && value <= high;
      writeLane(m, m.base + code[at + Field.Dst]!, i, to, fits ? value : outOfRange(x, low, high));
    }
  };
  define(op, { softFloat });
}

const traps: OutOfRange = (x) => {
  throw new TrapSignal(x.kind === "nan" ? BAD_CONVERSION_TO_INTEGER : INTEGER_OVERFLOW);
};
const saturates: OutOfRange = (x, low, high) => (x.kind === "nan" ? 0n : x.negative ? low : high);

defineToInteger(Op.FcvtToUint, false, traps);
defineToInteger(Op.FcvtToSint, true, traps);
defineToInteger(Op.FcvtToUintSat, false, saturates);
defineToInteger(Op.FcvtToSintSat, true, saturates);
defineToInteger(Op.X86Cvtt2dq, true, (_, low) => low);

function defineFromInteger(op: number, signed: boolean): void {
  const softFloat: Handler = (m, code, at) => {
    const from = code[at + Field.From]! as Type;
    const to = code[at + Field.Type]! as Type;
    const bits = laneBits(from);
    for (let i = 0; i < laneCount(to); i++) {
      const word = readLane(m, m.base + code[at + Field.A]!, i, bits);
      const value = signed ? BigInt.asIntN(bits, word) : BigInt.asUintN(bits, word);
      const x = finite(value < 0n, value < 0n ? -value : value, 0);
      writeLane(m, m.base + code[at + Field.Dst]!, i, to, pack(x, formatOf(to)));
    }
  };
  define(op, { softFloat });
}
defineFromInteger(Op.FcvtFromUint, false);
defineFromInteger(Op.FcvtFromSint, true);
