/**
 * What stands where in the output module: decided before the first function is compiled, so that bodies have their final
 * indices and nothing is relocated.
 *
 *     types       the input's function types, references lowered; the runtime's
 *     functions   the input's; the runtime's; the start function; what initialises the globals that hold references, if any;
 *                 wrappers of exported functions
 *     globals     the input's; the runtime's
 *     memory 0    shadow stack, static data (the roots first), heap
 *
 * A global that holds a reference lives in memory, as a word of the root region, where a collector finds and changes it. Its place
 * in the index space stays, as an i32 that nobody reads: the other indices need no change, in segments and initialisers too.
 */
import { InputError } from "../base/diagnostics.ts";
import type { Module } from "../wasm/module.ts";
import type { TypeStore } from "../wasm/subtyping.ts";
import * as wasm from "../wasm/types.ts";
import { TypeTable, type ValType } from "../wasm/types.ts";
import { IndirectTypes } from "./indirect-types.ts";
import { notLinkedYet } from "./messages.ts";

export interface OutputPlan {
  readonly types: TypeTable;
  /** Where the runtime's types, functions and globals begin. */
  readonly typeBase: number;
  readonly functionBase: number;
  readonly globalBase: number;
  /** The start function, the one that initialises roots, and the type of both. */
  readonly startFunction: number;
  readonly rootInitializer: number;
  readonly startType: number;
  /** No frame is live when the host calls an export: compiled code calls nothing that could call back. */
  readonly isClosed: boolean;
  /** How many globals hold references: one word of the root region each. */
  readonly rootCount: number;
  readonly allocPtr: number;
  readonly allocEnd: number;
  readonly stackPointer: number;
  /** The output's index of one of the input's function types. */
  typeIndex(type: number): number;
  /** Which word of the root region a global that holds a reference lives in; -1 for one that stays a global. */
  rootOfGlobal(global: number): number;
  /** Whether an indirect call of the type could reach a function of another; see `indirect-types.ts`. */
  isConfusable(type: number): boolean;
  /** The output's index of a function that the runtime exports. */
  runtimeFunction(name: string): number;
}

/** `runtime` imports a memory and nothing else. Throws `InputError` for what the linker does not do yet. */
export function planOutput(module: Module, runtime: Module, store: TypeStore): OutputPlan {
  refuse(module);
  const indirect = new IndirectTypes(module, store);
  const types = new TypeTable();
  const indices = lowerTypes(module, types);
  const typeBase = types.length;
  copyFunctionTypes(runtime.types, types);
  const startType = types.length;
  addFunctionType(types, [], []);
  const functionBase = module.functionTypes.length;
  const globalBase = module.globals.length;
  const roots = rootsOf(module);
  const startFunction = functionBase + runtime.functionTypes.length;
  const exported = (kind: "func" | "global", name: string): number => {
    const found = runtime.exports.find((candidate) => candidate.kind === kind && candidate.name === name);
    if (found === undefined) throw new Error(`the runtime does not export ${name}`);
    return (kind === "func" ? functionBase : globalBase) + found.index;
  };
  return {
    types,
    typeBase,
    functionBase,
    globalBase,
    startFunction,
    rootInitializer: startFunction + 1,
    startType,
    isClosed: isClosed(module),
    rootCount: roots.size,
    allocPtr: exported("global", "allocPtr"),
    allocEnd: exported("global", "allocEnd"),
    stackPointer: exported("global", "stackPointer"),
    typeIndex: (type) => {
      const index = indices.get(type);
      if (index === undefined) throw new InputError(notLinkedYet(module.types.describe(type), 0));
      return index;
    },
    isConfusable: (type) => indirect.isConfusable(type),
    rootOfGlobal: (global) => roots.get(global) ?? -1,
    runtimeFunction: (name) => exported("func", name),
  };
}

/** Whatever is in a table that others see may be theirs. */
function isClosed({ importedFunctionCount, importedTableCount, exports }: Module): boolean {
  const seen = importedTableCount > 0 || exports.some(({ kind }) => kind === "table");
  return importedFunctionCount === 0 && !seen;
}

