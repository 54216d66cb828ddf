/**
 * The regular Wasm operators: those that take their operands off the stack, make one or two CLIF instructions of them, and
 * push one result. One row each; what is irregular has a function of its own in `translate-function.ts`.
 *
 * CLIF's comparisons give an `i8`, Wasm's an `i32`, hence the extension.
 */
import type { FloatCondition, IntCondition } from "../ir/conditions.ts";
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { DEFAULT_MEMFLAGS } from "../ir/memflags.ts";
import { F32, F64, I8, I16, I32, I64, type Type } from "../ir/types.ts";
import { opcodeNamed } from "../wasm/opcode-names.ts";

export type Unary = (ins: InstBuilder, x: Value) => Value;
export type Binary = (ins: InstBuilder, x: Value, y: Value) => Value;

type Named<T> = readonly (readonly [string, T])[];

const INT_BINARY: Named<Binary> = [
  ["add", (ins, x, y) => ins.iadd(x, y)],
  ["sub", (ins, x, y) => ins.isub(x, y)],
  ["mul", (ins, x, y) => ins.imul(x, y)],
  ["div_s", (ins, x, y) => ins.sdiv(x, y)],
  ["div_u", (ins, x, y) => ins.udiv(x, y)],
  ["rem_s", (ins, x, y) => ins.srem(x, y)],
  ["rem_u", (ins, x, y) => ins.urem(x, y)],
  ["and", (ins, x, y) => ins.band(x, y)],
  ["or", (ins, x, y) => ins.bor(x, y)],
  ["xor", (ins, x, y) => ins.bxor(x, y)],
  ["shl", (ins, x, y) => ins.ishl(x, y)],
  ["shr_s", (ins, x, y) => ins.sshr(x, y)],
  ["shr_u", (ins, x, y) => ins.ushr(x, y)],
  ["rotl", (ins, x, y) => ins.rotl(x, y)],
  ["rotr", (ins, x, y) => ins.rotr(x, y)],
];

const INT_COMPARE: Named<IntCondition> = [
  ["eq", "eq"],
  ["ne", "ne"],
  ["lt_s", "slt"],
  ["lt_u", "ult"],
  ["gt_s", "sgt"],
  ["gt_u", "ugt"],
  ["le_s", "sle"],
  ["le_u", "ule"],
  ["ge_s", "sge"],
  ["ge_u", "uge"],
];

const INT_UNARY: Named<Unary> = [
  ["clz", (ins, x) => ins.clz(x)],
  ["ctz", (ins, x) => ins.ctz(x)],
  ["popcnt", (ins, x) => ins.popcnt(x)],
];

const FLOAT_BINARY: Named<Binary> = [
  ["add", (ins, x, y) => ins.fadd(x, y)],
  ["sub", (ins, x, y) => ins.fsub(x, y)],
  ["mul", (ins, x, y) => ins.fmul(x, y)],
  ["div", (ins, x, y) => ins.fdiv(x, y)],
  ["min", (ins, x, y) => ins.fmin(x, y)],
  ["max", (ins, x, y) => ins.fmax(x, y)],
  ["copysign", (ins, x, y) => ins.fcopysign(x, y)],
];

const FLOAT_COMPARE: Named<FloatCondition> = [
  ["eq", "eq"],
  ["ne", "ne"],
  ["lt", "lt"],
  ["gt", "gt"],
  ["le", "le"],
  ["ge", "ge"],
];

const FLOAT_UNARY: Named<Unary> = [
  ["abs", (ins, x) => ins.fabs(x)],
  ["neg", (ins, x) => ins.fneg(x)],
  ["ceil", (ins, x) => ins.ceil(x)],
  ["floor", (ins, x) => ins.floor(x)],
  ["trunc", (ins, x) => ins.trunc(x)],
  ["nearest", (ins, x) => ins.nearest(x)],
  ["sqrt", (ins, x) => ins.sqrt(x)],
];

const INTS: Named<Type> = [
  ["i32", I32],
  ["i64", I64],
];
const FLOATS: Named<Type> = [
  ["f32", F32],
  ["f64", F64],
];

function extendFrom(narrow: Type, wide: Type): Unary {
  return (ins, x) => ins.sextend(wide, ins.ireduce(narrow, x));
}

