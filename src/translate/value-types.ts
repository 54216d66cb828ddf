/** How Wasm's value types are held in CLIF: references are `i32`, see `gc/layout.ts`. */
import { InputError } from "../base/diagnostics.ts";
import { F32, F64, I8X16, I32, I64, type Type } from "../ir/types.ts";
import * as wasm from "../wasm/types.ts";
import { unsupportedType } from "./messages.ts";

/** Throws `InputError` for what is not compiled yet; references are when `references` has the module's types. */
export function clifType(type: wasm.ValType, offset: number, references: wasm.TypeTable | null): Type {
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
      if (references !== null && wasm.isRef(type) && isInHeap(wasm.heapOf(type), references)) return I32;
      throw new InputError(unsupportedType(wasm.valTypeName(type), offset));
  }
}

/** Structs, arrays, i31 and what is above and below them. */
function isInHeap(heap: wasm.HeapType, types: wasm.TypeTable): boolean {
  if (wasm.isConcrete(heap)) return types.kind(wasm.typeIndexOf(heap)) !== wasm.KIND_FUNC;
  switch (heap) {
    case wasm.HEAP_ANY:
    case wasm.HEAP_EQ:
    case wasm.HEAP_I31:
    case wasm.HEAP_STRUCT:
    case wasm.HEAP_ARRAY:
    case wasm.HEAP_NONE:
      return true;
    default:
      return false;
  }
}
