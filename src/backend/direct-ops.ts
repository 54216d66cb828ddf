/**
 * The instructions that are one Wasm instruction each: for every CLIF opcode the Wasm opcodes, one per type. The type is the
 * prefix of the Wasm name; `v128.` stands for all vectors.
 *
 * A row's mode says what the narrow integers (`i8`, `i16`, held in an `i32` whose upper bits are anything) need first:
 *
 *     any        nothing: the low bits of the result depend on the low bits of the operands only
 *     zero, sign the operands are extended
 */

import { FLOAT_CONDITIONS, INT_CONDITIONS } from "../ir/conditions.ts";
import { OPCODE_COUNT, opcodeOfName } from "../ir/opcodes.ts";
import {
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
  type Type,
} from "../ir/types.ts";
import { findOpcode, opcodeNamed } from "../wasm/opcode-names.ts";

/** What narrow operands need. */
export const Narrow = { Any: 0, Zero: 1, Sign: 2, None: 3 } as const;

const MODES: Readonly<Record<string, number>> = {
  any: Narrow.Any,
  zero: Narrow.Zero,
  sign: Narrow.Sign,
  // Not for narrow integers: they have a lowering of their own.
  wide: Narrow.None,
};

const INTS = "i32 i64";
const LANES = "i8x16 i16x8 i32x4 i64x2";
const FLOATS = "f32 f64 f32x4 f64x2";

/** `each("i32 i64", "add")` is `i32.add i64.add`. */
function each(prefixes: string, suffix: string): string {
  return prefixes
    .split(" ")
    .map((prefix) => `${prefix}.${suffix}`)
    .join(" ");
}

const ROWS: readonly (readonly [string, string, string])[] = [
  ["iadd", "any", each(`${INTS} ${LANES}`, "add")],
  ["isub", "any", each(`${INTS} ${LANES}`, "sub")],
  ["imul", "any", each(`${INTS} i16x8 i32x4 i64x2`, "mul")],
  ["ineg", "wide", each(LANES, "neg")],
  ["iabs", "wide", each(LANES, "abs")],
  ["band", "any", each(`${INTS} v128`, "and")],
  ["bor", "any", each(`${INTS} v128`, "or")],
  ["bxor", "any", each(`${INTS} v128`, "xor")],
  ["bnot", "wide", "v128.not"],
  ["udiv", "zero", each(INTS, "div_u")],
  ["urem", "zero", each(INTS, "rem_u")],
  ["srem", "sign", each(INTS, "rem_s")],
  ["sdiv", "wide", each(INTS, "div_s")],
  ["rotl", "wide", each(INTS, "rotl")],
  ["rotr", "wide", each(INTS, "rotr")],
  ["clz", "wide", each(INTS, "clz")],
  ["ctz", "wide", each(INTS, "ctz")],
  ["popcnt", "zero", `${each(INTS, "popcnt")} i8x16.popcnt`],
  ["smin", "wide", each("i8x16 i16x8 i32x4", "min_s")],
  ["umin", "wide", each("i8x16 i16x8 i32x4", "min_u")],
  ["smax", "wide", each("i8x16 i16x8 i32x4", "max_s")],
  ["umax", "wide", each("i8x16 i16x8 i32x4", "max_u")],
  ["avg_round", "wide", each("i8x16 i16x8", "avgr_u")],
  ["uadd_sat", "wide", each("i8x16 i16x8", "add_sat_u")],
  ["sadd_sat", "wide", each("i8x16 i16x8", "add_sat_s")],
  ["usub_sat", "wide", each("i8x16 i16x8", "sub_sat_u")],
  ["ssub_sat", "wide", each("i8x16 i16x8", "sub_sat_s")],
  ["sqmul_round_sat", "wide", "i16x8.q15mulr_sat_s"],
  ["bitselect", "wide", "v128.bitselect"],
  ["vany_true", "wide", "v128.any_true"],
  ["vall_true", "wide", each(LANES, "all_true")],
  ["fadd", "wide", each(FLOATS, "add")],
  ["fsub", "wide", each(FLOATS, "sub")],
  ["fmul", "wide", each(FLOATS, "mul")],
  ["fdiv", "wide", each(FLOATS, "div")],
  ["fmin", "wide", each(FLOATS, "min")],
  ["fmax", "wide", each(FLOATS, "max")],
  ["sqrt", "wide", each(FLOATS, "sqrt")],
  ["fneg", "wide", each(FLOATS, "neg")],
  ["fabs", "wide", each(FLOATS, "abs")],
  ["ceil", "wide", each(FLOATS, "ceil")],
  ["floor", "wide", each(FLOATS, "floor")],
  ["trunc", "wide", each(FLOATS, "trunc")],
  ["nearest", "wide", each(FLOATS, "nearest")],
  ["fcopysign", "wide", each("f32 f64", "copysign")],
];

