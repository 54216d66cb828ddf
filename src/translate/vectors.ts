/**
 * SIMD operators. On the operand stack a vector is an `i8x16`, since Wasm's `v128` has no lanes of its own; an operator sees it
 * as what it works on, and gives its result back as an `i8x16`. Those bitcasts cost nothing: all of them are one `v128` again
 * in the end.
 *
 * One row a family and shape; what has immediates (lanes, shuffles, constants, memory) is in `vector-memory.ts`.
 */
import type { FloatCondition, IntCondition } from "../ir/conditions.ts";
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { DEFAULT_MEMFLAGS, withEndianness } from "../ir/memflags.ts";
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
import { opcodeNamed } from "../wasm/opcode-names.ts";

/** Makes the result of operands that come as `i8x16` or scalars. */
export type VectorOperator = (ins: InstBuilder, args: readonly Value[]) => Value;

export interface VectorRow {
  readonly args: number;
  readonly make: VectorOperator;
}

/** Lanes are little-endian, as in memory. */
const LITTLE = withEndianness(DEFAULT_MEMFLAGS, "little");

/** The vector seen as `type`. */
export function as(ins: InstBuilder, type: Type, vector: Value): Value {
  return type === I8X16 ? vector : ins.bitcast(type, LITTLE, vector);
}

/** A vector of any lanes as it lies on the operand stack. */
export function toStack(ins: InstBuilder, vector: Value): Value {
  return ins.func.dfg.valueType(vector) === I8X16 ? vector : ins.bitcast(I8X16, LITTLE, vector);
}

const SHAPES: Readonly<Record<string, Type>> = {
  i8x16: I8X16,
  i16x8: I16X8,
  i32x4: I32X4,
  i64x2: I64X2,
  f32x4: F32X4,
  f64x2: F64X2,
};
const ALL_INTS = ["i8x16", "i16x8", "i32x4", "i64x2"];
const FLOATS = ["f32x4", "f64x2"];

type One = (ins: InstBuilder, x: Value) => Value;
type Two = (ins: InstBuilder, x: Value, y: Value) => Value;

const table = new Map<number, VectorRow>();

function row(name: string, args: number, make: VectorOperator): void {
  table.set(opcodeNamed(name), { args, make });
}

/** An operator of one vector of the shape, giving one. */
function unary(shapes: readonly string[], suffix: string, make: One): void {
  for (const shape of shapes) {
    row(`${shape}.${suffix}`, 1, (ins, [x]) => toStack(ins, make(ins, as(ins, SHAPES[shape]!, x!))));
  }
}

function binary(shapes: readonly string[], suffix: string, make: Two): void {
  for (const shape of shapes) {
    const type = SHAPES[shape]!;
    row(`${shape}.${suffix}`, 2, (ins, [x, y]) =>
      toStack(ins, make(ins, as(ins, type, x!), as(ins, type, y!))),
    );
  }
}

unary(ALL_INTS, "neg", (ins, x) => ins.ineg(x));
unary(ALL_INTS, "abs", (ins, x) => ins.iabs(x));
unary(["i8x16"], "popcnt", (ins, x) => ins.popcnt(x));
binary(ALL_INTS, "add", (ins, x, y) => ins.iadd(x, y));
binary(ALL_INTS, "sub", (ins, x, y) => ins.isub(x, y));
binary(ALL_INTS.slice(1), "mul", (ins, x, y) => ins.imul(x, y));
binary(ALL_INTS.slice(0, 3), "min_s", (ins, x, y) => ins.smin(x, y));
binary(ALL_INTS.slice(0, 3), "min_u", (ins, x, y) => ins.umin(x, y));
binary(ALL_INTS.slice(0, 3), "max_s", (ins, x, y) => ins.smax(x, y));
binary(ALL_INTS.slice(0, 3), "max_u", (ins, x, y) => ins.umax(x, y));
binary(ALL_INTS.slice(0, 2), "avgr_u", (ins, x, y) => ins.avgRound(x, y));
binary(ALL_INTS.slice(0, 2), "add_sat_s", (ins, x, y) => ins.saddSat(x, y));
binary(ALL_INTS.slice(0, 2), "add_sat_u", (ins, x, y) => ins.uaddSat(x, y));
binary(ALL_INTS.slice(0, 2), "sub_sat_s", (ins, x, y) => ins.ssubSat(x, y));
binary(ALL_INTS.slice(0, 2), "sub_sat_u", (ins, x, y) => ins.usubSat(x, y));
binary(["i16x8"], "q15mulr_sat_s", (ins, x, y) => ins.sqmulRoundSat(x, y));
binary(["i8x16"], "swizzle", (ins, x, y) => ins.swizzle(x, y));

