/** Everything the backend refuses, by name. */
import type { Diagnostic } from "../base/diagnostics.ts";

export function unsupportedType(type: string): Diagnostic {
  return { code: "backend-type", message: `values of type ${type} cannot be compiled to Wasm` };
}

export function unsupportedInst(text: string): Diagnostic {
  return { code: "backend-instruction", message: `${text} cannot be compiled to Wasm` };
}

export function tooManyLocals(count: number, limit: number): Diagnostic {
  return {
    code: "backend-locals",
    message: `the compiled function has ${count} locals, and engines take ${limit}`,
    notes: ["so many values are alive where many ways meet; smaller functions have fewer"],
  };
}

export function bodyTooLarge(bytes: number, limit: number): Diagnostic {
  return {
    code: "backend-body",
    message: `the compiled function has ${bytes} bytes, and engines take ${limit}`,
    notes: ["it has to be split before it is compiled"],
  };
}

export function irreducibleFlow(): Diagnostic {
  return {
    code: "backend-irreducible",
    message: "a loop is entered in more than one place",
    notes: ["makeReducible gives such a loop one entry"],
  };
}
