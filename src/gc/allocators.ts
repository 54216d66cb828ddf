/**
 * One function for each struct type that the module makes: `struct.new T` becomes a call of it.
 *
 * They are added to the module itself, behind its own functions, so that planning and linking see functions like others. A type
 * T has two, in this order, both from T's fields to a reference:
 *
 *     quick   bumps the pointer and stores the fields; without room, gives what the other gives
 *     slow    keeps the references among the fields in a frame, lets the runtime find room, stores the fields
 *
 * So the quick one has no frame, and is short enough for an engine to inline where it is hot; the call site is as short as the
 * input's own. The bodies in the module are `struct.new` and never emitted: `allocator-bodies.ts` has the code.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import type { Module } from "../wasm/module.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { MAX_ALLOCATOR_FIELDS } from "./limits.ts";

const LOCAL_GET = 0x20;
const END = 0x0b;
const GC_PREFIX = 0xfb;
const STRUCT_NEW = 0;

export interface AllocatorRole {
  readonly type: number;
  readonly isSlow: boolean;
}

export class Allocators {
  /** The module with the allocators. */
  readonly module: Module;
  private readonly first: number;
  /** Those with allocators, in the order of these. */
  readonly types: readonly number[];
  private readonly functions: ReadonlyMap<number, number>;

  /**
   * With `isInline` there are none: every `struct.new` is code of its own, as in Wasmtime. The code is walked for the types unless
   * they are known.
   */
  constructor(module: Module, featureMask: number, isInline = false, known: readonly number[] | null = null) {
    this.first = module.functionTypes.length;
    this.types = known ?? (isInline ? [] : structsMade(module, featureMask));
    this.functions = new Map(this.types.map((type, i) => [type, this.first + 2 * i]));
    this.module = this.types.length === 0 ? module : withFunctions(module, this.types);
  }

  /** The quick allocator of a struct type, or -1; the slow one follows it. */
  functionOf(type: number): number {
    return this.functions.get(type) ?? -1;
  }

  /** What a function allocates, or null for one of the input. */
  roleOf(func: number): AllocatorRole | null {
    if (func < this.first) return null;
    return { type: this.types[(func - this.first) >> 1]!, isSlow: ((func - this.first) & 1) === 1 };
  }
}

/** The struct types that some function makes and that can be passed by fields, in order. */
function structsMade(module: Module, featureMask: number): number[] {
  const made = new Set<number>();
  const reader = new OperatorReader(module.bytes, 0, 0, featureMask);
  reader.typeLimit = module.types.length;
  for (let i = 0; i < module.code.starts.length; i++) {
    reader.seek(module.code.starts.get(i), module.code.ends.get(i));
    for (let runs = reader.u32(); runs > 0; runs--) {
      reader.u32();
      reader.readValType();
    }
    while (reader.pos < reader.end) {
      const op = reader.next();
      if (op === WasmOp.StructNew || op === WasmOp.StructNewDefault) made.add(reader.index);
    }
  }
  const fits = (type: number): boolean => module.types.fieldCount(type) <= MAX_ALLOCATOR_FIELDS;
  return [...made].filter(fits).sort((a, b) => a - b);
}

function withFunctions(module: Module, structs: readonly number[]): Module {
  const types = copiedTypes(module.types);
  const out = new ByteWriter(module.bytes.length + 64 * structs.length);
  out.append(module.bytes);
  const functionTypes = copied(module.functionTypes);
  const code = { starts: copied(module.code.starts), ends: copied(module.code.ends) };
  for (const struct of structs) {
    const type = constructorType(types, struct);
    const start = out.length;
    writeBody(out, struct, types.fieldCount(struct));
    for (let i = 0; i < 2; i++) {
      functionTypes.push(type);
      code.starts.push(start);
      code.ends.push(out.length);
    }
  }
  return { ...module, bytes: out.bytes(), types, functionTypes, code };
}

function writeBody(out: ByteWriter, struct: number, fields: number): void {
  out.u32(0);
  for (let i = 0; i < fields; i++) {
    out.byte(LOCAL_GET);
    out.u32(i);
  }
  out.byte(GC_PREFIX);
  out.u32(STRUCT_NEW);
  out.u32(struct);
  out.byte(END);
}

/** The type of a function from a struct's fields to a reference, added to the table. */
function constructorType(types: wasm.TypeTable, struct: number): number {
  const fields = Array.from({ length: types.fieldCount(struct) }, (_, i) => types.field(struct, i));
  types.beginGroup(false);
  types.begin(wasm.KIND_FUNC, true, -1);
  for (const field of fields) types.addValue(wasm.unpacked(field));
  types.addValue(wasm.refType((wasm.FIRST_TYPE + struct) as wasm.HeapType, false));
  return types.finish(fields.length);
}

/** A table of its own, so that what is known of the input's stays true. */
function copiedTypes(from: wasm.TypeTable): wasm.TypeTable {
  const to = new wasm.TypeTable();
  for (let group = 0; group < from.groupCount; group++) {
    to.beginGroup(from.isExplicitGroup(group));
    for (let type = from.groupStart(group); type < from.groupStart(group + 1); type++) {
      to.begin(from.kind(type), from.isFinal(type), from.supertype(type));
      for (let i = 0; i < from.valueCountOf(type); i++) to.addValue(from.rawValue(type, i));
      to.finish(from.paramCount(type));
    }
  }
  return to;
}

function copied(list: I32List): I32List {
  const copy = new I32List();
  for (let i = 0; i < list.length; i++) copy.push(list.get(i));
  return copy;
}
