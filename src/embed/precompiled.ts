/**
 * `spillway/precompiled`: the polyfill without the compiler, for programs all of whose modules have their compiled code with them
 * (`spillway compile --emit precompiled`). It is half as large, and nothing is compiled when a program begins; a module that comes without code is
 * refused by name when it is instantiated. On an engine that has garbage collection nothing is done, and the same modules run there as any others.
 *
 *     node --import spillway/precompiled app.mjs
 *     import "spillway/precompiled";                 // before the imports of those who use it
 *
 * Modules are run with the settings that they were compiled with, so `SPILLWAY_GC_STRESS` says nothing here; for those of another collector than the
 * default `install({ store: { collector: "generational" } })` makes a store that has it.
 *
 * Code that comes with a module is run as it is, so a program that loads modules of others' needs the polyfill instead.
 */
import { FLAG, type OptionNames, pickOptions, requireOptions } from "../base/wrong-option.ts";
import { isPrecompiled, noCode } from "../driver/precompiled.ts";
import { DEFAULT_FEATURES } from "../wasm/features.ts";
import { decodeAndValidate } from "../wasm/index.ts";
import { withCompileErrors } from "./compile-errors.ts";
import { hasReplaced, installWhereNeeded, replaceWebAssembly } from "./install-polyfill.ts";
import { BUILTIN_OPTIONS } from "./option-names.ts";
import { restoreOwn } from "./restore-module.ts";
import { type BinarySource, bytesOf, Module, type ModuleOptions, viewOf } from "./store-api.ts";
import { createNamespace, type NamespaceOptions } from "./web-assembly.ts";

export { hasGarbageCollection } from "./install-polyfill.ts";

/** Nothing is compiled. */
type InstallOptions = Omit<NamespaceOptions, "compile">;

const INSTALL_OPTIONS: OptionNames<InstallOptions> = { force: FLAG, store: true };

/** Replaces `WebAssembly`, whatever the engine has. */
export function install(options: InstallOptions = {}): void {
  requireOptions(options, INSTALL_OPTIONS, "install");
  replaceWebAssembly(createNamespace({ hasCode, compile, compileAsync }, options));
}

function hasCode(bytes: BinarySource): boolean {
  return isPrecompiled(viewOf(bytes));
}

/**
 * Programs find out what an engine takes by compiling small modules that they never run. So what is valid and has no code is a module, and says so when
 * it is to be instantiated.
 */
function compile(bytes: BinarySource, options: ModuleOptions): Module {
  const copy = bytesOf(bytes);
  const given = pickOptions(options, BUILTIN_OPTIONS);
  if (isPrecompiled(copy)) return restoreOwn(copy, given);
  const module = withCompileErrors(() => decodeAndValidate(copy, DEFAULT_FEATURES));
  return new Module({ plan: { module }, whyNoCode: noCode(module) }, given);
}

async function compileAsync(bytes: BinarySource, options: ModuleOptions): Promise<Module> {
  return compile(bytes, options);
}

// Where the polyfill is, modules without code run, too.
installWhereNeeded(({ force = false }) => {
  if (!hasReplaced()) install({ force });
});
