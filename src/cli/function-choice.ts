/** Finding the function of a module that a command is asked for. */
import { InputError } from "../base/diagnostics.ts";
import { type Module, readNames } from "../wasm/index.ts";
import { noSuchWasmFunction } from "./messages.ts";

/** The index of the defined function of that name, export name or index. Throws `InputError` where there is none. */
export function functionIndex(module: Module, wanted: string): number {
  const isDefined = (index: number): boolean =>
    index >= module.importedFunctionCount && index < module.functionTypes.length;
  const named = [...readNames(module).functions].find(([index, name]) => name === wanted && isDefined(index));
  if (named !== undefined) return named[0];
  const exported = module.exports.find(({ kind, name }) => kind === "func" && name === wanted);
  if (exported !== undefined && isDefined(exported.index)) return exported.index;
  if (/^\d+$/.test(wanted) && isDefined(Number(wanted))) return Number(wanted);
  throw new InputError(
    noSuchWasmFunction(wanted, module.importedFunctionCount, module.functionTypes.length - 1),
  );
}
