/**
 * The output under construction: a `Module` like a decoded one, whose ranges refer to one buffer, the input's bytes and behind them
 * all that is new. What modules of both modes have in common is put in here; `link-standalone.ts` and `link-store.ts` add the rest.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { ZERO_BYTES } from "../gc/layout.ts";
import { trapFunctionName } from "../gc/traps.ts";
import { BodyWriter } from "../lowering/body-writer.ts";
import type { KeptData } from "../lowering/data-segments.ts";
import { encodeLowered } from "../lowering/lower-module.ts";
import { type PlaceValues, type RelocatableCode, writeLinked } from "../object/code.ts";
import { IMPORT_EXITS, IMPORT_STACK_ENDS, TABLE_EXITS, TRAP_FUNCTIONS } from "../object/symbol-spaces.ts";
import { writeOpcode } from "../wasm/encode-operators.ts";
import type {
  ByteRange,
  CustomSection,
  DataSegment,
  ElementSegment,
  Export,
  Global,
  Import,
  Memory,
  Module,
  Table,
  Tag,
} from "../wasm/module.ts";
import { FUNCREF, I32, I64, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { BorderFunctions, type Borders } from "./border-functions.ts";
import { type CodePositions, codePositions } from "./code-positions.ts";
import type { CompiledCode } from "./compiled-code.ts";
import { ConstantValues, type ImportedBits, writeConstant } from "./constant-value.ts";
import { notConstant } from "./messages.ts";
import { encodeNames } from "./name-section.ts";
import type { OutputPlan } from "./plan.ts";
import { NULL_ITEM, plainItems } from "./segment-items.ts";
import { callsBody, copyWordsBody } from "./small-bodies.ts";
import type { StaticLayout } from "./static-layout.ts";
import { withoutZeros } from "./zero-runs.ts";

/** A module as an engine takes it. */
export interface LinkedModule {
  readonly bytes: Uint8Array;
  /** Null where the code was compiled without. */
  readonly positions: CodePositions | null;
}

/**
 * Custom sections that speak of positions in the code, which is other code here, of indices, or of what the code needs of its engine; code
 * of ours for the same module (`driver/precompiled.ts`); and names, which are written anew.
 */
const DROPPED_CUSTOMS =
  /^(metadata\.code\..*|name|sourceMappingURL|external_debug_info|\.debug_.*|reloc\..*|linking|target_features|spillway\.code)$/;

/** A function that the linker writes. */
interface CalledFunction {
  readonly type: number;
  readonly body: Uint8Array;
  readonly name: string;
}

export class OutputModule {
  readonly imports: Import[] = [];
  readonly tables: Table[] = [];
  readonly memories: Memory[] = [];
  readonly tags: Tag[] = [];
  readonly globals: Global[] = [];
  readonly exports: Export[] = [];
  readonly elements: ElementSegment[] = [];
  readonly data: DataSegment[] = [];
  start = -1;

  private readonly code: CompiledCode;
  private readonly layout: StaticLayout;
  private readonly constants: ConstantValues;
  private readonly writer: ByteWriter;
  private readonly body: ByteWriter;
  private readonly functionTypes: I32List;
  private readonly starts: I32List;
  private readonly ends: I32List;
  private readonly names: Map<number, string>;
  /** Of bodies by their function's index, see `object/code.ts`; functions that the linker made have none. */
  private readonly positions: Map<number, Int32Array>;
  /** Addresses of passive data in static memory, by segment. */
  private readonly passiveData: Map<number, number>;
  /** Functions that bodies call by symbols, in order, the first one's index in the output, and whether they have been added. */
  private readonly called: CalledFunction[];
  private firstCalled = 0;
  private areCalledAdded = false;
  /** The trap functions by code. */
  private readonly traps: Map<number, number>;

  private readonly places: PlaceValues;
  private readonly borders: Borders;
  private readonly borderFunctions: BorderFunctions;

