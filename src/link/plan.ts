/**
 * What stands where in the output: decided before the first function is compiled, so that bodies have their final indices. Only
 * addresses are left to the linker (`object/`).
 *
 * A module is compiled to stand alone, with the runtime in it, or for a store, whose instances share a runtime and import it:
 *
 *     functions   imported: the input's; of a store the runtime's, and those of the memory module
 *                 defined: the input's; the runtime's if alone; initialisers if any; whatever else the linker adds
 *     globals     imported: the input's that hold numbers; of a store the runtime's
 *                 defined: the input's that hold numbers; the runtime's if alone
 *     tables      those that stay tables (`native-tables.ts`), imported ones first; the table of functions
 *     tags        one, if anything throws or catches (`gc/exceptions.ts`): imported from a store, or defined
 *     memories    the input's as far as they stay (`memory-plan.ts`); the heap
 *
 * What holds references is in a cell: a word of the instance's static memory, or, if imported, of another's. Immutable globals
 * whose references are known (`known-globals.ts`) need none.
 */
import { InputError } from "../base/diagnostics.ts";
import type { BarrierKind } from "../gc/barriers.ts";
import { MAX_TABLE_ELEMENTS } from "../gc/limits.ts";
import type { InitializerPlan, KnownReference, ProgramMemory } from "../gc/module-plan.ts";
import type { RuntimeFunction } from "../gc/runtime-functions.ts";
import type { TypeFunctions } from "../gc/type-functions.ts";
import { targetLacks } from "../lowering/messages.ts";
import type { Features } from "../wasm/features.ts";
import type { Module } from "../wasm/module.ts";
import type { TypeStore } from "../wasm/subtyping.ts";
import type { TypeTable, ValType } from "../wasm/types.ts";
import * as wasm from "../wasm/types.ts";
import { ConstantValues } from "./constant-value.ts";
import { FunctionTypes } from "./function-types.ts";
import { KnownGlobals } from "./known-globals.ts";
import { memoryFunctionType, type NumberFunctionType } from "./memory-functions.ts";
import { MemoryPlan } from "./memory-plan.ts";
import { notLinkedYet } from "./messages.ts";
import { findUsage, type MemoryUse, type ModuleUsage } from "./module-usage.ts";
import { type NativeTables, nativeTables } from "./native-tables.ts";
import { segmentUsers } from "./segment-users.ts";
import { isClosed, OUTER_STACK_END, typeWithoutRoom } from "./stack-passing.ts";
import { refuseStandalone } from "./standalone-refusals.ts";
import type { StaticObjects } from "./static-objects.ts";
import { refuseForTarget, refuseWideTypes } from "./target-refusals.ts";

/** What the output becomes part of. */
export type OutputMode = "standalone" | "store";

/** What a module of a store imports of the runtime: functions, then globals, in this order; and for its barrier. Without a heap the first global at most. */
const STORE_FUNCTIONS: readonly RuntimeFunction[] = ["allocSlow", "collect"];
const STACK_POINTER = "stackPointer";
const STORE_GLOBALS: readonly string[] = [STACK_POINTER, "allocPtr", "allocEnd", "trapCode"];
const BARRIER_FUNCTIONS: Readonly<Record<BarrierKind, readonly RuntimeFunction[]>> = {
  none: [],
  cards: ["markCards"],
  counts: ["increment", "incrementRange", "writeReference", "fillReferences", "copyReferences"],
};
const BARRIER_GLOBALS: Readonly<Record<BarrierKind, readonly string[]>> = {
  none: [],
  cards: ["cardBase"],
  counts: [],
};

/** What a cell is of, by index in the input. */
export interface Cell {
  readonly kind: "global" | "table" | "elements" | "exception";
  /** 0 of the one for exceptions in flight. */
  readonly index: number;
}

export interface PlanOptions {
  readonly mode: OutputMode;
  readonly collectsOnEntry: boolean;
  /** What the engine of the output has. */
  readonly target: Features;
  readonly barrier: BarrierKind;
  /** For the program's memory, where it lies below the heap; see `memory-plan.ts`. */
  readonly reserveBytes?: number;
  /** Of `module`, which has them in it. */
  readonly typeFunctions?: TypeFunctions;
  /** By function of `module`: not 0 if a call may collect. All may unless it is given. */
  readonly collecting?: Uint8Array;
  /** Of `module`, where it is known already. */
  readonly usage?: ModuleUsage;
  /** By global of `module`: not 0 where what it holds first is known (`known-globals.ts`); found out unless it is given. */
  readonly knownGlobals?: Uint8Array;
}

