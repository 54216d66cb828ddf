/**
 * Canonical types and the subtype relation.
 *
 * Types are iso-recursive: two rec groups are equal when they have the same structure, references inside the
 * group counted from its start. A `TypeStore` keeps one copy of each distinct group, found by a hash of its
 * rows in which references inside the group are relative and all others canonical, so that equality of
 * types, across modules too, is equality of ids, and adding a group costs its length. Every supertype chain
 * has a depth; a concrete type is below another when the ancestor at that depth is that type.
 */
import { grownCapacity, grownColumn } from "../base/column.ts";
import { beyondLimit } from "./messages.ts";
import {
  BOTTOM,
  FIRST_TYPE,
  HEAP_ANY,
  HEAP_ARRAY,
  HEAP_BOTTOM,
  HEAP_EQ,
  HEAP_EXN,
  HEAP_EXTERN,
  HEAP_FUNC,
  HEAP_I31,
  HEAP_NOEXN,
  HEAP_NOEXTERN,
  HEAP_NOFUNC,
  HEAP_NONE,
  HEAP_STRUCT,
  type HeapType,
  heapOf,
  isConcrete,
  isNullable,
  isRef,
  KIND_ARRAY,
  KIND_FUNC,
  KIND_STRUCT,
  MAX_TYPE_INDEX,
  refType,
  TypeTable,
  typeIndexOf,
  type ValType,
} from "./types.ts";

/** Marks a reference inside a group while it is compared: the bit, and the distance from the group's start. */
const RELATIVE = 1 << 29;

/** For each abstract heap type, those directly or indirectly above it. */
const ABOVE: readonly (readonly HeapType[])[] = (() => {
  const above: HeapType[][] = Array.from({ length: FIRST_TYPE }, () => []);
  above[HEAP_EQ] = [HEAP_ANY];
  above[HEAP_I31] = [HEAP_EQ, HEAP_ANY];
  above[HEAP_STRUCT] = [HEAP_EQ, HEAP_ANY];
  above[HEAP_ARRAY] = [HEAP_EQ, HEAP_ANY];
  above[HEAP_NONE] = [HEAP_I31, HEAP_STRUCT, HEAP_ARRAY, HEAP_EQ, HEAP_ANY];
  above[HEAP_NOFUNC] = [HEAP_FUNC];
  above[HEAP_NOEXTERN] = [HEAP_EXTERN];
  above[HEAP_NOEXN] = [HEAP_EXN];
  return above;
})();

/** `ABSTRACT_MATCHES[sub * FIRST_TYPE + sup]` for abstract heap types. */
const ABSTRACT_MATCHES: Uint8Array = (() => {
  const matches = new Uint8Array(FIRST_TYPE * FIRST_TYPE);
  for (let sub = 0; sub < FIRST_TYPE; sub++) {
    matches[sub * FIRST_TYPE + sub] = 1;
    for (const sup of ABOVE[sub]!) matches[sub * FIRST_TYPE + sup] = 1;
    matches[HEAP_BOTTOM * FIRST_TYPE + sub] = 1;
  }
  return matches;
})();

const KIND_HEAP: readonly HeapType[] = [HEAP_FUNC, HEAP_STRUCT, HEAP_ARRAY];

/**
 * The canonical types of any number of modules. `types` holds them; an id is an index into it, and the types
 * in its rows refer to canonical ids.
 */
export class TypeStore {
  readonly types: TypeTable;
  private depths: Uint8Array;
  /** Group hash → the first type of a group with that hash; further ones through `nextGroup`. */
  private readonly groupsByHash: Map<number, number>;
  /** By the first type of a group: the next group with the same hash, or -1. */
  private nextGroup: Int32Array;
  /** By the first type of a group: its number of types. */
  private groupSizes: Uint32Array;
  private readonly canonicalIds: WeakMap<TypeTable, Uint32Array>;
  private key: Int32Array;
  /** Random, so that no module can be made whose groups all have one hash; ids do not depend on it. */
  private readonly seed: number;

  constructor() {
    this.types = new TypeTable();
    this.depths = new Uint8Array(16);
    this.groupsByHash = new Map();
    this.nextGroup = new Int32Array(16);
    this.groupSizes = new Uint32Array(16);
    this.canonicalIds = new WeakMap();
    this.key = new Int32Array(64);
    this.seed = Math.floor(Math.random() * 0x1_0000_0000) | 0;
  }

  /**
   * The canonical id of each type of a module's table. The groups must be well formed: references only to
   * earlier types and to the own group. Remembered, so it costs once a module.
   */
  canonicalize(table: TypeTable): Uint32Array {
    const known = this.canonicalIds.get(table);
    if (known !== undefined) return known;
    const ids = new Uint32Array(table.length);
    for (let group = 0; group < table.groupCount; group++) this.addGroup(table, group, ids);
    this.remember(table, ids);
    return ids;
  }

