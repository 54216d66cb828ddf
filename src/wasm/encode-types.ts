/** Types to bytes: value types, limits, the type section. */
import type { ByteWriter } from "../base/byte-writer.ts";
import type { Limits } from "./module.ts";
import {
  type HeapType,
  heapOf,
  I8,
  I16,
  isConcrete,
  isNullable,
  isRef,
  KIND_ARRAY,
  KIND_FUNC,
  KIND_STRUCT,
  type TypeTable,
  typeIndexOf,
  type ValType,
} from "./types.ts";

const LIMITS_MAX = 1;
const LIMITS_64 = 4;

/** A heap type: one byte if abstract, an index in signed LEB128 otherwise. */
export function writeHeapType(w: ByteWriter, heap: HeapType): void {
  if (isConcrete(heap)) w.s33(typeIndexOf(heap));
  else w.byte(heap | 0x60);
}

/** A value or storage type, in its shortest form. */
export function writeValType(w: ByteWriter, type: ValType): void {
  if (!isRef(type)) {
    // 1 to 5 are i32, i64, f32, f64 and v128, from 0x7f down.
    if (type === I8) w.byte(0x78);
    else if (type === I16) w.byte(0x77);
    else w.byte(0x80 - type);
    return;
  }
  const heap = heapOf(type);
  if (isConcrete(heap) || !isNullable(type)) w.byte(isNullable(type) ? 0x63 : 0x64);
  writeHeapType(w, heap);
}

/** Bounds with their flags byte; `flags` are those that do not follow from the bounds. */
export function writeLimits(w: ByteWriter, limits: Limits, is64: boolean, flags: number): void {
  w.byte(flags | (limits.max === null ? 0 : LIMITS_MAX) | (is64 ? LIMITS_64 : 0));
  writeBound(w, limits.min);
  if (limits.max !== null) writeBound(w, limits.max);
}

function writeBound(w: ByteWriter, bound: bigint): void {
  w.u64(Number(bound & 0xffff_ffffn), Number(bound >> 32n));
}

/** The contents of the type section; false if there are no types. */
export function encodeTypeSection(w: ByteWriter, types: TypeTable): boolean {
  w.u32(types.groupCount);
  for (let group = 0; group < types.groupCount; group++) {
    const start = types.groupStart(group);
    const end = types.groupStart(group + 1);
    if (end - start !== 1 || types.isExplicitGroup(group)) {
      w.byte(0x4e);
      w.u32(end - start);
    }
    for (let type = start; type < end; type++) writeSubType(w, types, type);
  }
  return types.groupCount > 0;
}

function writeSubType(w: ByteWriter, types: TypeTable, type: number): void {
  const supertype = types.supertype(type);
  if (supertype >= 0 || !types.isFinal(type)) {
    w.byte(types.isFinal(type) ? 0x4f : 0x50);
    w.u32(supertype >= 0 ? 1 : 0);
    if (supertype >= 0) w.u32(supertype);
  }
  switch (types.kind(type)) {
    case KIND_FUNC:
      w.byte(0x60);
      w.u32(types.paramCount(type));
      for (let i = 0; i < types.paramCount(type); i++) writeValType(w, types.param(type, i));
      w.u32(types.resultCount(type));
      for (let i = 0; i < types.resultCount(type); i++) writeValType(w, types.result(type, i));
      return;
    case KIND_STRUCT:
      w.byte(0x5f);
      w.u32(types.fieldCount(type));
      for (let i = 0; i < types.fieldCount(type); i++) writeField(w, types, type, i);
      return;
    case KIND_ARRAY:
      w.byte(0x5e);
      writeField(w, types, type, 0);
      return;
  }
}

function writeField(w: ByteWriter, types: TypeTable, type: number, i: number): void {
  writeValType(w, types.field(type, i));
  w.byte(types.isMutable(type, i) ? 1 : 0);
}
