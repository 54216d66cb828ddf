/** What the linker refuses, by name. */
import { type Diagnostic, InputError } from "../base/diagnostics.ts";
import type { Module } from "../wasm/module.ts";

const WASI = "wasi_snapshot_preview1";

export function notLinkedYet(what: string, offset: number): Diagnostic {
  return {
    code: "link-unsupported",
    message: `${what} cannot be compiled yet`,
    place: { kind: "binary", offset },
  };
}

/** What a module has that a store takes and the compiler of modules that stand alone does not. */
export function notStandalone(module: Module, what: string, offset: number): Diagnostic {
  return {
    ...notLinkedYet(`${what}, in a module that stands alone,`, offset),
    notes: [whereItRuns(module)],
  };
}

/** `spillway run` has WASI to give, and no JavaScript of the program's own. */
function whereItRuns({ imports }: Module): string {
  if (imports.every(({ module }) => module === WASI))
    return "`spillway run` can run such a module: there it shares a heap with its host";
  return (
    "it runs with its host in JavaScript, where they share a heap: `node --import spillway/polyfill` and the module's own glue, " +
    "or a `Store` of `spillway/embed`"
  );
}

export function staticMemoryFull(bytes: number): Diagnostic {
  return {
    code: "link-static-memory",
    message: `the store has no room for ${bytes} bytes of static data`,
    notes: ["a store with a larger `staticBytes` has"],
  };
}

export function notConstant(module: Module, offset: number): InputError {
  return new InputError(notStandalone(module, "an offset computed from an imported global", offset));
}

export function memoryTooLarge(offset: number): InputError {
  return new InputError({
    code: "link-memory-size",
    message: "a memory of more than 4 GiB, which the target does not have",
    place: { kind: "binary", offset },
  });
}