const NONE = -1;

export class OutputPlan implements InitializerPlan {
  readonly module: Module;
  readonly mode: OutputMode;
  readonly usage: ModuleUsage;
  readonly target: Features;
  readonly types: TypeTable;
  readonly collectsOnEntry: boolean;
  readonly barrier: BarrierKind;
  /** What a module of a store imports of the runtime. */
  readonly storeFunctions: readonly RuntimeFunction[];
  readonly storeGlobals: readonly string[];
  readonly typeFunctions: TypeFunctions | null;
  private readonly collecting: Uint8Array | null;
  /** The canonical ids of the module's types, in the store given. */
  readonly canonicalIds: Uint32Array;
  /** Whether the output has a heap. */
  readonly usesHeap: boolean;
  /** Whether functions that may need it are told where the shadow stack ends (`stack-passing.ts`). */
  readonly passesStack: boolean;
  /** The cells, in order. */
  readonly cells: readonly Cell[];
  readonly functionTypes: FunctionTypes;
  readonly memories: MemoryPlan;
  readonly native: NativeTables;
  readonly functionTypesMove: boolean;
  /** The first cell, and the only tag of the output: a store's, or its own. */
  readonly exceptionCell: number;
  readonly exceptionTag: number;
  readonly exceptionForm: "legacy" | "exnref" | "checks";
  /** The start function if the initialiser is to call it; -1 where the engine does, or there is none. */
  readonly start: number;

  private readonly store: TypeStore;
  private readonly constants: ConstantValues;
  private readonly globalIndices: Int32Array;
  private readonly tableIndices: Int32Array;
  private readonly elementIndices: Int32Array;
  private readonly globalCells: Int32Array;
  private readonly tableCells: Int32Array;
  private readonly elementCells: Int32Array;
  /** Made when somebody asks what it is that globals hold: to link what was linked before, nobody does. */
  private knownGlobals: KnownGlobals | null;
  /** By global: not 0 where it is known what it holds first. */
  readonly isGlobalKnown: Uint8Array;
  /** The input's globals that stay globals. */
  private readonly nativeGlobalCount: number;
  /** Globals of the runtime by name, in the output. */
  private readonly runtimeGlobals: Map<string, number>;

  constructor(module: Module, store: TypeStore, options: PlanOptions) {
    const { mode, collectsOnEntry, barrier } = options;
    this.typeFunctions = options.typeFunctions ?? null;
    this.collecting = options.collecting ?? null;
    this.module = module;
    this.mode = mode;
    this.functionTypesMove = mode === "store";
    this.target = options.target;
    this.barrier = barrier;
    this.storeFunctions = [...STORE_FUNCTIONS, ...BARRIER_FUNCTIONS[barrier]];
    this.store = store;
    this.types = module.types;
    this.canonicalIds = store.canonicalize(module.types);
    this.usage = options.usage ?? findUsage(module);
    this.exceptionCell = this.usage.usesExceptions ? 0 : NONE;
    this.exceptionTag = this.exceptionCell;
    this.exceptionForm = exceptionForm(this.target);
    this.constants = new ConstantValues(module, () => null);
    const visible = mode === "standalone" ? "stay" : "cells";
    this.native = nativeTables(module, this.usage, store, visible, this.target);
    this.globalIndices = new Int32Array(module.globals.length).fill(NONE);
    this.tableIndices = new Int32Array(module.tables.length).fill(NONE);
    this.elementIndices = new Int32Array(module.elements.length).fill(NONE);
    this.globalCells = new Int32Array(module.globals.length).fill(NONE);
    this.tableCells = new Int32Array(module.tables.length).fill(NONE);
    this.elementCells = new Int32Array(module.elements.length).fill(NONE);
    this.knownGlobals = null;
    this.isGlobalKnown = options.knownGlobals ?? this.known.flags();
    this.cells = this.placeCells();
    const checksTypes = this.native.checked.size > 0;
    const holdsReferences =
      this.cells.length > 0 || checksTypes || module.globals.some(({ type }) => wasm.isRef(type));
    this.usesHeap = this.usage.usesReferences || holdsReferences;
    const mayPassStack = this.target.has("mutable-global") && typeWithoutRoom(module.types, () => 1) < 0;
    this.passesStack =
      this.usesHeap || (mode === "store" && module.importedFunctionCount > 0 && mayPassStack);
    this.storeGlobals = this.usesHeap ? [...STORE_GLOBALS, ...BARRIER_GLOBALS[barrier]] : [STACK_POINTER];
    this.collectsOnEntry = collectsOnEntry && this.usesHeap;
    this.memories = new MemoryPlan(module, this.usage.memoryUses, {
      standsAlone: mode === "standalone",
      usesHeap: this.usesHeap,
      target: this.target,
      reserveBytes: options.reserveBytes ?? null,
    });
    this.runtimeGlobals = new Map();
    this.placeGlobals();
    this.nativeGlobalCount = this.nativeGlobals.length;
    this.placeTables();
    this.functionTypes = new FunctionTypes(this);
    const isComputed = module.globals.some((_, i) => i >= module.importedGlobalCount && this.isComputed(i));
    this.start = this.passesStack || this.hasMemoryModules || isComputed ? module.start : NONE;
    this.refuse();
  }

