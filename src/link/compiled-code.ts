import type { RelocatableCode } from "../object/code.ts";
import type { SymbolTable } from "../object/symbols.ts";
import type { OutputPlan } from "./plan.ts";

/** What compiling a module gives, before it is linked: it serves any number of links. */
export interface CompiledCode {
  readonly plan: OutputPlan;
  readonly symbols: SymbolTable;
  /** Of the defined functions, in order. */
  readonly bodies: readonly RelocatableCode[];
  /** What an instance does before anything else, in order. */
  readonly initializers: readonly RelocatableCode[];
}
