/**
 * Random values for the backend's comparison with the interpreter: trees of instructions over a scope, made in an order that
 * is not always the order of their use. Some values are put aside, and used once and later, with other effects in between:
 * that is what moving an effect can get wrong.
 *
 * What a float instruction makes of a NaN is the engine's choice, so arithmetic ends in a replacement of NaNs by zero; moves,
 * signs and casts are exact. Addresses lie in one region that both sides can show afterwards, or in stack slots.
 */
import type { FunctionBuilder } from "../../src/frontend/builder.ts";
import { ATOMIC_OPS, FLOAT_CONDITIONS, INT_CONDITIONS } from "../../src/ir/conditions.ts";
import type { FuncRef, SigRef, StackSlot, Value } from "../../src/ir/entities.ts";
import type { InstBuilder } from "../../src/ir/inst-builder.gen.ts";
import { DEFAULT_MEMFLAGS, type MemFlags, withEndianness, withTrapCode } from "../../src/ir/memflags.ts";
import { HEAP_OUT_OF_BOUNDS, NO_TRAP, userTrap } from "../../src/ir/trap-codes.ts";
import {
  bitsOf,
  F32,
  F32X4,
  F64,
  F64X2,
  I8,
  I8X16,
  I16,
  I16X8,
  I32,
  I32X4,
  I64,
  I64X2,
  I128,
  isFloat,
  isInt,
  isVector,
  laneCount,
  laneType,
  type Type,
} from "../../src/ir/types.ts";
import type { Random } from "../../src/lab/fuzz/random.ts";
import type { Scope } from "../../src/lab/fuzz/scope.ts";
import { LaneMaker, LITTLE, VECTORS } from "./random-lanes.ts";
import { doubles, FLOATS, INTS, LANE_INTS, smallConstant } from "./random-types.ts";

/** The region of memory that functions read and write. */
export const REGION = 16_384;
export const REGION_BYTES = 128;
export const SLOT_BYTES = 32;

const NO_TRAP_FLAGS = withTrapCode(DEFAULT_MEMFLAGS, NO_TRAP);

/** What a function can call, by the types of its results. */
export interface Callee {
  readonly func: FuncRef;
  readonly signature: SigRef;
  readonly params: readonly Type[];
  readonly returns: readonly Type[];
}

export class ValueMaker {
  readonly random: Random;
  readonly scope: Scope;
  readonly builder: FunctionBuilder;
  readonly callees: readonly Callee[];
  readonly slots: readonly StackSlot[];
  readonly pointer: Type;
  /** Values of the current block that nothing uses yet, each to be used once. */
  private readonly aside: Value[];
  private readonly lanes: LaneMaker;
  /** Calls that may still be made; what they call may loop. */
  private callsLeft: number;

  constructor(
    random: Random,
    scope: Scope,
    builder: FunctionBuilder,
    pointer: Type,
    callees: readonly Callee[],
    slots: readonly StackSlot[],
  ) {
    this.random = random;
    this.scope = scope;
    this.builder = builder;
    this.pointer = pointer;
    this.callees = callees;
    this.slots = slots;
    this.aside = [];
    this.lanes = new LaneMaker(this);
    this.callsLeft = 8;
  }

  get ins(): InstBuilder {
    return this.builder.ins;
  }

  enterBlock(): void {
    this.aside.length = 0;
  }

  anyType(): Type {
    const { random } = this;
    const draw = random.below(100);
    return draw < 70 ? random.pick(INTS) : draw < 85 ? random.pick(FLOATS) : random.pick(VECTORS);
  }

  /** One thing for a block: a value put aside or into scope, a store, a check. */
  statement(): void {
    const { random } = this;
    const draw = random.below(100);
    if (draw < 20) this.aside.push(this.load(this.anyType()));
    else if (draw < 35) this.aside.push(this.value(this.anyType(), random.between(1, 3)));
    else if (draw < 60) this.scope.define(this.value(this.anyType(), random.between(1, 3)));
    else if (draw < 73) this.store();
    else if (draw < 75) this.aside.push(this.atomic());
    else if (draw < 82) this.multiCall();
    else if (draw < 92) this.twoResults();
    else if (draw < 97) this.check();
    else if (draw < 98) this.ins.nop();
    else this.ins.fence();
  }