  mayCollect(func: number): boolean {
    return this.collectsOnEntry || this.collecting === null || this.collecting[func] !== 0;
  }

  /** Whether exceptions unwind by returning, with a check behind each call. */
  get checksExceptions(): boolean {
    return this.exceptionTag >= 0 && this.exceptionForm === "checks";
  }

  /** Whether code calls functions by the numbers that they have in the table of functions. */
  get usesFunctionTable(): boolean {
    const { usage, native, module } = this;
    return usage.usesReferences || (usage.indirectCalls.size > 0 && native.stay.size < module.tables.length);
  }

  depth(type: number): number {
    return this.store.depth(this.canonicalIds[type]!);
  }

  // Functions and types.

  /** Imported functions of the output. */
  get importedFunctionCount(): number {
    return this.module.importedFunctionCount + this.addedFunctionCount;
  }

  private get addedFunctionCount(): number {
    const runtime = this.mode === "store" && this.usesHeap ? this.storeFunctions.length : 0;
    return runtime + this.memoryUses.length;
  }

  /** The type of a function of the memory module, in numbers. */
  memoryFunctionType(number: number): NumberFunctionType {
    return memoryFunctionType(this.module, this.memoryUses[number]!);
  }

  /** The output's index of a function of the input. */
  functionIndex(func: number): number {
    return func < this.module.importedFunctionCount ? func : func + this.addedFunctionCount;
  }

  /** The first index behind the input's functions. */
  get functionsEnd(): number {
    return this.functionIndex(this.module.functionTypes.length);
  }

  /** The output's index of a function of the memory module. */
  memoryFunctionIndex(number: number): number {
    return this.module.importedFunctionCount + (this.usesHeap ? this.storeFunctions.length : 0) + number;
  }

  /** The output's index of one of the runtime's functions, in a module for a store. */
  storeFunctionIndex(name: RuntimeFunction): number {
    return this.module.importedFunctionCount + this.storeFunctions.indexOf(name);
  }

  /** Whether code leaves through functions of the linker's (`exit-functions.ts`): others may call back, and no host puts the stack's end right. */
  get hasExits(): boolean {
    return this.mode === "standalone" && this.usesHeap && !isClosed(this.module);
  }

  /** Of an indirect call through a table of the output, which stands for the input's table. */
  indirectCallNumber(table: number, type: number): number {
    return table * this.types.length + type;
  }

  /** Whether others see what is in the tables that stay, so that functions there have their parameters only. */
  get areTablesSeen(): boolean {
    return this.usesHeap && !this.functionTypes.takesStackInTables;
  }

  /** The output's function types; the runtime's come behind them when it is merged. */
  get outputTypes(): TypeTable {
    return this.functionTypes.table;
  }

  /** The output's index of a function type of numbers, which is added if it is not there. */
  addType(params: readonly ValType[], results: readonly ValType[]): number {
    return this.functionTypes.add(params, results);
  }

  /** Whether the functions in a table of the output are told where the shadow stack ends. */
  takesStackIn(table: number): boolean {
    return table === this.functionTable ? this.passesStack : this.functionTypes.takesStackInTables;
  }

  // Globals.

  globalIndex(global: number): number {
    return this.globalIndices[global]!;
  }

  cellOfGlobal(global: number): number {
    return this.globalCells[global]!;
  }

  knownReference(global: number): KnownReference | null {
    return this.module.globals[global]!.mutable ? null : this.known.reference(global);
  }

  private get known(): KnownGlobals {
    this.knownGlobals ??= new KnownGlobals(this.module, this.constants, (segment) =>
      this.areItemsInCell(segment),
    );
    return this.knownGlobals;
  }

  /** What is in the cell of a global from the start. */
  firstReference(global: number): KnownReference | null {
    return this.known.reference(global);
  }

  /** Objects that the linker lays out. */
  get staticObjects(): StaticObjects {
    return this.known.objects;
  }

