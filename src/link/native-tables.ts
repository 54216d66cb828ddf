/**
 * Which tables stay tables of the engine, so that an indirect call is one instruction there.
 *
 * That needs a table of functions that nobody looks into: no element is read, written, grown or filled in, its segments name
 * functions outright, and it is not seen from outside where outsiders hold references as we do. And the engine must be able to
 * check the types of indirect calls: in the output a reference is an `i32`, so different function types of the input may become
 * one, and an indirect call that has to trap would reach a function of another type. A call is *confusable* when a function that
 * some segment names becomes of the same type without being a subtype.
 *
 * Every other table lives in a cell (`gc/tables.ts`).
 */
import type { Features } from "../wasm/features.ts";
import type { ByteRange, ElementSegment, Module } from "../wasm/module.ts";
import { OperatorReader } from "../wasm/operators.ts";
import type { TypeStore } from "../wasm/subtyping.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { ModuleUsage } from "./module-usage.ts";
import { loweredKey } from "./output-types.ts";

const ALL_FEATURES = -1;

/** The item of an element segment that names no function. */
export const NULL_ITEM = -1;

/** The functions that a segment names, `NULL_ITEM` for null; null when an item is anything else. */
export function plainItems(module: Module, segment: ElementSegment): readonly number[] | null {
  const reader = readerOf(module, segment.items);
  const items = new Array<number>(segment.itemCount);
  for (let i = 0; i < items.length; i++) {
    if (!segment.itemsAreExprs) {
      items[i] = reader.u32();
      continue;
    }
    const op = reader.next();
    if (op !== WasmOp.RefFunc && op !== WasmOp.RefNull) return null;
    items[i] = op === WasmOp.RefFunc ? reader.index : NULL_ITEM;
    if (reader.next() !== WasmOp.End) return null;
  }
  return items;
}

function readerOf(module: Module, { start, end }: ByteRange): OperatorReader {
  const reader = new OperatorReader(module.bytes, start, end, ALL_FEATURES);
  reader.typeLimit = module.types.length;
  return reader;
}

/** The tables that stay; `visible` says which of them others see, and whether that keeps them from staying. */
export function nativeTables(
  module: Module,
  usage: ModuleUsage,
  store: TypeStore,
  visible: "stay" | "cells",
  target: Features,
): Set<number> {
  const native = new Set<number>();
  const seen = seenTables(module);
  module.tables.forEach(({ type, init }, table) => {
    const isPlain = isFunctionTable(module, type.element) && !type.is64 && init === null;
    if (isPlain && !usage.openTables.has(table) && (visible === "stay" || !seen.has(table)))
      native.add(table);
  });
  removeUnplain(module, usage, native);
  const confusable = new Confusions(module, store);
  for (const call of usage.indirectCalls) {
    const table = Math.floor(call / module.types.length);
    if (confusable.isConfusable(call % module.types.length)) native.delete(table);
  }
  removeCopied(module, usage, native);
  removeUnsupported(module, usage, native, target);
  return native;
}

/** Whether code calls through one of the tables. */
export function callsThrough(module: Module, usage: ModuleUsage, tables: readonly number[]): boolean {
  return [...usage.indirectCalls].some((call) => tables.includes(Math.floor(call / module.types.length)));
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
