/**
 * Functions of a store as JavaScript has them: one function object for one function, so that identity is kept, and the way back.
 *
 * Calling one converts arguments and results (`conversions.ts`) and guards the call (`guard.ts`). A function that takes and gives
 * numbers only, of a module without references, is the engine's own.
 */
import { FunctionRecord } from "../gc/layout.ts";
import { isRef, typeIndexOf, V128, type ValType } from "../wasm/types.ts";
import type { FunctionExtern } from "./extern.ts";
import { abandoned, guarded } from "./guard.ts";
import type { HostFunction } from "./host-webassembly.ts";
import type { Store as CoreStore } from "./store.ts";

/** What wrapping a function needs of the conversion of values. */
export interface CallConversions {
  isException(type: ValType): boolean;
  readyArguments(params: readonly ValType[]): (args: readonly unknown[]) => unknown[] | null;
  passArguments<T>(params: readonly ValType[], args: readonly unknown[], call: (ready: unknown[]) => T): T;
  takeResults(results: readonly ValType[], returned: unknown): unknown;
}

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
    const raw = runtime.functions.get(memory.read(record + FunctionRecord.Index)) as HostFunction;
    // A record begins as an object does, with the descriptor of its type.
    const type = typeIndexOf(this.store.heapTypeOf(record));
    return { kind: "func", type, raw, isHost: false, isPlain: false, record };
  }

  private wrap(extern: FunctionExtern, conversions: CallConversions): HostFunction {
    const { types } = this.store.types;
    const { type, raw } = extern;
    const params = Array.from({ length: types.paramCount(type) }, (_, i) => types.param(type, i));
    const results = Array.from({ length: types.resultCount(type) }, (_, i) => types.result(type, i));
    const cannotCross = [...params, ...results].some((one) => one === V128 || conversions.isException(one));
    const converts = [...params, ...results].some(isRef);
    const wrapper = converts ? this.converting(raw, params, results, conversions) : this.guarding(raw);
    const object: HostFunction = cannotCross ? refuseToCross : (...args) => wrapper(...args);
    Object.defineProperties(object, {
      name: { value: raw.name, configurable: true },
      length: { value: params.length, configurable: true },
    });
    return object;
  }

  private guarding(raw: HostFunction): HostFunction {
    return (...args) => guarded(this.store, () => raw(...args));
  }

  private converting(
    raw: HostFunction,
    params: readonly ValType[],
    results: readonly ValType[],
    conversions: CallConversions,
  ): HostFunction {
    const { store } = this;
    const readyArguments = conversions.readyArguments(params);
    const isNumber = results.length === 1 && !isRef(results[0]!);
    const call = (ready: readonly unknown[]): unknown => {
      const pointer = store.runtime.stack;
      let returned: unknown;
      try {
        returned = raw(...ready);
      } catch (error) {
        throw abandoned(store, pointer, error);
      }
      return isNumber ? returned : conversions.takeResults(results, returned);
    };
    return (...args) => {
      const ready = readyArguments(args);
      return ready === null ? conversions.passArguments(params, args, call) : call(ready);
    };
  }
}

function refuseToCross(): never {
  throw new TypeError("type incompatibility when transforming from/to JS: a v128 or exnref cannot cross");
}