  isComputed(global: number): boolean {
    if (wasm.isRef(this.module.globals[global]!.type)) return this.isGlobalKnown[global] === 0;
    return this.mode === "standalone" && this.constants.ofGlobal(global) === null;
  }

  /** The globals of the input that stay globals, in the order of the output. */
  get nativeGlobals(): readonly number[] {
    const natives: number[] = [];
    for (let i = 0; i < this.globalIndices.length; i++) if (this.globalIndices[i]! >= 0) natives.push(i);
    return natives;
  }

  /** Imported globals of the output that are the input's. */
  get importedGlobalCount(): number {
    let count = 0;
    for (let i = 0; i < this.module.importedGlobalCount; i++) if (this.globalIndices[i]! >= 0) count++;
    return count;
  }

  private placeGlobals(): void {
    const { module } = this;
    let next = 0;
    module.globals.forEach(({ type }, i) => {
      if (i === module.importedGlobalCount) next = this.skipRuntimeGlobals(next);
      if (!wasm.isRef(type)) this.globalIndices[i] = next++;
    });
    if (module.globals.length === module.importedGlobalCount) this.skipRuntimeGlobals(next);
  }

  /** The first global of a runtime that is merged: behind the input's, and the size of a memory below the heap. */
  get runtimeGlobalsStart(): number {
    return this.nativeGlobalCount + (this.memories.kind === "below" ? 1 : 0);
  }

  private skipRuntimeGlobals(next: number): number {
    if (this.mode !== "store" || !this.passesStack) return next;
    this.storeGlobals.forEach((name, i) => void this.runtimeGlobals.set(name, next + i));
    return next + this.storeGlobals.length;
  }

  /** The output's index of a global of the runtime. */
  runtimeGlobal(name: string): number {
    const index = this.runtimeGlobals.get(name);
    if (index === undefined) throw new Error(`no global ${name} of the runtime`);
    return index;
  }

  /** Tells where a runtime that stands in the output has its globals. */
  setRuntimeGlobal(name: string, index: number): void {
    this.runtimeGlobals.set(name, index);
  }

  get allocatesInline(): boolean {
    return this.barrier !== "counts";
  }

  get allocPtr(): number {
    return this.runtimeGlobal("allocPtr");
  }

  get allocEnd(): number {
    return this.runtimeGlobal("allocEnd");
  }

  get cardBase(): number {
    return this.runtimeGlobal("cardBase");
  }

  get stackPointer(): number {
    return this.runtimeGlobal(STACK_POINTER);
  }

  /** Where others that call find the stack's end (`stack-passing.ts`). */
  get outerStackEnd(): number {
    return this.hasExits ? this.runtimeGlobal(OUTER_STACK_END) : this.stackPointer;
  }

  // Tables and element segments.

  tableIndex(table: number): number {
    return this.tableIndices[table]!;
  }

  cellOfTable(table: number): number {
    return this.tableCells[table]!;
  }

  isCallChecked(table: number, type: number): boolean {
    return this.native.checked.has(table * this.types.length + type);
  }

  elementsIndex(segment: number): number {
    return this.elementIndices[segment]!;
  }

  cellOfElements(segment: number): number {
    return this.elementCells[segment]!;
  }

  hasStaticElements(segment: number): boolean {
    return this.known.segments[segment]! >= 0;
  }

  /** The static object with the items of a segment that has them. */
  staticElements(segment: number): number {
    return this.known.segments[segment]!;
  }

  /** The tables of the input that stay tables, in order. */
  get nativeTables(): readonly number[] {
    return this.module.tables.flatMap((_, i) => (this.native.stay.has(i) ? [i] : []));
  }

  /** The element segments of the input that the engine has, in order. */
  get nativeElements(): readonly number[] {
    return this.module.elements.flatMap((_, i) => (this.elementIndices[i]! >= 0 ? [i] : []));
  }

  get functionTable(): number {
    if (this.mode !== "store") return this.native.stay.size;
    let imported = 0;
    for (const table of this.native.stay) if (table < this.module.importedTableCount) imported++;
    return imported;
  }

  private placeTables(): void {
    const { module, mode } = this;
    // A store's table of functions is imported, so it comes before those that are defined here.
    const added = mode === "store" && this.usesHeap ? 1 : 0;
    let next = 0;
    for (const table of this.nativeTables) {
      this.tableIndices[table] = next++ + (table >= module.importedTableCount ? added : 0);
    }
  }

