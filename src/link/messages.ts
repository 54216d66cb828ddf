/** What the linker refuses, by name. */
import { type Diagnostic, InputError } from "../base/diagnostics.ts";

export function notLinkedYet(what: string, offset: number): Diagnostic {
  return {
    code: "link-unsupported",
    message: `${what} cannot be compiled yet`,
    place: { kind: "binary", offset },
  };
}

/** What a module has that a store takes and the compiler of modules that stand alone does not. */
export function notStandalone(what: string, offset: number): Diagnostic {
  return {
    ...notLinkedYet(`${what}, in a module that stands alone,`, offset),
    notes: ["`spillway run` can run such a module: there it shares a heap with its host"],
  };
}

export function staticMemoryFull(bytes: number): Diagnostic {
  return {
    code: "link-static-memory",
    message: `the store has no room for ${bytes} bytes of static data`,
    notes: ["a store with a larger `staticBytes` has"],
  };
}

export function notConstant(offset: number): InputError {
  return new InputError(notStandalone("an offset computed from an imported global", offset));
}

export function memoryTooLarge(offset: number): InputError {
  return new InputError({
    code: "link-memory-size",
    message: "a memory of more than 4 GiB, which the target does not have",
    place: { kind: "binary", offset },
  });
}
