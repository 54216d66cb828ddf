/** What linking into a store says. */
import type { ExternKind, Import } from "../wasm/module.ts";

/** An import that was given something of another type. */
export class ImportMismatch extends Error {
  constructor({ module, name, type }: Import, given: ExternKind) {
    const what = type.kind === given ? `a ${type.kind} of another type` : `a ${given}`;
    super(`incompatible import type: ${module}.${name} is a ${type.kind}, and ${what} was given`);
    this.name = "ImportMismatch";
  }
}
