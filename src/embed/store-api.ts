/**
 * The JavaScript API: modules, and stores in which they run, on any engine with plain WebAssembly. `compile-module.ts` compiles them.
 *
 *     const module = compile(bytes);                     // a CompileError says what is wrong with it
 *     const store = new Store({ collector: "copying" });
 *     const { exports } = store.instantiate(module, { host: { log: console.log } });
 *
 * Instances of one store share references, globals, tables and functions. What JavaScript holds of a store's stays alive, and what
 * it drops is released; two objects that hold each other across the border are not, since no collector sees both.
 */
import type { InputError } from "../base/diagnostics.ts";
import { requireOptions } from "../base/wrong-option.ts";
import type { CodeCache } from "../driver/code-cache.ts";
import type { CodeOptions } from "../driver/compile.ts";
import type { CodePositions } from "../link/code-positions.ts";
import type { CompiledCode } from "../link/compiled-code.ts";
import type { CollectorName } from "../runtime/collectors.ts";
import type { ExternKind, Import, Module as WasmModule } from "../wasm/module.ts";
import { HEAP_EXTERN, heapOf, refType, type ValType } from "../wasm/types.ts";
import { asCompileError, withCompileErrors, withCompileErrorsLater } from "./compile-errors.ts";
import { Conversions } from "./conversions.ts";
import type { Exports } from "./export-value.ts";
import { ExportedFunctions } from "./exported-functions.ts";
import type { Extern, TableExtern } from "./extern.ts";
import { HeapGraph } from "./heap-graph.ts";
import { HeapSnapshot } from "./heap-snapshot.ts";
import { hostWebAssembly } from "./host-webassembly.ts";
import { type ImportContext, type Imports, readImports, valueGlobal } from "./imports.ts";
import { showAs } from "./inspect.ts";
import { isBuiltin, JsStrings, mistypedImport, type ProvidedOptions } from "./js-strings.ts";
import { ImportMismatch, mistypedProvided } from "./messages.ts";
import { ReferenceGlobal, ReferenceTable } from "./objects.ts";
import { STORE_OPTIONS } from "./option-names.ts";
import type { ReferenceKind } from "./references.ts";
import type { HeapStatistics } from "./runtime.ts";
import { Store as CoreStore, type StoreInstance } from "./store.ts";
import type { StoreOptions } from "./store-options.ts";
import { tableLimits } from "./table-sizes.ts";
import { Tag } from "./tag.ts";

/** What a module imports or exports, as `WebAssembly.Module.exports` describes it. */
export interface ExternDescription {
  readonly name: string;
  readonly kind: "function" | "table" | "memory" | "global" | "tag";
}

const KIND_NAMES: Readonly<Record<ExternKind, ExternDescription["kind"]>> = {
  func: "function",
  table: "table",
  memory: "memory",
  global: "global",
  tag: "tag",
};

/** How a module is compiled. */
export interface ModuleOptions extends CodeOptions {
  /** Sets of builtins that the store itself provides: `js-string`, `text-encoder`, `text-decoder`. */
  readonly builtins?: readonly string[];
  /** The name of a module whose imported globals are strings: their own names. */
  readonly importedStringConstants?: string | null;
  /** Where compiled code is kept from one program to the next (`openCache`); nowhere unless it is given. */
  readonly cache?: CodeCache | null;
}

/** A module that nothing but its imports, exports and custom sections is known of, and why. */
export interface DecodedOnly {
  readonly plan: { readonly module: WasmModule };
  readonly whyNoCode: InputError;
}

/** A compiled module: any number of stores can instantiate it, any number of times. */
export class Module {
  // Private to the language as well: whoever prints or copies a module would take all of its code.
  readonly #source: CompiledCode | DecodedOnly;
  readonly #options: ProvidedOptions;

  /** Throws a `CompileError` for a builtin or a string that is imported with another type. */
  constructor(
    source: CompiledCode | DecodedOnly,
    { builtins = [], importedStringConstants = null }: ModuleOptions = {},
  ) {
    this.#source = source;
    this.#options = { builtins, stringConstants: importedStringConstants };
    const mistyped = mistypedImport(source.plan.module, this.#options);
    if (mistyped !== null) throw new hostWebAssembly.CompileError(mistypedProvided(mistyped));
  }

  /** For the library itself. Throws a `CompileError` for a module without code. */
  get code(): CompiledCode {
    const source = this.#source;
    if ("bodies" in source) return source;
    throw asCompileError(source.whyNoCode);
  }

  get #decoded(): WasmModule {
    return this.#source.plan.module;
  }

