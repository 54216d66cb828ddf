/** Putting a namespace in the place of the engine's `WebAssembly`, where that lacks garbage collection or the environment says so. */
import { patchEngineTables } from "./engine-tables.ts";
import { environment } from "./environment.ts";
import { hostWebAssembly } from "./host-webassembly.ts";
import type { NamespaceOptions } from "./web-assembly.ts";

/** A module with a struct type, the `js-string` builtins aside the newest thing that programs need. */
const PROBE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x5f, 1, 0x7f, 0);

/** Whether the engine itself takes modules with garbage collection, also once `WebAssembly` was replaced. */
export function hasGarbageCollection(): boolean {
  return hostWebAssembly.validate(PROBE);
}

let isInstalled = false;

/** Whether a namespace is in the engine's place, with the compiler or without. */
export function hasReplaced(): boolean {
  return isInstalled;
}

/** Replaces `WebAssembly`, whatever the engine has. */
export function replaceWebAssembly(namespace: Record<string, unknown>): void {
  isInstalled = true;
  patchEngineTables();
  Object.defineProperty(globalThis, "WebAssembly", { value: namespace, writable: true, configurable: true });
}

/** Calls `install` where the engine lacks it, and where the environment says `SPILLWAY_POLYFILL=force`. */
export function installWhereNeeded(install: (options: NamespaceOptions) => void): void {
  const { SPILLWAY_POLYFILL, SPILLWAY_GC_STRESS } = environment();
  const force = SPILLWAY_POLYFILL === "force";
  if (force || !hasGarbageCollection()) install({ force, compile: { gcStress: SPILLWAY_GC_STRESS === "1" } });
}