  /** A value of that type; its tree is at most so deep. */
  value(type: Type, depth: number): Value {
    const { random } = this;
    if (random.chance(60)) {
      const found = this.takeAside(type);
      if (found !== null) return found;
    }
    if (depth <= 0 || random.chance(15)) return random.chance(25) ? this.load(type) : this.scope.pick(type);
    if (random.chance(12)) {
      const called = this.call(type);
      if (called !== null) return called;
    }
    if (random.chance(12)) return this.load(type);
    if (random.chance(10)) return this.select(type, depth);
    if (isVector(type)) return this.lanes.vector(type, depth - 1);
    return isFloat(type) ? this.float(type, depth - 1) : this.int(type, depth - 1);
  }

  private takeAside(type: Type): Value | null {
    const { dfg } = this.builder.func;
    const { aside } = this;
    const start = this.random.below(aside.length + 1);
    for (let i = 0; i < aside.length; i++) {
      const at = (start + i) % aside.length;
      if (dfg.valueType(aside[at]!) !== type) continue;
      return aside.splice(at, 1)[0]!;
    }
    return null;
  }

  /** Two operands, made in either order. */
  two(first: Type, second: Type, depth: number): [Value, Value] {
    if (this.random.chance(50)) {
      const x = this.value(first, depth);
      return [x, this.value(second, depth)];
    }
    const y = this.value(second, depth);
    return [this.value(first, depth), y];
  }

  three(types: readonly [Type, Type, Type], depth: number): [Value, Value, Value] {
    const order = this.random.shuffle([0, 1, 2]);
    const made: Value[] = [];
    for (const at of order) made[at] = this.value(types[at]!, depth);
    return [made[0]!, made[1]!, made[2]!];
  }

  private select(type: Type, depth: number): Value {
    const [condition, x, y] = this.three([this.random.pick(INTS), type, type], depth - 1);
    return this.random.chance(80)
      ? this.ins.select(condition, x, y)
      : this.ins.selectSpectreGuard(condition, x, y);
  }

  // Integers.

  private int(type: Type, depth: number): Value {
    const { random, ins } = this;
    const draw = random.below(100);
    if (draw < 40) return this.binaryInt(type, depth);
    if (draw < 52) return this.unaryInt(type, depth);
    if (draw < 60) return this.shift(type, depth);
    if (draw < 72) return this.changedWidth(type, depth);
    if (draw < 78) return this.divide(type, depth);
    if (type === I8 && draw < 90) return this.comparison(depth);
    if (draw < 84) return type === I128 ? this.fromAnyVector(depth) : this.fromFloat(type, depth);
    if (draw < 88) {
      const [c, x, y] = this.three([type, type, type], depth);
      return ins.bitselect(c, x, y);
    }
    if (draw < 92) return type === I128 ? this.fromAnyVector(depth) : this.fromVector(type, depth);
    if (draw < 95 && (type === I32 || type === I64)) {
      const [x, y] = this.two(type, type, depth);
      return ins.uaddOverflowTrap(ins.band(x, this.mask(type)), y, userTrap(7));
    }
    return this.scope.constant(type);
  }

  /** Half of all bits, so that a sum overflows at times only. */
  private mask(type: Type): Value {
    return this.ins.iconst(type, (1n << BigInt(bitsOf(type) - 4)) - 1n);
  }

  private binaryInt(type: Type, depth: number): Value {
    const { random, ins } = this;
    const [x, y] = this.two(type, type, depth);
    const op = random.pick([
      "iadd",
      "isub",
      "imul",
      "band",
      "bor",
      "bxor",
      "smin",
      "smax",
      "umin",
      "umax",
      "umulhi",
      "smulhi",
    ] as const);
    return ins[op](x, y);
  }

