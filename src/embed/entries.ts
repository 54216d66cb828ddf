/**
 * Functions of JavaScript that call functions of a store: they convert arguments and results (`conversions.ts`) and guard the call
 * (`guard.ts`).
 *
 * Programs that read an array or walk a structure of the store's from JavaScript do so in many short calls. So the commonest numbers of
 * parameters have a function each, and arguments that need no collection are passed at once. One that may need one
 * comes before all others are looked at; with more of them, all are converted the long way. Looking has no
 * effect that shows, so it may come twice.
 *
 * WebAssembly JavaScript Interface, "call an Exported Function".
 */
import type { ValType } from "../wasm/types.ts";
import { abandoned, type GuardedStore } from "./guard.ts";
import type { HostFunction } from "./host-webassembly.ts";

/** What wrapping a function needs of the conversion of values. */
export interface CallConversions {
  isException(type: ValType): boolean;
  readyArgument(type: ValType): (value: unknown) => number | bigint | null;
  soleArgument(type: ValType): ((value: unknown) => unknown) | null;
  passArguments<T>(params: readonly ValType[], args: readonly unknown[], call: (ready: unknown[]) => T): T;
  takeResults(results: readonly ValType[]): ((returned: unknown) => unknown) | null;
}

/** What calls `raw`, a function of an instance of the store. */
export function callFunction(
  store: GuardedStore,
  raw: HostFunction,
  params: readonly ValType[],
  results: readonly ValType[],
  conversions: CallConversions,
): HostFunction {
  const take = conversions.takeResults(results);
  const { runtime } = store;
  const callWith = (ready: readonly unknown[]): unknown => {
    const pointer = runtime.stack;
    let returned: unknown;
    try {
      returned = raw(...ready);
    } catch (error) {
      throw abandoned(store, pointer, error);
    }
    return take === null ? returned : take(returned);
  };
  const ready = params.map((type) => conversions.readyArgument(type));
  const sole = params.map((type) => conversions.soleArgument(type));
  const slowly = (args: readonly unknown[]): unknown => {
    const list = allButOne(ready, sole, args);
    return list === null ? conversions.passArguments(params, args, callWith) : callWith(list);
  };
  const entry: Entry = { store, raw, ready, sole, take, slowly };
  switch (params.length) {
    case 0:
      return () => callWith(NO_ARGUMENTS);
    case 1:
      return ofOne(entry);
    case 2:
      return ofTwo(entry);
    case 3:
      return ofThree(entry);
    default:
      return (...args) => slowly(args);
  }
}

const NO_ARGUMENTS: readonly unknown[] = [];

/** The arguments as the output takes them, if at most one may need a collection; null if it is more, or one needs another way. */
function allButOne(ready: Entry["ready"], sole: Entry["sole"], args: readonly unknown[]): unknown[] | null {
  let late = -1;
  for (let i = 0; i < ready.length; i++) {
    if (ready[i]!(args[i]) !== null) continue;
    if (late >= 0 || sole[i] === null) return null;
    late = i;
  }
  const allocated = late < 0 ? null : sole[late]!(args[late]);
  const list: unknown[] = [];
  for (let i = 0; i < ready.length; i++) {
    const argument = i === late ? allocated : ready[i]!(args[i]);
    // There may be no room for one more box.
    if (argument === null) return null;
    list.push(argument);
  }
  return list;
}

/** What a call is made of. */
interface Entry {
  readonly store: GuardedStore;
  readonly raw: HostFunction;
  /** What converts each argument at once, or gives null. */
  readonly ready: readonly ((value: unknown) => number | bigint | null)[];
  /** What converts each where it is the only one that may need a collection, or null. */
  readonly sole: readonly (((value: unknown) => unknown) | null)[];
  /** What converts the result; null where it is what JavaScript gets. */
  readonly take: ((returned: unknown) => unknown) | null;
  /** The call for arguments that cannot be converted at once. */
  readonly slowly: (args: readonly unknown[]) => unknown;
}

function ofOne({ store, raw, ready, sole, take, slowly }: Entry): HostFunction {
  const { runtime } = store;
  const first = ready[0]!;
  const allocate = sole[0]!;
  return (a) => {
    const x = first(a) ?? (allocate === null ? null : allocate(a));
    if (x === null) return slowly([a]);
    const pointer = runtime.stack;
    let returned: unknown;
    try {
      returned = raw(x);
    } catch (error) {
      throw abandoned(store, pointer, error);
    }
    return take === null ? returned : take(returned);
  };
}

function ofTwo({ store, raw, ready, take, slowly }: Entry): HostFunction {
  const { runtime } = store;
  const first = ready[0]!;
  const second = ready[1]!;
  return (a, b) => {
    const x = first(a);
    const y = second(b);
    if (x === null || y === null) return slowly([a, b]);
    const pointer = runtime.stack;
    let returned: unknown;
    try {
      returned = raw(x, y);
    } catch (error) {
      throw abandoned(store, pointer, error);
    }
    return take === null ? returned : take(returned);
  };
}

function ofThree({ store, raw, ready, take, slowly }: Entry): HostFunction {
  const { runtime } = store;
  const first = ready[0]!;
  const second = ready[1]!;
  const third = ready[2]!;
  return (a, b, c) => {
    const x = first(a);
    const y = second(b);
    const z = third(c);
    if (x === null || y === null || z === null) return slowly([a, b, c]);
    const pointer = runtime.stack;
    let returned: unknown;
    try {
      returned = raw(x, y, z);
    } catch (error) {
      throw abandoned(store, pointer, error);
    }
    return take === null ? returned : take(returned);
  };
}
