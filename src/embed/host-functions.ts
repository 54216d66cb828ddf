/**
 * Functions of JavaScript's own as code of a store calls them: references among their arguments and results are converted, and what
 * they throw is an exception of the store.
 *
 * Where the engine has what `crossings.ts` needs, instances call by that way, and this one is for tables and for calls that it does not
 * take. Elsewhere these calls are the busiest way across the border: what a conversion of each value does is decided once, and the commonest
 * shapes of a call have a function each (`host-callers.gen.ts`), without a list of arguments. An engine learns what is called for each of
 * these apart, where it would take one function for a call of anything.
 *
 * WebAssembly JavaScript Interface, "create a host function".
 */
import * as wasm from "../wasm/types.ts";
import type { FunctionExtern, HostCall } from "./extern.ts";
import { hostCaller } from "./host-callers.gen.ts";
import type { HostFunction } from "./host-webassembly.ts";
import type { ObjectContext } from "./objects.ts";

/** The extern of a function of JavaScript's own, of a canonical type. */
export function hostFunction(context: ObjectContext, type: number, func: HostFunction): FunctionExtern {
  const { types } = context.store.types;
  const params = Array.from({ length: types.paramCount(type) }, (_, i) => types.param(type, i));
  const results = Array.from({ length: types.resultCount(type) }, (_, i) => types.result(type, i));
  const converts = [...params, ...results].some(wasm.isRef);
  const raw = converts ? convertingFunction(context, params, results, func) : func;
  const call = hostCall(context, params, results, func);
  return {
    kind: "func",
    type,
    raw,
    isHost: true,
    isPlain: false,
    throwsAsStore: converts,
    call,
    reference: 0,
  };
}

/** The call of such a function without conversions in JavaScript, or null. */
function hostCall(
  { conversions }: ObjectContext,
  params: readonly wasm.ValType[],
  results: readonly wasm.ValType[],
  func: HostFunction,
): HostCall | null {
  const isSimple = (type: wasm.ValType): boolean =>
    wasm.isRef(type) ? conversions.isValue(type) : type !== wasm.V128;
  if (results.length > 1 || ![...params, ...results].every(isSimple)) return null;
  const give = results.some(wasm.isRef) ? conversions.intoWasm(results) : null;
  const givesAny = results.some((type) => conversions.isAnyButNull(type));
  return { func, params, results, give, givesAny };
}

function convertingFunction(
  context: ObjectContext,
  params: readonly wasm.ValType[],
  results: readonly wasm.ValType[],
  func: HostFunction,
): HostFunction {
  const isSimple = params.every((type) => !wasm.isRef(type) || context.conversions.isValue(type));
  const fixed = isSimple ? ofFixedCount(context, params.map(wasm.isRef), results, func) : null;
  return fixed ?? ofAnyCount(context, params, results, func);
}

/** With few parameters, each a number or a reference of the any or extern hierarchy; null for more. */
function ofFixedCount(
  context: ObjectContext,
  converts: readonly boolean[],
  results: readonly wasm.ValType[],
  func: HostFunction,
): HostFunction | null {
  const { conversions, references } = context;
  const [result] = results;
  const gives = result === undefined || !wasm.isRef(result) ? "n" : conversions.isAny(result) ? "a" : "g";
  const shape = converts.map((is) => (is ? "r" : "n")).join("") + (results.length > 1 ? "g" : gives);
  const give = conversions.intoWasm(results);
  return hostCaller(shape, { references, exceptions: context.store.exceptions, func, give });
}

function ofAnyCount(
  context: ObjectContext,
  params: readonly wasm.ValType[],
  results: readonly wasm.ValType[],
  func: HostFunction,
): HostFunction {
  const { exceptions } = context.store;
  const toJavaScript = params.map((type) => context.conversions.fromWasm(type));
  const count = params.length;
  const give = resultConversion(context, results);
  return (...args) => {
    try {
      for (let i = 0; i < count; i++) {
        const convert = toJavaScript[i]!;
        if (convert !== null) args[i] = convert(args[i]);
      }
      return give(func(...args));
    } catch (error) {
      throw exceptions.entering(error);
    }
  };
}

/** What a function returns, as code of the store takes it; the engine sees to numbers. */
function resultConversion(
  { conversions, references }: ObjectContext,
  results: readonly wasm.ValType[],
): (value: unknown) => unknown {
  const isNumber = results.length === 0 || (results.length === 1 && !wasm.isRef(results[0]!));
  const isAnything = results.length === 1 && conversions.isAny(results[0]!);
  const give = conversions.intoWasm(results);
  return (value) => (isNumber ? value : isAnything ? references.referenceOf(value) : give(value));
}
