/**
 * Values between JavaScript and instances of a store, by their canonical types.
 *
 * Numbers cross as the engine has it. References go by way of `references.ts` and `exported-functions.ts`; an argument of another
 * type than the parameter's is a `TypeError`.
 *
 * WebAssembly JavaScript Interface, "ToWebAssemblyValue" and "ToJSValue".
 */

import type { ValType } from "../wasm/types.ts";
import * as wasm from "../wasm/types.ts";
import { toNumber } from "./enforced-range.ts";
import type { CallConversions } from "./entries.ts";
import type { ExportedFunctions } from "./exported-functions.ts";
import type { References } from "./references.ts";
import type { Store as CoreStore } from "./store.ts";

export class Conversions implements CallConversions {
  private readonly store: CoreStore;
  private readonly references: References;
  private readonly functions: ExportedFunctions;

  constructor(store: CoreStore, references: References, functions: ExportedFunctions) {
    this.store = store;
    this.references = references;
    this.functions = functions;
  }

  // Into the store.

  /**
   * Calls with the arguments as the output takes them. Converting one may collect, so what may move is kept in root words until all
   * are there.
   */
  passArguments<T>(params: readonly ValType[], args: readonly unknown[], call: (ready: unknown[]) => T): T {
    const words: number[] = [];
    const ready: unknown[] = [];
    try {
      const kept: number[] = [];
      for (let i = 0; i < params.length; i++) {
        const type = params[i]!;
        if (!wasm.isRef(type)) ready.push(toNumberOf(args[i], type));
        else {
          const word = this.keep(args[i], type);
          if (this.isFunction(type)) ready.push(word);
          else {
            words.push(word);
            kept.push(i);
            ready.push(0);
          }
        }
      }
      kept.forEach((place, i) => {
        ready[place] = this.references.kept(words[i]!);
      });
    } finally {
      // The callee has them from here on: nothing collects between here and its first safepoint.
      for (const word of words) this.references.release(word);
    }
    return call(ready);
  }

  /**
   * What converts an argument of the type where nothing has to be collected for it. It gives null where something may have to be, or
   * where the argument may not fit, and has no effect that shows.
   */
  readyArgument(type: ValType): (value: unknown) => number | bigint | null {
    if (type === wasm.I64) return (value) => (typeof value === "bigint" ? value : null);
    if (!wasm.isRef(type)) return (value) => (typeof value === "number" ? value : null);
    if (!this.isValue(type)) return () => null;
    const { references } = this;
    if (this.isAny(type)) return (value) => references.atOnce(value);
    const matches = this.matcher(type);
    return (value) => {
      const reference = references.atOnce(value);
      return reference !== null && matches(reference) ? reference : null;
    };
  }

  /** What converts an argument of the type that needs no root word while it is the only one that may need a collection; null for other types. */
  soleArgument(type: ValType): ((value: unknown) => unknown) | null {
    return this.isValue(type) ? this.intoWasm([type]) : null;
  }

  /** One value, for a result of a host function or a new value of a global or table: a number, or a reference to use at once. */
  toWasm(value: unknown, type: ValType): unknown {
    if (!wasm.isRef(type)) return value;
    if (this.isFunction(type)) return this.functionReference(value, type);
    // No root word: nothing comes between.
    const reference = this.references.referenceOf(value);
    if (!this.matches(reference, type)) throw incompatible(value);
    return reference;
  }

  /** Several, as what a host function that gives more than one result returns. */
  toWasmAll(values: unknown, types: readonly ValType[]): unknown {
    if (types.length === 0) return undefined;
    if (types.length === 1) return this.toWasm(values, types[0]!);
    const list = [...(values as Iterable<unknown>)];
    if (list.length !== types.length)
      throw new TypeError(`expected ${types.length} results, not ${list.length}`);
    return this.passArguments(types, list, (ready) => ready);
  }

  /** Of a function type the reference; of any other a root word that holds it. */
  private keep(value: unknown, type: ValType): number {
    if (this.isFunction(type)) return this.functionReference(value, type);
    if (value === null && wasm.isNullable(type)) return this.references.keepReference(0);
    const word = this.references.keep(value);
    const reference = this.references.kept(word);
    if (this.matches(reference, type)) return word;
    this.references.release(word);
    throw incompatible(value);
  }

  private functionReference(value: unknown, type: ValType): number {
    if (value === null && wasm.isNullable(type)) return 0;
    const extern = this.functions.externOf(value);
    if (extern === undefined) throw incompatible(value);
    const own = wasm.FIRST_TYPE + extern.type;
    if (!this.store.types.matchesHeap(own, wasm.heapOf(type))) throw incompatible(value);
    return this.store.referenceTo(extern);
  }

