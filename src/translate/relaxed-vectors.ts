/**
 * Relaxed SIMD operators, each as the one of its permitted results that does not depend on the machine: the strict operator of
 * the same name where there is one, `a * b + c` rounded twice, and products of bytes as signed with sums that wrap around.
 * So the output needs no relaxed SIMD, and gives the same everywhere.
 */
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { F32X4, F64X2, I8X16, I32X4 } from "../ir/types.ts";
import { opcodeNamed } from "../wasm/opcode-names.ts";
import { as, toStack, VECTOR_OPERATORS, type VectorRow } from "./vectors.ts";

/** The relaxed operator, and the strict one that it is. */
const STRICT: readonly (readonly [string, string])[] = [
  ["i8x16.relaxed_swizzle", "i8x16.swizzle"],
  ["i32x4.relaxed_trunc_f32x4_s", "i32x4.trunc_sat_f32x4_s"],
  ["i32x4.relaxed_trunc_f32x4_u", "i32x4.trunc_sat_f32x4_u"],
  ["i32x4.relaxed_trunc_f64x2_s_zero", "i32x4.trunc_sat_f64x2_s_zero"],
  ["i32x4.relaxed_trunc_f64x2_u_zero", "i32x4.trunc_sat_f64x2_u_zero"],
  ["i8x16.relaxed_laneselect", "v128.bitselect"],
  ["i16x8.relaxed_laneselect", "v128.bitselect"],
  ["i32x4.relaxed_laneselect", "v128.bitselect"],
  ["i64x2.relaxed_laneselect", "v128.bitselect"],
  ["f32x4.relaxed_min", "f32x4.min"],
  ["f32x4.relaxed_max", "f32x4.max"],
  ["f64x2.relaxed_min", "f64x2.min"],
  ["f64x2.relaxed_max", "f64x2.max"],
  ["i16x8.relaxed_q15mulr_s", "i16x8.q15mulr_sat_s"],
];

/** The products of bytes, neighbours added: `i16x8`. */
function dotBytes(ins: InstBuilder, x: Value, y: Value): Value {
  const low = ins.imul(ins.swidenLow(as(ins, I8X16, x)), ins.swidenLow(as(ins, I8X16, y)));
  const high = ins.imul(ins.swidenHigh(as(ins, I8X16, x)), ins.swidenHigh(as(ins, I8X16, y)));
  return ins.iaddPairwise(low, high);
}

function relaxedOperators(): Map<number, VectorRow> {
  const table = new Map<number, VectorRow>();
  const row = (name: string, args: number, make: VectorRow["make"]): void =>
    void table.set(opcodeNamed(name), { args, make });
  for (const [relaxed, strict] of STRICT) {
    table.set(opcodeNamed(relaxed), VECTOR_OPERATORS.get(opcodeNamed(strict))!);
  }
  for (const [shape, type] of [
    ["f32x4", F32X4],
    ["f64x2", F64X2],
  ] as const) {
    row(`${shape}.relaxed_madd`, 3, (ins, [x, y, z]) =>
      toStack(ins, ins.fadd(ins.fmul(as(ins, type, x!), as(ins, type, y!)), as(ins, type, z!))),
    );
    row(`${shape}.relaxed_nmadd`, 3, (ins, [x, y, z]) =>
      toStack(ins, ins.fadd(ins.fmul(ins.fneg(as(ins, type, x!)), as(ins, type, y!)), as(ins, type, z!))),
    );
  }
  row("i16x8.relaxed_dot_i8x16_i7x16_s", 2, (ins, [x, y]) => toStack(ins, dotBytes(ins, x!, y!)));
  row("i32x4.relaxed_dot_i8x16_i7x16_add_s", 3, (ins, [x, y, z]) => {
    const products = dotBytes(ins, x!, y!);
    const sums = ins.iaddPairwise(ins.swidenLow(products), ins.swidenHigh(products));
    return toStack(ins, ins.iadd(sums, as(ins, I32X4, z!)));
  });
  return table;
}

/** Relaxed SIMD operators, by id. */
export const RELAXED_OPERATORS: ReadonlyMap<number, VectorRow> = relaxedOperators();