const CONVERSIONS: Named<Unary> = [
  ["i32.wrap_i64", (ins, x) => ins.ireduce(I32, x)],
  ["i64.extend_i32_s", (ins, x) => ins.sextend(I64, x)],
  ["i64.extend_i32_u", (ins, x) => ins.uextend(I64, x)],
  ["i32.extend8_s", extendFrom(I8, I32)],
  ["i32.extend16_s", extendFrom(I16, I32)],
  ["i64.extend8_s", extendFrom(I8, I64)],
  ["i64.extend16_s", extendFrom(I16, I64)],
  ["i64.extend32_s", extendFrom(I32, I64)],
  ["f32.demote_f64", (ins, x) => ins.fdemote(F32, x)],
  ["f64.promote_f32", (ins, x) => ins.fpromote(F64, x)],
  ["i32.reinterpret_f32", (ins, x) => ins.bitcast(I32, DEFAULT_MEMFLAGS, x)],
  ["i64.reinterpret_f64", (ins, x) => ins.bitcast(I64, DEFAULT_MEMFLAGS, x)],
  ["f32.reinterpret_i32", (ins, x) => ins.bitcast(F32, DEFAULT_MEMFLAGS, x)],
  ["f64.reinterpret_i64", (ins, x) => ins.bitcast(F64, DEFAULT_MEMFLAGS, x)],
];

function unaries(): Map<number, Unary> {
  const table = new Map<number, Unary>();
  for (const [name, make] of CONVERSIONS) table.set(opcodeNamed(name), make);
  for (const [type, clif] of INTS) {
    for (const [name, make] of INT_UNARY) table.set(opcodeNamed(`${type}.${name}`), make);
    table.set(opcodeNamed(`${type}.eqz`), (ins, x) => ins.uextend(I32, ins.icmpImmS("eq", x, 0)));
    for (const [float] of FLOATS) {
      table.set(opcodeNamed(`${type}.trunc_${float}_s`), (ins, x) => ins.fcvtToSint(clif, x));
      table.set(opcodeNamed(`${type}.trunc_${float}_u`), (ins, x) => ins.fcvtToUint(clif, x));
      table.set(opcodeNamed(`${type}.trunc_sat_${float}_s`), (ins, x) => ins.fcvtToSintSat(clif, x));
      table.set(opcodeNamed(`${type}.trunc_sat_${float}_u`), (ins, x) => ins.fcvtToUintSat(clif, x));
    }
  }
  for (const [type, clif] of FLOATS) {
    for (const [name, make] of FLOAT_UNARY) table.set(opcodeNamed(`${type}.${name}`), make);
    for (const [int] of INTS) {
      table.set(opcodeNamed(`${type}.convert_${int}_s`), (ins, x) => ins.fcvtFromSint(clif, x));
      table.set(opcodeNamed(`${type}.convert_${int}_u`), (ins, x) => ins.fcvtFromUint(clif, x));
    }
  }
  return table;
}

function binaries(): Map<number, Binary> {
  const table = new Map<number, Binary>();
  for (const [type] of INTS) {
    for (const [name, make] of INT_BINARY) table.set(opcodeNamed(`${type}.${name}`), make);
    for (const [name, condition] of INT_COMPARE) {
      table.set(opcodeNamed(`${type}.${name}`), (ins, x, y) => ins.uextend(I32, ins.icmp(condition, x, y)));
    }
  }
  for (const [type] of FLOATS) {
    for (const [name, make] of FLOAT_BINARY) table.set(opcodeNamed(`${type}.${name}`), make);
    for (const [name, condition] of FLOAT_COMPARE) {
      table.set(opcodeNamed(`${type}.${name}`), (ins, x, y) => ins.uextend(I32, ins.fcmp(condition, x, y)));
    }
  }
  return table;
}

/** Operators of one operand, by id. */
export const UNARY_OPERATORS: ReadonlyMap<number, Unary> = unaries();
/** Operators of two operands, by id. */
export const BINARY_OPERATORS: ReadonlyMap<number, Binary> = binaries();

/** How a load or store accesses memory: the CLIF type in memory, and the one on the stack. */
export interface Access {
  readonly inMemory: Type;
  readonly onStack: Type;
  readonly signed: boolean;
}

function accesses(kind: "load" | "store"): Map<number, Access> {
  const table = new Map<number, Access>();
  for (const [name, type] of [...INTS, ...FLOATS]) {
    table.set(opcodeNamed(`${name}.${kind}`), { inMemory: type, onStack: type, signed: false });
  }
  for (const [name, type] of INTS) {
    for (const [bits, narrow] of [
      [8, I8],
      [16, I16],
      [32, I32],
    ] as const) {
      if (narrow === type) continue;
      if (kind === "store") {
        table.set(opcodeNamed(`${name}.store${bits}`), { inMemory: narrow, onStack: type, signed: false });
        continue;
      }
      table.set(opcodeNamed(`${name}.load${bits}_s`), { inMemory: narrow, onStack: type, signed: true });
      table.set(opcodeNamed(`${name}.load${bits}_u`), { inMemory: narrow, onStack: type, signed: false });
    }
  }
  return table;
}

export const LOADS: ReadonlyMap<number, Access> = accesses("load");
export const STORES: ReadonlyMap<number, Access> = accesses("store");
