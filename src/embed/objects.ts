/**
 * Globals and tables that hold references, as JavaScript has them: with the interface of `WebAssembly.Global` and
 * `WebAssembly.Table`. Those of numbers, and memories, are the host's own objects.
 */
import { ELEMENTS_OFFSET } from "../gc/layout.ts";
import * as wasm from "../wasm/types.ts";
import type { Conversions } from "./conversions.ts";
import type { GlobalExtern, TableExtern } from "./extern.ts";
import { showAs } from "./inspect.ts";
import type { References } from "./references.ts";
import type { Store as CoreStore } from "./store.ts";
import { tableLength } from "./table-length.ts";

/** What objects are made with. */
export interface ObjectContext {
  readonly store: CoreStore;
  readonly conversions: Conversions;
  readonly references: References;
}

export class ReferenceGlobal {
  private readonly context: ObjectContext;
  private readonly extern: GlobalExtern;

  constructor(context: ObjectContext, extern: GlobalExtern) {
    this.context = context;
    this.extern = extern;
  }

  get value(): unknown {
    const { store, conversions } = this.context;
    return conversions.toJavaScript(store.memory.read(this.extern.cell), this.extern.type.type);
  }

  set value(value: unknown) {
    if (!this.extern.type.mutable)
      throw new TypeError("set WebAssembly.Global.value: the global is immutable");
    const { store, conversions } = this.context;
    const reference = conversions.toWasm(value, this.extern.type.type) as number;
    store.setCell(this.extern.cell, reference);
  }

  valueOf(): unknown {
    return this.value;
  }

  get [Symbol.toStringTag](): string {
    return "WebAssembly.Global";
  }

  static {
    showAs(ReferenceGlobal, "WebAssembly.Global", ({ extern }) => {
      const { type, mutable } = extern.type;
      return { type: wasm.valTypeName(type), mutable };
    });
  }
}

export class ReferenceTable {
  private readonly context: ObjectContext;
  private readonly extern: TableExtern;

  constructor(context: ObjectContext, extern: TableExtern) {
    this.context = context;
    this.extern = extern;
  }

  get length(): number {
    return tableLength(this.context.store, this.extern);
  }

  get(index: number): unknown {
    const { store, conversions } = this.context;
    return conversions.toJavaScript(store.memory.read(this.addressOf(index)), this.element);
  }

  set(index: number, value: unknown = this.defaultValue): void {
    const { store, conversions } = this.context;
    this.addressOf(index);
    const reference = conversions.toWasm(value, this.element) as number;
    // Converting may have collected.
    store.setElement(this.extern, this.addressOf(index), reference);
  }

  grow(count: number, value: unknown = this.defaultValue): number {
    const { store, conversions } = this.context;
    const old = this.length;
    const { max } = this.extern.type.table.limits;
    if (!Number.isInteger(count) || count < 0 || (max !== null && BigInt(old + count) > max)) {
      throw new RangeError("WebAssembly.Table.grow(): failed to grow table");
    }
    store.growTable(this.extern, old + count, conversions.toWasm(value, this.element) as number);
    return old;
  }

  get [Symbol.toStringTag](): string {
    return "WebAssembly.Table";
  }

  static {
    showAs(ReferenceTable, "WebAssembly.Table", ({ element, length }) => ({
      element: wasm.valTypeName(element),
      length,
    }));
  }

  private get element(): wasm.ValType {
    return this.extern.type.table.element;
  }

  /** What an element is without a value: an external reference is `undefined`, any other null. */
  private get defaultValue(): unknown {
    const { store } = this.context;
    return store.types.topOf(wasm.heapOf(this.element)) === wasm.HEAP_EXTERN ? undefined : null;
  }

  private addressOf(index: number): number {
    const { store } = this.context;
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError("WebAssembly.Table: invalid address of an element");
    }
    return store.memory.read(this.extern.cell) + ELEMENTS_OFFSET + 4 * index;
  }
}