const INT_COMPARE: Readonly<Record<string, IntCondition>> = {
  eq: "eq",
  ne: "ne",
  lt_s: "slt",
  gt_s: "sgt",
  le_s: "sle",
  ge_s: "sge",
  lt_u: "ult",
  gt_u: "ugt",
  le_u: "ule",
  ge_u: "uge",
};
for (const [name, condition] of Object.entries(INT_COMPARE)) {
  // Wasm has no unsigned comparison of 64-bit lanes.
  const shapes = name.endsWith("_u") ? ALL_INTS.slice(0, 3) : ALL_INTS;
  binary(shapes, name, (ins, x, y) => ins.icmp(condition, x, y));
}

unary(FLOATS, "abs", (ins, x) => ins.fabs(x));
unary(FLOATS, "neg", (ins, x) => ins.fneg(x));
unary(FLOATS, "sqrt", (ins, x) => ins.sqrt(x));
unary(FLOATS, "ceil", (ins, x) => ins.ceil(x));
unary(FLOATS, "floor", (ins, x) => ins.floor(x));
unary(FLOATS, "trunc", (ins, x) => ins.trunc(x));
unary(FLOATS, "nearest", (ins, x) => ins.nearest(x));
binary(FLOATS, "add", (ins, x, y) => ins.fadd(x, y));
binary(FLOATS, "sub", (ins, x, y) => ins.fsub(x, y));
binary(FLOATS, "mul", (ins, x, y) => ins.fmul(x, y));
binary(FLOATS, "div", (ins, x, y) => ins.fdiv(x, y));
binary(FLOATS, "min", (ins, x, y) => ins.fmin(x, y));
binary(FLOATS, "max", (ins, x, y) => ins.fmax(x, y));
for (const condition of ["eq", "ne", "lt", "gt", "le", "ge"] as const satisfies readonly FloatCondition[]) {
  binary(FLOATS, condition, (ins, x, y) => ins.fcmp(condition, x, y));
}
// `y < x ? y : x` and `x < y ? y : x`, lane by lane: no special cases for NaN and zeros.
for (const shape of FLOATS) {
  const type = SHAPES[shape]!;
  const choose = (name: string, ofFirst: boolean): void =>
    row(`${shape}.${name}`, 2, (ins, [x, y]) => {
      const [a, b] = [as(ins, type, x!), as(ins, type, y!)];
      const second = ofFirst ? ins.fcmp("lt", b, a) : ins.fcmp("lt", a, b);
      return ins.bitselect(toStack(ins, second), y!, x!);
    });
  choose("pmin", true);
  choose("pmax", false);
}

// Bits.
row("v128.not", 1, (ins, [x]) => ins.bnot(x!));
row("v128.and", 2, (ins, [x, y]) => ins.band(x!, y!));
row("v128.andnot", 2, (ins, [x, y]) => ins.band(x!, ins.bnot(y!)));
row("v128.or", 2, (ins, [x, y]) => ins.bor(x!, y!));
row("v128.xor", 2, (ins, [x, y]) => ins.bxor(x!, y!));
row("v128.bitselect", 3, (ins, [x, y, mask]) => ins.bitselect(mask!, x!, y!));
row("v128.any_true", 1, (ins, [x]) => ins.uextend(I32, ins.vanyTrue(x!)));

// Lanes to scalars and back.
for (const shape of ALL_INTS) {
  const type = SHAPES[shape]!;
  row(`${shape}.all_true`, 1, (ins, [x]) => ins.uextend(I32, ins.vallTrue(as(ins, type, x!))));
  row(`${shape}.bitmask`, 1, (ins, [x]) => ins.vhighBits(I32, as(ins, type, x!)));
  const shift = (suffix: string, make: Two): void =>
    row(`${shape}.${suffix}`, 2, (ins, [x, amount]) => toStack(ins, make(ins, as(ins, type, x!), amount!)));
  shift("shl", (ins, x, y) => ins.ishl(x, y));
  shift("shr_s", (ins, x, y) => ins.sshr(x, y));
  shift("shr_u", (ins, x, y) => ins.ushr(x, y));
}

/** `narrow`, `wide`, in the names of operators that change widths. */
const WIDTHS = [
  ["i8x16", "i16x8"],
  ["i16x8", "i32x4"],
  ["i32x4", "i64x2"],
] as const;

