/**
 * The type section, and the types of tables, memories, globals and tags.
 *
 * Types go straight into the columns of a `TypeTable`; rows that name a supertype or another type may name
 * those before them and those of their own rec group, which the reader checks as it reads.
 */
import { featureBit } from "./features.ts";
import { unknownDefinition, unknownGlobalFlags } from "./later-proposals.ts";
import { MAX_PARAMS, MAX_REC_GROUP_TYPES, MAX_RESULTS, MAX_STRUCT_FIELDS, MAX_TYPES } from "./limits.ts";
import {
  beyondLimit,
  DEFINED_TYPE,
  invalid,
  LIMITS_FLAGS,
  MUTABILITY,
  malformed,
  PAGE_SIZE,
  SHARED_TABLE,
  SUPERTYPES,
  TAG_ATTRIBUTE,
  unknown,
} from "./messages.ts";
import type { Limits, MemoryType, TableType } from "./module.ts";
import type { BinaryReader } from "./reader.ts";
import { KIND_ARRAY, KIND_FUNC, KIND_STRUCT, type TypeTable } from "./types.ts";

const REC = 0x4e;
const SUB_FINAL = 0x4f;
const SUB = 0x50;
const ARRAY = 0x5e;
const STRUCT = 0x5f;
const FUNC = 0x60;

const GC: number = featureBit("gc");
const MULTI_VALUE: number = featureBit("multi-value");
const MEMORY64: number = featureBit("memory64");
const THREADS: number = featureBit("threads");
const PAGE_SIZES: number = featureBit("custom-page-sizes");

const LIMITS_MAX = 1;
const LIMITS_SHARED = 2;
const LIMITS_64 = 4;
const LIMITS_PAGE_SIZE = 8;

/** Reads the whole type section into `types`. */
export function readTypeSection(reader: BinaryReader, types: TypeTable): void {
  const groups = reader.count(1);
  if (groups > MAX_TYPES) throw beyondLimit("rec groups", groups, MAX_TYPES, reader.pos);
  for (let group = 0; group < groups; group++) {
    const start = reader.pos;
    const explicit = reader.peek() === REC;
    let size = 1;
    if (explicit) {
      reader.pos++;
      reader.need(GC, "gc", "a rec group", start);
      size = reader.count(1);
      if (size > MAX_REC_GROUP_TYPES) throw beyondLimit("rec group", size, MAX_REC_GROUP_TYPES, start);
    }
    if (types.length + size > MAX_TYPES) throw beyondLimit("types", types.length + size, MAX_TYPES, start);
    types.beginGroup(explicit);
    // Without GC a type may name only those before it.
    reader.typeLimit = types.length + ((reader.mask & GC) === 0 ? 0 : size);
    for (let i = 0; i < size; i++) readSubType(reader, types);
  }
  reader.typeLimit = types.length;
}

function readSubType(reader: BinaryReader, types: TypeTable): void {
  const start = reader.pos;
  let byte = reader.u8();
  let final = true;
  let supertype = -1;
  if (byte === SUB || byte === SUB_FINAL) {
    reader.need(GC, "gc", "a sub type", start);
    final = byte === SUB_FINAL;
    const count = reader.count(1);
    if (count > 1) throw invalid(SUPERTYPES, start);
    if (count === 1) {
      supertype = reader.u32();
      if (supertype >= types.length) throw invalid(unknown("type", supertype), start);
    }
    byte = reader.u8();
  }
  if (byte === FUNC) {
    readFuncType(reader, types, final, supertype);
    return;
  }
  if (byte !== STRUCT && byte !== ARRAY) throw unknownDefinition(byte, DEFINED_TYPE, start);
  reader.need(GC, "gc", byte === STRUCT ? "a struct type" : "an array type", start);
  types.begin(byte === STRUCT ? KIND_STRUCT : KIND_ARRAY, final, supertype);
  const count = byte === STRUCT ? reader.count(2) : 1;
  if (count > MAX_STRUCT_FIELDS) throw beyondLimit("struct fields", count, MAX_STRUCT_FIELDS, start);
  for (let i = 0; i < count; i++) {
    const type = reader.readStorageType();
    types.addField(type, readMutability(reader));
  }
  types.finish(0);
}

