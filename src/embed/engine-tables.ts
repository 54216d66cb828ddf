/**
 * Functions of a store in tables of the engine's, which take none of JavaScript's: there is a function of the engine's for each, that calls it, and the
 * way back, so that who looks into a table finds what was put there.
 */
import { WrittenModule } from "../link/written-module.ts";
import { EXTERNREF, isRef, V128, type ValType } from "../wasm/types.ts";
import { type HostFunction, type HostTable, hostWebAssembly } from "./host-webassembly.ts";

export interface FunctionSignature {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** Of functions of stores, what the engine has to know. */
const signatures = new WeakMap<object, () => FunctionSignature>();
const inEngine = new WeakMap<object, HostFunction>();
const inStore = new WeakMap<object, object>();

/** Tells of a function of a store what it takes and gives. */
export function noteFunction(func: object, signature: () => FunctionSignature): void {
  signatures.set(func, signature);
}

/** What a table of the engine's has for a value: for a function of a store one of its own, where its types have a name there. */
export function toEngine(value: unknown): unknown {
  if (typeof value !== "function") return value;
  const signature = signatures.get(value);
  if (signature === undefined) return value;
  let func = inEngine.get(value);
  if (func === undefined) {
    const { params, results } = signature();
    if (![...params, ...results].every((type) => (isRef(type) ? type === EXTERNREF : type !== V128)))
      return value;
    func = forwarding(value as HostFunction, params, results);
    inEngine.set(value, func);
    inStore.set(func, value);
  }
  return func;
}

/** What was put where a table of the engine's has this. */
export function fromEngine(value: unknown): unknown {
  return typeof value === "function" ? (inStore.get(value) ?? value) : value;
}

function forwarding(f: HostFunction, params: readonly ValType[], results: readonly ValType[]): HostFunction {
  const module = new WrittenModule();
  module.exportFunction("f", module.importFunction("", "f", params, results));
  const { exports } = new hostWebAssembly.Instance(new hostWebAssembly.Module(module.encode()), {
    "": { f },
  });
  return exports["f"] as HostFunction;
}

let arePatched = false;

/** Has all tables of the engine's take functions of stores, those that its modules define as well. */
export function patchEngineTables(): void {
  if (arePatched) return;
  arePatched = true;
  const { prototype } = hostWebAssembly.Table as unknown as { prototype: HostTable };
  const { get, set, grow } = prototype;
  const methods = {
    get(this: HostTable, ...args: [number]): unknown {
      return fromEngine(get.apply(this, args));
    },
    set(this: HostTable, ...args: [number, unknown]): void {
      if (args.length > 1) args[1] = toEngine(args[1]);
      set.apply(this, args);
    },
    grow(this: HostTable, ...args: [number, unknown?]): number {
      if (args.length > 1) args[1] = toEngine(args[1]);
      return grow.apply(this, args as [number]);
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    const { length } = prototype[name as keyof typeof methods];
    Object.defineProperty(value, "length", { value: length, configurable: true });
    Object.defineProperty(prototype, name, { value, writable: true, enumerable: true, configurable: true });
  }
}

/** A table of the engine's with what was put there. */
export class EngineElements {
  readonly table: HostTable;

  constructor(table: HostTable) {
    this.table = table;
  }

  get length(): number {
    return this.table.length;
  }

  get(index: number): unknown {
    return fromEngine(this.table.get(index));
  }

  set(index: number, ...value: [unknown?]): void {
    this.table.set(index, ...(value.map(toEngine) as [unknown]));
  }

  grow(count: number, ...value: [unknown?]): number {
    return this.table.grow(count, ...(value.map(toEngine) as []));
  }
}
