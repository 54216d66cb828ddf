/**
 * Where the parts of an object lie.
 *
 *     struct     +0 descriptor   +4 … fields, in order, each at its natural alignment
 *     array      +0 descriptor   +4 length   +8 … elements
 *     exception  +0 descriptor   +4 tag   +8 … payload, as a struct's fields
 *
 * References take four bytes; one to a function is its number in the table of functions, others are addresses. Objects are a multiple of 8 bytes long. Declaration order is kept, so a subtype's fields lie
 * where its supertype's do.
 */

import { F32, F64, I8, I8X16, I16, I32, I64, type Type } from "../ir/types.ts";
import * as wasm from "../wasm/types.ts";
import { isRef, type TypeTable, type ValType } from "../wasm/types.ts";

/**
 * So many bytes from address 0 on are zero for ever, where nothing of the program's lies there, so that null has no type and no length
 * (`passes/implied-checks.ts`). The shadow stack must not grow into them, so what stands for its end is an address so many bytes lower: that is
 * negative first, and traps. A word of them is where any word of a descriptor may be.
 */
export const ZERO_BYTES = 48;

export const HEADER_BYTES = 4;
export const DESCRIPTOR_OFFSET = 0;
export const LENGTH_OFFSET = 4;
export const ELEMENTS_OFFSET = 8;
export const OBJECT_ALIGN = 8;

/**
 * The supertypes down to this depth have a place in every descriptor, 0 where there is none, so a test for one of them looks there
 * and nowhere else.
 */
export const FIXED_DISPLAY = 10;

/**
 * A descriptor at d; all are words but where a size is given:
 *
 *     d-4-4i   display[FIXED_DISPLAY + i], down to its own
 *     d+0      struct: bytes of an object; array: log2 of an element's bytes
 *     d+4  u8  kind
 *     d+5  u8  depth: how many supertypes are above
 *     d+6 u16  how many reference fields
 *     d+8+4i   display[i], for i below FIXED_DISPLAY: the descriptor of the supertype at depth i, itself included
 *     behind   the offsets of the reference fields
 */
export const Descriptor = {
  Size: 0,
  Kind: 4,
  Depth: 5,
  References: 6,
  Display: 8,
  Offsets: 48,
} as const;

/** What an object is. Functions are no objects of the heap, but have descriptors; a host object is a box of the host's number for it. */
export const Kind = { Struct: 0, PlainArray: 1, ReferenceArray: 2, Function: 3, Host: 4 } as const;

/** Where `display[depth]` stands, from the descriptor's address. */
export function displayOffset(depth: number): number {
  return depth < FIXED_DISPLAY ? Descriptor.Display + 4 * depth : -4 - 4 * (depth - FIXED_DISPLAY);
}

/** The word of a descriptor that holds its kind, its depth and how many reference fields there are. */
export function kindWord(kind: number, depth: number, references: number): number {
  return kind | (depth << 8) | (references << 16);
}

/** The kind in such a word. */
export function kindIn(word: number): number {
  return word & 0xff;
}

/** How many reference fields there are, by such a word. */
export function referencesIn(word: number): number {
  return word >>> 16;
}

/** A host object's box: descriptor and the host's number. */
export const HostBox = { Number: 4, Bytes: 8 } as const;

/** What stands before the words of a region of roots or weak words (`runtime/collectors.ts`). */
export const REGION_HEADER_BYTES = 8;

/** An exception: descriptor and the address of its tag's record; the payload follows as a struct's fields do. */
export const Exception = { Tag: 4, HeaderBytes: 8 } as const;

/** A tag's record: the canonical type, where types have one number for all modules. What makes it a tag is its address. */
export const TagRecord = { Type: 0, Bytes: 4 } as const;

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

/** References that a collector follows: all but those to functions, which are numbers. A number may be any, so no collector may see one. */
export function isTraced(type: ValType, types: TypeTable): boolean {
  if (!isRef(type)) return false;
  const heap = wasm.heapOf(type);
  if (wasm.isConcrete(heap)) return types.kind(wasm.typeIndexOf(heap)) !== wasm.KIND_FUNC;
  return heap !== wasm.HEAP_FUNC && heap !== wasm.HEAP_NOFUNC;
}

const NEVER_OBJECTS: ReadonlySet<wasm.HeapType> = new Set([
  wasm.HEAP_I31,
  wasm.HEAP_NONE,
  wasm.HEAP_NOEXTERN,
]);

/** Whether a reference of the type is none that a collector counts or looks for: null, i31, or no reference at all. */
export function neverObject(type: ValType): boolean {
  return NEVER_OBJECTS.has(wasm.heapOf(type));
}

function alignUp(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

/** Those made so far, by table and type: every access to a field asks. */
const structLayouts: WeakMap<TypeTable, StructLayout[]> = new WeakMap();

export function structLayout(types: TypeTable, type: number): StructLayout {
  let known = structLayouts.get(types);
  if (known === undefined) {
    known = new Array<StructLayout>(types.length);
    structLayouts.set(types, known);
  }
  known[type] ??= layStruct(types, type);
  return known[type];
}

/** Apart, as its closure would cost those who find a layout made. */
function layStruct(types: TypeTable, type: number): StructLayout {
  return layFields(types, HEADER_BYTES, types.fieldCount(type), (i) => types.field(type, i));
}

/** Of an exception whose tag is of a function type: its parameters are the fields. */
export function exceptionLayout(types: TypeTable, type: number): StructLayout {
  return layFields(types, Exception.HeaderBytes, types.paramCount(type), (i) => types.param(type, i));
}

function layFields(
  types: TypeTable,
  start: number,
  count: number,
  fieldAt: (index: number) => ValType,
): StructLayout {
  const offsets = new Array<number>(count);
  let traced = 0;
  let end = start;
  for (let i = 0; i < count; i++) {
    const field = fieldAt(i);
    const bytes = 1 << storageLog2(field);
    const offset = alignUp(end, bytes);
    offsets[i] = offset;
    if (isTraced(field, types)) traced++;
    end = offset + bytes;
  }
  // Not pushed: the first one to come makes room for seventeen, in each of thousands of layouts.
  const references = new Array<number>(traced);
  traced = 0;
  for (let i = 0; i < count; i++) if (isTraced(fieldAt(i), types)) references[traced++] = offsets[i]!;
  return { sizeBytes: alignUp(end, OBJECT_ALIGN), offsets, references };
}

export function arrayLayout(types: TypeTable, type: number): ArrayLayout {
  const element = types.field(type, 0);
  return { elementLog2: storageLog2(element), holdsReferences: isTraced(element, types) };
}

/** What a value of a storage type is in CLIF, in memory and elsewhere; references are words. */
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
