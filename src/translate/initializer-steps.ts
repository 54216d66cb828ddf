/**
 * What an instance does before its start function, step by step: the parts of the output that neither the engine nor the linker sets
 * up.
 *
 * In the order of the specification (§4.7.2, "Instantiation"): globals, tables, element segments; then active element segments,
 * active data segments (of memories beside the module; the engine does its own), and the start function.
 *
 * Modules have tens of thousands of globals, and a function that sets all of them is slow to compile, here and in engines: whatever
 * it holds is in the stack map of each of its calls. So steps are put into functions of bounded size, to be called in order.
 */
import type { InitializerPlan } from "../gc/module-plan.ts";
import type { Module } from "../wasm/module.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

export type InitializerStep =
  | { readonly kind: "global" | "table" | "active" | "data" | "start"; readonly index: number }
  /** An array of nulls for the items of a segment. */
  | { readonly kind: "segment"; readonly index: number }
  /** Items of the segment, from number `first` on; the first begins at `start`. */
  | {
      readonly kind: "items";
      readonly index: number;
      readonly first: number;
      readonly count: number;
      readonly start: number;
    };

/** Of one function: steps, and bytes of constant expressions in them, unless a single one has more. */
const MAX_STEPS = 256;
const MAX_BYTES = 1 << 13;
const MAX_ITEMS = 64;
const ALL_FEATURES = -1;

/** The steps by function; there are no functions without any. */
export function initializerParts(module: Module, plan: InitializerPlan): InitializerStep[][] {
  const parts = new Parts();
  addGlobals(parts, module, plan);
  for (let i = module.importedTableCount; i < module.tables.length; i++) {
    const { init } = module.tables[i]!;
    const bytes = init === null ? 0 : init.end - init.start;
    if (plan.tableIndex(i) < 0) parts.add({ kind: "table", index: i }, bytes);
  }
  addSegments(parts, module, plan);
  module.elements.forEach(({ mode, table }, i) => {
    if (mode === "active" && plan.tableIndex(table) < 0) parts.add({ kind: "active", index: i }, 0);
  });
  for (const index of plan.activeData) parts.add({ kind: "data", index }, 0);
  if (plan.start >= 0) parts.add({ kind: "start", index: plan.start }, 0);
  return parts.all;
}

class Parts {
  readonly all: InitializerStep[][] = [];
  private bytes = 0;

  add(step: InitializerStep, bytes: number): void {
    this.bytes += bytes;
    const last = this.all.at(-1);
    if (last !== undefined && last.length < MAX_STEPS && this.bytes <= MAX_BYTES) {
      last.push(step);
      return;
    }
    this.all.push([step]);
    this.bytes = bytes;
  }
}

function addGlobals(parts: Parts, module: Module, plan: InitializerPlan): void {
  for (let i = module.importedGlobalCount; i < module.globals.length; i++) {
    const { initStart, initEnd } = module.globals[i]!;
    if (plan.isComputed(i)) parts.add({ kind: "global", index: i }, initEnd - initStart);
  }
}

/** The items of segments in cells, as far as they have to be computed. */
function addSegments(parts: Parts, module: Module, plan: InitializerPlan): void {
  const reader = new OperatorReader(module.bytes, 0, 0, ALL_FEATURES);
  reader.typeLimit = module.types.length;
  module.elements.forEach(({ mode, items, itemCount, itemsAreExprs }, index) => {
    if (plan.cellOfElements(index) < 0 || plan.hasStaticElements(index) || mode === "declarative") return;
    parts.add({ kind: "segment", index }, 0);
    reader.seek(items.start, items.end);
    for (let first = 0; first < itemCount; first += MAX_ITEMS) {
      const count = Math.min(MAX_ITEMS, itemCount - first);
      const start = reader.pos;
      for (let i = 0; i < count; i++) skipItem(reader, itemsAreExprs);
      parts.add({ kind: "items", index, first, count, start }, reader.pos - start);
    }
  });
}

function skipItem(reader: OperatorReader, isExpr: boolean): void {
  if (!isExpr) reader.u32();
  else while (reader.next() !== WasmOp.End);
}
