/** Modules that were compiled before, and have their code with them. Nothing here needs the compiler. */
import { type OptionNames, requireOptions } from "../base/wrong-option.ts";
import { precompiledCode } from "../driver/precompiled.ts";
import { withCompileErrors } from "./compile-errors.ts";
import { CODE_OPTIONS } from "./option-names.ts";
import { type BinarySource, bytesOf, Module, type ModuleOptions } from "./store-api.ts";

export const MODULE_OPTIONS: OptionNames<ModuleOptions> = {
  ...CODE_OPTIONS,
  builtins: true,
  importedStringConstants: true,
  cache: true,
};

/** What a module that was compiled before may still be told. */
export type RestoreOptions = Pick<ModuleOptions, "builtins" | "importedStringConstants">;

const RESTORE_OPTIONS: OptionNames<RestoreOptions> = { builtins: true, importedStringConstants: true };

/**
 * A module of what `precompile` gave, or `spillway compile --emit precompiled`, for a store with the collector that it was compiled for, or one with the
 * same write barrier. Its code is run as it is: restore what is your own. Throws `WebAssembly.CompileError` for a module that has none with it, and for code of
 * another version, or of what the module was before it was changed.
 */
export function restore(bytes: BinarySource, options: RestoreOptions = {}): Module {
  requireOptions(options, RESTORE_OPTIONS, "restore");
  return restoreOwn(bytesOf(bytes), options);
}

/** The same of bytes that nobody else writes. */
export function restoreOwn(bytes: Uint8Array, options: RestoreOptions): Module {
  return new Module(
    withCompileErrors(() => precompiledCode(bytes)),
    options,
  );
}

/** What the code depends on. */
export function codeOptions<T extends ModuleOptions>(
  options: T,
): Omit<T, "builtins" | "importedStringConstants" | "cache"> {
  const { builtins: _, importedStringConstants: __, cache: ___, ...others } = options;
  return others;
}
