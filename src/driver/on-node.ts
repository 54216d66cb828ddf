/** The one way to what only Node has. It is there at once, for those who cannot wait: nothing on it imports a module of Node's. */
import * as node from "./node/index.ts";

interface NodeGlobals {
  readonly process?: { readonly versions?: { readonly node?: string }; readonly getBuiltinModule?: unknown };
}

/**
 * Null on what is not Node, before Node 20.16, which gives its modules only to those who wait, and in a bundle for browsers wherever it
 * runs: there the folder is an empty module.
 */
export function nodeOnly(): typeof node | null {
  const { process } = globalThis as NodeGlobals;
  const isNode =
    typeof process?.versions?.node === "string" && typeof process.getBuiltinModule === "function";
  return isNode && "diskCache" in node ? node : null;
}
