/** Everything the backend refuses, by name. */
import type { Diagnostic } from "../base/diagnostics.ts";

export function unsupportedType(type: string): Diagnostic {
  return { code: "backend-type", message: `values of type ${type} cannot be compiled to Wasm` };
}

export function unsupportedInst(text: string): Diagnostic {
  return { code: "backend-instruction", message: `${text} cannot be compiled to Wasm` };
}

export function irreducibleFlow(): Diagnostic {
  return {
    code: "backend-irreducible",
    message: "a loop is entered in more than one place",
    notes: ["makeReducible gives such a loop one entry"],
  };
}
