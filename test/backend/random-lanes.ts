/** Random vectors of 128 bits: the lanes' part of `random-values.ts`. */
import type { FunctionBuilder } from "../../src/frontend/builder.ts";
import { FLOAT_CONDITIONS, INT_CONDITIONS } from "../../src/ir/conditions.ts";
import type { Immediate, Value } from "../../src/ir/entities.ts";
import type { InstBuilder } from "../../src/ir/inst-builder.gen.ts";
import { DEFAULT_MEMFLAGS, type MemFlags, withEndianness } from "../../src/ir/memflags.ts";
import {
  F32X4,
  F64X2,
  I8,
  I8X16,
  I16,
  I16X8,
  I32,
  I32X4,
  I64,
  I64X2,
  isFloat,
  isInt,
  laneCount,
  laneType,
  type Type,
} from "../../src/ir/types.ts";
import type { Random } from "../../src/lab/fuzz/random.ts";

export const VECTORS: readonly Type[] = [I8X16, I16X8, I32X4, I64X2, F32X4, F64X2];
export const LITTLE: MemFlags = withEndianness(DEFAULT_MEMFLAGS, "little");
const AMOUNTS: readonly Type[] = [I8, I16, I32, I64];

const SATURATING = ["uaddSat", "saddSat", "usubSat", "ssubSat", "avgRound"] as const;

/** Where operands come from. */
export interface Operands {
  readonly random: Random;
  readonly builder: FunctionBuilder;
  readonly ins: InstBuilder;
  value(type: Type, depth: number): Value;
  two(first: Type, second: Type, depth: number): [Value, Value];
  three(types: readonly [Type, Type, Type], depth: number): [Value, Value, Value];
  withoutNaN(value: Value, type: Type): Value;
}

export class LaneMaker {
  private readonly operands: Operands;

  constructor(operands: Operands) {
    this.operands = operands;
  }

  vector(type: Type, depth: number): Value {
    const { random, ins } = this.operands;
    const draw = random.below(100);
    if (draw < 12) return ins.splat(type, this.operands.value(laneType(type), depth));
    if (draw < 26) {
      const [x, lane] = this.operands.two(type, laneType(type), depth);
      return ins.insertlane(x, lane, random.below(laneCount(type)));
    }
    if (draw < 34) {
      const from = random.pick(VECTORS.filter((each) => each !== type));
      return ins.bitcast(type, LITTLE, this.operands.value(from, depth));
    }
    if (draw < 40) return ins.scalarToVector(type, this.operands.value(laneType(type), depth));
    if (draw < 48 && isInt(laneType(type))) {
      const [c, x, y] = this.operands.three([type, type, type], depth);
      return ins.bitselect(c, x, y);
    }
    return isFloat(laneType(type)) ? this.floatLanes(type, depth) : this.intLanes(type, depth);
  }

  private floatLanes(type: Type, depth: number): Value {
    const { random, ins } = this.operands;
    if (type === F32X4 && random.chance(20)) {
      const x = this.operands.value(I32X4, depth);
      return random.chance(50) ? ins.fcvtFromSint(type, x) : ins.fcvtFromUint(type, x);
    }
    if (random.chance(20))
      return random.chance(50)
        ? ins.fneg(this.operands.value(type, depth))
        : ins.fabs(this.operands.value(type, depth));
    if (random.chance(8) && type === F32X4) {
      const [x, y, z] = this.operands.three([type, type, type], depth);
      return this.operands.withoutNaN(ins.fma(x, y, z), type);
    }
    const [x, y] = this.operands.two(type, type, depth);
    if (random.chance(10)) return ins.fcopysign(x, y);
    const op = random.pick(["fadd", "fsub", "fmul", "fdiv", "fmin", "fmax"] as const);
    return this.operands.withoutNaN(ins[op](x, y), type);
  }

  private intLanes(type: Type, depth: number): Value {
    const { random, ins } = this.operands;
    const draw = random.below(100);
    if (draw < 15) {
      const [x, amount] = this.operands.two(type, random.pick(AMOUNTS), depth);
      return ins[random.pick(["ishl", "ushr", "sshr"] as const)](x, amount);
    }
    if (draw < 25) return this.comparison(type, depth);
    if (draw < 40) return this.otherLanes(type, depth);
    if (draw < 46) return ins[random.pick(["rotl", "rotr"] as const)](...this.operands.two(type, I32, depth));
    if (draw < 56) {
      return ins[random.pick(["ineg", "iabs", "bnot", "popcnt"] as const)](this.operands.value(type, depth));
    }
    const [x, y] = this.operands.two(type, type, depth);
    if (random.chance(40)) return ins[random.pick(SATURATING)](x, y);
    if (random.chance(30)) return ins[random.pick(["smin", "smax", "umin", "umax"] as const)](x, y);
    if (random.chance(25)) return ins[random.pick(["imul", "umulhi", "smulhi"] as const)](x, y);
    return ins[random.pick(["iadd", "isub", "band", "bor", "bxor"] as const)](x, y);
  }

  /** Of integers, or of the floats that are as wide. */
  private comparison(type: Type, depth: number): Value {
    const { random, ins } = this.operands;
    const floats = type === I32X4 ? F32X4 : type === I64X2 ? F64X2 : null;
    if (floats !== null && random.chance(50)) {
      return ins.fcmp(random.pick(FLOAT_CONDITIONS), ...this.operands.two(floats, floats, depth));
    }
    return ins.icmp(random.pick(INT_CONDITIONS), ...this.operands.two(type, type, depth));
  }

  /** Lanes of another width, and lanes in another order. */
  private otherLanes(type: Type, depth: number): Value {
    const { random, ins } = this.operands;
    const [x, y] = this.operands.two(type, type, depth);
    switch (type) {
      case I8X16: {
        if (random.chance(40)) return ins.swizzle(x, y);
        const mask = Uint8Array.from({ length: 16 }, () => random.below(32));
        if (random.chance(60)) return ins.shuffle(x, y, this.immediate(mask));
        const [a, b] = this.operands.two(I16X8, I16X8, depth);
        return random.chance(50) ? ins.snarrow(a, b) : ins.unarrow(a, b);
      }
      case I16X8:
        if (random.chance(30)) return ins.sqmulRoundSat(x, y);
        if (random.chance(40)) return ins.iaddPairwise(x, y);
        return this.widened(I8X16, depth);
      case I32X4:
        if (random.chance(30)) return ins.iaddPairwise(x, y);
        if (random.chance(15)) return ins.sqmulRoundSat(x, y);
        if (random.chance(30)) return ins.fcvtToSintSat(type, this.operands.value(F32X4, depth));
        if (random.chance(30)) return ins.fcvtToUintSat(type, this.operands.value(F32X4, depth));
        return this.widened(I16X8, depth);
      default:
        return this.widened(I32X4, depth);
    }
  }

  private immediate(bytes: Uint8Array): Immediate {
    return (this.operands.builder.func.dfg.immediates.push(bytes) - 1) as Immediate;
  }

  private widened(from: Type, depth: number): Value {
    const ops = ["swidenLow", "swidenHigh", "uwidenLow", "uwidenHigh"] as const;
    return this.operands.ins[this.operands.random.pick(ops)](this.operands.value(from, depth));
  }
}
