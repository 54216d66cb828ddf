/**
 * What an instance does before its start function, as a function without parameters: the parts of the output that the engine does
 * not set up itself.
 *
 * In the order of the specification (§4.7.2, "Instantiation"): globals, tables, element segments; then active element segments,
 * active data segments (of memories beside the module; the engine does its own), and the start function.
 */
import type { FinalizeOptions } from "../frontend/builder.ts";
import { ELEMENTS_OFFSET } from "../gc/layout.ts";
import type { InitializerPlan } from "../gc/module-plan.ts";
import { type CellTable, tableInit, tableMake } from "../gc/tables.ts";
import type { Value } from "../ir/entities.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import { MEMORY_FUNCTIONS } from "../ir/names.ts";
import { signatureOf } from "../ir/signature.ts";
import { I32 } from "../ir/types.ts";
import { BUILTIN_DESCRIPTORS } from "../object/symbol-spaces.ts";
import type { ElementSegment } from "../wasm/module.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { functionReference } from "./functions.ts";
import { cellTable, narrowIndex } from "./tables.ts";
import { FunctionTranslator } from "./translate-function.ts";

export class Initializer extends FunctionTranslator {
  /** False, with nothing made, when there is nothing to do. */
  runInitializer(plan: InitializerPlan, options: FinalizeOptions = {}): boolean {
    const { builder } = this;
    builder.func.signature = signatureOf([], []);
    builder.func.pointerType = I32;
    const entry = builder.createBlock();
    builder.switchToBlock(entry);
    builder.sealBlock(entry);
    let steps = this.globals(plan) + this.tables(plan) + this.segments(plan) + this.activeSegments(plan);
    for (const number of plan.activeData) {
      this.callExternal(this.externalFunction(MEMORY_FUNCTIONS, number, [], []), []);
      steps++;
    }
    if (plan.start >= 0) {
      builder.ins.call(this.callee(plan.start), []);
      steps++;
    }
    builder.ins.return_([]);
    builder.finalize(options);
    return steps > 0;
  }

  private evaluate(start: number, end: number): Value {
    this.reader.seek(start, end);
    return this.constantExpression();
  }

  /** Whether the expression is a null and nothing else: one may also begin an object's fields. */
  private isNull(start: number, end: number): boolean {
    this.reader.seek(start, end);
    return this.reader.next() === WasmOp.RefNull && this.reader.next() === WasmOp.End;
  }

  private globals(plan: InitializerPlan): number {
    const { module } = this;
    let steps = 0;
    for (let i = module.importedGlobalCount; i < module.globals.length; i++) {
      const { initStart, initEnd } = module.globals[i]!;
      // Cells begin as null.
      if (!plan.isComputed(i) || this.isNull(initStart, initEnd)) continue;
      this.setGlobal(i, this.evaluate(initStart, initEnd));
      steps++;
    }
    return steps;
  }

  private tables(plan: InitializerPlan): number {
    const { module } = this;
    let steps = 0;
    for (let i = module.importedTableCount; i < module.tables.length; i++) {
      if (plan.tableIndex(i) >= 0) continue;
      const { init, type } = module.tables[i]!;
      const value = init === null ? this.heap.nullReference() : this.evaluate(init.start, init.end);
      const length = this.ins.iconst(I32, Number(type.limits.min));
      tableMake(this.heap, cellTable(this, i) as CellTable, value, length);
      steps++;
    }
    return steps;
  }

  /** Evaluates the items of segments in cells, each once. */
  private segments(plan: InitializerPlan): number {
    let steps = 0;
    this.module.elements.forEach((segment, i) => {
      const cell = plan.cellOfElements(i);
      if (cell < 0 || plan.hasStaticElements(i) || segment.mode === "declarative") return;
      const descriptor = this.module.types.length + BUILTIN_DESCRIPTORS.References;
      const length = this.ins.iconst(I32, segment.itemCount);
      const items = this.heap.allocateElements(2, descriptor, length);
      const start = this.ins.iaddImmS(items, ELEMENTS_OFFSET);
      this.heap.fillElements(segment.element, start, this.heap.nullReference(), length);
      this.heap.cellSet(cell, items);
      this.fillSegment(segment, cell);
      steps++;
    });
    return steps;
  }

  /** Evaluating an item may collect and move the array, so its address is read anew for each. */
  private fillSegment({ element, items, itemCount, itemsAreExprs }: ElementSegment, cell: number): void {
    const { reader } = this;
    let at = items.start;
    for (let i = 0; i < itemCount; i++) {
      reader.seek(at, items.end);
      const item = itemsAreExprs ? this.constantExpression() : functionReference(this, reader.u32());
      at = reader.pos;
      const array = this.heap.cellAddress(cell);
      if (this.heap.barriers.kindFor(element) === "none") {
        this.ins.store(TRUSTED_MEMFLAGS, item, array, ELEMENTS_OFFSET + 4 * i);
      } else {
        this.heap.overwrite(element, item, this.ins.iaddImmS(array, 4 * i), ELEMENTS_OFFSET);
      }
    }
  }

  private activeSegments(plan: InitializerPlan): number {
    let steps = 0;
    this.module.elements.forEach(({ mode, table, offsetExpr, itemCount }, i) => {
      const inCell = mode === "active" ? cellTable(this, table) : null;
      if (inCell === null) return;
      const offset = narrowIndex(this, table, this.evaluate(offsetExpr!.start, offsetExpr!.end));
      const zero = this.ins.iconst(I32, 0);
      tableInit(this.heap, inCell, i, offset, zero, this.ins.iconst(I32, itemCount));
      this.heap.cellSet(plan.cellOfElements(i), this.heap.nullReference());
      steps++;
    });
    return steps;
  }
}
