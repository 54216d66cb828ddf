/**
 * Functions that belong to types and tags: `struct.new T`, `array.new T`, tests of whether a reference is a T, and `throw X` become
 * calls of them.
 *
 * They are added to the module itself, behind its own functions, so that planning and linking see functions like others:
 *
 *     allocate        from bytes and a descriptor to a new object, for all others and for what is made in one place only
 *     array           from an element and a length; default array, from a length
 *     struct          from fields without references; default struct, from nothing
 *     quick struct    from fields: bumps the pointer and stores the fields; without room, the slow one makes the object
 *     slow struct     from fields: keeps the references among them in a frame, lets the runtime find room, stores the fields. All types
 *                     with such fields share it, so the descriptor is left to the quick one
 *     test            from any reference to 0 or 1; passes know that equal tests have equal answers. Test or null: null passes.
 *                     Object test: from null or an object
 *     throw           from the payload; never returns. Within a `try` of its function a throw is code in place
 *
 * So those that run often have no frame, and are short enough for an engine to inline where it is hot; the call site is as short as
 * the input's own. Where a collector leaves no room to bump a pointer in, the runtime makes all. The bodies in the module are the
 * operators, for those who ask what the functions do; `type-function-bodies.ts` has what is emitted.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import type { Module } from "../wasm/module.ts";
import * as wasm from "../wasm/types.ts";
import { isTraced, memoryType, neverObject, structLayout } from "./layout.ts";
import { MAX_ALLOCATOR_FIELDS } from "./limits.ts";
import { byTestKind, isTestKind, TEST_KINDS, type TestKind } from "./test-kinds.ts";
import { TypeUses } from "./type-uses.ts";

const LOCAL_GET = 0x20;
const END = 0x0b;
const THROW = 0x08;
const GC_PREFIX = 0xfb;
const STRUCT_NEW = 0;
const STRUCT_NEW_DEFAULT = 1;
const ARRAY_NEW = 6;
const ARRAY_NEW_DEFAULT = 7;
const REF_TEST = 20;
const REF_TEST_NULL = 21;
const OPCODES: Readonly<Record<Exclude<TypeFunctionRole["kind"], "throw">, number>> = {
  allocate: ARRAY_NEW_DEFAULT,
  struct: STRUCT_NEW,
  "default struct": STRUCT_NEW_DEFAULT,
  "quick struct": STRUCT_NEW,
  "slow struct": STRUCT_NEW,
  array: ARRAY_NEW,
  "default array": ARRAY_NEW_DEFAULT,
  test: REF_TEST,
  "test or null": REF_TEST_NULL,
  "object test": REF_TEST,
  "object test or null": REF_TEST_NULL,
};

export const TYPE_FUNCTION_KINDS = [
  "allocate",
  "struct",
  "default struct",
  "quick struct",
  "slow struct",
  "array",
  "default array",
  "test",
  "test or null",
  "object test",
  "object test or null",
  "throw",
] as const;

export interface TypeFunctionRole {
  readonly kind: (typeof TYPE_FUNCTION_KINDS)[number];
  /** Of the type; for `throw`, of the tag; for `allocate`, of any type that has objects. */
  readonly index: number;
}

export class TypeFunctions {
  /** The module with these functions in it. */
  readonly module: Module;
  private readonly first: number;
  /** Of each of the functions, in order. */
  readonly roles: readonly TypeFunctionRole[];
  /** What makes objects of a type, in two ways, and what tests for it, null passing or not. */
  private readonly makers: ReadonlyMap<number, number>;
  private readonly defaultMakers: ReadonlyMap<number, number>;
  private readonly tests: Readonly<Record<TestKind, ReadonlyMap<number, number>>>;
  private readonly throws: ReadonlyMap<number, number>;
  /** The slow makers of structs, by `shapeOf`. */
  private readonly slows: ReadonlyMap<string, number>;
  /** What allocates, or -1. */
  readonly allocator: number;

