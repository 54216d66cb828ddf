/**
 * Tags as JavaScript has them, with what `WebAssembly.Tag` and `WebAssembly.Exception` do: to tell of what tag an exception is, to
 * read its payload, to make one.
 */
import type { ExternType } from "../wasm/extern-types.ts";
import { isRef, V128, type ValType, valTypeName } from "../wasm/types.ts";
import { toNumberOf } from "./conversions.ts";
import { enforcedIndex } from "./enforced-range.ts";
import type { PayloadValue, StoreException } from "./exceptions.ts";
import type { TagExtern } from "./extern.ts";
import { showAs } from "./inspect.ts";
import type { ObjectContext } from "./objects.ts";

export class Tag implements TagExtern {
  readonly #context: ObjectContext;
  readonly #extern: TagExtern;

  constructor(context: ObjectContext, extern: TagExtern) {
    this.#context = context;
    this.#extern = extern;
  }

  get kind(): "tag" {
    return "tag";
  }

  get type(): ExternType & { kind: "tag" } {
    return this.#extern.type;
  }

  get record(): number {
    return this.#extern.record;
  }

  get [Symbol.toStringTag](): string {
    return "WebAssembly.Tag";
  }

  static {
    showAs(Tag, "WebAssembly.Tag", (tag) => ({ payload: `[${tag.#payload.map(valTypeName).join(" ")}]` }));
  }

  /** One value of the payload of an exception. Throws a `TypeError` for one of another tag, a `RangeError` beyond the last. */
  getArg(exception: StoreException, index: number): unknown {
    if (!exception.is(this)) throw new TypeError("WebAssembly.Exception.getArg(): the tag is another");
    const type = this.#payload[enforcedIndex(index, "WebAssembly.Exception.getArg(): the index")];
    if (type === undefined) throw new RangeError("WebAssembly.Exception.getArg(): no such value");
    this.refuseVector(type);
    return this.#context.conversions.toJavaScript(exception.value(index), type);
  }

  /** A new exception; throw it in a function that the store's modules import. */
  create(values: readonly unknown[]): StoreException {
    const payload = this.#payload;
    if (values.length !== payload.length) {
      throw new TypeError(
        `WebAssembly.Exception constructor: expected ${payload.length} values, not ${values.length}`,
      );
    }
    const words: number[] = [];
    try {
      const ready = payload.map((type, i) => this.keep(values[i], type, words));
      return this.#context.store.exceptions.create(this, ready);
    } finally {
      for (const word of words) this.#context.references.release(word);
    }
  }

  get #payload(): ValType[] {
    return this.#context.store.exceptions.payloadTypes(this.record);
  }

  private keep(value: unknown, type: ValType, words: number[]): PayloadValue {
    this.refuseVector(type);
    const { conversions, references } = this.#context;
    // Now, while nothing is allocated: an object's own conversion may do anything.
    if (!isRef(type)) return toNumberOf(value, type);
    const converted = conversions.toWasm(value, type) as number;
    if (conversions.isFunction(type)) return converted;
    const word = references.keepReference(converted);
    words.push(word);
    return () => references.kept(word);
  }

  private refuseVector(type: ValType): void {
    if (type === V128)
      throw new TypeError("type incompatibility when transforming from/to JS: a v128 cannot cross");
  }
}
