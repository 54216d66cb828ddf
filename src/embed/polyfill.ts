/**
 * `spillway/polyfill`: on import, `WebAssembly` gets what the engine lacks, so that unmodified code which uses modules with garbage
 * collection runs. On an engine that has it nothing is done, unless the environment says `SPILLWAY_POLYFILL=force`.
 *
 *     node --import spillway/polyfill app.mjs
 *     import "spillway/polyfill";                    // before the imports of those who use it
 *
 * It is installed when the import is evaluated, and nothing here or below waits (`await` at the top of a module): modules beside it would
 * run meanwhile, and neither `require` nor a script can wait.
 *
 * On Node, what was compiled is kept for the next time; `SPILLWAY_CACHE=off` says not to.
 */
import { cacheOnDemand } from "./open-cache.ts";
import { createWebAssembly, type NamespaceOptions } from "./web-assembly.ts";

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
export function install(options: NamespaceOptions = {}): void {
  const namespace = createWebAssembly(options);
  Object.defineProperty(globalThis, "WebAssembly", { value: namespace, writable: true, configurable: true });
}

const environment = (globalThis as Environment).process?.env ?? {};
const isForced = environment["SPILLWAY_POLYFILL"] === "force";
if (isForced || !hasGarbageCollection()) {
  install({
    force: isForced,
    compile: { cache: cacheOnDemand(), gcStress: environment["SPILLWAY_GC_STRESS"] === "1" },
  });
}
