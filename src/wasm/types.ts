/**
 * Wasm types in numbers, and tables of defined types in columns.
 *
 * A value type is one small integer, so that the operand stack is an `Int32Array` and equality is `===`:
 *
 *     bits 0..3   0 bottom · 1 i32 · 2 i64 · 3 f32 · 4 f64 · 5 v128 · 6 i8 · 7 i16 · 8 ref · 9 ref null
 *     bits 4..28  of a reference: its heap type
 *
 * i8 and i16 are storage types only. A heap type below 32 is abstract, and is then the low five bits of its
 * binary code (`HEAP_BOTTOM`, 0, is the type below all that validation needs); any other is a type index plus
 * 32. In a module's own table (`Module.types`) that index is the module's; in a `TypeStore` it is a canonical
 * id, the same for equal types of all modules.
 */
import { grownCapacity, grownColumn } from "../base/column.ts";

/** A value or storage type, see the head of the file. */
export type ValType = number;
/** An abstract heap type (below 32), or 32 plus a type index. */
export type HeapType = number;

export const BOTTOM: ValType = 0;
export const I32: ValType = 1;
export const I64: ValType = 2;
export const F32: ValType = 3;
export const F64: ValType = 4;
export const V128: ValType = 5;
export const I8: ValType = 6;
export const I16: ValType = 7;
const REF = 8;
const REF_NULL = 9;

export const HEAP_BOTTOM: HeapType = 0;
export const HEAP_EXN: HeapType = 0x09;
export const HEAP_ARRAY: HeapType = 0x0a;
export const HEAP_STRUCT: HeapType = 0x0b;
export const HEAP_I31: HeapType = 0x0c;
export const HEAP_EQ: HeapType = 0x0d;
export const HEAP_ANY: HeapType = 0x0e;
export const HEAP_EXTERN: HeapType = 0x0f;
export const HEAP_FUNC: HeapType = 0x10;
export const HEAP_NONE: HeapType = 0x11;
export const HEAP_NOEXTERN: HeapType = 0x12;
export const HEAP_NOFUNC: HeapType = 0x13;
export const HEAP_NOEXN: HeapType = 0x14;
/** The heap type of type index 0. */
export const FIRST_TYPE: HeapType = 32;
/** Type indices end here, so that a field's type and its mutability fit in 31 bits. */
export const MAX_TYPE_INDEX: number = (1 << 25) - FIRST_TYPE - 1;

const HEAP_NAMES: Record<HeapType, string> = {
  [HEAP_BOTTOM]: "bot",
  [HEAP_EXN]: "exn",
  [HEAP_ARRAY]: "array",
  [HEAP_STRUCT]: "struct",
  [HEAP_I31]: "i31",
  [HEAP_EQ]: "eq",
  [HEAP_ANY]: "any",
  [HEAP_EXTERN]: "extern",
  [HEAP_FUNC]: "func",
  [HEAP_NONE]: "none",
  [HEAP_NOEXTERN]: "noextern",
  [HEAP_NOFUNC]: "nofunc",
  [HEAP_NOEXN]: "noexn",
};
const NUMBER_NAMES = ["bot", "i32", "i64", "f32", "f64", "v128", "i8", "i16"];

/** `(ref heap)` or `(ref null heap)`. */
export function refType(heap: HeapType, nullable: boolean): ValType {
  return (heap << 4) | (nullable ? REF_NULL : REF);
}

export function isRef(type: ValType): boolean {
  return (type & 8) !== 0;
}

/** Whether `type` is a reference type that includes null. */
export function isNullable(type: ValType): boolean {
  return (type & 15) === REF_NULL;
}

/** The heap type of a reference type. */
export function heapOf(type: ValType): HeapType {
  return type >>> 4;
}

/** `type` without null. */
export function asNonNull(type: ValType): ValType {
  return (type & 15) === REF_NULL ? type - 1 : type;
}

export function isConcrete(heap: HeapType): boolean {
  return heap >= FIRST_TYPE;
}

export function typeIndexOf(heap: HeapType): number {
  return heap - FIRST_TYPE;
}

