/**
 * Values from nothing, as instructions: zero, null, an object of defaults. A reference that excludes null and has no such
 * object is a null that is then claimed not to be one: valid, and a trap where it runs.
 */
import type { ByteWriter } from "../../../base/byte-writer.ts";
import { writeOpcode } from "../../../wasm/encode-operators.ts";
import { writeHeapType } from "../../../wasm/encode-types.ts";
import {
  F32,
  F64,
  FIRST_TYPE,
  HEAP_I31,
  type HeapType,
  heapOf,
  I64,
  isConcrete,
  isDefaultable,
  isNullable,
  isRef,
  KIND_ARRAY,
  KIND_STRUCT,
  type TypeTable,
  typeIndexOf,
  V128,
  type ValType,
} from "../../../wasm/types.ts";
import * as WasmOp from "../../../wasm/wasm-op.gen.ts";

/** Writes instructions that give a value of the type, which is in the module's own indices. */
export function writeDefault(w: ByteWriter, type: ValType, types: TypeTable): void {
  if (!isRef(type)) {
    writeZero(w, type);
    return;
  }
  if (!isNullable(type) && writeObject(w, heapOf(type), types)) return;
  writeOpcode(w, WasmOp.RefNull);
  writeHeapType(w, heapOf(type));
  if (!isNullable(type)) writeOpcode(w, WasmOp.RefAsNonNull);
}

/** A constant expression of the type, with its `end`; false where there is none. */
export function writeDefaultExpression(w: ByteWriter, type: ValType, types: TypeTable): boolean {
  if (!isRef(type)) writeZero(w, type);
  else if (isNullable(type)) {
    writeOpcode(w, WasmOp.RefNull);
    writeHeapType(w, heapOf(type));
  } else if (!writeObject(w, heapOf(type), types)) return false;
  writeOpcode(w, WasmOp.End);
  return true;
}

function writeZero(w: ByteWriter, type: ValType): void {
  switch (type) {
    case I64:
      writeOpcode(w, WasmOp.I64Const);
      w.s32(0);
      return;
    case F32:
      writeOpcode(w, WasmOp.F32Const);
      w.u32le(0);
      return;
    case F64:
      writeOpcode(w, WasmOp.F64Const);
      w.u32le(0);
      w.u32le(0);
      return;
    case V128:
      writeOpcode(w, WasmOp.V128Const);
      for (let i = 0; i < 4; i++) w.u32le(0);
      return;
    default:
      writeOpcode(w, WasmOp.I32Const);
      w.s32(0);
  }
}

/** An object of that type with default values; false where there is none. */
function writeObject(w: ByteWriter, heap: HeapType, types: TypeTable): boolean {
  if (heap === HEAP_I31) {
    writeZero(w, 0);
    writeOpcode(w, WasmOp.RefI31);
    return true;
  }
  if (!isConcrete(heap)) return false;
  const type = typeIndexOf(heap);
  switch (types.kind(type)) {
    case KIND_STRUCT:
      for (let i = 0; i < types.fieldCount(type); i++) {
        if (!isDefaultable(types.field(type, i))) return false;
      }
      writeOpcode(w, WasmOp.StructNewDefault);
      break;
    case KIND_ARRAY:
      if (!isDefaultable(types.field(type, 0))) return false;
      writeZero(w, 0);
      writeOpcode(w, WasmOp.ArrayNewDefault);
      break;
    default:
      return false;
  }
  w.u32(type);
  return true;
}

/** A canonical type in the indices of the module that `ids` belongs to. */
export function ownType(type: ValType, ids: Uint32Array): ValType {
  if (!isRef(type) || !isConcrete(heapOf(type))) return type;
  const index = ids.indexOf(typeIndexOf(heapOf(type)));
  return type + ((index + FIRST_TYPE - heapOf(type)) << 4);
}
