/** Running compiled modules on the host's WebAssembly. */
export { outputName } from "../link/link-store.ts";
export type { Extern, FunctionExtern, GlobalExtern, MemoryExtern, TableExtern } from "./extern.ts";
export { guarded } from "./guard.ts";
export { hostWebAssembly } from "./host-webassembly.ts";
export { ImportMismatch } from "./messages.ts";
export { References } from "./references.ts";
export { Store, type StoreInstance, type StoreOptions } from "./store.ts";
