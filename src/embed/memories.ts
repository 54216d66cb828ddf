/** The modules beside an instance that have its memories (`link/memory-module.ts`). */
import { outputName } from "../link/link-store.ts";
import type { EngineModules } from "./engine-modules.ts";
import type { MemoryExtern } from "./extern.ts";
import { hostWebAssembly } from "./host-webassembly.ts";

/** The name among an instance's host exports of the global with a memory's size in bytes. */
export function sizeName(memory: number): string {
  return `${outputName("memory", memory)} size`;
}

/** Starts them; returns what the main module imports as "memory", and the memories under their output names. */
export function startMemories(
  { memories, copies }: EngineModules,
  imported: (index: number) => MemoryExtern,
  importedCount: number,
): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  const peers: Record<string, Record<string, unknown>> = {};
  memories.forEach((module, i) => {
    const given = i < importedCount ? imported(i) : null;
    const input: Record<string, unknown> = given === null ? {} : { memory: given.host, size: given.size };
    const exports = new hostWebAssembly.Instance(module, { input }).exports as Record<string, unknown>;
    peers[i] = exports;
    for (const [name, thing] of Object.entries(exports)) if (/^\d+$/.test(name)) all[name] = thing;
    all[outputName("memory", i)] = exports["memory"];
    if (exports["size"] !== undefined) all[sizeName(i)] = exports["size"];
  });
  if (copies !== null) Object.assign(all, new hostWebAssembly.Instance(copies, peers).exports);
  return all;
}
