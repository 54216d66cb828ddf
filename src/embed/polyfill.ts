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
 * What was compiled is kept for the next time; `SPILLWAY_CACHE=off` says not to.
 */
import { createWebAssembly } from "./create-web-assembly.ts";
import { installWhereNeeded, replaceWebAssembly } from "./install-polyfill.ts";
import { cacheOnDemand } from "./open-cache.ts";
import type { NamespaceOptions } from "./web-assembly.ts";

export { hasGarbageCollection } from "./install-polyfill.ts";

/** Replaces `WebAssembly`, whatever the engine has. */
export function install(options: NamespaceOptions = {}): void {
  replaceWebAssembly(createWebAssembly(options));
}

installWhereNeeded(({ compile, ...options }) =>
  install({ ...options, compile: { ...compile, cache: cacheOnDemand() } }),
);