  constructor(code: CompiledCode, layout: StaticLayout, importedBits: ImportedBits, borders: Borders) {
    const { module } = code.plan;
    this.places = {
      valueOf: (symbol) => this.valueOf(symbol),
      codeOf: (symbol) => this.codeOf(symbol),
    };
    this.borders = borders;
    this.borderFunctions = new BorderFunctions(code.plan, borders, (type, body, name) =>
      this.addCalled({ type, body, name }),
    );
    this.code = code;
    this.layout = layout;
    this.constants = new ConstantValues(module, importedBits);
    this.writer = new ByteWriter(module.bytes.length * 2);
    this.writer.append(module.bytes);
    this.body = new ByteWriter();
    this.functionTypes = new I32List();
    this.starts = new I32List();
    this.ends = new I32List();
    this.names = new Map();
    this.positions = new Map();
    this.called = [];
    this.traps = new Map();
    this.passiveData = new Map();
  }

  private get plan(): OutputPlan {
    return this.code.plan;
  }

  append(bytes: Uint8Array): ByteRange {
    const start = this.writer.length;
    this.writer.append(bytes);
    return { start, end: this.writer.length };
  }

  // Functions.

  /** Declares an imported function; before any that is defined. */
  importFunction(type: number): void {
    this.functionTypes.push(type);
  }

  /** Adds a function; returns its index. */
  addFunction(type: number, body: Uint8Array): number {
    const { start, end } = this.append(body);
    this.starts.push(start);
    this.ends.push(end);
    this.functionTypes.push(type);
    return this.functionTypes.length - 1;
  }

  nameFunction(index: number, name: string): void {
    this.names.set(index, name);
  }

  /** The functions of the input, with all their symbols; those that `between` adds come behind, then the initialisers. */
  addCompiled(between: () => void): number {
    const { plan, bodies } = this.code;
    const { module } = plan;
    bodies.forEach((code, i) => {
      this.addLinked(code, plan.functionTypes.ofFunction(module.importedFunctionCount + i));
    });
    between();
    return this.addInitializers();
  }

  /** How many functions initialise an instance: some, and one that calls them, unless it is that one alone. */
  get initializerCount(): number {
    const count = this.code.initializers.length + (this.layout.wordCopies === null ? 0 : 1);
    return count > 1 || this.initializersTakeStack ? count + 1 : count;
  }

  private get initializersTakeStack(): boolean {
    return this.plan.passesStack && this.code.initializers.length > 0;
  }

  /** The index of the one to call, or -1. */
  private addInitializers(): number {
    const { plan } = this;
    const plain = plan.addType([], []);
    const copies = this.layout.wordCopies;
    const first = copies === null ? -1 : this.addFunction(plain, copyWordsBody(copies));
    const type = plan.passesStack ? plan.addType([I32], []) : plain;
    const rest = this.code.initializers.map((code) => this.addLinked(code, type));
    const parts = first < 0 ? rest : [first, ...rest];
    if (parts.length === 0) return -1;
    if (this.initializerCount > parts.length)
      parts.push(this.addFunction(plain, this.initializerBody(first, rest)));
    const index = parts.pop()!;
    parts.forEach((part, i) => void this.nameFunction(part, `initialize.${i}`));
    this.nameFunction(index, "initialize");
    return index;
  }

  private initializerBody(first: number, rest: readonly number[]): Uint8Array {
    if (!this.initializersTakeStack) return callsBody(first < 0 ? rest : [first, ...rest]);
    const { stackTop } = this.borders;
    const end = stackTop === null ? { global: this.plan.outerStackEnd } : { address: stackTop - ZERO_BYTES };
    return callsBody(first < 0 ? [] : [first], rest, end);
  }

  private addLinked(code: RelocatableCode, type: number): number {
    this.body.clear();
    const positions = writeLinked(this.body, code, this.places);
    const index = this.addFunction(type, this.body.bytes());
    if (positions !== null) this.positions.set(index, positions);
    return index;
  }

