/** Modules that were compiled before, and have their code with them. Nothing here needs the compiler. */
import { type OptionNames, requireOptions } from "../base/wrong-option.ts";
import { precompiledCode } from "../driver/precompiled.ts";
import { asCompileError } from "./compile-errors.ts";
import { CODE_OPTIONS } from "./option-names.ts";
import { type BinarySource, bytesOf, Module, type ModuleOptions } from "./store-api.ts";

export const MODULE_OPTIONS: OptionNames<ModuleOptions> = {
  ...CODE_OPTIONS,
  builtins: true,
  importedStringConstants: true,
  cache: true,
};

/**
 * A module of what `precompile` gave, or `spillway compile --emit precompiled`. Its code is run as it is: restore what is your own. Throws
 * `WebAssembly.CompileError` for a module that has none with it, and for code of another version, of other settings, or of what the module was before it
 * was changed.
 */
export function restore(bytes: BinarySource, options: ModuleOptions = {}): Module {
  requireOptions(options, MODULE_OPTIONS, "restore");
  const copy = bytesOf(bytes);
  try {
    return new Module(precompiledCode(copy, codeOptions(options)), options);
  } catch (error) {
    throw asCompileError(error);
  }
}

/** What the code depends on. */
export function codeOptions<T extends ModuleOptions>(
  options: T,
): Omit<T, "builtins" | "importedStringConstants" | "cache"> {
  const { builtins: _, importedStringConstants: __, cache: ___, ...others } = options;
  return others;
}
