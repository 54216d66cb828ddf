/**
 * `WebAssembly` as the JavaScript API has it, on an engine without garbage collection: what the engine takes it also runs; anything
 * else is compiled into one store, which all such instances share.
 *
 * WebAssembly JavaScript Interface; its Web API for the two functions on responses.
 */
import { InputError } from "../base/diagnostics.ts";
import { FLAG, type OptionNames, requireOptions } from "../base/wrong-option.ts";
import { DEFAULT_FEATURES } from "../wasm/features.ts";
import { decodeAndValidate, type Module as WasmModule } from "../wasm/index.ts";
import * as wasm from "../wasm/types.ts";
import { engineImports } from "./engine-imports.ts";
import { StoreException } from "./exceptions.ts";
import { FREE_ELEMENTS, FreeTable } from "./free-table.ts";
import { hostWebAssembly } from "./host-webassembly.ts";
import { type Imports, isSharedBuffer } from "./imports.ts";
import { isBuiltin, mistypedImport } from "./js-strings.ts";
import { ReferenceGlobal, ReferenceTable } from "./objects.ts";
import { CACHE } from "./option-names.ts";
import { bytesOfResponse, type ResponseLike } from "./response-bytes.ts";
import {
  type BinarySource,
  bytesOf,
  type ModuleOptions,
  ModuleStore,
  Module as StoreModule,
} from "./store-api.ts";
import type { StoreOptions } from "./store-options.ts";
import { suspensionFunctions } from "./suspension.ts";
import { tableLimits } from "./table-sizes.ts";
import { Tag } from "./tag.ts";
import { valueTypeNamed } from "./value-type-names.ts";

/** How the namespace is made. */
export interface NamespaceOptions {
  /** Compile also what the engine would take; without a compiler, run by its own code what has it. */
  readonly force?: boolean;
  /** Where everything runs, for those who want to ask it for its statistics; one of its own otherwise, made with these options. */
  readonly store?: ModuleStore | StoreOptions;
  /** What is passed to every compilation. */
  readonly compile?: Pick<ModuleOptions, "gcStress" | "prove" | "policy" | "cache">;
}

const NAMESPACE_OPTIONS: OptionNames<NamespaceOptions> = { force: FLAG, store: true, compile: true };

const COMPILATION_OPTIONS: OptionNames<Required<NamespaceOptions>["compile"]> = {
  gcStress: FLAG,
  prove: FLAG,
  policy: true,
  cache: CACHE,
};

/** What the JavaScript API takes when it compiles: options that it does not know are none of its concern, by the specification. */
type CompileOptions = Pick<ModuleOptions, "builtins" | "importedStringConstants">;

/** The engine's own, as far as it is called here. */
interface HostNamespace {
  readonly Module: {
    new (bytes: BinarySource, options?: CompileOptions): object;
    imports(module: object): { readonly module: string; readonly name: string; readonly kind: string }[];
    exports(module: object): unknown[];
    customSections(module: object, name: string): ArrayBuffer[];
  };
  readonly Instance: new (module: object, imports?: Imports) => { readonly exports: object };
  readonly Global: new (descriptor: object, value?: unknown) => object;
  readonly Table: new (descriptor: object, value?: unknown) => object;
  readonly Memory: new (descriptor: object) => object;
  readonly Tag?: new (descriptor: object) => object;
  readonly Exception?: new (tag: object, payload: unknown, options?: object) => object;
  validate(bytes: BinarySource): boolean;
  compile(bytes: BinarySource, options?: CompileOptions): Promise<object>;
  instantiate(module: object, imports?: Imports): Promise<{ readonly exports: object }>;
}

/** Where modules of the store's come from. */
export interface ModuleSource {
  /** Whether a module is made of it that runs, if one is made at all. */
  hasCode(bytes: BinarySource): boolean;
  /** Throws `WebAssembly.CompileError`. */
  compile(bytes: BinarySource, options: ModuleOptions): StoreModule;
  compileAsync(bytes: BinarySource, options: ModuleOptions): Promise<StoreModule>;
}

