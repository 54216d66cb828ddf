/**
 * Globals and tables that hold references, as JavaScript has them: with the interface of `WebAssembly.Global` and
 * `WebAssembly.Table`. Those of numbers, and memories, are the host's own objects.
 */
import { ELEMENTS_OFFSET } from "../gc/layout.ts";
import { MAX_TABLE_ELEMENTS } from "../gc/limits.ts";
import * as wasm from "../wasm/types.ts";
import type { Conversions } from "./conversions.ts";
import { enforcedIndex } from "./enforced-range.ts";
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

/** What `WebAssembly.Table` takes as its sizes. Throws a `TypeError` for what is no size, a `RangeError` for one that is too large. */
export function tableLimits(
  initial: unknown,
  maximum: unknown,
): { readonly initial: number; readonly maximum: number | null } {
  const length = enforcedIndex(initial, "WebAssembly.Table(): the initial length");
  const most =
    maximum === undefined ? null : enforcedIndex(maximum, "WebAssembly.Table(): the maximal length");
  if (length > MAX_TABLE_ELEMENTS || (most !== null && length > most))
    throw new RangeError("WebAssembly.Table(): the initial length is too large");
  return { initial: length, maximum: most };
}

const INDEX = "WebAssembly.Table: the index";

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
    const at = enforcedIndex(index, INDEX);
    const { store, conversions } = this.#context;
    return conversions.toJavaScript(store.memory.read(this.#addressOf(at)), this.#element);
  }

  set(index: number, value: unknown = this.#defaultValue): void {
    const { store, conversions } = this.#context;
    const at = enforcedIndex(index, INDEX);
    this.#addressOf(at);
    const reference = conversions.toWasm(value, this.#element) as number;
    // Converting may have collected.
    store.setElement(this.#extern, this.#addressOf(at), reference);
  }

  grow(count: number, value: unknown = this.#defaultValue): number {
    const { store, conversions } = this.#context;
    const old = this.length;
    const length = old + enforcedIndex(count, "WebAssembly.Table.grow(): the number of elements");
    const { max } = this.#extern.type.table.limits;
    if (length > MAX_TABLE_ELEMENTS || (max !== null && BigInt(length) > max))
      throw new RangeError("WebAssembly.Table.grow(): failed to grow table");
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

  /** Where an element is whose index JavaScript gave. */
  #addressOf(index: number): number {
    const { store } = this.#context;
    if (index >= this.length) throw new RangeError("WebAssembly.Table: invalid address of an element");
    return store.memory.read(this.#extern.cell) + ELEMENTS_OFFSET + 4 * index;
  }
}
