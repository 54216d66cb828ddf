/**
 * What a random module imports, as a module of its own, which every engine compiles as it does the other.
 *
 * A function that is imported writes down that it was called, and with what: references by kind, an i31 with its value. It gives zeros
 * and nulls; the one that is called `throw` throws what only a clause for all exceptions catches. Globals, tables and memories are as small as their types allow. Everything that is written down goes into a memory:
 *
 *     0           bytes that are written, this word included
 *     4 …         for each call: the number of the import, then its arguments, 4, 8 or 16 bytes each
 */
import {
  type GlobalType,
  type ImportType,
  type Limits,
  type Module,
  types,
  type ValType,
  valTypeName,
} from "../../wasm/index.ts";

/** A function that gives a word of the memory that calls are written down in, by its address. */
export const LOG_WORD = "log";
const LOG_PAGES = 4;

/** The text of the module that exports, by position, what `module` imports; null where an import cannot be made up. */
export function surroundingsOf(module: Module): string | null {
  const fields: string[] = ["(tag $thrown)"];
  for (const [i, { name, type }] of module.imports.entries()) {
    const text = importText(module, i, type);
    if (text === null) return null;
    const throws = type.kind === "func" && name === "throw";
    fields.push(`(${type.kind} (export "${i}") ${text}${throws ? " (throw $thrown)" : ""})`);
  }
  return [HEAD, ...fields, ")"].join("\n");
}

function importText(module: Module, number: number, type: ImportType): string | null {
  switch (type.kind) {
    case "func":
      return functionText(module, number, type.type);
    case "global":
      return globalText(type.global);
    case "memory": {
      const { is64, limits, shared, pageSizeLog2 } = type.memory;
      if (pageSizeLog2 !== 16) return null;
      return `${is64 ? "i64 " : ""}${limitsText(limits)}${shared ? " shared" : ""}`;
    }
    case "table": {
      const { element, is64, limits } = type.table;
      const name = typeText(element);
      if (name === null || !types.isNullable(element)) return null;
      return `${is64 ? "i64 " : ""}${limitsText(limits)} ${name}`;
    }
    default:
      return tagText(module, type.type);
  }
}

/** What a reference of the any hierarchy is, an i31 with its value. */
export const CLASS_FUNCTION = `(func $class (param $r anyref) (result i32)
  (if (ref.is_null (local.get $r)) (then (return (i32.const 0))))
  (if (ref.test (ref i31) (local.get $r))
    (then (return (i32.xor (i31.get_s (ref.cast (ref i31) (local.get $r))) (i32.const 0x55000000)))))
  (if (ref.test (ref struct) (local.get $r)) (then (return (i32.const 2))))
  (if (ref.test (ref array) (local.get $r)) (then (return (i32.const 3))))
  (i32.const 4))`;

const HEAD = `(module
(memory $log ${LOG_PAGES})
(data (memory $log) (i32.const 0) "\\04")
;; Room for so many bytes, or back to the start, so that what is written stays in bounds.
(func $room (param $bytes i32) (result i32) (local $at i32)
  (local.set $at (i32.load $log (i32.const 0)))
  (if (i32.gt_u (i32.add (local.get $at) (local.get $bytes)) (i32.const ${LOG_PAGES * 65536}))
    (then (local.set $at (i32.const 4))))
  (i32.store $log (i32.const 0) (i32.add (local.get $at) (local.get $bytes)))
  (local.get $at))
(func (export "${LOG_WORD}") (param i32) (result i32) (i32.load $log (local.get 0)))
${CLASS_FUNCTION}`;

const NUMBERS: Readonly<
  Record<ValType, { readonly name: string; readonly zero: string; readonly bytes: number }>
> = {
  [types.I32]: { name: "i32", zero: "(i32.const 0)", bytes: 4 },
  [types.I64]: { name: "i64", zero: "(i64.const 0)", bytes: 8 },
  [types.F32]: { name: "f32", zero: "(f32.const 0)", bytes: 4 },
  [types.F64]: { name: "f64", zero: "(f64.const 0)", bytes: 8 },
  [types.V128]: { name: "v128", zero: "(v128.const i64x2 0 0)", bytes: 16 },
};