/** Makes a namespace, with a store of its own unless one is given. */
export function createNamespace(
  { hasCode, compile, compileAsync }: ModuleSource,
  options: NamespaceOptions = {},
): Record<string, unknown> {
  requireOptions(options, NAMESPACE_OPTIONS, "createWebAssembly");
  if (options.compile !== undefined)
    requireOptions(options.compile, COMPILATION_OPTIONS, "createWebAssembly's compile");
  const native = hostWebAssembly as unknown as HostNamespace;
  const store = options.store instanceof ModuleStore ? options.store : new ModuleStore(options.store);
  const { collector } = store;

  const isNative = (bytes: BinarySource, given: CompileOptions): boolean =>
    !(options.force === true && hasCode(bytes)) && native.validate(bytes) && !asksForBuiltins(bytes, given);
  const moduleOptions = (given: CompileOptions): ModuleOptions => ({
    collector,
    ...options.compile,
    ...given,
  });
  const compileEither = (bytes: BinarySource, asked?: CompileOptions): object => {
    const given = optionsOf(asked);
    return isNative(bytes, given) ? new native.Module(bytes, given) : compile(bytes, moduleOptions(given));
  };
  const compileEitherAsync = async (bytes: BinarySource, asked?: CompileOptions): Promise<object> => {
    const given = optionsOf(asked);
    return isNative(bytes, given)
      ? await native.compile(bytes, given)
      : await compileAsync(bytes, moduleOptions(given));
  };
  const instantiateEither = (module: object, imports: Imports | undefined): object => {
    if (module instanceof StoreModule) {
      adoptTables(store, module, imports);
      return instanceOf(store.instantiate(module, imports).exports);
    }
    const { imports: given, tables } = engineImports(native.Module.imports(module), imports);
    return withTables(new native.Instance(module, given), tables);
  };
  /** The same for those who can wait. */
  const instantiateEitherAsync = async (module: object, imports: Imports | undefined): Promise<object> => {
    if (module instanceof StoreModule) {
      adoptTables(store, module, imports);
      return instanceOf((await store.instantiateAsync(module, imports)).exports);
    }
    const { imports: given, tables } = engineImports(native.Module.imports(module), imports);
    return withTables(await native.instantiate(module, given), tables);
  };
  const withTables = (
    instance: { readonly exports: object },
    tables: ReadonlyMap<unknown, FreeTable>,
  ): object => {
    const isGiven = tables.size > 0 && Object.values(instance.exports).some((value) => tables.has(value));
    return isGiven ? instanceOf(exportsWithTables(instance.exports, tables)) : instance;
  };
  const instanceOf = (exports: object): object => Object.setPrototypeOf({ exports }, Instance.prototype);

  class Module {
    constructor(bytes: BinarySource, given?: CompileOptions) {
      requireBytes(bytes);
      // biome-ignore lint/correctness/noConstructorReturn: a module is what compiled it
      return compileEither(bytes, given);
    }
    static [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof StoreModule || value instanceof native.Module;
    }
    static imports(module: object): unknown[] {
      return module instanceof StoreModule ? [...module.imports] : native.Module.imports(module);
    }
    static exports(module: object): unknown[] {
      return module instanceof StoreModule ? [...module.exports] : native.Module.exports(module);
    }
    static customSections(module: object, name: string): ArrayBuffer[] {
      if (module instanceof StoreModule) return module.customSections(String(name));
      return native.Module.customSections(module, name);
    }
  }

  class Instance {
    constructor(module: object, imports?: Imports) {
      if (!(module instanceof Module))
        throw new TypeError("WebAssembly.Instance(): expected a WebAssembly.Module");
      // biome-ignore lint/correctness/noConstructorReturn: an instance is what made it
      return instantiateEither(module, imports);
    }
    static [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof native.Instance || isInPrototypes(value, Instance.prototype);
    }
  }

  class Global {
    constructor(descriptor: { readonly value: string; readonly mutable?: boolean }, value?: unknown) {
      const type = valueTypeNamed(descriptor.value);
      // biome-ignore lint/correctness/noConstructorReturn: of a reference the store's, of a number the engine's
      return wasm.isRef(type)
        ? store.createGlobal(type, descriptor.mutable === true, value)
        : new native.Global(descriptor, value);
    }
    static [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof ReferenceGlobal || value instanceof native.Global;
    }
  }

  class Table {
    constructor(
      descriptor: { readonly element: string; readonly initial: number; readonly maximum?: number },
      value?: unknown,
    ) {
      const { element, initial, maximum } = descriptor;
      const free = FREE_ELEMENTS[element];
      const type = valueTypeNamed(element);
      if (!wasm.isRef(type)) throw new TypeError("WebAssembly.Table(): the elements must be references");
      // biome-ignore lint/correctness/noConstructorReturn: who imports it first says whose it is, if the engine can have it at all
      return free === undefined
        ? store.createTable(type, initial, maximum, value)
        : new FreeTable(
            { element: free, ...tableLimits(initial, maximum) },
            free === "funcref" ? (value ?? null) : value,
            (one) => store.hasFunction(one),
          );
    }
    static [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof FreeTable || value instanceof ReferenceTable || value instanceof native.Table;
    }
  }

  class TagClass {
    constructor({ parameters }: { readonly parameters: readonly string[] }) {
      // biome-ignore lint/correctness/noConstructorReturn: all tags are the store's
      return store.createTag(Array.from(parameters, valueTypeNamed));
    }
    static [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof Tag || isOf(value, native.Tag);
    }
  }

  class Exception {
    constructor(tag: Tag, payload: Iterable<unknown>, options?: object) {
      if (native.Exception !== undefined && isOf(tag, native.Tag)) {
        // biome-ignore lint/correctness/noConstructorReturn: an exception of the engine's modules
        return new native.Exception(tag, payload, options);
      }
      if (!(tag instanceof Tag)) throw new TypeError("WebAssembly.Exception(): expected a WebAssembly.Tag");
      if (tag === store.jsTag)
        throw new TypeError("WebAssembly.Exception(): the tag must not be WebAssembly.JSTag");
      // biome-ignore lint/correctness/noConstructorReturn: all exceptions are the store's
      return tag.create([...payload]);
    }
    static [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof StoreException || isOf(value, native.Exception);
    }
  }

  const instantiate = async (
    source: BinarySource | object,
    imports?: Imports,
    given?: CompileOptions,
  ): Promise<unknown> => {
    if (source instanceof Module) return await instantiateEitherAsync(source, imports);
    requireBytes(source as BinarySource);
    const module = await compileEitherAsync(source as BinarySource, given);
    return { module, instance: await instantiateEitherAsync(module, imports) };
  };
  const namespace: Record<string, unknown> = {
    validate: (bytes: BinarySource, asked?: CompileOptions): boolean => {
      requireBytes(bytes);
      const given = optionsOf(asked);
      return isNative(bytes, given) || isValid(bytes, given);
    },
    compile: async (bytes: BinarySource, given?: CompileOptions): Promise<object> => {
      requireBytes(bytes);
      return compileEitherAsync(bytes, given);
    },
    instantiate,
    compileStreaming: async (response: ResponseLike | Promise<ResponseLike>, given?: CompileOptions) =>
      compileEitherAsync(await bytesOfResponse(response), given),
    instantiateStreaming: async (
      response: ResponseLike | Promise<ResponseLike>,
      imports?: Imports,
      given?: CompileOptions,
    ) => instantiate(await bytesOfResponse(response), imports, given),
    Module,
    Instance,
    Global,
    Table,
    Memory: native.Memory,
    Tag: TagClass,
    Exception,
    JSTag: store.jsTag,
    CompileError: hostWebAssembly.CompileError,
    LinkError: hostWebAssembly.LinkError,
    RuntimeError: hostWebAssembly.RuntimeError,
    ...suspensionFunctions((func) => store.hasFunction(func)),
  };
  Object.defineProperty(Instance.prototype, Symbol.toStringTag, {
    value: "WebAssembly.Instance",
    configurable: true,
  });
  const result = Object.create(Object.prototype, {
    [Symbol.toStringTag]: { value: "WebAssembly", configurable: true },
  }) as Record<string, unknown>;
  for (const [name, value] of Object.entries(namespace)) {
    // Operations of a namespace are enumerable, interfaces are not (Web IDL).
    const enumerable = !/^[A-Z]/.test(name);
    Object.defineProperty(result, name, { value, enumerable, writable: true, configurable: true });
  }
  // Classes are known by their names in the API, also where a bundler gave them others.
  for (const [name, value] of Object.entries({ Module, Instance, Global, Table, Tag: TagClass, Exception }))
    Object.defineProperty(value, "name", { value: name, configurable: true });
  return result;
}

