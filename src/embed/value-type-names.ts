/** The names that the JavaScript API has for value types. */

import type { ValType } from "../wasm/types.ts";
import * as wasm from "../wasm/types.ts";

const TYPES: Readonly<Record<string, ValType>> = {
  i32: wasm.I32,
  i64: wasm.I64,
  f32: wasm.F32,
  f64: wasm.F64,
  v128: wasm.V128,
  anyfunc: wasm.FUNCREF,
  funcref: wasm.FUNCREF,
  externref: wasm.EXTERNREF,
  exnref: wasm.EXNREF,
  anyref: wasm.refType(wasm.HEAP_ANY, true),
  eqref: wasm.refType(wasm.HEAP_EQ, true),
  i31ref: wasm.refType(wasm.HEAP_I31, true),
  structref: wasm.refType(wasm.HEAP_STRUCT, true),
  arrayref: wasm.refType(wasm.HEAP_ARRAY, true),
  nullref: wasm.refType(wasm.HEAP_NONE, true),
  nullfuncref: wasm.refType(wasm.HEAP_NOFUNC, true),
  nullexternref: wasm.refType(wasm.HEAP_NOEXTERN, true),
};

/** Throws a `TypeError` for what is none. */
export function valueTypeNamed(name: unknown): ValType {
  const type = Object.hasOwn(TYPES, String(name)) ? TYPES[String(name)] : undefined;
  if (type === undefined) throw new TypeError(`${String(name)} is no value type`);
  return type;
}
