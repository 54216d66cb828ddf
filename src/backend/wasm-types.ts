/**
 * How CLIF values are held in Wasm: `i8`, `i16` and `i32` in an `i32` (what lies above the narrow ones is anything), 128-bit
 * vectors in a `v128`, other scalars as they are.
 */
import { InputError } from "../base/diagnostics.ts";
import { bitsOf, F32, F64, I8, I16, I32, I64, isVector, type Type, typeName } from "../ir/types.ts";
import { unsupportedType } from "./messages.ts";

export const WasmType = { I32: 0, I64: 1, F32: 2, F64: 3, V128: 4 } as const;
export const WASM_TYPE_COUNT = 5;

/** The byte that names each type in a binary. */
export const WASM_TYPE_BYTES: readonly number[] = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b];

/** Throws `InputError` for a type that has no Wasm counterpart. */
export function wasmTypeOf(type: Type): number {
  switch (type) {
    case I8:
    case I16:
    case I32:
      return WasmType.I32;
    case I64:
      return WasmType.I64;
    case F32:
      return WasmType.F32;
    case F64:
      return WasmType.F64;
    default:
      if (isVector(type) && bitsOf(type) === 128) return WasmType.V128;
      throw new InputError(unsupportedType(typeName(type)));
  }
}
