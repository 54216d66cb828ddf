/** Running compiled modules on the host's WebAssembly. */
export type { CodeCache } from "../driver/code-cache.ts";
export { outputName } from "../link/link-store.ts";
export { compile, compileAsync, instantiate, precompile, Store } from "./compile-module.ts";
export { Exceptions, type PayloadValue, StoreException } from "./exceptions.ts";
export type { Exports, ExportValue } from "./export-value.ts";
export type { Extern, FunctionExtern, GlobalExtern, MemoryExtern, TableExtern, TagExtern } from "./extern.ts";
export { guarded } from "./guard.ts";
export { HeapSnapshot } from "./heap-snapshot.ts";
export { hostWebAssembly } from "./host-webassembly.ts";
export type { Imports } from "./imports.ts";
export { ImportMismatch } from "./messages.ts";
export { type CacheOptions, openCache } from "./open-cache.ts";
export { References } from "./references.ts";
export { restore } from "./restore-module.ts";
export type { HeapStatistics } from "./runtime.ts";
export { Store as CoreStore, type StoreInstance } from "./store.ts";
export {
  type BinarySource,
  type ExternDescription,
  type Instance,
  Module,
  type ModuleStore,
} from "./store-api.ts";
export type { StoreOptions } from "./store-options.ts";
export { Tag } from "./tag.ts";
