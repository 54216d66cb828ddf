/** `WebAssembly` with the compiler. */
import { compile, compileAsync } from "./compile-module.ts";
import { createNamespace, type NamespaceOptions } from "./web-assembly.ts";

/** Makes a namespace, with a store of its own unless one is given. */
export function createWebAssembly(options: NamespaceOptions = {}): Record<string, unknown> {
  return createNamespace({ hasCode: () => true, compile, compileAsync }, options);
}