/** As text writes it; null for a type of the module's own. */
export function typeText(type: ValType): string | null {
  if (types.isRef(type)) {
    const heap = types.heapOf(type);
    if (types.isConcrete(heap) || heap === types.HEAP_EXN || heap === types.HEAP_NOEXN) return null;
  }
  return valTypeName(type);
}

/** An expression for a value of the type that is also constant; null where there is none. */
export function valueText(type: ValType): string | null {
  if (!types.isRef(type)) return NUMBERS[type]!.zero;
  const heap = types.heapOf(type);
  if (heap === types.HEAP_EXTERN) return "(extern.convert_any (ref.i31 (i32.const 5)))";
  if (types.isNullable(type)) return `(ref.null ${types.heapTypeName(heap)})`;
  const holdsI31 = heap === types.HEAP_ANY || heap === types.HEAP_EQ || heap === types.HEAP_I31;
  return holdsI31 ? "(ref.i31 (i32.const 7))" : null;
}

function tagText({ types: table }: Module, type: number): string | null {
  const params = Array.from({ length: table.paramCount(type) }, (_, i) => typeText(table.param(type, i)));
  return params.includes(null) ? null : params.map((name) => `(param ${name})`).join(" ");
}

function globalText({ type, mutable }: GlobalType): string | null {
  const name = typeText(type);
  const value = valueText(type);
  if (name === null || value === null) return null;
  return `${mutable ? `(mut ${name})` : name} ${value}`;
}

function limitsText({ min, max }: Limits): string {
  return max === null ? `${min}` : `${min} ${max}`;
}

function functionText({ types: table }: Module, number: number, type: number): string | null {
  const params = Array.from({ length: table.paramCount(type) }, (_, i) => table.param(type, i));
  const results = Array.from({ length: table.resultCount(type) }, (_, i) => table.result(type, i));
  const names = [...params, ...results].map(typeText);
  if (names.includes(null)) return null;
  const bytes = params.reduce((sum, param) => sum + bytesOf(param), 4);
  const lines = [
    ...params.map((_, i) => `(param ${names[i]})`),
    ...results.map((_, i) => `(result ${names[params.length + i]})`),
    "(local $at i32)",
    `(local.set $at (call $room (i32.const ${bytes})))`,
    `(i32.store $log (local.get $at) (i32.const ${number}))`,
  ];
  let offset = 4;
  params.forEach((param, i) => {
    lines.push(storeText(param, i, offset));
    offset += bytesOf(param);
  });
  // What has no value to give traps, natively as well.
  const values = results.map(valueText);
  lines.push(...(values.includes(null) ? ["(unreachable)"] : (values as string[])));
  return lines.join(" ");
}

function bytesOf(type: ValType): number {
  return types.isRef(type) ? 4 : NUMBERS[type]!.bytes;
}

function storeText(type: ValType, local: number, offset: number): string {
  const value = `(local.get ${local})`;
  if (!types.isRef(type)) {
    const { name } = NUMBERS[type]!;
    const isFloat = type === types.F32 || type === types.F64;
    // The bits of a NaN are not determined.
    const stored = isFloat ? `(select (${name}.const nan) ${value} (${name}.ne ${value} ${value}))` : value;
    return `(${name}.store $log offset=${offset} (local.get $at) ${stored})`;
  }
  return `(i32.store $log offset=${offset} (local.get $at) ${classText(type, value)})`;
}

function classText(type: ValType, value: string): string {
  const heap = types.heapOf(type);
  if (heap === types.HEAP_FUNC || heap === types.HEAP_NOFUNC) return `(i32.eqz (ref.is_null ${value}))`;
  if (heap === types.HEAP_EXTERN || heap === types.HEAP_NOEXTERN)
    return `(call $class (any.convert_extern ${value}))`;
  return `(call $class ${value})`;
}
