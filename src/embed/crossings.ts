/**
 * Functions of JavaScript's own, for the instances of a store that import them, where the engine lets the store do without JavaScript in
 * between (`link/crossing-module.ts`): it must have a tag for what JavaScript throws, and references to exceptions. Elsewhere
 * `host-functions.ts` does the same.
 */
import { crossingModule, SMALL_NUMBERS } from "../link/crossing-module.ts";
import type { Exceptions } from "./exceptions.ts";
import type { HostCall } from "./extern.ts";
import { type HostFunction, type HostTable, hostWebAssembly } from "./host-webassembly.ts";
import type { References } from "./references.ts";
import type { StoreMemory } from "./store-memory.ts";

/** Whether the engine has what the modules here need; found out once, as far as it does not change. */
export function hasCrossings(): boolean {
  if (hostWebAssembly.JSTag === undefined) return false;
  compiles ??= hasExceptionReferences();
  return compiles;
}

let compiles: boolean | null = null;

function hasExceptionReferences(): boolean {
  try {
    void new hostWebAssembly.Module(crossingModule([], 0));
    return true;
  } catch {
    return false;
  }
}

export class Crossings {
  private readonly memory: StoreMemory;
  private readonly references: References;
  private readonly exceptions: Exceptions;

  constructor(memory: StoreMemory, references: References, exceptions: Exceptions) {
    this.memory = memory;
    this.references = references;
    this.exceptions = exceptions;
  }

  /**
   * The functions as instances of the store call them, one for each. Null where the engine has no way to do it, or where one of them
   * is a function of another of its modules and not of the type that is wanted here.
   */
  functions(calls: readonly HostCall[]): HostFunction[] | null {
    const { memory, references, exceptions } = this;
    if (references.table === null || calls.length === 0) return null;
    const module = new hostWebAssembly.Module(crossingModule(calls, references.hostDescriptor));
    let rethrow: HostFunction | null = null;
    const common = {
      memory: memory.host,
      values: references.table.host,
      numbers: smallNumbers(),
      boxText: references.table.boxText,
      tag: hostWebAssembly.JSTag,
      toJavaScript: (reference: number) => references.toJavaScript(reference),
      throw: (value: unknown) => {
        throw exceptions.entering(value);
      },
      throwPending: () => {
        try {
          rethrow!();
        } catch (error) {
          throw exceptions.entering(error);
        }
      },
    };
    const imports = {
      "": common,
      function: numbered(calls.map(({ func }) => func)),
      result: numbered(calls.map(({ give }) => give)),
    };
    try {
      const { exports } = new hostWebAssembly.Instance(module, imports);
      rethrow = exports["rethrow"] as HostFunction;
      return calls.map((_, i) => exports[String(i)] as HostFunction);
    } catch (error) {
      if (error instanceof hostWebAssembly.LinkError) return null;
      throw error;
    }
  }
}

/** The numbers that cross without JavaScript, one table for all stores. */
function smallNumbers(): HostTable {
  numbers ??= new hostWebAssembly.Table({ initial: SMALL_NUMBERS.count, element: "externref" }, null);
  return numbers;
}

let numbers: HostTable | null = null;

function numbered(functions: readonly (HostFunction | null)[]): Record<string, unknown> {
  return Object.fromEntries(functions.entries());
}