  private unaryInt(type: Type, depth: number): Value {
    const { random, ins } = this;
    const ops = ["ineg", "bnot", "iabs", "clz", "ctz", "cls", "popcnt", "bitrev"] as const;
    const x = this.value(type, depth);
    if (type !== I8 && random.chance(15)) return ins.bswap(x);
    return random.chance(8) ? ins.bmask(type, x) : ins[random.pick(ops)](x);
  }

  private shift(type: Type, depth: number): Value {
    const [x, y] = this.two(type, this.random.pick(INTS), depth);
    return this.ins[this.random.pick(["ishl", "ushr", "sshr", "rotl", "rotr"] as const)](x, y);
  }

  private changedWidth(type: Type, depth: number): Value {
    const { random, ins } = this;
    const from = random.pick(INTS);
    if (from < type) {
      if (doubles(from, type) && random.chance(40)) {
        const [low, high] = this.two(from, from, depth);
        return ins.iconcat(low, high);
      }
      const x = this.value(from, depth);
      return random.chance(50) ? ins.uextend(type, x) : ins.sextend(type, x);
    }
    if (from > type) return ins.ireduce(type, this.value(from, depth));
    return ins.bmask(type, this.value(random.pick(INTS), depth));
  }

  private divide(type: Type, depth: number): Value {
    const { random, ins } = this;
    let [x, y] = this.two(type, type, depth);
    // A divisor that is mostly not zero.
    if (random.chance(80)) y = ins.bor(y, smallConstant(ins, type, 1));
    return ins[random.pick(["sdiv", "udiv", "srem", "urem"] as const)](x, y);
  }

  private comparison(depth: number): Value {
    const { random, ins } = this;
    if (random.chance(30)) {
      const type = random.pick(FLOATS);
      const [x, y] = this.two(type, type, depth);
      return ins.fcmp(random.pick(FLOAT_CONDITIONS), x, y);
    }
    if (random.chance(10)) {
      const x = this.value(random.pick([I8X16, I16X8, I32X4, I64X2]), depth);
      return random.chance(50) ? ins.vanyTrue(x) : ins.vallTrue(x);
    }
    const type = random.pick(INTS);
    const [x, y] = this.two(type, type, depth);
    return ins.icmp(random.pick(INT_CONDITIONS), x, y);
  }

  private fromFloat(type: Type, depth: number): Value {
    const { random, ins } = this;
    if (random.chance(30) && (type === I32 || type === I64)) {
      return ins.bitcast(type, LITTLE, this.value(type === I32 ? F32 : F64, depth));
    }
    const x = this.value(random.pick(FLOATS), depth);
    if (random.chance(75)) {
      return random.chance(50) ? ins.fcvtToSintSat(type, x) : ins.fcvtToUintSat(type, x);
    }
    return random.chance(50) ? ins.fcvtToSint(type, x) : ins.fcvtToUint(type, x);
  }

  private fromAnyVector(depth: number): Value {
    return this.ins.bitcast(I128, LITTLE, this.value(this.random.pick(VECTORS), depth));
  }

  private fromVector(type: Type, depth: number): Value {
    const { random, ins } = this;
    const vector = VECTORS.find((each) => laneType(each) === type)!;
    if (random.chance(20) && type !== I8) {
      const from = type === I16 ? random.pick([I8X16, I16X8]) : random.pick([I8X16, I16X8, I32X4, I64X2]);
      return ins.vhighBits(type, this.value(from, depth));
    }
    return ins.extractlane(this.value(vector, depth), random.below(laneCount(vector)));
  }

  // Floats.