/** Whether a local of this type starts with a value: all but the references that exclude null. */
export function isDefaultable(type: ValType): boolean {
  return (type & 15) !== REF;
}

/** The type that a packed field has on the operand stack; any other type is its own. */
export function unpacked(type: ValType): ValType {
  return type === I8 || type === I16 ? I32 : type;
}

export function isPacked(type: ValType): boolean {
  return type === I8 || type === I16;
}

/** Whether a heap type is in the `any` hierarchy: structs, arrays, i31, and what is above and below them. */
export function isBelowAny(heap: HeapType, types: TypeTable): boolean {
  if (isConcrete(heap)) return types.kind(typeIndexOf(heap)) !== KIND_FUNC;
  switch (heap) {
    case HEAP_ANY:
    case HEAP_EQ:
    case HEAP_I31:
    case HEAP_STRUCT:
    case HEAP_ARRAY:
    case HEAP_NONE:
      return true;
    default:
      return false;
  }
}

export const FUNCREF: ValType = refType(HEAP_FUNC, true);
export const EXTERNREF: ValType = refType(HEAP_EXTERN, true);
export const EXNREF: ValType = refType(HEAP_EXN, true);

export function heapTypeName(heap: HeapType): string {
  return isConcrete(heap) ? String(typeIndexOf(heap)) : (HEAP_NAMES[heap] ?? `heap ${heap}`);
}

/** As in the text format: `i32`, `funcref`, `(ref null 3)`. */
export function valTypeName(type: ValType): string {
  if (!isRef(type)) return NUMBER_NAMES[type]!;
  const heap = heapOf(type);
  const name = heapTypeName(heap);
  if (!isNullable(type)) return `(ref ${name})`;
  if (isConcrete(heap)) return `(ref null ${name})`;
  const short: Record<HeapType, string> = {
    [HEAP_NONE]: "nullref",
    [HEAP_NOFUNC]: "nullfuncref",
    [HEAP_NOEXTERN]: "nullexternref",
    [HEAP_NOEXN]: "nullexnref",
  };
  return short[heap] ?? `${name}ref`;
}

export const KIND_FUNC = 0;
export const KIND_STRUCT = 1;
export const KIND_ARRAY = 2;
/** What a defined type is: `KIND_FUNC`, `KIND_STRUCT` or `KIND_ARRAY`. */
export type TypeKind = 0 | 1 | 2;

/** A mutable field's value has this bit beside its type. */
const MUTABLE = 1 << 30;

/**
 * Defined types, in order, grouped into rec groups.
 *
 * One row a type (kind, final, supertype, the range of its values) and one list of values for all of them:
 * parameters then results, or fields. Rows are appended by `begin`, `addValue`… and `finish`; a group is
 * opened by `beginGroup` and holds the rows appended until the next.
 */
export class TypeTable {
  private kinds: Uint8Array;
  private finals: Uint8Array;
  private supers: Int32Array;
  private starts: Uint32Array;
  private firsts: Uint16Array;
  private values: Int32Array;
  private count: number;
  private valueCount: number;
  /** Of each group: its first type, and whether it was written with `rec`. */
  private groups: Uint32Array;
  private groupCountValue: number;

  constructor() {
    this.kinds = new Uint8Array(16);
    this.finals = new Uint8Array(16);
    this.supers = new Int32Array(16);
    this.starts = new Uint32Array(17);
    this.firsts = new Uint16Array(16);
    this.values = new Int32Array(32);
    this.count = 0;
    this.valueCount = 0;
    this.groups = new Uint32Array(16);
    this.groupCountValue = 0;
  }

  /** The number of types. */
  get length(): number {
    return this.count;
  }

  get groupCount(): number {
    return this.groupCountValue;
  }

  /** Opens a rec group; `explicit` says that it was written as one even if it has one type. */
  beginGroup(explicit: boolean): void {
    if (this.groupCountValue === this.groups.length) {
      this.groups = grownColumn(this.groups, grownCapacity(this.groups.length, this.groupCountValue + 1));
    }
    this.groups[this.groupCountValue++] = this.count * 2 + (explicit ? 1 : 0);
  }

