/** Putting a namespace in the place of the engine's `WebAssembly`, where that lacks garbage collection or the environment says so. */
import type { NamespaceOptions } from "./web-assembly.ts";

/** A module with a struct type, the `js-string` builtins aside the newest thing that programs need. */
const PROBE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x5f, 1, 0x7f, 0);

interface Environment {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
}

/** Whether the engine takes modules with garbage collection. */
export function hasGarbageCollection(): boolean {
  const { WebAssembly: host } = globalThis as unknown as {
    WebAssembly: { validate(bytes: Uint8Array): boolean };
  };
  return host.validate(PROBE);
}

/** Replaces `WebAssembly`, whatever the engine has. */
export function replaceWebAssembly(namespace: Record<string, unknown>): void {
  Object.defineProperty(globalThis, "WebAssembly", { value: namespace, writable: true, configurable: true });
}

/** Calls `install` where the engine lacks it, and where the environment says `SPILLWAY_POLYFILL=force`. */
export function installWhereNeeded(install: (options: NamespaceOptions) => void): void {
  const environment = (globalThis as Environment).process?.env ?? {};
  const force = environment["SPILLWAY_POLYFILL"] === "force";
  if (force || !hasGarbageCollection())
    install({ force, compile: { gcStress: environment["SPILLWAY_GC_STRESS"] === "1" } });
}
