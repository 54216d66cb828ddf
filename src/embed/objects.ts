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
import { elementIndex, grownLength } from "./table-sizes.ts";

/** What objects are made with. */
export interface ObjectContext {
  readonly store: CoreStore;
  readonly conversions: Conversions;
  readonly references: References;
}

export class ReferenceGlobal {
  readonly #context: ObjectContext;
  readonly #extern: GlobalExtern;

  constructor(context: ObjectContext, extern: GlobalExtern) {
    this.#context = context;
    this.#extern = extern;
  }

  /** For the library itself. */
  get isMutable(): boolean {
    return this.#extern.type.mutable;
  }

  get value(): unknown {
    const { store, conversions } = this.#context;
    return conversions.toJavaScript(store.memory.read(this.#extern.cell), this.#extern.type.type);
  }

  set value(value: unknown) {
    if (!this.#extern.type.mutable)
      throw new TypeError("set WebAssembly.Global.value: the global is immutable");
    const { store, conversions } = this.#context;
    const reference = conversions.toWasm(value, this.#extern.type.type) as number;
    store.setCell(this.#extern.cell, reference);
  }

  valueOf(): unknown {
    return this.value;
  }

  get [Symbol.toStringTag](): string {
    return "WebAssembly.Global";
  }

  static {
    showAs(ReferenceGlobal, "WebAssembly.Global", (global) => {
      const { type, mutable } = global.#extern.type;
      return { type: wasm.valTypeName(type), mutable };
    });
  }
}

export class ReferenceTable {
  readonly #context: ObjectContext;
  readonly #extern: TableExtern;

  constructor(context: ObjectContext, extern: TableExtern) {
    this.#context = context;
    this.#extern = extern;
  }

  get length(): number {
    return tableLength(this.#context.store, this.#extern);
  }

  get(index: number): unknown {
    const at = elementIndex(index, this.length);
    const { store, conversions } = this.#context;
    return conversions.toJavaScript(store.memory.read(this.#addressOf(at)), this.#element);
  }

  set(index: number, value: unknown = this.#defaultValue): void {
    const { store, conversions } = this.#context;
    const at = elementIndex(index, this.length);
    const reference = conversions.toWasm(value, this.#element) as number;
    // Converting may have collected.
    store.setElement(this.#extern, this.#addressOf(at), reference);
  }

  grow(count: number, value: unknown = this.#defaultValue): number {
    const { store, conversions } = this.#context;
    const old = this.length;
    const { max } = this.#extern.type.table.limits;
    const length = grownLength(old, count, max === null ? null : Number(max));
    store.growTable(this.#extern, length, conversions.toWasm(value, this.#element) as number);
    return old;
  }

  get [Symbol.toStringTag](): string {
    return "WebAssembly.Table";
  }

  static {
    showAs(ReferenceTable, "WebAssembly.Table", (table) => ({
      element: wasm.valTypeName(table.#element),
      length: table.length,
    }));
  }

  get #element(): wasm.ValType {
    return this.#extern.type.table.element;
  }

  /** What an element is without a value: an external reference is `undefined`, any other null. */
  get #defaultValue(): unknown {
    const { store } = this.#context;
    return store.types.topOf(wasm.heapOf(this.#element)) === wasm.HEAP_EXTERN ? undefined : null;
  }

  /** Where an element is now: a table never shrinks. */
  #addressOf(index: number): number {
    const { store } = this.#context;
    return store.memory.read(this.#extern.cell) + ELEMENTS_OFFSET + 4 * index;
  }
}