  private float(type: Type, depth: number): Value {
    const { random, ins } = this;
    const draw = random.below(100);
    if (draw < 50) return this.withoutNaN(this.floatArithmetic(type, depth), type);
    if (draw < 60)
      return random.chance(50) ? ins.fneg(this.value(type, depth)) : ins.fabs(this.value(type, depth));
    if (draw < 68) {
      const [x, y] = this.two(type, type, depth);
      return random.chance(50)
        ? ins.fcopysign(x, y)
        : ins[random.pick(["band", "bor", "bxor"] as const)](x, y);
    }
    if (draw < 70) {
      const [x, y, z] = this.three([type, type, type], depth);
      return type === F32 && random.chance(50)
        ? this.withoutNaN(ins.fma(x, y, z), type)
        : ins.bitselect(x, y, z);
    }
    if (draw < 74) return ins.bitcast(type, LITTLE, this.value(type === F32 ? I32 : I64, depth));
    if (draw < 86) {
      const x = this.value(random.pick(LANE_INTS), depth);
      return random.chance(50) ? ins.fcvtFromSint(type, x) : ins.fcvtFromUint(type, x);
    }
    if (draw < 92) {
      const x = this.value(type === F32 ? F64 : F32, depth);
      return this.withoutNaN(type === F64 ? ins.fpromote(F64, x) : ins.fdemote(F32, x), type);
    }
    const vector = type === F32 ? F32X4 : F64X2;
    return ins.extractlane(this.value(vector, depth), random.below(laneCount(vector)));
  }

  /** Two or three operations, NaNs as they come. */
  private floatArithmetic(type: Type, depth: number): Value {
    const { random, ins } = this;
    const [x, y] = this.two(type, type, depth);
    let result = ins[random.pick(["fadd", "fsub", "fmul", "fdiv", "fmin", "fmax"] as const)](x, y);
    if (random.chance(40))
      result = ins[random.pick(["fadd", "fmul", "fdiv"] as const)](this.value(type, depth), result);
    if (random.chance(30)) {
      result = ins[random.pick(["sqrt", "ceil", "floor", "trunc", "nearest"] as const)](result);
    }
    return result;
  }

  withoutNaN(value: Value, type: Type): Value {
    const { ins } = this;
    if (!isVector(type)) {
      const zero = type === F32 ? ins.f32const(0) : ins.f64const(0n);
      return ins.select(ins.fcmp("eq", value, value), value, zero);
    }
    const bits = type === F32X4 ? I32X4 : I64X2;
    const kept = ins.band(ins.bitcast(bits, LITTLE, value), ins.fcmp("eq", value, value));
    return ins.bitcast(type, LITTLE, kept);
  }

  // Memory.

  private flags(type: Type): MemFlags {
    const flags = this.random.chance(50) ? NO_TRAP_FLAGS : DEFAULT_MEMFLAGS;
    return !isVector(type) && this.random.chance(10) ? withEndianness(flags, "big") : flags;
  }

  /** An address with room for 16 bytes behind `offset`. */
  private address(): readonly [Value, number] {
    const { random, ins, pointer } = this;
    if (this.slots.length > 0 && random.chance(30)) {
      const at = random.pick([0, 1, SLOT_BYTES - 16]);
      const split = random.below(at + 1);
      return [ins.stackAddr(pointer, random.pick(this.slots), at - split), split];
    }
    // Few places, so that stores meet loads.
    const offset = random.below(4);
    if (random.chance(40)) return [ins.iconst(pointer, REGION + 8), random.pick([-8, -4, 0, 1, 8])];
    const index = ins.band(this.value(pointer, 1), ins.iconst(pointer, random.pick([0, 3, 15])));
    if (pointer === I32 && random.chance(40)) {
      return [ins.uaddOverflowTrap(index, ins.iconst(I32, REGION + offset), HEAP_OUT_OF_BOUNDS), 0];
    }
    return [ins.iadd(index, ins.iconst(pointer, REGION)), offset];
  }

  load(type: Type): Value {
    const { random, ins } = this;
    const [address, offset] = this.address();
    const flags = this.flags(type);
    if (isVector(type) && isInt(laneType(type)) && type !== I8X16 && random.chance(30)) {
      const ops =
        type === I16X8
          ? (["uload8x8", "sload8x8"] as const)
          : type === I32X4
            ? (["uload16x4", "sload16x4"] as const)
            : (["uload32x2", "sload32x2"] as const);
      return ins[random.pick(ops)](flags, address, offset);
    }
    if (type === I64 && random.chance(20))
      return ins[random.pick(["uload32", "sload32"] as const)](flags, address, offset);
    if ((type === I32 || type === I64) && random.chance(40)) {
      return ins[random.pick(["uload8", "sload8", "uload16", "sload16"] as const)](
        type,
        flags,
        address,
        offset,
      );
    }
    if (type === I16 && random.chance(30)) {
      return ins[random.pick(["uload8", "sload8"] as const)](type, flags, address, offset);
    }
    return ins.load(type, flags, address, offset);
  }

