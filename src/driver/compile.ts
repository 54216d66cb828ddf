/**
 * Compiles a module with references to one without: it brings its collector along, and needs nothing from its host that the
 * input did not.
 *
 *     prepare   decode, validate, and plan: what stands where in the output: index spaces, cells, what the engine keeps
 *     functions translate → optimize → spill → make reducible → emit, one after the other
 *     link      bodies, runtime and static data into one module
 *
 * `compileCode` stops before linking, for a store, which links a module each time that it is instantiated.
 */

import type { CompiledCode } from "../link/compiled-code.ts";
import { linkStandalone } from "../link/link-standalone.ts";
import type { LinkedModule } from "../link/output-module.ts";
import { compileFunctions } from "./compile-functions.ts";
import { type PreparedModule, type PrepareOptions, prepareModule } from "./prepare.ts";

export interface CompileOptions extends PrepareOptions {
  /** Bytes of the shadow stack. */
  readonly stackBytes?: number;
  /** The most that the heap may grow to, in bytes. */
  readonly maxHeapBytes?: number;
}

/** Not the full megabyte: the first addresses behind the stack are then constants of three bytes. */
export const DEFAULT_STACK_BYTES: number = (1 << 20) - (1 << 16);
export const DEFAULT_HEAP_BYTES: number = 1 << 30;

/** Throws `InputError` for a module that is not valid, or that has what is not compiled yet. */
export function compile(bytes: Uint8Array, options: CompileOptions = {}): Uint8Array {
  const prepared = prepareModule(bytes, options, "standalone");
  return linkCompiled(prepared, compileFunctions(prepared.plan, prepared.options), options).bytes;
}

/** Links what stands alone; `prepared` is how it was compiled. */
export function linkCompiled(
  { runtime, options: { watch } }: PreparedModule,
  code: CompiledCode,
  options: CompileOptions,
): LinkedModule {
  if (runtime === null) throw new Error("a module for a store is linked by the store");
  watch.compiled(code);
  watch.enter("link");
  return linkStandalone(code, {
    runtime,
    stackBytes: options.stackBytes ?? DEFAULT_STACK_BYTES,
    maxHeapBytes: options.maxHeapBytes ?? DEFAULT_HEAP_BYTES,
    placed: (layout) => watch.placed(layout, runtime),
  });
}

/** Of a module for a store, which has the memory and the collector: `collector` must have the same barrier. */
export type CodeOptions = PrepareOptions;

/** Compiles for a store; what comes out can be linked into any number of them. Throws as `compile` does. */
export function compileCode(bytes: Uint8Array, options: CodeOptions = {}): CompiledCode {
  const { plan, options: settings } = prepareModule(bytes, options, "store");
  return compileFunctions(plan, settings);
}