  /** Whether a cell is another's: an instance's that exports what it is of, or the store's. */
  isImportedCell({ kind, index }: Cell): boolean {
    const { importedGlobalCount, importedTableCount } = this.module;
    if (kind === "global") return index < importedGlobalCount;
    if (kind === "exception") return this.mode === "store";
    return kind === "table" && index < importedTableCount;
  }

  private placeCells(): Cell[] {
    const { module, usage } = this;
    const cells: Cell[] = [];
    const add = (kind: Cell["kind"], index: number): number => cells.push({ kind, index }) - 1;
    if (usage.usesExceptions) add("exception", 0);
    module.globals.forEach(({ type, mutable }, i) => {
      if (wasm.isRef(type) && (mutable || this.isGlobalKnown[i] === 0))
        this.globalCells[i] = add("global", i);
    });
    module.tables.forEach((_, i) => {
      if (!this.native.stay.has(i)) this.tableCells[i] = add("table", i);
    });
    let natives = 0;
    for (let i = 0; i < module.elements.length; i++) {
      const { tables, needsCell } = segmentUsers(module, usage, this.native.stay, i);
      if (tables.some((table) => this.native.stay.has(table))) this.elementIndices[i] = natives++;
      if (needsCell) this.elementCells[i] = add("elements", i);
    }
    return cells;
  }

  /** A declarative segment counts as dropped from the start: its cell is empty. */
  private areItemsInCell(segment: number): boolean {
    const { module, usage, native } = this;
    const isDropped = module.elements[segment]!.mode === "declarative";
    return !isDropped && segmentUsers(module, usage, native.stay, segment).needsCell;
  }

  // Memories.

  memoryIndex(memory: number): number {
    return this.memories.indexOf(memory);
  }

  get hasZeroBytes(): boolean {
    return this.usesHeap && this.memories.kind !== "below";
  }

  get heapMemory(): number {
    return this.memories.heapMemory;
  }

  /** Every memory of the input has a module of its own (`memory-module.ts`). */
  get hasMemoryModules(): boolean {
    return this.memories.kind === "modules";
  }

  /** The functions that stand for operators on memories, in the order of their imports. */
  get memoryUses(): readonly MemoryUse[] {
    return this.memories.uses;
  }

  memoryFunction(operator: number, memory: number, other: number): number {
    return this.memories.functionOf(operator, memory, other);
  }

  remoteDrops(segment: number): readonly number[] {
    return this.memories.dropsOf(segment);
  }

  get activeData(): readonly number[] {
    return this.memories.activeData;
  }

  get programMemory(): ProgramMemory | null {
    return this.memories.programMemory(this.nativeGlobalCount);
  }

  // What is refused.

  /** Refuses tables beyond what can be allocated: when the module is instantiated, as engines do. */
  refuseLargeTables(): void {
    this.module.tables.forEach(({ type, offset }, i) => {
      const isOwn = i >= this.module.importedTableCount && !this.native.stay.has(i);
      if (isOwn && type.limits.min > MAX_TABLE_ELEMENTS) {
        throw new InputError(notLinkedYet(`a table of more than ${MAX_TABLE_ELEMENTS} elements`, offset));
      }
    });
  }

  /** Of where the stack ends; and of the index, in calls through tables that others see. */
  private addedParameters(type: number): number {
    const isCalled = (table: number): boolean =>
      this.usage.indirectCalls.has(this.indirectCallNumber(table, type));
    return this.areTablesSeen && this.nativeTables.some(isCalled) ? 2 : 1;
  }

  private refuse(): void {
    const { module, mode } = this;
    refuseForTarget(module, this.target, mode === "store" && this.usesHeap ? "heap" : mode);
    if (this.usesHeap) refuseWideTypes(module, (type) => this.addedParameters(type));
    if (mode === "standalone") {
      const isComputed = (global: number): boolean =>
        global >= module.importedGlobalCount && this.isComputed(global);
      refuseStandalone(module, this.native.stay, isComputed);
    }
    if (mode === "store" && this.usesHeap && !this.target.has("mutable-global")) {
      throw targetLacks("a module that shares a heap", "mutable-global");
    }
    if (!this.checksExceptions) return;
    const seen = module.importedTableCount > 0 || module.exports.some(({ kind }) => kind === "table");
    const offset = module.tags[0]?.offset;
    if (mode === "store" || seen) throw targetLacks("an exception that others may see", "exceptions", offset);
  }
}

/** By the instructions that the target has. */
function exceptionForm(target: Features): OutputPlan["exceptionForm"] {
  if (target.has("exceptions")) return "exnref";
  return target.has("legacy-exceptions") ? "legacy" : "checks";
}