  isFunction(type: ValType): boolean {
    return this.store.types.topOf(wasm.heapOf(type)) === wasm.HEAP_FUNC;
  }

  /** Whether the type is of exceptions, which JavaScript only throws and catches. */
  isException(type: ValType): boolean {
    return wasm.isRef(type) && this.store.types.topOf(wasm.heapOf(type)) === wasm.HEAP_EXN;
  }

  /** Whether a reference of the any or extern hierarchy, which may be null, is of the type. */
  private matches(reference: number, type: ValType): boolean {
    const { types } = this.store;
    const heap = wasm.heapOf(type);
    if (reference === 0) return wasm.isNullable(type);
    if (heap === wasm.HEAP_EXTERN || heap === wasm.HEAP_ANY) return true;
    switch (this.references.kindOf(reference)) {
      case "i31":
        return types.matchesHeap(wasm.HEAP_I31, heap);
      case "host":
        return false;
      default:
        return types.matchesHeap(this.store.heapTypeOf(reference), heap);
    }
  }

  /** The same test for many, most of which are of one type: descriptors tell types apart. */
  private matcher(type: ValType): (reference: number) => boolean {
    const { memory } = this.store;
    let known = 0;
    return (reference) => {
      const isObject = reference !== 0 && (reference & 1) === 0;
      if (isObject && memory.read(reference) === known) return true;
      if (!this.matches(reference, type)) return false;
      if (isObject) known = memory.read(reference);
      return true;
    };
  }

  /** How results of a host function, of these types, are converted. */
  intoWasm(types: readonly ValType[]): (value: unknown) => unknown {
    const [type] = types;
    if (type === undefined) return () => undefined;
    if (types.length > 1) return (values) => this.toWasmAll(values, types);
    if (!wasm.isRef(type)) return (value) => value;
    // Anything goes: no check, and no root word, since nothing comes between.
    if (this.isAny(type)) return (value) => this.references.referenceOf(value);
    if (!this.isValue(type)) return (value) => this.toWasm(value, type);
    const matches = this.isAnyButNull(type) ? isNotNull : this.matcher(type);
    return (value) => {
      const reference = this.references.referenceOf(value);
      if (!matches(reference)) throw incompatible(value);
      return reference;
    };
  }

  /** How values of the type are converted that leave the store; null for what stays as it is. */
  fromWasm(type: ValType): ((value: unknown) => unknown) | null {
    if (!wasm.isRef(type)) return null;
    if (!this.isValue(type)) return (value) => this.toJavaScript(value, type);
    return (value) => this.references.toJavaScript(value as number);
  }

  /** Whether the type is of references that are values of JavaScript's, of any sort: of the any or extern hierarchy. */
  isValue(type: ValType): boolean {
    return wasm.isRef(type) && !this.isFunction(type) && !this.isException(type);
  }

  /** Whether any value of JavaScript's is of the type. */
  isAny(type: ValType): boolean {
    return this.isAnyButNull(type) && wasm.isNullable(type);
  }

  /** Whether all values but null are, at least. */
  isAnyButNull(type: ValType): boolean {
    if (!wasm.isRef(type)) return false;
    const heap = wasm.heapOf(type);
    return heap === wasm.HEAP_EXTERN || heap === wasm.HEAP_ANY;
  }

  // Out of the store.

  /**
   * How what a call of the output gave becomes what JavaScript has: nothing, one value, or an array. Null where it is that.
   */
  takeResults(results: readonly ValType[]): ((returned: unknown) => unknown) | null {
    if (results.length === 0) return null;
    if (results.length === 1) return this.fromWasm(results[0]!);
    return (returned) => (returned as unknown[]).map((value, i) => this.toJavaScript(value, results[i]!));
  }

  toJavaScript(value: unknown, type: ValType): unknown {
    if (!wasm.isRef(type)) return value;
    const reference = value as number;
    if (this.isException(type)) throw new TypeError(`${CANNOT_CROSS} an exnref cannot cross`);
    if (!this.isFunction(type)) return this.references.toJavaScript(reference);
    return reference === 0 ? null : this.functions.objectOfReference(reference, this);
  }
}

function isNotNull(reference: number): boolean {
  return reference !== 0;
}

const CANNOT_CROSS = "type incompatibility when transforming from/to JS:";

/** A number as the engine would make it, but now: what an object's own conversion does may collect. */
export function toNumberOf(value: unknown, type: ValType): number | bigint {
  return type === wasm.I64 ? BigInt.asIntN(64, value as bigint) : toNumber(value);
}

function incompatible(value: unknown): TypeError {
  const what = value === null ? "null" : typeof value;
  return new TypeError(`${CANNOT_CROSS} ${what} is not of the type`);
}
