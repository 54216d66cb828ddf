/**
 * The JavaScript API: compiling modules, and stores in which they run, on any engine with plain WebAssembly.
 *
 *     const module = compile(bytes);                     // a CompileError says what is wrong with it
 *     const store = new Store({ collector: "copying" });
 *     const { exports } = store.instantiate(module, { host: { log: console.log } });
 *
 * Instances of one store share references, globals, tables and functions. What JavaScript holds of a store's stays alive, and what
 * it drops is released; two objects that hold each other across the border are not, since no collector sees both.
 */
import { InputError, renderDiagnostic } from "../base/diagnostics.ts";
import { type CodeOptions, compileCode } from "../driver/compile.ts";
import type { CompiledCode } from "../link/output-module.ts";
import type { ExternKind } from "../wasm/module.ts";
import { Conversions } from "./conversions.ts";
import { ExportedFunctions } from "./exported-functions.ts";
import type { Extern } from "./extern.ts";
import { guarded } from "./guard.ts";
import { hostWebAssembly } from "./host-webassembly.ts";
import { type ImportContext, type Imports, readImports } from "./imports.ts";
import { ImportMismatch } from "./messages.ts";
import { ReferenceGlobal, ReferenceTable } from "./objects.ts";
import { References } from "./references.ts";
import type { HeapStatistics } from "./runtime.ts";
import { Store as CoreStore, type StoreOptions } from "./store.ts";

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

/** A compiled module: any number of stores can instantiate it, any number of times. */
export class Module {
  /** For the library itself. */
  readonly code: CompiledCode;

  constructor(code: CompiledCode) {
    this.code = code;
  }

  get imports(): readonly (ExternDescription & { readonly module: string })[] {
    return this.code.plan.module.imports.map(({ module, name, type }) => ({
      module,
      name,
      kind: KIND_NAMES[type.kind],
    }));
  }

  get exports(): readonly ExternDescription[] {
    return this.code.plan.module.exports.map(({ name, kind }) => ({ name, kind: KIND_NAMES[kind] }));
  }

  /** The contents of the custom sections of that name. */
  customSections(name: string): ArrayBuffer[] {
    const { bytes, customs } = this.code.plan.module;
    return customs
      .filter((section) => section.name === name)
      .map(({ payload }) => bytes.slice(payload.start, payload.end).buffer as ArrayBuffer);
  }
}

/** A binary, in a buffer of its own or in a part of one. */
export type BinarySource = ArrayBuffer | ArrayBufferView;

/** What `instantiate` gives. */
export interface Instance {
  /** A frozen object without a prototype. */
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Compiles a binary module. Throws `WebAssembly.CompileError` for one that is not valid, or that has what cannot be compiled. */
export function compile(bytes: BinarySource, options: CodeOptions = {}): Module {
  return withCompileErrors(() => new Module(compileCode(bytesOf(bytes), options)));
}

/** A copy: the caller may go on writing. */
function bytesOf(source: BinarySource): Uint8Array {
  if (source instanceof ArrayBuffer) return new Uint8Array(source.slice(0));
  if (!ArrayBuffer.isView(source)) throw new TypeError("expected an ArrayBuffer or a view of one");
  const { buffer, byteOffset, byteLength } = source;
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

function withCompileErrors<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new hostWebAssembly.CompileError(renderDiagnostic(error.diagnostic, "module"), { cause: error });
  }
}

export class Store {
  private readonly core: CoreStore;
  private readonly context: ImportContext;
  private readonly functions: ExportedFunctions;
  /** The object of each extern that is no function, and the way back. */
  private readonly objects: Map<Extern, unknown>;
  private readonly externs: WeakMap<object, Extern>;

  constructor(options: StoreOptions = {}) {
    this.core = new CoreStore(options);
    this.functions = new ExportedFunctions(this.core);
    this.objects = new Map();
    this.externs = new WeakMap();
    const references = new References(this.core.memory, this.core.runtime);
    this.context = {
      store: this.core,
      references,
      conversions: new Conversions(this.core, references, this.functions),
      externOf: (object) => this.functions.externOf(object) ?? this.externOf(object),
    };
  }

  /**
   * An instance of a module, or of a binary that is compiled first. Throws `WebAssembly.LinkError` for imports that do not fit, and
   * what the module's own start throws.
   */
  instantiate(module: Module | BinarySource, imports?: Imports): Instance {
    const { code } = module instanceof Module ? module : compile(module);
    const externs = readImports(this.context, code, imports);
    const { exports } = this.link(code, externs);
    const object: Record<string, unknown> = Object.create(null);
    for (const [name, extern] of exports) object[name] = this.objectOf(extern);
    return { exports: Object.freeze(object) };
  }

  /** Collects garbage now. */
  collect(): void {
    this.core.runtime.collect();
  }

  statistics(): HeapStatistics {
    return this.core.runtime.statistics();
  }

  /** How many values of JavaScript the program holds. */
  get heldValues(): number {
    return this.context.references.heldValues;
  }

  private link(code: CompiledCode, externs: readonly Extern[]): ReturnType<CoreStore["instantiate"]> {
    try {
      return withCompileErrors(() => guarded(this.core.runtime, () => this.core.instantiate(code, externs)));
    } catch (error) {
      if (error instanceof ImportMismatch) throw new hostWebAssembly.LinkError(error.message);
      throw error;
    }
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
      default:
        return extern.host;
    }
  }
}

/** Compiles and instantiates, in a store of its own unless one is given. */
export function instantiate(
  bytes: BinarySource,
  imports?: Imports,
  options: StoreOptions & CodeOptions & { readonly store?: Store } = {},
): { readonly module: Module; readonly instance: Instance; readonly store: Store } {
  const module = compile(bytes, options);
  const collector = options.gcStress === true ? "stress" : options.collector;
  const store = options.store ?? new Store({ ...options, ...(collector === undefined ? {} : { collector }) });
  return { module, instance: store.instantiate(module, imports), store };
}