  private valueOf(symbol: number): number {
    const { space, index } = this.code.symbols.symbol(symbol);
    switch (space) {
      case TRAP_FUNCTIONS:
        return this.trapFunction(index);
      case IMPORT_EXITS:
        return this.borderFunctions.importExit(index);
      case TABLE_EXITS:
        return this.borderFunctions.tableExit(index);
      default:
        return this.layout.valueOf(symbol);
    }
  }

  private codeOf(symbol: number): Uint8Array {
    const { space, index } = this.code.symbols.symbol(symbol);
    if (space !== IMPORT_STACK_ENDS) throw new Error("a symbol that stands for no code");
    return this.borderFunctions.importEnd(index);
  }

  /** Where the functions that bodies call by symbols will begin; before `addCompiled`. */
  placeCalled(first: number): void {
    this.firstCalled = first;
  }

  /** Adds a function now, or as long as bodies come, behind these; returns its index. */
  private addCalled(func: CalledFunction): number {
    if (!this.areCalledAdded) return this.firstCalled + this.called.push(func) - 1;
    const index = this.addFunction(func.type, func.body);
    this.nameFunction(index, func.name);
    return index;
  }

  private trapFunction(code: number): number {
    let index = this.traps.get(code);
    if (index === undefined) {
      const body = new BodyWriter();
      body.i32(code);
      body.index(WasmOp.GlobalSet, this.plan.runtimeGlobal("trapCode"));
      body.op(WasmOp.Unreachable);
      const type = this.plan.addType([], []);
      index = this.addCalled({ type, body: body.finish(), name: trapFunctionName(code) });
      this.traps.set(code, index);
    }
    return index;
  }

  /** Adds the functions that bodies have called by symbols. */
  addCalledFunctions(): void {
    this.areCalledAdded = true;
    for (const func of this.called) this.addCalled(func);
  }

  // Globals.

  /** The input's globals that stay globals, imported ones left out. */
  addInputGlobals(): void {
    const { plan } = this;
    const { module } = plan;
    for (const index of plan.nativeGlobals) {
      if (index < module.importedGlobalCount) continue;
      const { type, mutable } = module.globals[index]!;
      const value = this.constants.ofGlobal(index);
      if (value === null) {
        const init = this.zero(type);
        this.globals.push({ type, mutable: true, initStart: init.start, initEnd: init.end });
        continue;
      }
      const init = this.constant((out) =>
        writeConstant(out, module, value, (global) => plan.globalIndex(global)),
      );
      this.globals.push({ type, mutable, initStart: init.start, initEnd: init.end });
    }
  }

  private constant(write: (out: ByteWriter) => void): ByteRange {
    const out = new ByteWriter();
    write(out);
    return this.append(out.bytes());
  }

  private zero(type: ValType): ByteRange {
    const operators: Readonly<Record<number, number>> = {
      1: WasmOp.I32Const,
      2: WasmOp.I64Const,
      3: WasmOp.F32Const,
      4: WasmOp.F64Const,
      5: WasmOp.V128Const,
    };
    return this.constant((out) => {
      writeOpcode(out, operators[type]!);
      const bytes = [0, 1, 1, 4, 8, 16][type]!;
      for (let i = 0; i < bytes; i++) out.byte(0);
      writeOpcode(out, WasmOp.End);
    });
  }

  i32Constant(value: number): ByteRange {
    return this.constant((out) => {
      writeOpcode(out, WasmOp.I32Const);
      out.s32(value);
      writeOpcode(out, WasmOp.End);
    });
  }

  /** The offset of an active segment. */
  private offset(range: ByteRange): ByteRange {
    const { plan } = this;
    const value = this.constants.ofExpression(range);
    if (value === null) throw notConstant(plan.module, range.start);
    return this.constant((out) =>
      writeConstant(out, plan.module, value, (global) => plan.globalIndex(global)),
    );
  }

  // Tables and segments.

