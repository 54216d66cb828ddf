import type { RelocatableCode } from "../object/code.ts";
import type { SymbolTable } from "../object/symbols.ts";
import type { OutputPlan } from "./plan.ts";

/** A place for bytes from one program to the next. */
export interface KeptBytes {
  /** What was saved there, whole and unchanged, or null. */
  load(): Uint8Array | null;
  /** Saves them, or does not: that is nobody's concern. */
  save(bytes: Uint8Array): void;
}

/** What compiling a module gives, before it is linked: it serves any number of links. */
export interface CompiledCode {
  readonly plan: OutputPlan;
  readonly symbols: SymbolTable;
  /** Of the defined functions, in order. */
  readonly bodies: readonly RelocatableCode[];
  /** What an instance does before anything else, in order. */
  readonly initializers: readonly RelocatableCode[];
  /** Where the link of the first instance is kept (`kept-link.ts`); null, or not there, where it is not. */
  readonly link?: KeptBytes | null;
}
