/** Random vectors of 128 bits: the lanes' part of `random-values.ts`. */
import type { FunctionBuilder } from "../../src/frontend/builder.ts";
import { INT_CONDITIONS } from "../../src/ir/conditions.ts";
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
    const [x, y] = this.operands.two(type, type, depth);
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
    if (draw < 25) {
      const [x, y] = this.operands.two(type, type, depth);
      const conditions =
        type === I64X2 ? (["eq", "ne", "slt", "sge", "sgt", "sle"] as const) : INT_CONDITIONS;
      return ins.icmp(random.pick(conditions), x, y);
    }
    if (draw < 40) return this.otherLanes(type, depth);
    if (draw < 50)
      return ins[random.pick(["ineg", "iabs", "bnot"] as const)](this.operands.value(type, depth));
    const [x, y] = this.operands.two(type, type, depth);
    const ops = ["iadd", "isub", "band", "bor", "bxor"] as const;
    const small = ["uadd_sat", "sadd_sat", "usub_sat", "ssub_sat", "avg_round"] as const;
    if ((type === I8X16 || type === I16X8) && random.chance(40)) {
      switch (random.pick(small)) {
        case "uadd_sat":
          return ins.uaddSat(x, y);
        case "sadd_sat":
          return ins.saddSat(x, y);
        case "usub_sat":
          return ins.usubSat(x, y);
        case "ssub_sat":
          return ins.ssubSat(x, y);
        case "avg_round":
          return ins.avgRound(x, y);
      }
    }
    if (type !== I64X2 && random.chance(30)) {
      return ins[random.pick(["smin", "smax", "umin", "umax"] as const)](x, y);
    }
    if (type !== I8X16 && random.chance(20)) return ins.imul(x, y);
    return ins[random.pick(ops)](x, y);
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
