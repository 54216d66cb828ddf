/**
 * Where the parts of an object lie.
 *
 *     struct   +0 descriptor   +4 … fields, in order, each at its natural alignment
 *     array    +0 descriptor   +4 length   +8 … elements
 *
 * References take four bytes. Objects are a multiple of 8 bytes long. Declaration order is kept, so a subtype's fields lie
 * where its supertype's do.
 */

import { F32, F64, I8, I8X16, I16, I32, I64, type Type } from "../ir/types.ts";
import * as wasm from "../wasm/types.ts";
import { isRef, type TypeTable, type ValType } from "../wasm/types.ts";

export const HEADER_BYTES = 4;
export const LENGTH_OFFSET = 4;
export const ELEMENTS_OFFSET = 8;
export const OBJECT_ALIGN = 8;

export interface StructLayout {
  readonly sizeBytes: number;
  /** By field. */
  readonly offsets: readonly number[];
  /** Offsets of the fields that hold references a collector follows. */
  readonly references: readonly number[];
}

export interface ArrayLayout {
  readonly elementLog2: number;
  readonly holdsReferences: boolean;
}

/** log2 of the bytes that a field or element of a storage type takes. */
export function storageLog2(type: ValType): number {
  switch (type) {
    case wasm.I8:
      return 0;
    case wasm.I16:
      return 1;
    case wasm.I64:
    case wasm.F64:
      return 3;
    case wasm.V128:
      return 4;
    default:
      return 2;
  }
}

/** References that a collector follows; function references are table indices. */
export function isTraced(type: ValType): boolean {
  if (!isRef(type)) return false;
  const heap = wasm.heapOf(type);
  return heap !== wasm.HEAP_FUNC && heap !== wasm.HEAP_NOFUNC;
}

function alignUp(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

export function structLayout(types: TypeTable, type: number): StructLayout {
  const offsets: number[] = [];
  const references: number[] = [];
  let end = HEADER_BYTES;
  for (let i = 0; i < types.fieldCount(type); i++) {
    const field = types.field(type, i);
    const bytes = 1 << storageLog2(field);
    const offset = alignUp(end, bytes);
    offsets.push(offset);
    if (isTraced(field)) references.push(offset);
    end = offset + bytes;
  }
  return { sizeBytes: alignUp(end, OBJECT_ALIGN), offsets, references };
}

export function arrayLayout(types: TypeTable, type: number): ArrayLayout {
  const element = types.field(type, 0);
  return { elementLog2: storageLog2(element), holdsReferences: isTraced(element) };
}

/** What a value of a storage type is in CLIF, in memory and elsewhere; references are addresses. */
export function memoryType(type: ValType): Type {
  switch (type) {
    case wasm.I8:
      return I8;
    case wasm.I16:
      return I16;
    case wasm.I64:
      return I64;
    case wasm.F32:
      return F32;
    case wasm.F64:
      return F64;
    case wasm.V128:
      return I8X16;
    default:
      return I32;
  }
}
