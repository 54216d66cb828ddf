/** How Wasm's value types are held in CLIF. References come with the lowering of garbage collection. */
import { InputError } from "../base/diagnostics.ts";
import { F32, F64, I8X16, I32, I64, type Type } from "../ir/types.ts";
import * as wasm from "../wasm/types.ts";
import { unsupportedType } from "./messages.ts";

export function clifType(type: wasm.ValType, offset: number): Type {
  switch (type) {
    case wasm.I32:
      return I32;
    case wasm.I64:
      return I64;
    case wasm.F32:
      return F32;
    case wasm.F64:
      return F64;
    case wasm.V128:
      return I8X16;
    default:
      throw new InputError(unsupportedType(wasm.valTypeName(type), offset));
  }
}