  /** The input's tables that stay tables, imported ones left out. */
  addInputTables(): void {
    const { module, nativeTables } = this.plan;
    for (const table of nativeTables) {
      if (table < module.importedTableCount) continue;
      const { type, offset } = module.tables[table]!;
      this.tables.push({ type: { ...type, element: FUNCREF }, init: null, offset });
    }
  }

  /** The input's element segments for tables that stay. */
  addInputElements(): void {
    const { plan } = this;
    const { module } = plan;
    for (const index of plan.nativeElements) {
      const segment = module.elements[index]!;
      const items = segment.mode === "declarative" ? [] : plainItems(module, segment)!;
      const offsetExpr = segment.offsetExpr === null ? null : this.offset(segment.offsetExpr);
      const table = segment.mode === "active" ? plan.tableIndex(segment.table) : 0;
      // Tables that stay are of one kind.
      const functions = items.map((func) => this.functionItem(func, plan.takesStackIn(table)));
      this.elements.push(this.elementSegment(functions, segment.mode === "active", table, offsetExpr));
    }
  }

  /** A function of the input, or none, as a table has it. */
  private functionItem(func: number, takesStack: boolean): number {
    if (func === NULL_ITEM) return NULL_ITEM;
    return takesStack ? this.borderFunctions.forReferences(func) : this.borderFunctions.forOthers(func);
  }

  /** The output's index of a function of the input that is exported. */
  exportedFunction(func: number): number {
    return this.borderFunctions.forOthers(func);
  }

  /** A segment of functions by their index in the output. */
  private elementSegment(
    items: readonly number[],
    isActive: boolean,
    table: number,
    offsetExpr: ByteRange | null,
  ): ElementSegment {
    const itemsAreExprs = items.includes(NULL_ITEM);
    const out = new ByteWriter();
    for (const func of items) {
      if (!itemsAreExprs) {
        out.u32(func);
        continue;
      }
      writeOpcode(out, func === NULL_ITEM ? WasmOp.RefNull : WasmOp.RefFunc);
      if (func === NULL_ITEM) out.byte(FUNC_HEAP_CODE);
      else out.u32(func);
      writeOpcode(out, WasmOp.End);
    }
    return {
      mode: isActive ? "active" : "passive",
      flags: (isActive ? EXPLICIT_TABLE : PASSIVE) | (itemsAreExprs ? EXPRESSIONS : 0),
      element: FUNCREF,
      table,
      offsetExpr,
      itemCount: items.length,
      items: this.append(out.bytes()),
      itemsAreExprs,
      offset: 0,
    };
  }

  /** The functions that references exist of, in their table. */
  addFunctionItems(table: number, first: number): void {
    const items = this.layout.functionItems.map((func) => this.functionItem(func, true));
    if (items.length === 0) return;
    this.elements.push(this.elementSegment(items, true, table, this.i32Constant(first)));
  }

  /**
   * The input's data segments under their own indices. Where memories have modules of their own, only what arrays are made of is
   * left of them, or what a memory here is initialised from; an active one counts as dropped.
   */
  addInputData(): void {
    const { plan } = this;
    plan.module.data.forEach((segment, i) => {
      if (!plan.hasMemoryModules) {
        const offsetExpr = segment.offsetExpr === null ? null : this.dataOffset(segment, segment.offsetExpr);
        this.data.push({ ...segment, offsetExpr });
        return;
      }
      const isKept = segment.mode === "passive" && (plan.usage.arrayData.has(i) || !plan.usesHeap);
      const { start } = segment.data;
      const data = isKept ? segment.data : { start, end: start };
      this.data.push({ mode: "passive", flags: PASSIVE, memory: 0, offsetExpr: null, data, offset: 0 });
    });
  }

