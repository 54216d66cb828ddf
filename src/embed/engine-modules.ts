/**
 * The engine's modules that an instance is made of, compiled and instantiated now, or by those who can wait: in a page, browsers refuse more
 * than some kilobytes, or megabytes, at once.
 */
import type { LinkedInstance } from "../link/link-store.ts";
import { type HostModule, hostWebAssembly } from "./host-webassembly.ts";
import type { HostExports, HostImports } from "./memories.ts";

export interface EngineModules {
  readonly main: HostModule;
  /** Those beside it: one for each memory, and what copies between them. */
  readonly memories: readonly HostModule[];
  readonly copies: HostModule | null;
}

export function compiledNow({ bytes, memoryModules, memoryCopies }: LinkedInstance): EngineModules {
  const compile = (one: Uint8Array): HostModule => new hostWebAssembly.Module(one);
  return {
    main: compile(bytes),
    memories: memoryModules.map(compile),
    copies: memoryCopies === null ? null : compile(memoryCopies),
  };
}

export async function compiledLater({
  bytes,
  memoryModules,
  memoryCopies,
}: LinkedInstance): Promise<EngineModules> {
  const compile = (one: Uint8Array): Promise<HostModule> => hostWebAssembly.compile(one);
  const [main, memories, copies] = await Promise.all([
    compile(bytes),
    Promise.all(memoryModules.map(compile)),
    memoryCopies === null ? null : compile(memoryCopies),
  ]);
  return { main, memories, copies };
}

export function exportsNow(module: HostModule, imports: HostImports): HostExports {
  return new hostWebAssembly.Instance(module, imports).exports;
}

export async function exportsLater(module: HostModule, imports: HostImports): Promise<HostExports> {
  return (await hostWebAssembly.instantiate(module, imports)).exports;
}