  groupStart(group: number): number {
    return group >= this.groupCountValue ? this.count : this.groups[group]! >>> 1;
  }

  isExplicitGroup(group: number): boolean {
    return (this.groups[group]! & 1) !== 0;
  }

  /** Starts a type; `supertype` is an index into this table, or -1. */
  begin(kind: TypeKind, final: boolean, supertype: number): void {
    const index = this.count;
    if (index === this.kinds.length) {
      const capacity = grownCapacity(index, index + 1);
      this.kinds = grownColumn(this.kinds, capacity);
      this.finals = grownColumn(this.finals, capacity);
      this.supers = grownColumn(this.supers, capacity);
      this.starts = grownColumn(this.starts, capacity + 1);
      this.firsts = grownColumn(this.firsts, capacity);
    }
    this.kinds[index] = kind;
    this.finals[index] = final ? 1 : 0;
    this.supers[index] = supertype;
    this.starts[index] = this.valueCount;
  }

  /** Adds a parameter or a result. */
  addValue(type: ValType): void {
    if (this.valueCount === this.values.length) {
      this.values = grownColumn(this.values, grownCapacity(this.valueCount, this.valueCount + 1));
    }
    this.values[this.valueCount++] = type;
  }

  addField(type: ValType, mutable: boolean): void {
    this.addValue(mutable ? type | MUTABLE : type);
  }

  /** Ends the type; of a function, the first `paramCount` values are its parameters. Returns its index. */
  finish(paramCount: number): number {
    this.firsts[this.count] = paramCount;
    this.starts[this.count + 1] = this.valueCount;
    return this.count++;
  }

  kind(type: number): TypeKind {
    return this.kinds[type] as TypeKind;
  }

  isFinal(type: number): boolean {
    return this.finals[type] !== 0;
  }

  /** The declared supertype's index, or -1. */
  supertype(type: number): number {
    return this.supers[type]!;
  }

  /** How many parameters and results, or fields. */
  valueCountOf(type: number): number {
    return this.starts[type + 1]! - this.starts[type]!;
  }

  /** The i-th value as stored: a type, of fields with the mutability bit (see `field`). */
  rawValue(type: number, i: number): number {
    return this.values[this.starts[type]! + i]!;
  }

  /** All values of all types, for loops over the values of one: from `valueStart`, parameters before results. */
  get valueColumn(): Int32Array {
    return this.values;
  }

  valueStart(type: number): number {
    return this.starts[type]!;
  }

  paramCount(type: number): number {
    return this.firsts[type]!;
  }

  param(type: number, i: number): ValType {
    return this.values[this.starts[type]! + i]!;
  }

  resultCount(type: number): number {
    return this.starts[type + 1]! - this.starts[type]! - this.firsts[type]!;
  }

  result(type: number, i: number): ValType {
    return this.values[this.starts[type]! + this.firsts[type]! + i]!;
  }

  fieldCount(type: number): number {
    return this.starts[type + 1]! - this.starts[type]!;
  }

  /** The storage type of field `i`; an array's only field is number 0. */
  field(type: number, i: number): ValType {
    return this.values[this.starts[type]! + i]! & ~MUTABLE;
  }

  isMutable(type: number, i: number): boolean {
    return (this.values[this.starts[type]! + i]! & MUTABLE) !== 0;
  }

  /** As in the text format, on one line: `(func (param i32) (result i64))`. */
  describe(type: number): string {
    const kind = this.kind(type);
    if (kind === KIND_FUNC) {
      let text = "(func";
      for (let i = 0; i < this.paramCount(type); i++) text += ` (param ${valTypeName(this.param(type, i))})`;
      for (let i = 0; i < this.resultCount(type); i++)
        text += ` (result ${valTypeName(this.result(type, i))})`;
      return `${text})`;
    }
    let text = kind === KIND_STRUCT ? "(struct" : "(array";
    for (let i = 0; i < this.fieldCount(type); i++) {
      const name = valTypeName(this.field(type, i));
      const storage = this.isMutable(type, i) ? `(mut ${name})` : name;
      text += kind === KIND_STRUCT ? ` (field ${storage})` : ` ${storage}`;
    }
    return `${text})`;
  }
}