  /** Atomic accesses are aligned, else Wasm's trap. */
  private atomic(): Value {
    const { random, ins, pointer } = this;
    const type = random.pick(LANE_INTS);
    const address = ins.iconst(pointer, REGION + 8 * random.below(4));
    const flags = this.flags(type);
    const [x, y] = this.two(type, type, 2);
    if (random.chance(20)) ins.atomicStore(flags, x, address);
    if (random.chance(20)) return ins.atomicLoad(type, flags, address);
    if (random.chance(20)) return ins.atomicCas(flags, address, x, y);
    return ins.atomicRmw(type, flags, random.pick(ATOMIC_OPS), address, y);
  }

  private store(): void {
    const { random, ins } = this;
    const type = this.anyType();
    // The value before the address or after it.
    const early = random.chance(50) ? this.value(type, 2) : null;
    const [address, offset] = this.address();
    const value = early ?? this.value(type, 2);
    if (type === I64 && random.chance(20)) ins.istore32(this.flags(type), value, address, offset);
    else if ((type === I32 || type === I64) && random.chance(20))
      ins.istore16(this.flags(type), value, address, offset);
    else if (isInt(type) && type !== I8 && type !== I128 && random.chance(20))
      ins.istore8(this.flags(type), value, address, offset);
    else ins.store(this.flags(type), value, address, offset);
  }

  // Calls, checks, pairs.

  /** Calls something with that one result, or null. */
  private call(type: Type): Value | null {
    const fitting = this.callees.filter(({ returns }) => returns.length === 1 && returns[0] === type);
    if (fitting.length === 0 || this.callsLeft === 0) return null;
    return this.results(this.random.pick(fitting))[0]!;
  }

  private multiCall(): void {
    if (this.callees.length === 0 || this.callsLeft === 0) return;
    for (const result of this.results(this.random.pick(this.callees))) {
      if (this.random.chance(30)) this.aside.push(result);
      else this.scope.define(result);
    }
  }

  private results(callee: Callee): Value[] {
    const { ins } = this;
    this.callsLeft--;
    const indirect = this.random.chance(30);
    const address = indirect ? ins.funcAddr(this.pointer, callee.func) : null;
    const args = callee.params.map((type) => this.value(type, 1));
    const inst =
      address === null ? ins.call(callee.func, args) : ins.callIndirect(callee.signature, address, args);
    return this.builder.instResults(inst);
  }

  private twoResults(): void {
    const { random, ins, scope } = this;
    const type = random.pick(INTS);
    const [x, y] = this.two(type, type, 2);
    const ops = [
      "uaddOverflow",
      "saddOverflow",
      "usubOverflow",
      "ssubOverflow",
      "umulOverflow",
      "smulOverflow",
    ] as const;
    const carries = ["uaddOverflowCin", "saddOverflowCin", "usubOverflowBin", "ssubOverflowBin"] as const;
    let pair: readonly [Value, Value];
    if (type !== I8 && random.chance(20)) pair = ins.isplit(x);
    else if (random.chance(40)) pair = ins[random.pick(carries)](x, y, this.value(I8, 1));
    else pair = ins[random.pick(type === I128 ? ops.slice(0, 4) : ops)](x, y);
    for (const value of pair) {
      if (random.chance(30)) this.aside.push(value);
      else scope.define(value);
    }
  }

  private check(): void {
    const { random, ins } = this;
    const value = this.value(random.pick(INTS), 2);
    // One that rarely traps: bits in common with a random mask.
    const rare = smallConstant(ins, this.builder.func.dfg.valueType(value), random.below(50));
    if (random.chance(50)) ins.trapnz(ins.icmp("eq", value, rare), userTrap(1));
    else ins.trapz(ins.icmp("ne", value, rare), userTrap(2));
  }
}
