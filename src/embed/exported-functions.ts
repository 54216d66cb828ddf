/**
 * Functions of a store as JavaScript has them: one function object for one function, so that identity is kept, and the way back.
 *
 * Calling one is a matter of `entries.ts`. A function that takes and gives numbers only, of a module without references, is the
 * engine's own.
 */
import { V128 } from "../wasm/types.ts";
import { type FunctionSignature, noteFunction } from "./engine-tables.ts";
import { type CallConversions, callFunction } from "./entries.ts";
import type { FunctionExtern } from "./extern.ts";
import { functionForOthers } from "./forwarding.ts";
import type { HostFunction } from "./host-webassembly.ts";
import type { Store as CoreStore } from "./store.ts";

export class ExportedFunctions {
  private readonly store: CoreStore;
  private readonly objects: Map<FunctionExtern, HostFunction>;
  private readonly externs: WeakMap<HostFunction, FunctionExtern>;

  constructor(store: CoreStore) {
    this.store = store;
    this.objects = new Map();
    this.externs = new WeakMap();
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
    // The engine's own needs no other.
    if (object !== extern.raw) noteFunction(object, () => this.signatureOf(extern));
    return object;
  }

  /** The function object of a function reference that is not null. */
  objectOfReference(reference: number, conversions: CallConversions): HostFunction {
    return this.objectOf(this.store.externOfReference(reference), conversions);
  }

  private signatureOf({ type }: FunctionExtern): FunctionSignature {
    const { types } = this.store.types;
    return {
      params: Array.from({ length: types.paramCount(type) }, (_, i) => types.param(type, i)),
      results: Array.from({ length: types.resultCount(type) }, (_, i) => types.result(type, i)),
    };
  }

  private wrap(extern: FunctionExtern, conversions: CallConversions): HostFunction {
    const raw = extern.isHost ? this.byEngine(extern) : extern.raw;
    const { params, results } = this.signatureOf(extern);
    const cannotCross = [...params, ...results].some((one) => one === V128 || conversions.isException(one));
    const object = cannotCross
      ? () => refuseToCross()
      : callFunction(this.store, raw, params, results, conversions);
    Object.defineProperties(object, {
      name: { value: extern.name ?? raw.name, configurable: true },
      length: { value: params.length, configurable: true },
    });
    return object;
  }

  /** A function of JavaScript's own as the engine calls it, which makes numbers of what it is given and of what it gives. */
  private byEngine(extern: FunctionExtern): HostFunction {
    const { functions, runtime, types } = this.store;
    const told = functions.at(this.store.referenceTo(extern));
    return functionForOthers(types.types, extern.type, told, runtime.imports);
  }
}

function refuseToCross(): never {
  throw new TypeError("type incompatibility when transforming from/to JS: a v128 or exnref cannot cross");
}