  /** What is to be given when it is instantiated: without builtins and string constants. */
  get imports(): readonly (ExternDescription & { readonly module: string })[] {
    return this.#decoded.imports
      .filter((imported) => !this.isBuiltin(imported) && !this.isStringConstant(imported))
      .map(({ module, name, type }) => ({ module, name, kind: KIND_NAMES[type.kind] }));
  }

  /** For the library itself. */
  isBuiltin(imported: Import): boolean {
    return isBuiltin(imported, this.#options.builtins);
  }

  /** For the library itself. */
  isStringConstant({ module }: Import): boolean {
    return module === this.#options.stringConstants;
  }

  get exports(): readonly ExternDescription[] {
    return this.#decoded.exports.map(({ name, kind }) => ({ name, kind: KIND_NAMES[kind] }));
  }

  /** The contents of the custom sections of that name. */
  customSections(name: string): ArrayBuffer[] {
    const { bytes, customs } = this.#decoded;
    return customs
      .filter((section) => section.name === name)
      .map(({ payload }) => bytes.slice(payload.start, payload.end).buffer as ArrayBuffer);
  }

  get [Symbol.toStringTag](): string {
    return "WebAssembly.Module";
  }

  static {
    showAs(Module, "Module", ({ imports, exports }) => ({
      imports: imports.length,
      exports: exports.length,
    }));
  }
}

/** A binary, in a buffer of its own or in a part of one. */
export type BinarySource = ArrayBuffer | ArrayBufferView;

/** What `instantiate` gives; `E` is the type of its exports, as the program declares it. */
export interface Instance<E extends object = Exports> {
  /** A frozen object without a prototype. */
  readonly exports: Readonly<E>;
}

/** A copy: the caller may go on writing. */
export function bytesOf(source: BinarySource): Uint8Array {
  return viewOf(source).slice();
}

/** The bytes themselves, for who only looks. */
export function viewOf(source: BinarySource): Uint8Array {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (!ArrayBuffer.isView(source)) throw new TypeError("expected an ArrayBuffer or a view of one");
  const { buffer, byteOffset, byteLength } = source;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * Where instances run: one heap with its collector, which all of them share, and so references, globals, tables, functions and tags. Nothing
 * of it is given back before the whole store is dropped; a program that is to go away gets a store of its own.
 */
export class ModuleStore {
  /** The collector of its heap. Modules for it are compiled for the same one: `compile(bytes, { collector: store.collector })`. */
  readonly collector: CollectorName;
  private readonly core: CoreStore;
  private readonly context: ImportContext;
  private readonly functions: ExportedFunctions;
  /** The object of each extern that is no function, and the way back. */
  private readonly objects: Map<Extern, unknown>;
  private readonly externs: WeakMap<object, Extern>;
  private readonly strings: JsStrings;

  constructor(options: StoreOptions = {}) {
    requireOptions(options, STORE_OPTIONS, "Store");
    this.core = new CoreStore(options);
    this.collector = this.core.collector;
    this.functions = new ExportedFunctions(this.core);
    this.objects = new Map();
    this.externs = new WeakMap();
    const { references } = this.core;
    this.strings = new JsStrings(this.core, references);
    this.context = {
      store: this.core,
      references,
      conversions: new Conversions(this.core, references, this.functions),
      externOf: (object) => this.functions.externOf(object) ?? this.externOf(object),
    };
  }

  /**
   * An instance of a module. Throws `WebAssembly.LinkError` for imports that do not fit, a `TypeError` for what is no module, or one that is
   * compiled for a collector with another write barrier, and what the module's own start throws.
   */
  instantiate<E extends object = Exports>(module: Module, imports?: Imports): Instance<E> {
    const externs = this.externsFor(module, imports);
    try {
      return this.asObject(withCompileErrors(() => this.core.instantiate(module.code, externs)));
    } catch (error) {
      throw asLinkError(error);
    }
  }

  /** The same for those who can wait: the engine compiles what becomes of the module in its own time, which in a page it may have to. */
  async instantiateAsync<E extends object = Exports>(
    module: Module,
    imports?: Imports,
  ): Promise<Instance<E>> {
    const externs = this.externsFor(module, imports);
    try {
      return this.asObject(await withCompileErrorsLater(this.core.instantiateLater(module.code, externs)));
    } catch (error) {
      throw asLinkError(error);
    }
  }

  private externsFor(module: Module, imports: Imports | undefined): Extern[] {
    if (!(module instanceof Module)) throw new TypeError("a store takes a Module: compile(bytes) makes one");
    return readImports(this.context, module.code, imports, (imported) => this.provided(module, imported));
  }

  private asObject<E extends object>({ exports }: StoreInstance): Instance<E> {
    const object: Record<string, unknown> = Object.create(null);
    for (const [name, extern] of exports) object[name] = this.objectOf(extern);
    return { exports: Object.freeze(object) as E };
  }

  private provided(module: Module, imported: Import): Extern | undefined {
    if (module.isBuiltin(imported)) return this.strings.externOf(imported.module, imported.name);
    if (!module.isStringConstant(imported) || imported.type.kind !== "global") return undefined;
    const type = { kind: "global", type: EXTERNREF_STRING, mutable: false } as const;
    return valueGlobal(this.context, type, imported.name);
  }

  /** A global of a reference type. Throws a `TypeError` for a value that is not of the type. */
  createGlobal(type: ValType, mutable: boolean, value: unknown = defaultOf(type)): ReferenceGlobal {
    const extern = valueGlobal(this.context, { kind: "global", type, mutable }, value);
    return this.objectOf(extern) as ReferenceGlobal;
  }

  /** A table of references, with `initial` elements that are all `value`. */
  createTable(
    element: ValType,
    initial: number,
    maximum?: number,
    value: unknown = defaultOf(element),
  ): ReferenceTable {
    const { initial: length, maximum: most } = tableLimits(initial, maximum);
    const limits = { min: BigInt(length), max: most === null ? null : BigInt(most) };
    const table = { element, limits, is64: false };
    const cell = this.context.references.keepReference(0);
    const extern: TableExtern = { kind: "table", type: { kind: "table", table }, cell };
    this.core.growTable(extern, length, this.context.conversions.toWasm(value, element) as number);
    return this.objectOf(extern) as ReferenceTable;
  }

  /** For the library itself: from now on another object stands for what one of the store's does. */
  adopt(object: object, own: object): void {
    const extern = this.externs.get(own)!;
    this.objects.set(extern, object);
    this.externs.set(object, extern);
  }

  /** A tag of exceptions with such a payload. */
  createTag(parameters: readonly ValType[]): Tag {
    return this.objectOf(this.core.exceptions.newTag(parameters)) as Tag;
  }

  /** The tag of whatever JavaScript throws that is no exception of the store: its payload is the value. */
  get jsTag(): Tag {
    return this.objectOf(this.core.exceptions.valueTag) as Tag;
  }

  /** Collects garbage now. Nothing has to: the heap collects when it is full. */
  collect(): void {
    this.core.runtime.collect();
  }

  /** How much the collector did so far. */
  statistics(): HeapStatistics {
    return this.core.runtime.statistics();
  }

  /** For the library itself. */
  get lastPositions(): CodePositions | null {
    return this.core.lastPositions;
  }

  /**
   * What is reached now, and from where, as Chrome's DevTools read it; collects nothing. On Node, `await writeFile("app.heapsnapshot", snapshot)`
   * (of its `fs/promises`) writes its text, in chunks; `toString()` is the whole, as long as it fits into a string.
   */
  heapSnapshot(): HeapSnapshot {
    return new HeapSnapshot(new HeapGraph(this.core, this.objects.keys()));
  }

  /** How many values of JavaScript the program holds. */
  get heldValues(): number {
    return this.context.references.heldValues;
  }

  /** What a reference is that an instance of this store gave. */
  kindOf(value: unknown): ReferenceKind | "func" {
    return this.functions.externOf(value) === undefined ? this.context.references.kindOfValue(value) : "func";
  }

  /** Whether it is a function of this store. */
  hasFunction(value: unknown): boolean {
    return this.functions.externOf(value) !== undefined;
  }

  static {
    showAs(ModuleStore, "Store", (store) => ({
      collector: store.collector,
      ...store.statistics(),
      heldValues: store.heldValues,
    }));
  }

  private externOf(object: unknown): Extern | undefined {
    return typeof object === "object" && object !== null ? this.externs.get(object) : undefined;
  }

  private objectOf(extern: Extern): unknown {
    if (extern.kind === "func") return this.functions.objectOf(extern, this.context.conversions);
    let object = this.objects.get(extern);
    if (object === undefined) {
      object = this.makeObject(extern);
      this.objects.set(extern, object);
      this.externs.set(object as object, extern);
    }
    return object;
  }

  private makeObject(extern: Exclude<Extern, { kind: "func" }>): unknown {
    switch (extern.kind) {
      case "global":
        return extern.host ?? new ReferenceGlobal(this.context, extern);
      case "table":
        return new ReferenceTable(this.context, extern);
      case "tag":
        return new Tag(this.context, extern);
      default:
        return extern.host;
    }
  }
}

function asLinkError(error: unknown): unknown {
  return error instanceof ImportMismatch ? new hostWebAssembly.LinkError(error.message) : error;
}

/** A string constant is not null. */
const EXTERNREF_STRING = refType(HEAP_EXTERN, false);

/** What a reference is that nobody gave: an external one is `undefined`, any other null. */
function defaultOf(type: ValType): unknown {
  return heapOf(type) === HEAP_EXTERN ? undefined : null;
}
