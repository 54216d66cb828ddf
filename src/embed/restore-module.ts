/** Modules that were compiled before, and have their code with them. Nothing here needs the compiler. */
import { requireOptions } from "../base/wrong-option.ts";
import { precompiledCode } from "../driver/precompiled.ts";
import { withCompileErrors } from "./compile-errors.ts";
import { BUILTIN_OPTIONS } from "./option-names.ts";
import { type BinarySource, bytesOf, Module, type ModuleOptions } from "./store-api.ts";

/** What a module that was compiled before may still be told. */
export type RestoreOptions = Pick<ModuleOptions, "builtins" | "importedStringConstants">;

/**
 * A module of what `precompile` gave, or `spillway compile --emit precompiled`, for a store with the collector that it was compiled for, or one with the
 * same write barrier. Its code is run as it is: restore what is your own. Throws `WebAssembly.CompileError` for a module that has none with it, and for code of
 * another version, or of what the module was before it was changed.
 */
export function restore(bytes: BinarySource, options: RestoreOptions = {}): Module {
  requireOptions<RestoreOptions>(options, BUILTIN_OPTIONS, "restore");
  return restoreOwn(bytesOf(bytes), options);
}

/** The same of bytes that nobody else writes. */
export function restoreOwn(bytes: Uint8Array, options: RestoreOptions): Module {
  return new Module(
    withCompileErrors(() => precompiledCode(bytes)),
    options,
  );
}