  /** Without roles every `struct.new` and `array.new` is code of its own, as in Wasmtime. */
  constructor(module: Module, roles: readonly TypeFunctionRole[]) {
    this.first = module.functionTypes.length;
    this.roles = roles;
    this.makers = this.byType("struct", "quick struct", "array");
    this.defaultMakers = this.byType("default struct", "default array");
    this.tests = byTestKind((kind) => this.byType(kind));
    this.throws = this.byType("throw");
    this.slows = new Map(
      [...this.byType("slow struct")].map(([type, func]) => [shapeOf(module.types, type), func]),
    );
    this.allocator = [...this.byType("allocate").values()][0] ?? -1;
    this.module = this.roles.length === 0 ? module : withFunctions(module, this.roles);
  }

  private byType(...kinds: readonly TypeFunctionRole["kind"][]): ReadonlyMap<number, number> {
    return new Map(
      this.roles.flatMap(({ kind, index }, i) => (kinds.includes(kind) ? [[index, this.first + i]] : [])),
    );
  }

  /** What makes objects of a struct or array type from what is in them, or -1. */
  makerOf(type: number): number {
    return this.makers.get(type) ?? -1;
  }

  /** What makes objects of a struct or array type with default values, or -1. */
  defaultMakerOf(type: number): number {
    return this.defaultMakers.get(type) ?? -1;
  }

  /** What the quick maker of a struct type calls for want of room. */
  slowMakerOf(type: number): number {
    return this.slows.get(shapeOf(this.module.types, type))!;
  }

  /** What tests whether a reference is of a type, or -1. */
  testOf(type: number, kind: TestKind): number {
    return this.tests[kind].get(type) ?? -1;
  }

  /** What throws a tag out of the function that calls it, or -1. */
  throwOf(tag: number): number {
    return this.throws.get(tag) ?? -1;
  }

  /** What a function is for, or null for one of the input. */
  roleOf(func: number): TypeFunctionRole | null {
    return func < this.first ? null : this.roles[func - this.first]!;
  }
}

/**
 * The functions that are used in more than one place, by type: what is in a single place is shorter in line. `hasZeroBytes` as in
 * `TestGround`.
 */
export function typeFunctionRoles(
  module: Module,
  featureMask: number,
  hasZeroBytes: boolean,
): TypeFunctionRole[] {
  const uses = new TypeUses(module, featureMask, hasZeroBytes);
  const roles: TypeFunctionRole[] = [];
  const shapes = new Set<string>();
  /** Places with code to allocate. */
  let allocations = 0;
  let allocated = -1;
  const add = (kind: TypeFunctionRole["kind"], type: number, places: number): void => {
    if (places > 1) roles.push({ kind, index: type });
    if (!isTestKind(kind)) allocations += Math.min(places, 1);
  };
  for (let type = 0; type < module.types.length; type++) {
    const kind = module.types.kind(type);
    if (kind === wasm.KIND_FUNC) continue;
    allocated = type;
    allocations += uses.madeOtherwise[type]!;
    if (kind === wasm.KIND_ARRAY) add("array", type, uses.made[type]!);
    else if (module.types.fieldCount(type) > MAX_ALLOCATOR_FIELDS) allocations += uses.made[type]!;
    else if (uses.made[type]! < 2 || structLayout(module.types, type).references.length === 0)
      add("struct", type, uses.made[type]!);
    else addQuick(roles, module.types, type, shapes);
    add(kind === wasm.KIND_ARRAY ? "default array" : "default struct", type, uses.madeDefault[type]!);
    for (const test of TEST_KINDS) add(test, type, uses.tested[test][type]!);
  }
  for (let tag = 0; tag < module.tags.length; tag++) add("throw", tag, uses.thrown[tag]!);
  if (allocations > 1) add("allocate", allocated, allocations);
  return roles;
}

function addQuick(roles: TypeFunctionRole[], types: wasm.TypeTable, type: number, shapes: Set<string>): void {
  roles.push({ kind: "quick struct", index: type });
  const shape = shapeOf(types, type);
  if (shapes.has(shape)) return;
  shapes.add(shape);
  roles.push({ kind: "slow struct", index: type });
}