  /** Lets `canonicalize` answer with ids that were computed group by group. */
  remember(table: TypeTable, ids: Uint32Array): void {
    this.canonicalIds.set(table, ids);
  }

  /** Canonicalises one group, whose predecessors' ids are in `ids`, and adds its own there. */
  addGroup(table: TypeTable, group: number, ids: Uint32Array): void {
    const start = table.groupStart(group);
    const end = table.groupStart(group + 1);
    if (start === end) return;
    const length = this.buildKey(table, start, end, ids);
    const hash = hashOf(this.seed, this.key, length);
    let first = this.groupsByHash.get(hash) ?? -1;
    const head = first;
    while (first >= 0 && !(this.groupSizes[first] === end - start && this.sameAsKey(first, length))) {
      first = this.nextGroup[first]!;
    }
    if (first < 0) {
      first = this.append(table, start, end, ids);
      this.nextGroup[first] = head;
      this.groupsByHash.set(hash, first);
    }
    for (let type = start; type < end; type++) ids[type] = first + type - start;
  }

  /** Writes the rows of a group into `key`, see the head of the file; returns their length. */
  private buildKey(table: TypeTable, start: number, end: number, ids: Uint32Array): number {
    let length = 0;
    for (let type = start; type < end; type++) {
      const count = table.valueCountOf(type);
      if (length + count + 4 > this.key.length) {
        this.key = grownColumn(this.key, grownCapacity(this.key.length, length + count + 4));
      }
      const supertype = table.supertype(type);
      this.key[length++] = (table.kind(type) << 1) | (table.isFinal(type) ? 1 : 0);
      this.key[length++] =
        supertype < 0 ? -1 : supertype >= start ? RELATIVE + supertype - start : ids[supertype]!;
      this.key[length++] = table.paramCount(type);
      this.key[length++] = count;
      for (let i = 0; i < count; i++) this.key[length++] = relativeValue(table.rawValue(type, i), start, ids);
    }
    return length;
  }

  /** Whether the canonical group that begins at `first` has the rows in `key`. */
  private sameAsKey(first: number, length: number): boolean {
    const types = this.types;
    const key = this.key;
    let at = 0;
    for (let type = first; at < length; type++) {
      const supertype = types.supertype(type);
      const count = types.valueCountOf(type);
      if (key[at++] !== ((types.kind(type) << 1) | (types.isFinal(type) ? 1 : 0))) return false;
      if (key[at++] !== (supertype >= first ? RELATIVE + supertype - first : supertype)) return false;
      if (key[at++] !== types.paramCount(type) || key[at++] !== count) return false;
      for (let i = 0; i < count; i++) {
        if (key[at++] !== relativeValue(types.rawValue(type, i), first, null)) return false;
      }
    }
    return true;
  }

  private append(table: TypeTable, start: number, end: number, ids: Uint32Array): number {
    const first = this.types.length;
    const needed = first + end - start;
    if (needed > MAX_TYPE_INDEX) throw beyondLimit("types of all modules", needed, MAX_TYPE_INDEX, 0);
    if (needed > this.depths.length) {
      const capacity = grownCapacity(this.depths.length, needed);
      this.depths = grownColumn(this.depths, capacity);
      this.nextGroup = grownColumn(this.nextGroup, capacity);
      this.groupSizes = grownColumn(this.groupSizes, capacity);
    }
    this.groupSizes[first] = end - start;
    this.types.beginGroup(true);
    for (let type = start; type < end; type++) {
      const own = table.supertype(type);
      const supertype = own < 0 ? -1 : own >= start ? first + own - start : ids[own]!;
      this.types.begin(table.kind(type), table.isFinal(type), supertype);
      for (let i = 0; i < table.valueCountOf(type); i++) {
        this.types.addValue(canonicalValue(table.rawValue(type, i), start, first, ids));
      }
      const id = this.types.finish(table.paramCount(type));
      this.depths[id] = supertype < 0 ? 0 : Math.min(255, this.depths[supertype]! + 1);
    }
    return first;
  }

  /** The length of the supertype chain above `type`. */
  depth(type: number): number {
    return this.depths[type]!;
  }

  /** Whether the canonical type `sub` is `sup` or declared below it. */
  isSubtypeOf(sub: number, sup: number): boolean {
    let type = sub;
    for (let steps = this.depths[sub]! - this.depths[sup]!; steps > 0; steps--)
      type = this.types.supertype(type);
    return type === sup;
  }

