/**
 * The values that a random function may use at a place: those made in the current block, those of the blocks on the
 * chain of single predecessors up to the entry, and variables. What is picked is of the wanted type and made as a
 * constant where there is nothing.
 */
import type { FunctionBuilder } from "../../frontend/builder.ts";
import type { Variable } from "../../frontend/variable.ts";
import type { Block, Value } from "../../ir/entities.ts";
import {
  bytesOf,
  F16,
  F32,
  F64,
  F128,
  I64,
  I128,
  isInt,
  isVector,
  laneType,
  type Type,
} from "../../ir/types.ts";
import type { Random } from "./random.ts";

/** How far back in a block's values most picks go. */
const RECENT = 8;
/** Blocks up the chain that a pick looks at. */
const CHAIN = 6;

export class Scope {
  readonly random: Random;
  readonly builder: FunctionBuilder;
  /** How many of a hundred new values are declared to need stack maps. */
  private readonly declarePercent: number;
  /** Whether reads of variables may be declared: in unsealed blocks they turn into aliases, which upstream forgets. */
  private readonly declaresReads: boolean;
  private readonly parents: readonly number[];
  private readonly blockValues: Value[][];
  private readonly filled: boolean[];
  private readonly variables: { readonly variable: Variable; readonly type: Type }[];
  /** Number of the current block in the plan. */
  private current: number;

  constructor(random: Random, builder: FunctionBuilder, declarePercent: number, parents: readonly number[]) {
    this.random = random;
    this.builder = builder;
    this.declarePercent = declarePercent;
    this.declaresReads = random.chance(20);
    this.parents = parents;
    this.blockValues = parents.map(() => []);
    this.filled = parents.map(() => false);
    this.variables = [];
    this.current = 0;
  }

  addVariable(variable: Variable, type: Type): void {
    this.variables.push({ variable, type });
  }

  /** Goes on in another block, of that number in the plan. */
  enter(number: number, block: Block): void {
    const { dfg } = this.builder.func;
    this.current = number;
    for (let i = 0; i < dfg.blockParamCount(block); i++) this.define(dfg.blockParam(block, i));
  }

  leave(): void {
    this.filled[this.current] = true;
  }

  /** A new value of the current block; it may be declared, and a variable may take it. */
  define(value: Value): void {
    const { random, builder } = this;
    this.blockValues[this.current]!.push(value);
    const type = builder.func.dfg.valueType(value);
    if (bytesOf(type) <= 16 && random.chance(this.declarePercent)) builder.declareValueNeedsStackMap(value);
    if (this.variables.length > 0 && random.chance(25)) {
      const { variable, type: wanted } = random.pick(this.variables);
      if (wanted === type) builder.defVar(variable, value);
    }
  }

  /** A value of that type: an old one, a variable's, or a new constant. */
  pick(type: Type): Value {
    const { random } = this;
    if (random.chance(25)) {
      const read = this.read(type);
      if (read !== null) return read;
    }
    return this.find(type) ?? this.read(type) ?? this.constant(type);
  }

  pickAll(types: readonly { readonly type: Type }[]): Value[] {
    return types.map(({ type }) => this.pick(type));
  }

  private find(type: Type): Value | null {
    const { random } = this;
    const { dfg } = this.builder.func;
    let block = this.current;
    for (let step = 0; step < CHAIN; step++) {
      const values = this.blockValues[block]!;
      // The entry's values are there for all; a block's own are passed over at times, so that older ones are used.
      if (values.length > 0 && (block === 0 || !random.chance(30))) {
        const from = random.chance(70) ? Math.max(0, values.length - RECENT) : 0;
        const start = random.between(from, values.length - 1);
        for (let i = 0; i < values.length; i++) {
          const value = values[(start + i) % values.length]!;
          if (dfg.valueType(value) === type) return value;
        }
      }
      if (block === 0) return null;
      const parent = this.parents[block]!;
      block = this.filled[parent] === true ? parent : 0;
    }
    return null;
  }

  private read(type: Type): Value | null {
    const { random, variables } = this;
    if (variables.length === 0) return null;
    const start = random.below(variables.length);
    for (let i = 0; i < variables.length; i++) {
      const { variable, type: got } = variables[(start + i) % variables.length]!;
      if (got !== type) continue;
      const value = this.builder.useVar(variable);
      if (this.declaresReads && random.chance(20)) this.builder.declareValueNeedsStackMap(value);
      return value;
    }
    return null;
  }

  constant(type: Type): Value {
    const value = this.makeConstant(type);
    this.define(value);
    return value;
  }

  private makeConstant(type: Type): Value {
    const { random, builder } = this;
    const { ins } = builder;
    if (type === I128) return ins.uextend(I128, this.constant(I64));
    if (isInt(type)) return ins.iconst(type, this.smallInt(type));
    switch (type) {
      case F16:
        return ins.f16const(random.bits() & 0xffff);
      case F32:
        return ins.f32const(random.chance(50) ? 0x3f80_0000 : random.bits());
      case F64:
        return ins.f64const(random.chance(50) ? 0x3ff0_0000_0000_0000n : BigInt(random.bits()) << 31n);
      case F128:
        return ins.f128const(builder.func.dfg.constants.insert(this.bytes(16)));
    }
    if (isVector(type) && isInt(laneType(type))) {
      return ins.vconst(type, builder.func.dfg.constants.insert(this.bytes(bytesOf(type))));
    }
    return ins.splat(type, this.constant(laneType(type)));
  }

  private smallInt(type: Type): bigint {
    const { random } = this;
    if (random.chance(40)) return 0n;
    const bits = BigInt(random.chance(70) ? random.below(100) : random.bits());
    return BigInt.asIntN(64, BigInt.asUintN(8 * bytesOf(type), bits));
  }

  private bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    if (this.random.chance(70)) for (let i = 0; i < count; i++) bytes[i] = this.random.below(256);
    return bytes;
  }
}