/** Equal for struct types whose fields are stored alike. */
function shapeOf(types: wasm.TypeTable, type: number): string {
  let shape = "";
  for (let i = 0; i < types.fieldCount(type); i++) {
    const field = types.field(type, i);
    shape += `${memoryType(field)}`;
    if (isTraced(field, types)) shape += neverObject(field) ? "n" : "r";
    shape += " ";
  }
  return shape;
}

function withFunctions(module: Module, roles: readonly TypeFunctionRole[]): Module {
  const types = copiedTypes(module.types);
  const out = new ByteWriter(module.bytes.length + 64 * roles.length);
  out.append(module.bytes);
  const functionTypes = copied(module.functionTypes);
  const code = { starts: copied(module.code.starts), ends: copied(module.code.ends) };
  const makers = new Map<string, number>();
  const test = roles.some((role) => isTestKind(role.kind))
    ? addFunctionType(types, [wasm.refType(wasm.HEAP_ANY, true)], wasm.I32)
    : -1;
  for (const role of roles) {
    code.starts.push(out.length);
    const { kind, index: type } = role;
    if (kind === "throw") {
      functionTypes.push(module.tags[type]!.type);
      writeThrow(out, types.paramCount(module.tags[type]!.type), type);
    } else if (isTestKind(kind)) {
      functionTypes.push(test);
      writeBody(out, OPCODES[kind], 1, type, true);
    } else {
      const params = paramsOf(types, role);
      const key = `${kind === "quick struct" || kind === "slow struct" ? "struct" : kind} ${type}`;
      if (!makers.has(key)) makers.set(key, addFunctionType(types, params, resultOf(role)));
      functionTypes.push(makers.get(key)!);
      const opcode =
        kind === "allocate" && types.kind(type) === wasm.KIND_STRUCT ? STRUCT_NEW_DEFAULT : OPCODES[kind];
      writeBody(out, opcode, kind === "allocate" ? 0 : params.length, type, false);
    }
    code.ends.push(out.length);
  }
  return { ...module, bytes: out.bytes(), types, functionTypes, code };
}

function writeArgs(out: ByteWriter, count: number): void {
  out.u32(0);
  for (let i = 0; i < count; i++) {
    out.byte(LOCAL_GET);
    out.u32(i);
  }
}

function writeThrow(out: ByteWriter, args: number, tag: number): void {
  writeArgs(out, args);
  out.byte(THROW);
  out.u32(tag);
  out.byte(END);
}

function writeBody(out: ByteWriter, opcode: number, args: number, type: number, isHeapType: boolean): void {
  writeArgs(out, args);
  out.byte(GC_PREFIX);
  out.u32(opcode);
  // As a heap type, in signed LEB128, after a test.
  if (isHeapType) out.s32(type);
  else out.u32(type);
  out.byte(END);
}

/** What a function takes that makes an object. */
function paramsOf(types: wasm.TypeTable, { kind, index: type }: TypeFunctionRole): wasm.ValType[] {
  if (kind === "allocate") return [wasm.I32, wasm.I32];
  if (kind === "default struct") return [];
  if (kind === "default array") return [wasm.I32];
  const params = Array.from({ length: types.fieldCount(type) }, (_, i) =>
    wasm.unpacked(types.field(type, i)),
  );
  if (kind === "array") params.push(wasm.I32);
  return params;
}

function resultOf({ kind, index: type }: TypeFunctionRole): wasm.ValType {
  return wasm.refType(
    kind === "allocate" ? wasm.HEAP_ANY : ((wasm.FIRST_TYPE + type) as wasm.HeapType),
    false,
  );
}

function addFunctionType(
  types: wasm.TypeTable,
  params: readonly wasm.ValType[],
  result: wasm.ValType,
): number {
  types.beginGroup(false);
  types.begin(wasm.KIND_FUNC, true, -1);
  for (const param of params) types.addValue(param);
  types.addValue(result);
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