/** Types that rows are indexed by; a vector of other lanes has no direct instruction. */
const TYPES: readonly (readonly [string, Type])[] = [
  ["i32", I32],
  ["i64", I64],
  ["f32", F32],
  ["f64", F64],
  ["i8x16", I8X16],
  ["i16x8", I16X8],
  ["i32x4", I32X4],
  ["i64x2", I64X2],
  ["f32x4", F32X4],
  ["f64x2", F64X2],
];
const VECTORS = TYPES.slice(4).map(([, type]) => type);
const TYPE_LIMIT = 256;

const NARROW_MODES = new Uint8Array(OPCODE_COUNT + 1).fill(Narrow.None);
const DIRECT = new Int16Array((OPCODE_COUNT + 1) * TYPE_LIMIT).fill(-1);

function typesOf(prefix: string): readonly Type[] {
  if (prefix === "v128") return VECTORS;
  return TYPES.filter(([name]) => name === prefix).map(([, type]) => type);
}

for (const [name, mode, wasmNames] of ROWS) {
  const op = opcodeOfName(name);
  NARROW_MODES[op] = MODES[mode]!;
  for (const wasm of wasmNames.split(" ")) {
    for (const type of typesOf(wasm.slice(0, wasm.indexOf("."))))
      DIRECT[op * TYPE_LIMIT + type] = opcodeNamed(wasm);
  }
}

/** The one Wasm instruction for an opcode under a control type, or -1; narrow integers are asked as `i32`. */
export function directOp(op: number, type: Type): number {
  return type < TYPE_LIMIT ? DIRECT[op * TYPE_LIMIT + type]! : -1;
}

export function narrowMode(op: number): number {
  return NARROW_MODES[op]!;
}

export function isNarrow(type: Type): boolean {
  return type === I8 || type === I16;
}

const INT_COMPARE = ["eq", "ne", "lt_s", "ge_s", "gt_s", "le_s", "lt_u", "ge_u", "gt_u", "le_u"];
const FLOAT_COMPARE: Readonly<Record<string, string>> = {
  eq: "eq",
  ne: "ne",
  lt: "lt",
  le: "le",
  gt: "gt",
  ge: "ge",
};

const typeNameOf = new Map(TYPES.map(([name, type]) => [type, name]));

/** `icmp` under a condition code: -1 where Wasm has none (unsigned comparisons of `i64x2`). */
export function intCompare(condition: number, type: Type): number {
  if (type === I32) return I32_COMPARES[condition]!;
  if (type === I64) return I64_COMPARES[condition]!;
  return findOpcode(`${typeNameOf.get(type) ?? "?"}.${INT_COMPARE[condition]!}`);
}

const I32_COMPARES = INT_COMPARE.map((name) => findOpcode(`i32.${name}`));
const I64_COMPARES = INT_COMPARE.map((name) => findOpcode(`i64.${name}`));
const IS_SIGNED = INT_CONDITIONS.map((condition) => condition.startsWith("s"));

/** Whether an integer comparison looks at the sign. */
export function isSignedCompare(condition: number): boolean {
  return IS_SIGNED[condition]!;
}

/** `fcmp` under a condition code that Wasm has, or -1. */
export function floatCompare(condition: number, type: Type): number {
  const name = FLOAT_COMPARE[FLOAT_CONDITIONS[condition]!];
  return name === undefined ? -1 : findOpcode(`${typeNameOf.get(type) ?? "?"}.${name}`);
}