  /** The offset of an active segment. One that goes beyond a memory below the heap has to trap, so it gets none that fits. */
  private dataOffset({ data }: DataSegment, expression: ByteRange): ByteRange {
    const { memories } = this.plan;
    if (memories.kind !== "below") return this.offset(expression);
    const value = this.constants.ofExpression(expression);
    if (value === null || value.kind !== "bits") throw notConstant(this.plan.module, expression.start);
    const end = value.bits + BigInt(data.end - data.start);
    return end > memories.initialBytes ? this.i32Constant(-1) : this.offset(expression);
  }

  /** The size of a memory below the heap, behind the input's globals. */
  addProgramSize(): void {
    const { memories } = this.plan;
    if (memories.kind !== "below") return;
    const { start, end } = this.constant((out) => {
      writeOpcode(out, WasmOp.I64Const);
      out.s64(memories.initialBytes, 0);
      writeOpcode(out, WasmOp.End);
    });
    this.globals.push({ type: I64, mutable: true, initStart: start, initEnd: end });
  }

  addStaticData(address: number): void {
    this.addHeapData(address, this.append(this.layout.bytes()));
    for (const [segment, place] of this.passiveData)
      this.addHeapData(place, this.plan.module.data[segment]!.data);
  }

  /** The memory is zero before: what is long and zero is left out. */
  private addHeapData(address: number, data: ByteRange): void {
    const memory = this.plan.heapMemory;
    const flags = memory === 0 ? 0 : EXPLICIT_MEMORY;
    for (const part of withoutZeros(this.writer.bytes(), data)) {
      const offsetExpr = this.i32Constant(address + part.start - data.start);
      this.data.push({ mode: "active", flags, memory, offsetExpr, data: part, offset: 0 });
    }
  }

  /**
   * Where the target has no passive data, static memory has it from an address on; returns its end. With `addStaticData`, which puts it
   * there.
   */
  placePassiveData(start: number): number {
    let address = start;
    if (this.plan.target.has("bulk-memory")) return address;
    this.plan.module.data.forEach(({ mode, data }, i) => {
      if (mode !== "passive" || data.start === data.end) return;
      this.passiveData.set(i, address);
      address += data.end - data.start;
    });
    return address;
  }

  /** The finished binary, and where its code comes from, if its bodies know. */
  encode(): LinkedModule {
    const { plan } = this;
    const { module } = plan;
    const imported = (kind: Import["type"]["kind"]): number =>
      this.imports.filter(({ type }) => type.kind === kind).length;
    const hasDataCount = module.dataCount >= 0;
    const output: Module = {
      ...module,
      types: plan.outputTypes,
      imports: this.imports,
      functionTypes: this.functionTypes,
      importedFunctionCount: imported("func"),
      tables: this.tables,
      importedTableCount: 0,
      memories: this.memories,
      importedMemoryCount: 0,
      tags: this.tags,
      importedTagCount: 0,
      globals: this.globals,
      importedGlobalCount: 0,
      exports: this.exports,
      start: this.start,
      elements: this.elements,
      dataCount: hasDataCount ? this.data.length : -1,
      code: { starts: this.starts, ends: this.ends },
      data: this.data,
      customs: this.customs(),
      bytes: this.writer.bytes(),
    };
    const kept: KeptData = (segment) => {
      const address = this.passiveData.get(segment);
      return address === undefined ? null : { address, memory: plan.heapMemory };
    };
    const bytes = encodeLowered(plan.target, output, kept, this.positions);
    return { bytes, positions: codePositions(bytes, output.importedFunctionCount, this.positions) };
  }

  private customs(): CustomSection[] {
    const { module } = this.plan;
    const kept = module.customs.filter(({ name }) => !DROPPED_CUSTOMS.test(name));
    const names = encodeNames(module, this.plan, this.names);
    const payload = this.append(names);
    return names.length === 0 ? kept : [...kept, { name: "name", payload, after: LAST_SECTION }];
  }
}

const PASSIVE = 1;
const EXPLICIT_TABLE = 2;
const EXPLICIT_MEMORY = 2;
const EXPRESSIONS = 4;
const FUNC_HEAP_CODE = 0x70;
/** The data section. */
const LAST_SECTION = 11;
