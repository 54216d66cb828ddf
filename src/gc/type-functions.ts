/**
 * Functions for the types of which the module makes objects: `struct.new T` and `array.new T` become calls of them.
 *
 * They are added to the module itself, behind its own functions, so that planning and linking see functions like others. An array
 * type has one, from an element and a length. A struct type has two, in this order, from its fields to a reference:
 *
 *     quick   bumps the pointer and stores the fields; without room, gives what the other gives
 *     slow    keeps the references among the fields in a frame, lets the runtime find room, stores the fields
 *
 * So the quick one has no frame, and is short enough for an engine to inline where it is hot; the call site is as short as the
 * input's own. The bodies in the module are `struct.new T` and `array.new T`, for those who ask what the functions do;
 * `type-function-bodies.ts` has what is emitted.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import type { Module } from "../wasm/module.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

const LOCAL_GET = 0x20;
const END = 0x0b;
const GC_PREFIX = 0xfb;
const STRUCT_NEW = 0;
const ARRAY_NEW = 6;

export interface TypeFunctionRole {
  readonly kind: "quick struct" | "slow struct" | "array";
  readonly type: number;
}

export class TypeFunctions {
  /** The module with these functions in it. */
  readonly module: Module;
  private readonly first: number;
  /** Of each allocator, in order. */
  private readonly roles: readonly TypeFunctionRole[];
  private readonly functions: ReadonlyMap<number, number>;

  /** With `isInline` there are none: every `struct.new` and `array.new` is code of its own, as in Wasmtime. */
  constructor(module: Module, featureMask: number, isInline = false) {
    this.first = module.functionTypes.length;
    const types = isInline ? [] : typesMade(module, featureMask);
    this.roles = types.flatMap((type) => rolesOf(module.types, type));
    this.functions = new Map(
      this.roles.flatMap(({ kind, type }, i) => (kind === "slow struct" ? [] : [[type, this.first + i]])),
    );
    this.module = this.roles.length === 0 ? module : withFunctions(module, this.roles);
  }

  /** The allocator of a struct or array type, or -1; of a struct type the quick one, which the slow one follows. */
  functionOf(type: number): number {
    return this.functions.get(type) ?? -1;
  }

  /** What a function makes, or null for one of the input. */
  roleOf(func: number): TypeFunctionRole | null {
    return func < this.first ? null : this.roles[func - this.first]!;
  }
}

function rolesOf(types: wasm.TypeTable, type: number): TypeFunctionRole[] {
  if (types.kind(type) === wasm.KIND_ARRAY) return [{ kind: "array", type }];
  return [
    { kind: "quick struct", type },
    { kind: "slow struct", type },
  ];
}

const MAKERS: ReadonlySet<number> = new Set([
  WasmOp.StructNew,
  WasmOp.StructNewDefault,
  WasmOp.ArrayNew,
  WasmOp.ArrayNewDefault,
]);

/** The types of which objects are made in more than one place, in order: a single place is shorter in line. */
function typesMade(module: Module, featureMask: number): number[] {
  const places = new Map<number, number>();
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
      if (MAKERS.has(op)) places.set(reader.index, (places.get(reader.index) ?? 0) + 1);
    }
  }
  return [...places.keys()].filter((type) => places.get(type)! > 1).sort((a, b) => a - b);
}

function withFunctions(module: Module, roles: readonly TypeFunctionRole[]): Module {
  const types = copiedTypes(module.types);
  const out = new ByteWriter(module.bytes.length + 64 * roles.length);
  out.append(module.bytes);
  const functionTypes = copied(module.functionTypes);
  const code = { starts: copied(module.code.starts), ends: copied(module.code.ends) };
  const signatures = new Map<number, number>();
  for (const { type } of roles) {
    if (!signatures.has(type)) signatures.set(type, constructorType(types, type));
    functionTypes.push(signatures.get(type)!);
    code.starts.push(out.length);
    writeBody(out, types, type);
    code.ends.push(out.length);
  }
  return { ...module, bytes: out.bytes(), types, functionTypes, code };
}

function writeBody(out: ByteWriter, types: wasm.TypeTable, type: number): void {
  const isArray = types.kind(type) === wasm.KIND_ARRAY;
  out.u32(0);
  for (let i = 0; i < (isArray ? 2 : types.fieldCount(type)); i++) {
    out.byte(LOCAL_GET);
    out.u32(i);
  }
  out.byte(GC_PREFIX);
  out.u32(isArray ? ARRAY_NEW : STRUCT_NEW);
  out.u32(type);
  out.byte(END);
}

/** The type of a function from what an object is made of to a reference, added to the table. */
function constructorType(types: wasm.TypeTable, type: number): number {
  const params = Array.from({ length: types.fieldCount(type) }, (_, i) =>
    wasm.unpacked(types.field(type, i)),
  );
  if (types.kind(type) === wasm.KIND_ARRAY) params.push(wasm.I32);
  types.beginGroup(false);
  types.begin(wasm.KIND_FUNC, true, -1);
  for (const param of params) types.addValue(param);
  types.addValue(wasm.refType((wasm.FIRST_TYPE + type) as wasm.HeapType, false));
  return types.finish(params.length);
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
