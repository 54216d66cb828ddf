/**
 * Functions that belong to types and tags: `struct.new T`, `array.new T`, tests of whether a reference is a T and `throw X` become
 * calls of them.
 *
 * They are added to the module itself, behind its own functions, so that planning and linking see functions like others. An array
 * type has one that makes it, from an element and a length. A struct type has two, in this order, from its fields to a reference:
 *
 *     quick   bumps the pointer and stores the fields; without room, gives what the other gives
 *     slow    keeps the references among the fields in a frame, lets the runtime find room, stores the fields
 *
 * So the quick one has no frame, and is short enough for an engine to inline where it is hot; the call site is as short as the
 * input's own. A test takes any reference and gives 0 or 1; passes know that equal tests have equal answers. A throw takes the payload and
 * never returns; within a `try` of its function a throw is code in place. The bodies in the module are the operators, for those who
 * ask what the functions do; `type-function-bodies.ts` has what is emitted.
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
const ARRAY_NEW = 6;
const REF_TEST = 20;
const REF_TEST_NULL = 21;
const THROW = 0x08;
const GC_OPCODES: Readonly<Record<Exclude<TypeFunctionRole["kind"], "throw">, number>> = {
  "quick struct": STRUCT_NEW,
  "slow struct": STRUCT_NEW,
  array: ARRAY_NEW,
  test: REF_TEST,
  "test or null": REF_TEST_NULL,
};

export const TYPE_FUNCTION_KINDS = [
  "quick struct",
  "slow struct",
  "array",
  "test",
  "test or null",
  "throw",
] as const;

export interface TypeFunctionRole {
  readonly kind: (typeof TYPE_FUNCTION_KINDS)[number];
  /** Of the type; for `throw`, of the tag. */
  readonly index: number;
}

export class TypeFunctions {
  /** The module with these functions in it. */
  readonly module: Module;
  private readonly first: number;
  /** Of each of the functions, in order. */
  readonly roles: readonly TypeFunctionRole[];
  /** What makes objects of a type, and what tests for it, null passing or not. */
  private readonly makers: ReadonlyMap<number, number>;
  private readonly tests: ReadonlyMap<number, number>;
  private readonly testsOrNull: ReadonlyMap<number, number>;
  /** What throws a tag. */
  private readonly throws: ReadonlyMap<number, number>;

  /**
   * With `isInline` there are none: every `struct.new` and `array.new` is code of its own, as in Wasmtime. The code is walked for the
   * roles unless they are known.
   */
  constructor(
    module: Module,
    featureMask: number,
    isInline = false,
    known: readonly TypeFunctionRole[] | null = null,
  ) {
    this.first = module.functionTypes.length;
    this.roles = known ?? (isInline ? [] : rolesOf(module, featureMask));
    this.makers = this.byIndex("quick struct", "array");
    this.tests = this.byIndex("test");
    this.testsOrNull = this.byIndex("test or null");
    this.throws = this.byIndex("throw");
    this.module = this.roles.length === 0 ? module : withFunctions(module, this.roles);
  }

  private byIndex(...kinds: readonly TypeFunctionRole["kind"][]): ReadonlyMap<number, number> {
    return new Map(
      this.roles.flatMap(({ kind, index }, i) => (kinds.includes(kind) ? [[index, this.first + i]] : [])),
    );
  }

  /** What makes objects of a struct or array type, or -1; of a struct type the quick one, which the slow one follows. */
  makerOf(type: number): number {
    return this.makers.get(type) ?? -1;
  }