for (const [narrow, wide] of WIDTHS) {
  const from = SHAPES[narrow]!;
  const widen: readonly (readonly [string, One])[] = [
    ["low_#_s", (ins, x) => ins.swidenLow(x)],
    ["high_#_s", (ins, x) => ins.swidenHigh(x)],
    ["low_#_u", (ins, x) => ins.uwidenLow(x)],
    ["high_#_u", (ins, x) => ins.uwidenHigh(x)],
  ];
  for (const [suffix, make] of widen) {
    const name = suffix.replace("#", narrow);
    row(`${wide}.extend_${name}`, 1, (ins, [x]) => toStack(ins, make(ins, as(ins, from, x!))));
    row(`${wide}.extmul_${name}`, 2, (ins, [x, y]) =>
      toStack(ins, ins.imul(make(ins, as(ins, from, x!)), make(ins, as(ins, from, y!)))),
    );
  }
  if (wide === "i64x2") continue;
  const to = SHAPES[wide]!;
  row(`${narrow}.narrow_${wide}_s`, 2, (ins, [x, y]) =>
    toStack(ins, ins.snarrow(as(ins, to, x!), as(ins, to, y!))),
  );
  row(`${narrow}.narrow_${wide}_u`, 2, (ins, [x, y]) =>
    toStack(ins, ins.unarrow(as(ins, to, x!), as(ins, to, y!))),
  );
  row(`${wide}.extadd_pairwise_${narrow}_s`, 1, (ins, [x]) => {
    const lanes = as(ins, from, x!);
    return toStack(ins, ins.iaddPairwise(ins.swidenLow(lanes), ins.swidenHigh(lanes)));
  });
  row(`${wide}.extadd_pairwise_${narrow}_u`, 1, (ins, [x]) => {
    const lanes = as(ins, from, x!);
    return toStack(ins, ins.iaddPairwise(ins.uwidenLow(lanes), ins.uwidenHigh(lanes)));
  });
}

row("i32x4.dot_i16x8_s", 2, (ins, [x, y]) => {
  const [a, b] = [as(ins, I16X8, x!), as(ins, I16X8, y!)];
  const low = ins.imul(ins.swidenLow(a), ins.swidenLow(b));
  const high = ins.imul(ins.swidenHigh(a), ins.swidenHigh(b));
  return toStack(ins, ins.iaddPairwise(low, high));
});

// Integers and floats.
const convert = (name: string, from: Type, make: One): void =>
  row(name, 1, (ins, [x]) => toStack(ins, make(ins, as(ins, from, x!))));
convert("f32x4.convert_i32x4_s", I32X4, (ins, x) => ins.fcvtFromSint(F32X4, x));
convert("f32x4.convert_i32x4_u", I32X4, (ins, x) => ins.fcvtFromUint(F32X4, x));
convert("i32x4.trunc_sat_f32x4_s", F32X4, (ins, x) => ins.fcvtToSintSat(I32X4, x));
convert("i32x4.trunc_sat_f32x4_u", F32X4, (ins, x) => ins.fcvtToUintSat(I32X4, x));
convert("f64x2.convert_low_i32x4_s", I32X4, (ins, x) => ins.fcvtFromSint(F64X2, ins.swidenLow(x)));
convert("f64x2.convert_low_i32x4_u", I32X4, (ins, x) => ins.fcvtFromUint(F64X2, ins.uwidenLow(x)));
convert("f32x4.demote_f64x2_zero", F64X2, (ins, x) => ins.fvdemote(x));
convert("f64x2.promote_low_f32x4", F32X4, (ins, x) => ins.fvpromoteLow(x));

/** The two doubles of a vector to the low lanes of four integers, by lanes: CLIF converts vectors to lanes of one width only. */
function truncateZero(name: string, convertLane: One): void {
  convert(name, F64X2, (ins, x) => {
    const low = ins.scalarToVector(I32X4, convertLane(ins, ins.extractlane(x, 0)));
    return ins.insertlane(low, convertLane(ins, ins.extractlane(x, 1)), 1);
  });
}
truncateZero("i32x4.trunc_sat_f64x2_s_zero", (ins, x) => ins.fcvtToSintSat(I32, x));
truncateZero("i32x4.trunc_sat_f64x2_u_zero", (ins, x) => ins.fcvtToUintSat(I32, x));

const SPLATS: readonly (readonly [string, Type, (ins: InstBuilder, x: Value) => Value])[] = [
  ["i8x16", I8X16, (ins, x) => ins.ireduce(I8, x)],
  ["i16x8", I16X8, (ins, x) => ins.ireduce(I16, x)],
  ["i32x4", I32X4, (_, x) => x],
  ["i64x2", I64X2, (_, x) => x],
  ["f32x4", F32X4, (_, x) => x],
  ["f64x2", F64X2, (_, x) => x],
];
for (const [shape, type, narrow] of SPLATS) {
  row(`${shape}.splat`, 1, (ins, [x]) => toStack(ins, ins.splat(type, narrow(ins, x!))));
}

/** SIMD operators without immediates, by id. */
export const VECTOR_OPERATORS: ReadonlyMap<number, VectorRow> = table;

/** The scalar that a lane of each shape is on the operand stack. */
export const LANE_ON_STACK: ReadonlyMap<Type, Type> = new Map([
  [I8X16, I32],
  [I16X8, I32],
  [I32X4, I32],
  [I64X2, I64],
  [F32X4, F32],
  [F64X2, F64],
]);
