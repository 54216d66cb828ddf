/** The options of the API by their names: a name that is none of them is refused, for nothing would come of it, and so is what an option does not take. */
import {
  FLAG,
  FUNCTION,
  LIST,
  NUMBER,
  type OptionKind,
  type OptionNames,
  TEXT,
} from "../base/wrong-option.ts";
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
  target: TEXT,
  features: { takes: "a set of features, as withFeature gives", holds: (value) => value instanceof Set },
  reserveMemoryBytes: NUMBER,
  policy: true,
  gcStress: FLAG,
  prove: FLAG,
  positions: FLAG,
  backwards: FLAG,
  observers: LIST,
};

export const STANDALONE_OPTIONS: OptionNames<CompileOptions> = {
  ...CODE_OPTIONS,
  stackBytes: true,
  maxHeapBytes: true,
};

/** What the JavaScript API takes when it compiles, by the specification. */
export const BUILTIN_OPTIONS: Readonly<Record<"builtins" | "importedStringConstants", OptionKind>> = {
  builtins: LIST,
  importedStringConstants: {
    takes: "a string or null",
    holds: (value) => value === null || typeof value === "string",
  },
};

/** Where code is kept. */
export const CACHE: OptionKind = {
  takes: "a cache, as openCache gives, or null",
  holds: (value) => value === null || (typeof value === "object" && "entry" in value),
};

export const ASYNC_OPTIONS: OptionNames<AsyncOptions> = { jobs: true, progress: FUNCTION };
