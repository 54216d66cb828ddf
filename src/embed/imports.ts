/**
 * What a module imports, out of an object of modules by name, as externs of a store.
 *
 * WebAssembly JavaScript Interface, "read the imports".
 */
import type { CompiledCode } from "../link/compiled-code.ts";
import type { ExternType } from "../wasm/extern-types.ts";
import { externTypeOfImport } from "../wasm/extern-types.ts";
import type { Import } from "../wasm/module.ts";
import * as wasm from "../wasm/types.ts";
import type { Extern, GlobalExtern } from "./extern.ts";
import { hostFunction } from "./host-functions.ts";
import { type HostFunction, type HostGlobal, hostWebAssembly } from "./host-webassembly.ts";
import type { ObjectContext } from "./objects.ts";
import { isSuspending, SUSPENDING_IMPORT } from "./suspension.ts";

/** As `WebAssembly.instantiate` takes them. */
export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What the embedder gives without being asked for it: builtins, string constants. */
export type ProvidedImports = (imported: Import) => Extern | undefined;

/** Finds what objects of the store stand for. */
export interface ImportContext extends ObjectContext {
  /** The extern of an exported function, a global, a table or a memory of this store; undefined for anything else. */
  externOf(object: unknown): Extern | undefined;
}

const NUMBER_NAMES: Readonly<Record<wasm.ValType, string>> = {
  [wasm.I32]: "i32",
  [wasm.I64]: "i64",
  [wasm.F32]: "f32",
  [wasm.F64]: "f64",
};

/** One extern for each import, in order. Throws a `LinkError`, or a `TypeError` where there is no such module. */
export function readImports(
  context: ImportContext,
  code: CompiledCode,
  imports: Imports | undefined,
  provided: ProvidedImports,
): Extern[] {
  const { module } = code.plan;
  const given: unknown = imports;
  if (given !== undefined && !isObject(given)) throw new TypeError("the imports argument must be an object");
  return module.imports.map((imported, i) => {
    const own = provided(imported);
    if (own !== undefined) return own;
    if (given === undefined) {
      throw new TypeError("the imports argument must be present and must be an object");
    }
    const from: unknown = given[imported.module];
    if (!isObject(from)) {
      throw new TypeError(`the import module ${JSON.stringify(imported.module)} is no object`);
    }
    const value = from[imported.name];
    const wanted = externTypeOfImport(context.store.types, module, i);
    return readImport(context, imported, wanted, value);
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function readImport(context: ImportContext, imported: Import, wanted: ExternType, value: unknown): Extern {
  const known = context.externOf(value);
  // For a global, anything else of the store's is a value.
  if (known !== undefined && (wanted.kind !== "global" || known.kind === "global")) return known;
  switch (wanted.kind) {
    case "func":
      if (isSuspending(value)) throw mismatch(imported, SUSPENDING_IMPORT);
      if (typeof value !== "function") throw mismatch(imported, "a function");
      return hostFunction(context, wanted.type, value as HostFunction);
    case "global":
      return readGlobal(context, imported, wanted, value);
    case "memory":
      return readMemory(imported, wanted, value);
    case "tag":
      if (value !== undefined && value === hostWebAssembly.JSTag) return context.store.exceptions.valueTag;
      throw mismatch(imported, "a tag of the store");
    default:
      throw mismatch(imported, `a ${wanted.kind} of the store`);
  }
}

function readGlobal(
  context: ImportContext,
  imported: Import,
  wanted: ExternType & { kind: "global" },
  value: unknown,
): GlobalExtern {
  const { type, mutable } = wanted;
  if (isHostGlobal(value) && wasm.isRef(type)) throw mismatch(imported, "a global of the store, or a value");
  if (isHostGlobal(value))
    return { kind: "global", type: hostGlobalType(value, wanted), host: value, cell: -1 };
  if (mutable) throw mismatch(imported, "a mutable WebAssembly.Global");
  if (wasm.isRef(type)) {
    try {
      return valueGlobal(context, wanted, value);
    } catch (error) {
      throw new hostWebAssembly.LinkError(`${describe(imported)}: ${(error as Error).message}`);
    }
  }
  const fits = type === wasm.I64 ? typeof value === "bigint" : typeof value === "number";
  if (!fits || NUMBER_NAMES[type] === undefined) throw mismatch(imported, "a number of the global's type");
  return {
    kind: "global",
    type: wanted,
    host: new hostWebAssembly.Global({ value: NUMBER_NAMES[type]! }, value),
    cell: -1,
  };
}

/** A global of the store with a reference in it. Throws a `TypeError` for a value that is not of the type. */
export function valueGlobal(
  { store, conversions }: ObjectContext,
  type: ExternType & { kind: "global" },
  value: unknown,
): GlobalExtern {
  const cell = store.newCell(type.type, conversions.toWasm(value, type.type) as number);
  return { kind: "global", type, host: null, cell };
}

function isHostGlobal(value: unknown): value is HostGlobal {
  return value instanceof (hostWebAssembly.Global as unknown as new () => object);
}

/** The host does not tell the type of a global of its own; the engine checks it once more when it links. */
function hostGlobalType(
  _global: HostGlobal,
  wanted: ExternType & { kind: "global" },
): ExternType & { kind: "global" } {
  return wanted;
}

function readMemory(imported: Import, wanted: ExternType & { kind: "memory" }, value: unknown): Extern {
  if (!(value instanceof (hostWebAssembly.Memory as unknown as new () => object)))
    throw mismatch(imported, "a WebAssembly.Memory");
  const host = value as InstanceType<typeof hostWebAssembly.Memory>;
  // Its maximum does not show: the engine checks that where the memory is imported as it is.
  const { limits } = wanted.memory;
  const min = BigInt(host.buffer.byteLength) >> BigInt(wanted.memory.pageSizeLog2);
  const shared = isSharedBuffer(host.buffer);
  const memory = { ...wanted.memory, limits: { ...limits, min }, shared };
  return { kind: "memory", type: { kind: "memory", memory }, host, size: null };
}

/** A page that is not isolated has shared memories, but hides the name of what they are made of. */
export function isSharedBuffer(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object SharedArrayBuffer]";
}

function describe({ module, name }: Import): string {
  return `import ${JSON.stringify(module)} ${JSON.stringify(name)}`;
}

function mismatch(imported: Import, expected: string): Error {
  return new hostWebAssembly.LinkError(`${describe(imported)}: expected ${expected}`);
}