/** The words of the root region, by global. */
function rootsOf(module: Module): Map<number, number> {
  const roots = new Map<number, number>();
  module.globals.forEach(({ type }, index) => {
    if (wasm.isRef(type)) roots.set(index, roots.size);
  });
  return roots;
}

function refuse(module: Module): void {
  const no = (what: string, offset: number): never => {
    throw new InputError(notLinkedYet(what, offset));
  };
  for (const memory of module.memories) no("a memory of its own", memory.offset);
  for (const tag of module.tags) no("an exception tag", tag.offset);
  for (const global of module.globals) {
    if (lowered(module.types, global.type) === null) {
      no(`a global of type ${wasm.valTypeName(global.type)}`, global.initStart);
    }
  }
  for (const table of module.tables) {
    const { element } = table.type;
    if (element !== wasm.FUNCREF) no(`a table of ${wasm.valTypeName(element)}`, table.offset);
  }
  for (const segment of module.elements) {
    const { element } = segment;
    if (wasm.heapOf(element) !== wasm.HEAP_FUNC) {
      no(`an element segment of ${wasm.valTypeName(element)}`, segment.offset);
    }
  }
  for (const { type, offset } of module.imports) {
    if (type.kind === "global" && wasm.isRef(type.global.type)) {
      no(`an imported global of type ${wasm.valTypeName(type.global.type)}`, offset);
    }
    if (type.kind === "func") refuseReferences(module, type.type, "an imported function", offset);
  }
  for (const { kind, index, offset } of module.exports) {
    if (kind === "global" && wasm.isRef(module.globals[index]!.type)) {
      no(`an exported global of type ${wasm.valTypeName(module.globals[index]!.type)}`, offset);
    }
    if (kind === "func")
      refuseReferences(module, module.functionTypes.get(index), "an exported function", offset);
  }
}

function refuseReferences(module: Module, type: number, what: string, offset: number): void {
  const { types } = module;
  for (let i = 0; i < types.valueCountOf(type); i++) {
    if (wasm.isRef(types.rawValue(type, i))) {
      throw new InputError(notLinkedYet(`${what} with references (${types.describe(type)})`, offset));
    }
  }
}

/** Adds the function types whose values the output has; the index of each, by that of the input. */
function lowerTypes(module: Module, out: TypeTable): Map<number, number> {
  const { types } = module;
  const indices = new Map<number, number>();
  for (let type = 0; type < types.length; type++) {
    if (types.kind(type) !== wasm.KIND_FUNC) continue;
    const params = Array.from({ length: types.paramCount(type) }, (_, i) =>
      lowered(types, types.param(type, i)),
    );
    const results = Array.from({ length: types.resultCount(type) }, (_, i) =>
      lowered(types, types.result(type, i)),
    );
    if (params.includes(null) || results.includes(null)) continue;
    indices.set(type, addFunctionType(out, params as ValType[], results as ValType[]));
  }
  return indices;
}

/** References to the heap are addresses; null for what has no lowering yet. */
function lowered(types: TypeTable, type: ValType): ValType | null {
  if (!wasm.isRef(type)) return type;
  return wasm.isBelowAny(wasm.heapOf(type), types) ? wasm.I32 : null;
}

function addFunctionType(out: TypeTable, params: readonly ValType[], results: readonly ValType[]): number {
  out.beginGroup(false);
  out.begin(wasm.KIND_FUNC, true, -1);
  for (const type of [...params, ...results]) out.addValue(type);
  return out.finish(params.length);
}

/** The runtime has function types only. */
function copyFunctionTypes(from: TypeTable, out: TypeTable): void {
  for (let type = 0; type < from.length; type++) {
    const params = Array.from({ length: from.paramCount(type) }, (_, i) => from.param(type, i));
    const results = Array.from({ length: from.resultCount(type) }, (_, i) => from.result(type, i));
    addFunctionType(out, params, results);
  }
}
