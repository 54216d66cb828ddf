/** The modules beside an instance that have its memories (`link/memory-module.ts`), and one that copies between these. */
import { outputName } from "../link/link-store.ts";
import type { MemoryExtern } from "./extern.ts";

/** The name among an instance's host exports of the global with a memory's size in bytes. */
export function sizeName(memory: number): string {
  return `${outputName("memory", memory)} size`;
}

/** What an engine's module exports, and what it imports. */
export type HostExports = Readonly<Record<string, unknown>>;
export type HostImports = Record<string, Record<string, unknown>>;

/** What the module of a memory imports: the memory itself, if the input does. */
export function memoryImports(given: MemoryExtern | null): HostImports {
  return { input: given === null ? {} : { memory: given.host, size: given.size } };
}

/** What the module that copies imports of those of the memories. */
export function copyImports(memories: readonly HostExports[]): HostImports {
  return Object.fromEntries(memories.map((exports, i) => [i, exports]));
}

/** What the main module imports as "memory", and the memories under their output names. */
export function mainImports(memories: readonly HostExports[], copies: HostExports): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  memories.forEach((exports, i) => {
    for (const [name, thing] of Object.entries(exports)) if (/^\d+$/.test(name)) all[name] = thing;
    all[outputName("memory", i)] = exports["memory"];
    if (exports["size"] !== undefined) all[sizeName(i)] = exports["size"];
  });
  return Object.assign(all, copies);
}
