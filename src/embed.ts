/**
 * `spillway/embed`: running modules with garbage collection from JavaScript, on any engine with plain WebAssembly.
 *
 *     const { instance, store } = instantiate(bytes, { host: { log: console.log } });
 *     instance.exports.main();
 *     store.statistics();                             // collections, bytes allocated, …
 *
 * `compile` and `Store` are the two halves of `instantiate`, for those who want a module more than once or instances that share
 * references. `compileStandalone` gives a binary instead, with its collector in it, for an engine elsewhere, and
 * `compileStandaloneWithSourceMap` a source map besides. Unmodified code that
 * calls `WebAssembly` needs none of this: `spillway/polyfill`, or `createWebAssembly` for a namespace that is not global.
 */
export { type Diagnostic, InputError, renderDiagnostic } from "./base/diagnostics.ts";
export type { CompileOptions } from "./driver/compile.ts";
export type { MappedModule } from "./driver/compile-with-source-map.ts";
export type { SourceMapOptions } from "./driver/source-map.ts";
export {
  compileStandalone,
  compileStandaloneWithSourceMap,
  type MappedOptions,
} from "./embed/compile-standalone.ts";
export { createWebAssembly } from "./embed/create-web-assembly.ts";
export {
  type BinarySource,
  type CacheOptions,
  type CodeCache,
  compile,
  compileAsync,
  type Exports,
  type ExportValue,
  type ExternDescription,
  type HeapSnapshot,
  type HeapStatistics,
  type Imports,
  type Instance,
  instantiate,
  Module,
  openCache,
  precompile,
  restore,
  Store,
  Tag,
} from "./embed/index.ts";
export type { ModuleOptions } from "./embed/store-api.ts";
export type { StoreOptions } from "./embed/store-options.ts";
export type { NamespaceOptions } from "./embed/web-assembly.ts";
