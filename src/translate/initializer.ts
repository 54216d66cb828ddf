/** What an instance does before its start function, as functions without parameters, each of which takes some of the steps. */
import type { FinalizeOptions } from "../frontend/builder.ts";
import { fillElements } from "../gc/elements.ts";
import { ELEMENTS_OFFSET } from "../gc/layout.ts";
import type { InitializerPlan } from "../gc/module-plan.ts";
import { type CellTable, tableInit, tableMake } from "../gc/tables.ts";
import type { Value } from "../ir/entities.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import { MEMORY_FUNCTIONS } from "../ir/names.ts";
import { signatureOf } from "../ir/signature.ts";
import { I32 } from "../ir/types.ts";
import { BUILTIN_DESCRIPTORS } from "../object/symbol-spaces.ts";
import { functionReference } from "./functions.ts";
import type { InitializerStep } from "./initializer-steps.ts";
import { cellTable, narrowIndex } from "./tables.ts";
import { FunctionTranslator } from "./translate-function.ts";

/** The largest unsigned word. */
const MOST_ELEMENTS = 0xffffffff;

export class Initializer extends FunctionTranslator {
  runSteps(steps: readonly InitializerStep[], plan: InitializerPlan, options: FinalizeOptions = {}): void {
    const { builder } = this;
    this.begin();
    builder.func.signature = signatureOf([], []);
    builder.func.pointerType = I32;
    const entry = builder.createBlock();
    builder.switchToBlock(entry);
    builder.sealBlock(entry);
    for (const step of steps) this.step(step, plan);
    builder.ins.return_([]);
    builder.finalize(options);
  }

  private step(step: InitializerStep, plan: InitializerPlan): void {
    switch (step.kind) {
      case "global":
        this.global(step.index);
        break;
      case "table":
        this.table(step.index);
        break;
      case "segment":
        this.segment(step.index, plan);
        break;
      case "items":
        this.items(step, plan.cellOfElements(step.index));
        break;
      case "active":
        this.activeSegment(step.index, plan);
        break;
      case "data":
        this.callExternal(this.externalFunction(MEMORY_FUNCTIONS, step.index, [], []), []);
        break;
      default:
        this.ins.call(this.callee(step.index), []);
    }
  }

  private evaluate(start: number, end: number): Value {
    this.reader.seek(start, end);
    return this.constantExpression();
  }

  private global(index: number): void {
    const { initStart, initEnd } = this.module.globals[index]!;
    this.setGlobal(index, this.evaluate(initStart, initEnd));
  }

  private table(index: number): void {
    const { init, type } = this.module.tables[index]!;
    const value = init === null ? this.heap.nullReference() : this.evaluate(init.start, init.end);
    // No array is longer than a word can say: what is asked for in vain may be a little less.
    const length = this.ins.iconst(I32, Math.min(Number(type.limits.min), MOST_ELEMENTS));
    tableMake(this.heap, cellTable(this, index) as CellTable, value, length);
  }

  private segment(index: number, plan: InitializerPlan): void {
    const { itemCount, element } = this.module.elements[index]!;
    const descriptor = this.module.types.length + BUILTIN_DESCRIPTORS.References;
    const length = this.ins.iconst(I32, itemCount);
    const items = this.heap.allocateElements(2, descriptor, length);
    const start = this.ins.iaddImmS(items, ELEMENTS_OFFSET);
    fillElements(this.heap, element, start, this.heap.nullReference(), length);
    this.heap.cellSet(plan.cellOfElements(index), items);
  }

  /** Evaluating an item may collect and move the array, so its address is read anew for each. */
  private items(step: InitializerStep & { kind: "items" }, cell: number): void {
    const { reader } = this;
    const { element, items, itemsAreExprs } = this.module.elements[step.index]!;
    let at = step.start;
    for (let i = step.first; i < step.first + step.count; i++) {
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

  private activeSegment(index: number, plan: InitializerPlan): void {
    const { table, offsetExpr, itemCount } = this.module.elements[index]!;
    const offset = narrowIndex(this, table, this.evaluate(offsetExpr!.start, offsetExpr!.end));
    const zero = this.ins.iconst(I32, 0);
    tableInit(
      this.heap,
      cellTable(this, table) as CellTable,
      index,
      offset,
      zero,
      this.ins.iconst(I32, itemCount),
    );
    this.heap.cellSet(plan.cellOfElements(index), this.heap.nullReference());
  }
}