  /** Whether every value of heap type `sub` has heap type `sup`; concrete ones are canonical. */
  matchesHeap(sub: HeapType, sup: HeapType): boolean {
    if (sub === sup) return true;
    if (isConcrete(sub)) {
      if (isConcrete(sup)) return this.isSubtypeOf(typeIndexOf(sub), typeIndexOf(sup));
      return ABSTRACT_MATCHES[KIND_HEAP[this.types.kind(typeIndexOf(sub))]! * FIRST_TYPE + sup] === 1;
    }
    if (!isConcrete(sup)) return ABSTRACT_MATCHES[sub * FIRST_TYPE + sup] === 1;
    if (sub === HEAP_BOTTOM) return true;
    return sub === (this.types.kind(typeIndexOf(sup)) === KIND_FUNC ? HEAP_NOFUNC : HEAP_NONE);
  }

  /** Whether every value of type `sub` has type `sup`; concrete references are canonical. */
  matches(sub: ValType, sup: ValType): boolean {
    if (sub === sup || sub === BOTTOM) return true;
    if (!isRef(sub) || !isRef(sup) || (isNullable(sub) && !isNullable(sup))) return false;
    return this.matchesHeap(heapOf(sub), heapOf(sup));
  }

  /** The abstract type at the top of the hierarchy of `heap`: any, func, extern or exn. */
  topOf(heap: HeapType): HeapType {
    if (isConcrete(heap)) return this.types.kind(typeIndexOf(heap)) === KIND_FUNC ? HEAP_FUNC : HEAP_ANY;
    if (heap === HEAP_FUNC || heap === HEAP_NOFUNC) return HEAP_FUNC;
    if (heap === HEAP_EXTERN || heap === HEAP_NOEXTERN) return HEAP_EXTERN;
    if (heap === HEAP_EXN || heap === HEAP_NOEXN) return HEAP_EXN;
    return HEAP_ANY;
  }

  /**
   * Why the canonical type `sub`, declared below `sup`, does not have its structure, or "" if it does: a
   * function takes at least as much and gives at most as much, a struct has the fields of its supertype as a
   * prefix, mutable fields are the same and others below.
   */
  structureMismatch(sub: number, sup: number): string {
    const types = this.types;
    if (types.isFinal(sup)) return "the super type is final";
    const kind = types.kind(sub);
    if (kind !== types.kind(sup)) return "one is a function, a struct or an array and the other is not";
    if (kind === KIND_FUNC) return this.functionMismatch(sub, sup);
    if (kind === KIND_STRUCT && types.fieldCount(sub) < types.fieldCount(sup)) return "it has fewer fields";
    const count = kind === KIND_ARRAY ? 1 : types.fieldCount(sup);
    for (let i = 0; i < count; i++) {
      const mutable = types.isMutable(sub, i);
      if (mutable !== types.isMutable(sup, i)) return `field ${i} differs in mutability`;
      const same = types.field(sub, i) === types.field(sup, i);
      if (!same && (mutable || !this.matches(types.field(sub, i), types.field(sup, i)))) {
        return `field ${i} differs`;
      }
    }
    return "";
  }

  private functionMismatch(sub: number, sup: number): string {
    const types = this.types;
    const params = types.paramCount(sub);
    const results = types.resultCount(sub);
    if (params !== types.paramCount(sup)) return "it has another number of parameters";
    if (results !== types.resultCount(sup)) return "it has another number of results";
    for (let i = 0; i < params; i++) {
      if (!this.matches(types.param(sup, i), types.param(sub, i))) return `parameter ${i} differs`;
    }
    for (let i = 0; i < results; i++) {
      if (!this.matches(types.result(sub, i), types.result(sup, i))) return `result ${i} differs`;
    }
    return "";
  }
}

/** A module's value type in canonical ids. */
export function canonicalType(type: ValType, ids: Uint32Array): ValType {
  if (type < FIRST_TYPE << 4) return type;
  return refType(ids[typeIndexOf(heapOf(type))]! + FIRST_TYPE, isNullable(type));
}

/** A stored value with its heap type replaced; the low bits and the mutability stay. */
function withIndex(value: number, index: number): number {
  return (value & ((1 << 30) | 15)) | ((index + FIRST_TYPE) << 4);
}

function indexOf(value: number): number {
  return ((value & ~(1 << 30)) >>> 4) - FIRST_TYPE;
}

function relativeValue(value: number, start: number, ids: Uint32Array | null): number {
  const index = indexOf(value);
  if (index < 0) return value;
  if (index >= start) return (value & ((1 << 30) | 15)) | RELATIVE | ((index - start) << 4);
  return ids === null ? value : withIndex(value, ids[index]!);
}

function canonicalValue(value: number, start: number, first: number, ids: Uint32Array): number {
  const index = indexOf(value);
  if (index < 0) return value;
  return withIndex(value, index >= start ? first + index - start : ids[index]!);
}

function hashOf(seed: number, key: Int32Array, length: number): number {
  let hash = seed;
  for (let i = 0; i < length; i++) {
    hash = Math.imul(hash ^ key[i]!, 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash;
}
