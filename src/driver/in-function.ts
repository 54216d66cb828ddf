/** What goes wrong with one function says which one it is. */
import { InputError } from "../base/diagnostics.ts";
import type { Module } from "../wasm/module.ts";
import { functionLabel } from "../wasm/names.ts";
import { NotProven } from "./not-proven.ts";

/**
 * Gives what `work` makes of the function. What it refuses gets a note that names the function, and its place where there is none; any other
 * error, a defect of ours, becomes the cause of one that names it.
 */
export function inFunction<T>(module: Module, index: number, work: (index: number) => T): T {
  try {
    return work(index);
  } catch (error) {
    if (error instanceof NotProven) throw error;
    const label = functionLabel(module, index);
    if (!(error instanceof InputError)) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${label}: ${message}`, { cause: error });
    }
    const { diagnostic } = error;
    const offset = module.code.starts.get(index - module.importedFunctionCount);
    const place = diagnostic.place ?? { kind: "binary", offset };
    throw new InputError({ ...diagnostic, place, notes: [...(diagnostic.notes ?? []), `in ${label}`] });
  }
}
