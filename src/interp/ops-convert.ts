/** Between floats and integers. An operation's lanes correspond one to one; i64 and i128 go through BigInt. */
import * as Op from "../ir/op.gen.ts";
import { BAD_CONVERSION_TO_INTEGER, INTEGER_OVERFLOW } from "../ir/trap-codes.ts";
import { F32, laneBits, laneCount, laneType, type Type } from "../ir/types.ts";
import { integerToF32 } from "./float-bits.ts";
import { getLane, getWidest, setLane, setSmall, setWidest, unsigned, unsignedBig } from "./lanes.ts";
import { type Handler, type Machine, TrapSignal } from "./machine.ts";
import { Field } from "./record.ts";
import { define } from "./semantics.ts";

function floatLane(m: Machine, q: number, lane: number, type: Type): number {
  return laneType(type) === F32 ? m.f32[(q << 1) + lane]! : m.f64[q + lane]!;
}

function setIntLane(m: Machine, q: number, lane: number, type: Type, value: bigint): void {
  const bits = laneBits(type);
  if (bits === 64) m.u64[q + lane] = BigInt.asUintN(64, value);
  else if (bits === 128) setWidest(m, q + 2 * lane, value);
  else if (laneCount(type) > 1) setLane(m, q, lane, 32 - bits, Number(BigInt.asIntN(32, value)));
  else setSmall(m, q, 32 - bits, Number(BigInt.asIntN(32, value)));
}

type ToInt = (x: number, low: bigint, high: bigint) => bigint;

/** The range of an integer lane; `f` gives the integer or traps. */
function toInteger(signed: boolean, f: ToInt): Handler {
  return (m, code, at) => {
    const from = code[at + Field.From]! as Type;
    const to = code[at + Field.Type]! as Type;
    const bits = BigInt(laneBits(to));
    const low = signed ? -(1n << (bits - 1n)) : 0n;
    const high = signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
    const a = m.base + code[at + Field.A]!;
    const dst = m.base + code[at + Field.Dst]!;
    const lanes = laneCount(to);
    for (let i = 0; i < lanes; i++) setIntLane(m, dst, i, to, f(floatLane(m, a, i, from), low, high));
  };
}

const trapping: ToInt = (x, low, high) => {
  if (Number.isNaN(x)) throw new TrapSignal(BAD_CONVERSION_TO_INTEGER);
  if (!Number.isFinite(x)) throw new TrapSignal(INTEGER_OVERFLOW);
  const value = BigInt(Math.trunc(x));
  if (value < low || value > high) throw new TrapSignal(INTEGER_OVERFLOW);
  return value;
};

const saturating: ToInt = (x, low, high) => {
  if (Number.isNaN(x)) return 0n;
  if (!Number.isFinite(x)) return x < 0 ? low : high;
  const value = BigInt(Math.trunc(x));
  return value < low ? low : value > high ? high : value;
};

/** Everything out of range, NaN too, is the smallest integer. */
const indefinite: ToInt = (x, low, high) => {
  if (!Number.isFinite(x)) return low;
  const value = BigInt(Math.trunc(x));
  return value < low || value > high ? low : value;
};

function defineToInteger(op: number, signed: boolean, f: ToInt): void {
  const handler = toInteger(signed, f);
  define(op, { f32: handler, f64: handler });
}

defineToInteger(Op.FcvtToUint, false, trapping);
defineToInteger(Op.FcvtToSint, true, trapping);
defineToInteger(Op.FcvtToUintSat, false, saturating);
defineToInteger(Op.FcvtToSintSat, true, saturating);
defineToInteger(Op.X86Cvtt2dq, true, indefinite);

function intLane(m: Machine, q: number, lane: number, type: Type, signed: boolean): bigint | number {
  const bits = laneBits(type);
  if (bits <= 32) {
    const value = getLane(m, q, lane, 32 - bits);
    return signed ? value : unsigned(value, bits);
  }
  const value = bits === 64 ? m.i64[q + lane]! : getWidest(m, q + 2 * lane);
  return signed ? value : unsignedBig(value, BigInt(bits));
}

function fromInteger(signed: boolean): Handler {
  return (m, code, at) => {
    const from = code[at + Field.From]! as Type;
    const to = code[at + Field.Type]! as Type;
    const a = m.base + code[at + Field.A]!;
    const dst = m.base + code[at + Field.Dst]!;
    const lanes = laneCount(to);
    for (let i = 0; i < lanes; i++) {
      const value = intLane(m, a, i, from, signed);
      if (laneType(to) === F32) {
        m.f32[(dst << 1) + i] = typeof value === "number" ? value : integerToF32(value);
      } else {
        // Number(bigint) rounds once, ties to even.
        m.f64[dst + i] = Number(value);
      }
    }
  };
}

function defineFromInteger(op: number, signed: boolean): void {
  const handler = fromInteger(signed);
  define(op, { f32: handler, f64: handler });
}

defineFromInteger(Op.FcvtFromUint, false);
defineFromInteger(Op.FcvtFromSint, true);
