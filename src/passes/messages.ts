/** What the passes refuse, by name. */
import type { Diagnostic } from "../base/diagnostics.ts";

export function wideInst(opcode: string): Diagnostic {
  return { code: "pass-wide", message: `${opcode} on values of 128 bits cannot be split into halves` };
}

export function halfVector(opcode: string): Diagnostic {
  return { code: "pass-half-vector", message: `${opcode} on vectors of 64 bits cannot be compiled to Wasm` };
}