  /** What tests whether a reference is of a type, or null if that is to pass, or -1. */
  testOf(type: number, nullable: boolean): number {
    return (nullable ? this.testsOrNull : this.tests).get(type) ?? -1;
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

/** The functions that are used in more than one place, by type: what is in a single place is shorter in line. */
function rolesOf(module: Module, featureMask: number): TypeFunctionRole[] {
  const uses = new Uses(module, featureMask);
  const roles: TypeFunctionRole[] = [];
  for (let type = 0; type < module.types.length; type++) {
    const kind = module.types.kind(type);
    if (kind === wasm.KIND_FUNC) continue;
    const isStruct = kind === wasm.KIND_STRUCT;
    if (uses.made[type]! > 1 && !isStruct) roles.push({ kind: "array", index: type });
    if (uses.made[type]! > 1 && isStruct && module.types.fieldCount(type) <= MAX_ALLOCATOR_FIELDS)
      roles.push({ kind: "quick struct", index: type }, { kind: "slow struct", index: type });
    if (uses.tested[type]! > 1) roles.push({ kind: "test", index: type });
    if (uses.testedOrNull[type]! > 1) roles.push({ kind: "test or null", index: type });
  }
  uses.thrown.forEach((places, tag) => {
    if (places > 1) roles.push({ kind: "throw", index: tag });
  });
  return roles;
}

/** `br_on_cast`: bit 1 of the flags says that null passes. */
const TARGET_NULLABLE = 2;

/** In how many places objects of each type are made, references tested for it, and each tag thrown. */
class Uses {
  readonly made: Int32Array;
  readonly tested: Int32Array;
  readonly testedOrNull: Int32Array;
  readonly thrown: Int32Array;

  constructor(module: Module, featureMask: number) {
    this.made = new Int32Array(module.types.length);
    this.tested = new Int32Array(module.types.length);
    this.testedOrNull = new Int32Array(module.types.length);
    this.thrown = new Int32Array(module.tags.length);
    const reader = new OperatorReader(module.bytes, 0, 0, featureMask);
    reader.typeLimit = module.types.length;
    for (let i = 0; i < module.code.starts.length; i++) {
      reader.seek(module.code.starts.get(i), module.code.ends.get(i));
      for (let runs = reader.u32(); runs > 0; runs--) {
        reader.u32();
        reader.readValType();
      }
      while (reader.pos < reader.end) this.count(reader.next(), reader);
    }
  }

  private count(op: number, reader: OperatorReader): void {
    switch (op) {
      case WasmOp.StructNew:
      case WasmOp.StructNewDefault:
      case WasmOp.ArrayNew:
      case WasmOp.ArrayNewDefault:
        this.made[reader.index]!++;
        return;
      case WasmOp.RefTest:
      case WasmOp.RefCast:
        this.countTest(reader.heapType, false);
        return;
      case WasmOp.RefTestNull:
      case WasmOp.RefCastNull:
        this.countTest(reader.heapType, true);
        return;
      case WasmOp.BrOnCast:
      case WasmOp.BrOnCastFail:
        this.countTest(reader.heapType2, (reader.castFlags & TARGET_NULLABLE) !== 0);
        return;
      case WasmOp.Throw:
        this.thrown[reader.index]!++;
        return;
      default:
    }
  }

  private countTest(heap: wasm.HeapType, nullable: boolean): void {
    if (wasm.isConcrete(heap)) (nullable ? this.testedOrNull : this.tested)[wasm.typeIndexOf(heap)]!++;
  }
}

function withFunctions(module: Module, roles: readonly TypeFunctionRole[]): Module {
  const types = copiedTypes(module.types);
  const out = new ByteWriter(module.bytes.length + 64 * roles.length);
  out.append(module.bytes);
  const functionTypes = copied(module.functionTypes);
  const code = { starts: copied(module.code.starts), ends: copied(module.code.ends) };
  const makers = new Map<number, number>();
  const test = roles.some(isTest)
    ? addFunctionType(types, [wasm.refType(wasm.HEAP_ANY, true)], wasm.I32)
    : -1;
  const typeOf = (role: TypeFunctionRole): number => {
    const { kind, index } = role;
    if (kind === "throw") return module.tags[index]!.type;
    if (isTest(role)) return test;
    if (!makers.has(index)) makers.set(index, makerType(types, index));
    return makers.get(index)!;
  };
  for (const role of roles) {
    const type = typeOf(role);
    functionTypes.push(type);
    code.starts.push(out.length);
    writeBody(out, role, types.paramCount(type));
    code.ends.push(out.length);
  }
  return { ...module, bytes: out.bytes(), types, functionTypes, code };
}

function isTest({ kind }: TypeFunctionRole): boolean {
  return kind === "test" || kind === "test or null";
}

function writeBody(out: ByteWriter, role: TypeFunctionRole, args: number): void {
  const { kind, index } = role;
  out.u32(0);
  for (let i = 0; i < args; i++) {
    out.byte(LOCAL_GET);
    out.u32(i);
  }
  if (kind === "throw") out.byte(THROW);
  else {
    out.byte(GC_PREFIX);
    out.u32(GC_OPCODES[kind]);
  }
  // As a heap type, in signed LEB128, after a test.
  if (isTest(role)) out.s32(index);
  else out.u32(index);
  out.byte(END);
}

/** The type of a function from what an object is made of to a reference. */
function makerType(types: wasm.TypeTable, type: number): number {
  const params = Array.from({ length: types.fieldCount(type) }, (_, i) =>
    wasm.unpacked(types.field(type, i)),
  );
  if (types.kind(type) === wasm.KIND_ARRAY) params.push(wasm.I32);
  return addFunctionType(types, params, wasm.refType((wasm.FIRST_TYPE + type) as wasm.HeapType, false));
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
