/**
 * Which tables stay tables of the engine, so that an indirect call is one instruction there.
 *
 * That needs a table of functions that nobody looks into: no element is read, written, grown or filled in, its segments name
 * functions outright, and it is not seen from outside where outsiders hold references as we do. And the engine must be able to
 * check the types of indirect calls: in the output a reference is an `i32`, so different function types of the input may become
 * one, and an indirect call that has to trap would reach a function of another type. A call is *confusable* when a function that
 * some segment names becomes of the same type without being a subtype. Where it is known what is in the table (`known-tables.ts`), code
 * checks such a call by a list of the functions' types, and the table stays.
 *
 * Every other table lives in a cell (`gc/tables.ts`).
 */
import type { Features } from "../wasm/features.ts";
import type { Module } from "../wasm/module.ts";
import type { TypeStore } from "../wasm/subtyping.ts";
import * as wasm from "../wasm/types.ts";
import { knownTable } from "./known-tables.ts";
import type { ModuleUsage } from "./module-usage.ts";
import { loweredKey } from "./output-types.ts";
import { NULL_ITEM, plainItems } from "./segment-items.ts";

export interface NativeTables {
  readonly stay: ReadonlySet<number>;
  /** Calls through them, `table * types + type`, before which code has to check the function's type. */
  readonly checked: ReadonlySet<number>;
}

/** `visible` says which tables others see, and whether that keeps them from staying. */
export function nativeTables(
  module: Module,
  usage: ModuleUsage,
  store: TypeStore,
  visible: "stay" | "cells",
  target: Features,
): NativeTables {
  const native = new Set<number>();
  const seen = seenTables(module);
  module.tables.forEach(({ type, init }, table) => {
    const isPlain = isFunctionTable(module, type.element) && !type.is64 && init === null;
    if (isPlain && !usage.openTables.has(table) && (visible === "stay" || !seen.has(table)))
      native.add(table);
  });
  removeUnplain(module, usage, native);
  const confusable = new Confusions(module, store);
  const calls = [...usage.indirectCalls].filter((call) =>
    confusable.isConfusable(call % module.types.length),
  );
  const tableOf = (call: number): number => Math.floor(call / module.types.length);
  // Without reference types a table that stays would be a second one, beside that of functions.
  const canCheck = (table: number): boolean =>
    target.has("reference-types") && !seen.has(table) && knownTable(module, usage, table) !== null;
  for (const table of new Set(calls.map(tableOf))) if (!canCheck(table)) native.delete(table);
  removeCopied(module, usage, native);
  removeUnsupported(module, usage, native, target);
  return { stay: native, checked: new Set(calls.filter((call) => native.has(tableOf(call)))) };
}

/** Whether code calls through tables that stay, and leaves it to the engine to check the type. */
export function leavesChecks(module: Module, usage: ModuleUsage, { stay, checked }: NativeTables): boolean {
  const isChecked = (call: number): boolean =>
    checked.has(call) || !stay.has(Math.floor(call / module.types.length));
  return ![...usage.indirectCalls].every(isChecked);
}

/** Tables that are imported or exported. */
function seenTables(module: Module): Set<number> {
  const seen = new Set<number>();
  for (let table = 0; table < module.importedTableCount; table++) seen.add(table);
  for (const { kind, index } of module.exports) if (kind === "table") seen.add(index);
  return seen;
}

function isFunctionTable({ types }: Module, element: wasm.ValType): boolean {
  const heap = wasm.heapOf(element);
  if (wasm.isConcrete(heap)) return types.kind(wasm.typeIndexOf(heap)) === wasm.KIND_FUNC;
  return heap === wasm.HEAP_FUNC || heap === wasm.HEAP_NOFUNC;
}

/** Tables that a segment goes into whose items have to be computed. */
function removeUnplain(module: Module, usage: ModuleUsage, native: Set<number>): void {
  module.elements.forEach((segment, i) => {
    if (plainItems(module, segment) !== null) return;
    if (segment.mode === "active") native.delete(segment.table);
    for (let table = 0; table < module.tables.length; table++) {
      if (usage.tableInits.has(i * module.tables.length + table)) native.delete(table);
    }
  });
}

/** Elements can only be copied between tables of one kind. */
function removeCopied(module: Module, usage: ModuleUsage, native: Set<number>): void {
  const count = module.tables.length;
  for (let changed = true; changed; ) {
    changed = false;
    for (const pair of usage.tableCopies) {
      const target = Math.floor(pair / count);
      const source = pair % count;
      if (native.has(target) === native.has(source)) continue;
      native.delete(target);
      native.delete(source);
      changed = true;
    }
  }
}

/** Without bulk memory nothing can be put into a table, and without reference types there is one at most, and no null in segments. */
function removeUnsupported(module: Module, usage: ModuleUsage, native: Set<number>, target: Features): void {
  const count = module.tables.length;
  if (!target.has("bulk-memory")) {
    for (const pair of usage.tableCopies) {
      native.delete(Math.floor(pair / count));
      native.delete(pair % count);
    }
    for (const pair of usage.tableInits) native.delete(pair % count);
  }
  if (target.has("reference-types")) return;
  for (const segment of module.elements) {
    if (segment.mode === "active" && plainItems(module, segment)?.includes(NULL_ITEM) === true) {
      native.delete(segment.table);
    }
  }
  // The table of functions that references exist of is one as well.
  if (usage.usesReferences || count > 1 || native.size < count) native.clear();
}

/** Which types of indirect calls the output cannot tell from others. */
class Confusions {
  private readonly module: Module;
  private readonly store: TypeStore;
  private readonly ids: Uint32Array;
  /** The canonical types of functions in segments, by what they become. */
  private readonly inSegments: Map<string, Set<number>>;

  constructor(module: Module, store: TypeStore) {
    this.module = module;
    this.store = store;
    this.ids = store.canonicalize(module.types);
    this.inSegments = new Map();
    const types = new Set<number>();
    for (const segment of module.elements) {
      const items = plainItems(module, segment) ?? [];
      for (let i = 0; i < items.length; i++)
        if (items[i] !== NULL_ITEM) types.add(module.functionTypes.get(items[i]!));
    }
    for (const type of types) this.add(type);
  }

  isConfusable(type: number): boolean {
    for (const other of this.inSegments.get(loweredKey(this.module.types, type)) ?? []) {
      if (!this.store.isSubtypeOf(other, this.ids[type]!)) return true;
    }
    return false;
  }

  private add(type: number): void {
    const key = loweredKey(this.module.types, type);
    const found = this.inSegments.get(key);
    if (found === undefined) this.inSegments.set(key, new Set([this.ids[type]!]));
    else found.add(this.ids[type]!);
  }
}