function isOf(value: unknown, engineClass: (new (...args: never[]) => object) | undefined): boolean {
  return engineClass !== undefined && value instanceof engineClass;
}

/** Tables that JavaScript made become the store's that a module of it imports. */
function adoptTables(store: ModuleStore, module: StoreModule, imports: Imports | undefined): void {
  for (const { module: from, name, kind } of module.imports) {
    const given: unknown = kind === "table" ? imports?.[from]?.[name] : null;
    if (!(given instanceof FreeTable)) continue;
    given.becomeOfStore((length, maximum) => {
      const table = store.createTable(valueTypeNamed(given.element), length, maximum ?? undefined);
      store.adopt(given, table);
      return table;
    });
  }
}

/** The exports with what JavaScript made in the place of the engine's tables that stand for it. */
function exportsWithTables(exports: object, tables: ReadonlyMap<unknown, FreeTable>): object {
  const result: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(exports)) result[name] = tables.get(value) ?? value;
  return Object.freeze(result);
}

function isInPrototypes(value: unknown, prototype: object): boolean {
  return typeof value === "object" && value !== null && Object.prototype.isPrototypeOf.call(prototype, value);
}

function requireBytes(bytes: unknown): void {
  if (bytes instanceof ArrayBuffer || ArrayBuffer.isView(bytes) || isSharedBuffer(bytes)) return;
  throw new TypeError("the first argument must be an ArrayBuffer or a view of one");
}

