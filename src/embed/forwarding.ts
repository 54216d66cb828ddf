/** Instances of the modules that stand between the functions of the store's table and others; a table would take no function of JavaScript's own anyway. */
import { forOthers, forReferences } from "../link/forwarding-modules.ts";
import type { TypeTable } from "../wasm/types.ts";
import { type HostFunction, hostWebAssembly } from "./host-webassembly.ts";

/** What the modules import of the runtime. */
type RuntimeGlobals = Readonly<Record<string, unknown>>;

/** A function of that type as the table has it: the last parameter is where the stack ends. */
export function functionForReferences(
  types: TypeTable,
  type: number,
  func: HostFunction,
  runtime: RuntimeGlobals,
): HostFunction {
  return instantiated(forReferences(types, type), func, runtime);
}

/** A function of the table, of that type but for its last parameter, as others call it. */
export function functionForOthers(
  types: TypeTable,
  type: number,
  func: HostFunction,
  runtime: RuntimeGlobals,
): HostFunction {
  return instantiated(forOthers(types, type), func, runtime);
}

function instantiated(module: Uint8Array, f: HostFunction, { stackPointer }: RuntimeGlobals): HostFunction {
  const instance = new hostWebAssembly.Instance(new hostWebAssembly.Module(module), {
    "": { f, stackPointer },
  });
  return instance.exports["f"] as HostFunction;
}
