/** The options of the API by their names: a name that is none of them is refused, for nothing would come of it. */
import type { OptionNames } from "../base/wrong-option.ts";
import type { CodeOptions, CompileOptions } from "../driver/compile.ts";
import type { AsyncOptions } from "../driver/compile-async.ts";
import type { StoreOptions } from "./store-options.ts";

export const STORE_OPTIONS: OptionNames<StoreOptions> = {
  collector: true,
  stackBytes: true,
  maxHeapBytes: true,
  staticBytes: true,
  stressPeriod: true,
};

/** What code depends on. */
export const CODE_OPTIONS: OptionNames<CodeOptions> = {
  collector: true,
  target: true,
  features: true,
  reserveMemoryBytes: true,
  policy: true,
  gcStress: true,
  prove: true,
  positions: true,
  backwards: true,
  observers: true,
};

export const STANDALONE_OPTIONS: OptionNames<CompileOptions> = {
  ...CODE_OPTIONS,
  stackBytes: true,
  maxHeapBytes: true,
};

/** What the JavaScript API takes when it compiles, by the specification. */
export const BUILTIN_OPTIONS = { builtins: true, importedStringConstants: true } as const;

export const ASYNC_OPTIONS: OptionNames<AsyncOptions> = { jobs: true, progress: true };