function readFuncType(reader: BinaryReader, types: TypeTable, final: boolean, supertype: number): void {
  types.begin(KIND_FUNC, final, supertype);
  const start = reader.pos;
  const params = reader.count(1);
  if (params > MAX_PARAMS) throw beyondLimit("parameters", params, MAX_PARAMS, start);
  for (let i = 0; i < params; i++) types.addValue(reader.readValType());
  const results = reader.count(1);
  if (results > MAX_RESULTS) throw beyondLimit("results", results, MAX_RESULTS, start);
  if (results > 1) reader.need(MULTI_VALUE, "multi-value", "more than one result", start);
  for (let i = 0; i < results; i++) types.addValue(reader.readValType());
  types.finish(params);
}

function readMutability(reader: BinaryReader): boolean {
  const byte = reader.u8();
  if (byte > 1) throw malformed(MUTABILITY, reader.pos - 1);
  return byte === 1;
}

/** The index of a type, which must be there. */
export function readTypeIndex(reader: BinaryReader): number {
  const start = reader.pos;
  const index = reader.u32();
  if (index >= reader.typeLimit) throw invalid(unknown("type", index), start);
  return index;
}

export function readTagType(reader: BinaryReader): number {
  if (reader.u8() !== 0) throw malformed(TAG_ATTRIBUTE, reader.pos - 1);
  return readTypeIndex(reader);
}

/** Whether a global is mutable. */
export function readGlobalMutability(reader: BinaryReader): boolean {
  const byte = reader.peek();
  if (byte > 1) throw unknownGlobalFlags(byte, MUTABILITY, reader.pos);
  return readMutability(reader);
}

export function readTableType(reader: BinaryReader): TableType {
  const element = reader.readRefType();
  const flagsAt = reader.pos;
  const flags = reader.u8();
  if ((flags & LIMITS_SHARED) !== 0) throw malformed(SHARED_TABLE, flagsAt);
  if (flags > 7) throw malformed(LIMITS_FLAGS, flagsAt);
  return { element, is64: readIs64(reader, flags), limits: readLimits(reader, flags) };
}

export function readMemoryType(reader: BinaryReader): MemoryType {
  const start = reader.pos;
  const flags = reader.u8();
  if (flags > 15) throw malformed(LIMITS_FLAGS, start);
  const shared = (flags & LIMITS_SHARED) !== 0;
  if (shared) reader.need(THREADS, "threads", "a shared memory", start);
  const is64 = readIs64(reader, flags);
  const limits = readLimits(reader, flags);
  let pageSizeLog2 = 16;
  if ((flags & LIMITS_PAGE_SIZE) !== 0) {
    reader.need(PAGE_SIZES, "custom-page-sizes", "a page size", start);
    pageSizeLog2 = reader.u32();
    if (pageSizeLog2 > 64) throw malformed(PAGE_SIZE, start);
  }
  return { limits, is64, shared, pageSizeLog2 };
}

function readIs64(reader: BinaryReader, flags: number): boolean {
  if ((flags & LIMITS_64) === 0) return false;
  reader.need(MEMORY64, "memory64", "64-bit limits", reader.pos - 1);
  return true;
}

function readLimits(reader: BinaryReader, flags: number): Limits {
  const min = readBound(reader);
  return { min, max: (flags & LIMITS_MAX) !== 0 ? readBound(reader) : null };
}

/** Since memory64 all bounds have 64 bits; whether they suit the address type is for the validator. */
function readBound(reader: BinaryReader): bigint {
  if ((reader.mask & MEMORY64) === 0) return BigInt(reader.u32());
  reader.u64();
  return reader.bigU64();
}
