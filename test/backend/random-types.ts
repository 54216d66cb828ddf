/** The types of random values, and constants of them. */
import type { Value } from "../../src/ir/entities.ts";
import type { InstBuilder } from "../../src/ir/inst-builder.gen.ts";
import { bytesOf, F32, F64, I8, I16, I32, I64, I128, type Type } from "../../src/ir/types.ts";
import { VECTORS } from "./random-lanes.ts";

/** What conversions from and to floats and lanes know. */
export const LANE_INTS: readonly Type[] = [I8, I16, I32, I64];
export const INTS: readonly Type[] = [...LANE_INTS, I128];
export const FLOATS: readonly Type[] = [F32, F64];
export const ALL_TYPES: readonly Type[] = [...INTS, ...FLOATS, ...VECTORS];

/** There are no constants of 128 bits. */
export function smallConstant(ins: InstBuilder, type: Type, value: number): Value {
  return type === I128 ? ins.uextend(I128, ins.iconst(I64, value)) : ins.iconst(type, value);
}

export function doubles(from: Type, to: Type): boolean {
  return bytesOf(to) === 2 * bytesOf(from);
}
