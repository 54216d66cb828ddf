/**
 * Functions of a store as JavaScript has them: one function object for one function, so that identity is kept, and the way back.
 *
 * Calling one is a matter of `entries.ts`. A function that takes and gives numbers only, of a module without references, is the
 * engine's own.
 */
import { FunctionRecord } from "../gc/layout.ts";
import { typeIndexOf, V128 } from "../wasm/types.ts";
import { type CallConversions, callFunction } from "./entries.ts";
import type { FunctionExtern } from "./extern.ts";
import { functionForOthers } from "./forwarding.ts";
import type { HostFunction } from "./host-webassembly.ts";
import type { Store as CoreStore } from "./store.ts";

export class ExportedFunctions {
  private readonly store: CoreStore;
  private readonly objects: Map<FunctionExtern, HostFunction>;
  private readonly externs: WeakMap<HostFunction, FunctionExtern>;
  /** By the record that references are. */
  private readonly byRecord: Map<number, FunctionExtern>;

  constructor(store: CoreStore) {
    this.store = store;
    this.objects = new Map();
    this.externs = new WeakMap();
    this.byRecord = new Map();
  }

  /** The function that a function object stands for, or undefined. */
  externOf(object: unknown): FunctionExtern | undefined {
    return typeof object === "function" ? this.externs.get(object as HostFunction) : undefined;
  }

  /** The function object of a function. */
  objectOf(extern: FunctionExtern, conversions: CallConversions): HostFunction {
    const found = this.objects.get(extern);
    if (found !== undefined) return found;
    const object = extern.isPlain ? extern.raw : this.wrap(extern, conversions);
    this.objects.set(extern, object);
    this.externs.set(object, extern);
    if (extern.record >= 0) this.byRecord.set(extern.record, extern);
    return object;
  }

  /** The function object of a function reference that is not null. */
  objectOfRecord(record: number, conversions: CallConversions): HostFunction {
    let extern = this.byRecord.get(record);
    if (extern === undefined) {
      extern = this.externOfRecord(record);
      this.byRecord.set(record, extern);
    }
    return this.objectOf(extern, conversions);
  }

  /** Remembers which function the references at its record are of. */
  note(extern: FunctionExtern): void {
    if (extern.record >= 0 && !this.byRecord.has(extern.record)) this.byRecord.set(extern.record, extern);
  }

  private externOfRecord(record: number): FunctionExtern {
    const { memory, runtime } = this.store;
    const func = runtime.functions.get(memory.read(record + FunctionRecord.Index)) as HostFunction;
    // A record begins as an object does, with the descriptor of its type.
    const type = typeIndexOf(this.store.heapTypeOf(record));
    const raw = functionForOthers(this.store.types.types, type, func, runtime.imports);
    return { kind: "func", type, raw, isHost: false, isPlain: false, record };
  }

  private wrap(extern: FunctionExtern, conversions: CallConversions): HostFunction {
    const { types } = this.store.types;
    const { type, raw } = extern;
    const params = Array.from({ length: types.paramCount(type) }, (_, i) => types.param(type, i));
    const results = Array.from({ length: types.resultCount(type) }, (_, i) => types.result(type, i));
    const cannotCross = [...params, ...results].some((one) => one === V128 || conversions.isException(one));
    const object = cannotCross
      ? () => refuseToCross()
      : callFunction(this.store, raw, params, results, conversions);
    Object.defineProperties(object, {
      name: { value: raw.name, configurable: true },
      length: { value: params.length, configurable: true },
    });
    return object;
  }
}

function refuseToCross(): never {
  throw new TypeError("type incompatibility when transforming from/to JS: a v128 or exnref cannot cross");
}