function decoded(bytes: BinarySource): WasmModule | null {
  try {
    return decodeAndValidate(bytesOf(bytes), DEFAULT_FEATURES);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** The dictionary as the specification converts it (`WebAssemblyCompileOptions`). */
function optionsOf(asked: CompileOptions | null | undefined): CompileOptions {
  const { builtins, importedStringConstants } = asked ?? {};
  return {
    ...(builtins === undefined ? {} : { builtins: [...builtins].map(String) }),
    ...(importedStringConstants == null ? {} : { importedStringConstants: String(importedStringConstants) }),
  };
}

/** Whether the module imports what the engine, which may never have heard of builtins, would ask the program for. */
function asksForBuiltins(bytes: BinarySource, given: CompileOptions): boolean {
  const { builtins = [], importedStringConstants = null } = given;
  if (builtins.length === 0 && importedStringConstants === null) return false;
  const imports = decoded(bytes)?.imports ?? [];
  return imports.some(
    (imported) => isBuiltin(imported, builtins) || imported.module === importedStringConstants,
  );
}

function isValid(
  bytes: BinarySource,
  { builtins = [], importedStringConstants: stringConstants = null }: CompileOptions,
): boolean {
  const module = decoded(bytes);
  return module !== null && mistypedImport(module, { builtins, stringConstants }) === null;
}
