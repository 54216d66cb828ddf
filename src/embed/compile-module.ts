/** Compiling modules for stores: all of the JavaScript API that needs the compiler. */
import { type OptionNames, pickOptions, requireOptions } from "../base/wrong-option.ts";
import { compileCached } from "../driver/code-cache.ts";
import type { CodeOptions } from "../driver/compile.ts";
import { type AsyncOptions, compileCodeAsync } from "../driver/compile-async.ts";
import { precompile as precompileModule } from "../driver/precompile.ts";
import { stressed } from "../runtime/collectors.ts";
import { withCompileErrors, withCompileErrorsLater } from "./compile-errors.ts";
import type { Exports } from "./export-value.ts";
import type { Imports } from "./imports.ts";
import { ASYNC_OPTIONS, BUILTIN_OPTIONS, CACHE, CODE_OPTIONS, STORE_OPTIONS } from "./option-names.ts";
import {
  type BinarySource,
  bytesOf,
  type Instance,
  Module,
  type ModuleOptions,
  ModuleStore,
} from "./store-api.ts";
import type { StoreOptions } from "./store-options.ts";

const MODULE_OPTIONS: OptionNames<ModuleOptions> = { ...CODE_OPTIONS, ...BUILTIN_OPTIONS, cache: CACHE };
const MODULE_ASYNC_OPTIONS: OptionNames<ModuleOptions & AsyncOptions> = {
  ...MODULE_OPTIONS,
  ...ASYNC_OPTIONS,
};
const PRECOMPILE_OPTIONS: OptionNames<CodeOptions & AsyncOptions> = { ...CODE_OPTIONS, ...ASYNC_OPTIONS };

/** Compiles a binary module. Throws `WebAssembly.CompileError` for one that is not valid, or that has what cannot be compiled. */
export function compile(bytes: BinarySource, options: ModuleOptions = {}): Module {
  requireOptions(options, MODULE_OPTIONS, "compile");
  const copy = bytesOf(bytes);
  const code = withCompileErrors(() => compileCached(copy, codeOptions(options), options.cache ?? null));
  return new Module(code, options);
}

/** The same for those who can wait: in several threads where the host has them and the module is large. Rejects with what `compile` throws. */
export async function compileAsync(
  bytes: BinarySource,
  options: ModuleOptions & AsyncOptions = {},
): Promise<Module> {
  requireOptions(options, MODULE_ASYNC_OPTIONS, "compileAsync");
  const copy = bytesOf(bytes);
  const compiled = compileCodeAsync(copy, codeOptions(options), options.cache ?? null);
  return new Module(await withCompileErrorsLater(compiled), options);
}

/**
 * The module itself, with its compiled code in a custom section: for `restore`, and for `spillway/precompiled`, which has no compiler. Rejects
 * with what `compile` throws.
 */
export async function precompile(
  bytes: BinarySource,
  options: CodeOptions & AsyncOptions = {},
): Promise<Uint8Array> {
  requireOptions(options, PRECOMPILE_OPTIONS, "precompile");
  return await withCompileErrorsLater(precompileModule(bytesOf(bytes), options));
}

/** What the code depends on. */
function codeOptions<T extends ModuleOptions>(
  options: T,
): Omit<T, "builtins" | "importedStringConstants" | "cache"> {
  const { builtins: _, importedStringConstants: __, cache: ___, ...others } = options;
  return others;
}

/** Where instances run, also of modules that are still to be compiled. */
export class Store extends ModuleStore {
  /** An instance of a module, or of a binary that is compiled first, for the store's collector: also throws what `compile` does. */
  override instantiate<E extends object = Exports>(
    module: Module | BinarySource,
    imports?: Imports,
  ): Instance<E> {
    const compiled = module instanceof Module ? module : compile(module, { collector: this.collector });
    return super.instantiate<E>(compiled, imports);
  }
}

interface InstantiateOptions extends StoreOptions, ModuleOptions {
  readonly store?: Store;
}

const INSTANTIATE_OPTIONS: OptionNames<InstantiateOptions> = {
  ...STORE_OPTIONS,
  ...MODULE_OPTIONS,
  store: { takes: "a Store", holds: (value) => value instanceof Store },
};

/** Compiles and instantiates, in a store of its own unless one is given. */
export function instantiate<E extends object = Exports>(
  bytes: BinarySource,
  imports?: Imports,
  options: InstantiateOptions = {},
): { readonly module: Module; readonly instance: Instance<E>; readonly store: Store } {
  requireOptions(options, INSTANTIATE_OPTIONS, "instantiate");
  const plain = options.collector ?? options.store?.collector ?? "copying";
  const collector = options.gcStress === true ? stressed(plain) : plain;
  const module = compile(bytes, { ...pickOptions(options, MODULE_OPTIONS), collector });
  const store = options.store ?? new Store({ ...pickOptions(options, STORE_OPTIONS), collector });
  return { module, instance: store.instantiate<E>(module, imports), store };
}
