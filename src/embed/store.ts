/**
 * A store: modules whose instances share references, and so a heap, a shadow stack, a registry of types and a table of functions.
 *
 * Nothing of a store is given back but by dropping all of it: types, functions and static memory of its instances stay as long as
 * it does, since a reference may reach them.
 *
 * This is the level below the JavaScript API: references are numbers here, and what is imported and exported are `Extern`s.
 */
import { builtinDescriptor, type DescriptorMemory } from "../gc/descriptors.ts";
import { ELEMENTS_OFFSET, isTraced, Kind, LENGTH_OFFSET, OBJECT_ALIGN, ZERO_BYTES } from "../gc/layout.ts";
import type { CodePositions } from "../link/code-positions.ts";
import type { CompiledCode } from "../link/compiled-code.ts";
import type { ConstantValue } from "../link/constant-value.ts";
import { linkOrRecall } from "../link/kept-link.ts";
import { type LinkedInstance, outputName, type StorePlacement, toldName } from "../link/link-store.ts";
import { leavesChecks } from "../link/native-tables.ts";
import type { ImportedEnd } from "../link/stack-passing.ts";
import { BUILTIN_DESCRIPTORS } from "../object/symbol-spaces.ts";
import type { CollectorName } from "../runtime/collectors.ts";
import { externTypeOf, externTypeOfImport, matchesExternType } from "../wasm/extern-types.ts";
import type { Export, ExternKind } from "../wasm/module.ts";
import { TypeStore } from "../wasm/subtyping.ts";
import { F32, F64, FIRST_TYPE, type HeapType, I32, I64, isRef, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { Crossings, hasCrossings } from "./crossings.ts";
import {
  compiledLater,
  compiledNow,
  type EngineModules,
  exportsLater,
  exportsNow,
} from "./engine-modules.ts";
import { Exceptions } from "./exceptions.ts";
import type {
  Extern,
  FunctionExtern,
  GlobalExtern,
  HostCall,
  MemoryExtern,
  TableExtern,
  TagExtern,
} from "./extern.ts";
import { functionForOthers, functionForReferences } from "./forwarding.ts";
import { FunctionTable } from "./function-table.ts";
import { abandoned, guarded } from "./guard.ts";
import type { LoadedInstance } from "./heap-roots.ts";
import type { HostFunction, HostGlobal, HostMemory } from "./host-webassembly.ts";
import {
  copyImports,
  type HostExports,
  type HostImports,
  mainImports,
  memoryImports,
  sizeName,
} from "./memories.ts";
import { collectorMismatch, ImportMismatch } from "./messages.ts";
import { References } from "./references.ts";
import { Runtime } from "./runtime.ts";
import { writeStaticData } from "./static-data.ts";
import { StoreMemory } from "./store-memory.ts";
import { type StoreOptions, storeSettings } from "./store-options.ts";
import { currentExternType } from "./table-length.ts";

export interface StoreInstance {
  /** By name. */
  readonly exports: ReadonlyMap<string, Extern>;
  /** What the engine runs, and its exports by `outputName`. */
  readonly bytes: Uint8Array;
  readonly hostExports: Readonly<Record<string, unknown>>;
}

/** An instance as it was linked, and where it is to be. */
interface PlacedInstance {
  readonly code: CompiledCode;
  readonly imports: readonly Extern[];
  readonly byKind: (kind: ExternKind, index: number) => Extern;
  readonly placement: StorePlacement;
  readonly linked: LinkedInstance;
}

/** So often an instance is placed that waits for the engine. */
const MOST_PLACES = 4;

export class Store implements DescriptorMemory {
  readonly collector: CollectorName;
  readonly types: TypeStore;
  readonly memory: StoreMemory;
  readonly runtime: Runtime;
  readonly descriptors: Map<number, number>;
  readonly functions: FunctionTable;
  readonly references: References;
  readonly exceptions: Exceptions;
  private readonly crossings: Crossings;
  /** Those that have references, the first first. */
  readonly instances: LoadedInstance[];
  /** Of the instance that was linked last: null where its code was compiled without. */
  lastPositions: CodePositions | null;
  /** The way back, as far as it was asked for. */
  private readonly typesByDescriptor: Map<number, number>;
  /** The functions that others know, by the references to them. */
  private readonly externsByReference: Map<number, FunctionExtern>;

  constructor(options: StoreOptions = {}) {
    const settings = storeSettings(options);
    this.collector = settings.collector;
    this.types = new TypeStore();
    this.memory = new StoreMemory(ZERO_BYTES + settings.stackBytes, settings.staticBytes);
    this.runtime = new Runtime(this.collector, this.memory, settings);
    this.descriptors = new Map();
    this.functions = new FunctionTable(this, this.runtime.functions);
    this.references = new References(this.memory, this.runtime, hasCrossings());
    this.exceptions = new Exceptions(this, this.references);
    this.crossings = new Crossings(this.memory, this.references, this.exceptions);
    this.instances = [];
    this.lastPositions = null;
    this.typesByDescriptor = new Map();
    this.externsByReference = new Map();
  }

  /**
   * An instance of the code, with one extern for each import, in order. Throws `ImportMismatch` for one that does not fit,
   * `InputError` when static memory is full, a `TypeError` for code of a collector with another barrier, and whatever starting the instance throws.
   */
  instantiate(code: CompiledCode, imports: readonly Extern[]): StoreInstance {
    const placed = this.place(code, imports, this.descriptors);
    return guarded(this, () => this.begin(placed, compiledNow(placed.linked)));
  }

  /**
   * The same for those who can wait until the engine has compiled the instance's modules, and started them. It is placed where the store is free
   * now; if others take that place meanwhile, it is placed again.
   */
  async instantiateLater(code: CompiledCode, imports: readonly Extern[]): Promise<StoreInstance> {
    for (let i = 0; i < MOST_PLACES; i++) {
      const placed = this.place(code, imports, new Map(this.descriptors));
      const modules = await compiledLater(placed.linked);
      const { base, firstFunction } = placed.placement;
      if (base === this.memory.staticEnd && firstFunction === this.functions.next)
        return await this.beginLater(placed, modules);
    }
    return this.instantiate(code, imports);
  }

  /** Links an instance to what is free; nothing of the store is taken. The descriptors that it makes are added to those given. */
  private place(
    code: CompiledCode,
    imports: readonly Extern[],
    descriptors: Map<number, number>,
  ): PlacedInstance {
    if (code.plan.barrier !== this.runtime.barrier)
      throw new TypeError(collectorMismatch(code.plan.barrier, this.collector));
    this.checkImports(code, imports);
    const byKind = byIndex(code, imports);
    for (const func of code.plan.usage.referencedFunctions) {
      if (func < code.plan.module.importedFunctionCount)
        this.referenceTo(byKind("func", func) as FunctionExtern);
    }
    const placement: StorePlacement = {
      base: this.memory.staticEnd,
      stackTop: this.runtime.stackEnd,
      firstFunction: this.functions.next,
      functionTypes: this.functions.typesWord,
      canonicalIds: this.types.canonicalize(code.plan.module.types),
      descriptors,
      importedCell: (cell) => {
        const { kind, index } = code.plan.cells[cell]!;
        if (kind === "exception") return this.exceptions.cell;
        return (byKind(kind as "global" | "table", index) as GlobalExtern).cell;
      },
      importedFunction: (func) => (byKind("func", func) as FunctionExtern).reference,
      importedTag: (tag) => (byKind("tag", tag) as TagExtern).record,
      importedEnd: (func) => endOf(byKind("func", func) as FunctionExtern),
      importedBits: (global) => importedBits(byKind("global", global) as GlobalExtern),
    };
    return { code, imports, byKind, placement, linked: linkOrRecall(code, placement) };
  }

  /** Takes the place, and starts the instance there. */
  private begin(placed: PlacedInstance, { main, memories, copies }: EngineModules): StoreInstance {
    this.take(placed);
    const own = memories.map((module, i) => exportsNow(module, memoryImports(memoryOf(placed, i))));
    const copying = copies === null ? {} : exportsNow(copies, copyImports(own));
    const given = this.given(placed, mainImports(own, copying));
    return this.finish(placed, given, exportsNow(main, given));
  }

  /**
   * The same while others may begin as well: they share its descriptors from now on, as does the list of functions' types, so these are
   * written at once.
   */
  private async beginLater(
    placed: PlacedInstance,
    { main, memories, copies }: EngineModules,
  ): Promise<StoreInstance> {
    for (const [type, address] of placed.placement.descriptors) this.descriptors.set(type, address);
    this.take(placed);
    if (placed.code.plan.usesHeap) writeStaticData(placed.linked.bytes, this.memory);
    const pointer = this.runtime.stack;
    try {
      const own = await Promise.all(
        memories.map((module, i) => exportsLater(module, memoryImports(memoryOf(placed, i)))),
      );
      const copying = copies === null ? {} : await exportsLater(copies, copyImports(own));
      const given = this.given(placed, mainImports(own, copying));
      const exports = await exportsLater(main, given);
      return this.finish(placed, given, exports);
    } catch (error) {
      throw abandoned(this, pointer, error);
    }
  }

  private take({ code, placement, linked }: PlacedInstance): void {
    const { functionTypes } = code.plan.module;
    const { byteLength, largestFrame, functionItems, asksFunctionTypes } = linked.layout;
    this.lastPositions = linked.positions;
    this.memory.reserve(byteLength);
    this.runtime.expectFrames(largestFrame);
    this.functions.add(functionItems.map((func) => placement.canonicalIds[functionTypes.get(func)]!));
    if (asksFunctionTypes) this.functions.showTypes();
    if (leavesChecks(code.plan.module, code.plan.usage, code.plan.native))
      this.runtime.callsOtherTables = true;
  }

  private checkImports(code: CompiledCode, imports: readonly Extern[]): void {
    const { module } = code.plan;
    imports.forEach((given, i) => {
      const wanted = externTypeOfImport(this.types, module, i);
      if (given.kind === wanted.kind && matchesExternType(this.types, currentExternType(this, given), wanted))
        return;
      throw new ImportMismatch(module.imports[i]!, given.kind);
    });
  }

  /** What the main module of an instance imports. */
  private given({ code, imports }: PlacedInstance, memory: Record<string, unknown>): HostImports {
    return {
      input: this.inputs(imports, code.plan.passesStack),
      memory,
      runtime: { ...this.runtime.imports, exception: this.exceptions.hostTag },
    };
  }

  private finish(
    { code, byKind, linked }: PlacedInstance,
    { memory }: HostImports,
    exports: HostExports,
  ): StoreInstance {
    // Not before static memory is written, which instantiation does.
    if (linked.layout.cellRegion >= 0) this.runtime.addRoots(linked.layout.cellRegion);
    const { cellPlaces, staticObjectAddresses } = linked.layout;
    if (code.plan.usesHeap) this.instances.push({ plan: code.plan, cellPlaces, staticObjectAddresses });
    if (linked.layout.rootAddressList >= 0) this.runtime.addRootAddresses(linked.layout.rootAddressList);
    const hostExports = { ...memory, ...exports };
    const externs = this.externsOf(code, linked, hostExports, byKind);
    (exports["initialize"] as HostFunction | undefined)?.();
    return { exports: externs, bytes: linked.bytes, hostExports };
  }

  /** What an instance imports, by position; `passesStack`: it tells where the shadow stack ends. */
  private inputs(imports: readonly Extern[], passesStack: boolean): Record<string, unknown> {
    const input: Record<string, unknown> = {};
    const calls: HostCall[] = [];
    const places: number[] = [];
    imports.forEach((given, i) => {
      if (given.kind === "func") input[i] = (passesStack ? given.told : null) ?? this.callable(given);
      else input[i] = "host" in given ? given.host : undefined;
      if (given.kind !== "func" || !given.call) return;
      calls.push(given.call);
      places.push(i);
    });
    this.crossings.functions(calls)?.forEach((crossing, i) => {
      input[places[i]!] = crossing;
    });
    return input;
  }

  /** The function as those call it that do not tell where the shadow stack ends. */
  private callable({ raw, isHost, throwsAsStore }: FunctionExtern): HostFunction {
    return isHost && throwsAsStore !== true ? this.exceptions.converting(raw) : raw;
  }

  /** What references to the function are. */
  referenceTo(extern: FunctionExtern): number {
    if (extern.reference === 0) {
      const { types } = this.types;
      const func =
        extern.told ?? functionForReferences(types, extern.type, this.callable(extern), this.runtime.imports);
      extern.reference = this.functions.add([extern.type]);
      this.functions.put(extern.reference, func);
      this.externsByReference.set(extern.reference, extern);
    }
    return extern.reference;
  }

  /** The function that a reference is to: the same one for the same reference, and the one that was exported, or had the reference made. */
  externOfReference(reference: number): FunctionExtern {
    let extern = this.externsByReference.get(reference);
    if (extern === undefined) {
      const type = this.functions.typeOf(reference);
      const told = this.functions.at(reference);
      const raw = functionForOthers(this.types.types, type, told, this.runtime.imports);
      extern = { kind: "func", type, raw, told, isHost: false, isPlain: false, reference };
      this.externsByReference.set(reference, extern);
    }
    return extern;
  }

  /** The canonical heap type of an object that is a struct or an array. */
  heapTypeOf(reference: number): HeapType {
    const descriptor = this.memory.read(reference);
    let type = this.typesByDescriptor.get(descriptor);
    if (type === undefined) {
      for (const [canonical, address] of this.descriptors) this.typesByDescriptor.set(address, canonical);
      type = this.typesByDescriptor.get(descriptor)!;
    }
    return FIRST_TYPE + type;
  }

  // What the host writes.

  /** Puts a reference into a cell. */
  setCell(cell: number, reference: number): void {
    this.memory.write(cell, reference);
  }

  /** A new cell that holds a reference of the type. */
  newCell(type: ValType, reference: number): number {
    return isTraced(type, this.types.types)
      ? this.references.keepReference(reference)
      : this.words([reference]);
  }

  /** Puts a reference into a table, at an address within its array. */
  setElement({ cell, type }: TableExtern, address: number, reference: number): void {
    if (isTraced(type.table.element, this.types.types))
      this.runtime.write(this.memory.read(cell), address, reference);
    else this.memory.write(address, reference);
  }

  /** Gives a table a new array of that length, with a reference in what is added. */
  growTable(table: TableExtern, length: number, reference: number): void {
    if (!isTraced(table.type.table.element, this.types.types)) {
      this.replaceElements(table, length, () => reference);
      return;
    }
    const word = this.references.keepReference(reference);
    try {
      this.replaceElements(table, length, () => this.references.kept(word));
    } finally {
      this.references.release(word);
    }
  }

  /** `value` is asked for when nothing collects any more. */
  private replaceElements({ cell, type }: TableExtern, length: number, value: () => number): void {
    const traced = isTraced(type.table.element, this.types.types);
    const kind = traced ? Kind.ReferenceArray : Kind.PlainArray;
    const builtin = traced ? BUILTIN_DESCRIPTORS.References : BUILTIN_DESCRIPTORS.Words;
    const descriptor = builtinDescriptor(this, builtin, kind);
    const bytes = Math.ceil((ELEMENTS_OFFSET + 4 * length) / OBJECT_ALIGN) * OBJECT_ALIGN;
    const array = this.runtime.allocate(bytes);
    const old = this.memory.read(cell);
    const oldLength = this.memory.read(old + LENGTH_OFFSET);
    this.memory.write(array, descriptor);
    this.memory.write(array + LENGTH_OFFSET, length);
    const fill = value();
    for (let i = 0; i < length; i++) {
      const offset = ELEMENTS_OFFSET + 4 * i;
      this.memory.write(array + offset, i < oldLength ? this.memory.read(old + offset) : fill);
    }
    if (traced) this.runtime.initialized(array + ELEMENTS_OFFSET, length);
    this.setCell(cell, array);
  }

  words(values: readonly number[]): number {
    const address = this.memory.reserve(4 * values.length);
    values.forEach((value, i) => {
      this.memory.write(address + 4 * i, value);
    });
    return address;
  }

  patch(address: number, value: number): void {
    this.memory.write(address, value);
  }

  private externsOf(
    { plan }: CompiledCode,
    { layout }: LinkedInstance,
    hostExports: Readonly<Record<string, unknown>>,
    byKind: (kind: ExternKind, index: number) => Extern,
  ): Map<string, Extern> {
    const { module } = plan;
    const imported: Readonly<Record<ExternKind, number>> = {
      func: module.importedFunctionCount,
      global: module.importedGlobalCount,
      table: module.importedTableCount,
      memory: module.importedMemoryCount,
      tag: module.importedTagCount,
    };
    const externs = new Map<string, Extern>();
    // One thing may be exported under several names.
    const made = new Map<string, Extern>();
    for (const { name, kind, index } of module.exports) {
      const key = outputName(kind, index);
      let extern = index < imported[kind] ? byKind(kind, index) : made.get(key);
      if (extern === undefined) {
        extern = this.makeExtern(plan, layout, { kind, index }, hostExports);
        made.set(key, extern);
      }
      externs.set(name, extern);
    }
    return externs;
  }

  private makeExtern(
    plan: CompiledCode["plan"],
    layout: LinkedInstance["layout"],
    { kind, index }: Pick<Export, "kind" | "index">,
    hostExports: Readonly<Record<string, unknown>>,
  ): Extern {
    const key = outputName(kind, index);
    const host = hostExports[key];
    const type = externTypeOf(this.types, plan.module, kind, index);
    switch (type.kind) {
      case "func": {
        const isTold = plan.functionTypes.takesStack(index);
        const reference = layout.knownFunction(index);
        const extern: FunctionExtern = {
          kind: "func",
          type: type.type,
          name: String(index),
          raw: host as HostFunction,
          told: isTold ? (hostExports[toldName(index)] as HostFunction) : null,
          isQuiet: !isTold && (plan.passesStack || plan.module.importedFunctionCount === 0),
          isHost: false,
          isPlain: !plan.usesHeap && plan.module.importedFunctionCount === 0,
          reference,
        };
        if (reference > 0) this.externsByReference.set(reference, extern);
        return extern;
      }
      case "global": {
        if (isRef(type.type)) return { kind: "global", type, host: null, cell: layout.globalCell(index) };
        return { kind: "global", type, host: host as HostGlobal, cell: -1 };
      }
      case "table":
        return { kind: "table", type, cell: layout.cellAddress(plan.cellOfTable(index)) };
      case "memory":
        return {
          kind: "memory",
          type,
          host: hostExports[key] as HostMemory,
          size: (hostExports[sizeName(index)] as HostGlobal | undefined) ?? null,
        };
      default:
        return { kind: "tag", type, record: layout.tagRecord(index) };
    }
  }
}

/** The memory that an instance imports, or null for one of its own. */
function memoryOf({ code, byKind }: PlacedInstance, index: number): MemoryExtern | null {
  return index < code.plan.module.importedMemoryCount ? (byKind("memory", index) as MemoryExtern) : null;
}

/** The imports by index space. */
function byIndex(
  { plan }: CompiledCode,
  imports: readonly Extern[],
): (kind: ExternKind, index: number) => Extern {
  const lists: Record<ExternKind, Extern[]> = { func: [], global: [], table: [], memory: [], tag: [] };
  plan.module.imports.forEach(({ type }, i) => void lists[type.kind].push(imports[i]!));
  return (kind, index) => lists[kind][index]!;
}

/** How an instance that imports the function tells it where the shadow stack ends. */
function endOf({ told, isQuiet }: FunctionExtern): ImportedEnd {
  if (told) return "argument";
  return isQuiet === true ? "none" : "global";
}

const CONSTANT_OPERATORS: Readonly<Record<ValType, number>> = {
  [I32]: WasmOp.I32Const,
  [I64]: WasmOp.I64Const,
  [F32]: WasmOp.F32Const,
  [F64]: WasmOp.F64Const,
};

/** The value of an immutable global of integers. A float's is left to the engine: JavaScript may change the bits of a NaN. */
function importedBits({ type, host }: GlobalExtern): ConstantValue | null {
  if (type.mutable || host === null || (type.type !== I32 && type.type !== I64)) return null;
  const bits = BigInt.asUintN(type.type === I32 ? 32 : 64, BigInt(host.value as number | bigint));
  return { kind: "bits", operator: CONSTANT_OPERATORS[type.type]!, bits };
}
