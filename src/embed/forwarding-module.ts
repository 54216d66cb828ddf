/** A module that exports the one function that it imports: a table takes no function of JavaScript's own. */
import { lowered } from "../link/output-types.ts";
import { WrittenModule } from "../link/written-module.ts";
import type { TypeTable } from "../wasm/types.ts";

/** Imports "" "f", of a function type with references as numbers, and exports it as "f". */
export function forwardingModule(types: TypeTable, type: number): Uint8Array {
  const params = Array.from({ length: types.paramCount(type) }, (_, i) => lowered(types.param(type, i)));
  const results = Array.from({ length: types.resultCount(type) }, (_, i) => lowered(types.result(type, i)));
  const module = new WrittenModule();
  module.exportFunction("f", module.importFunction("", "f", params, results));
  return module.encode();
}
