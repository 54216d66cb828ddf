/** The runtime's functions that compiled code calls, by their index in the namespace `RUNTIME_FUNCTIONS`. */
import { I32, type Type } from "../ir/types.ts";

interface RuntimeCall {
  readonly index: number;
  readonly params: readonly Type[];
  readonly results: readonly Type[];
}

export type RuntimeFunction = "allocSlow" | "collect";

export const RUNTIME_CALLS: Readonly<Record<RuntimeFunction, RuntimeCall>> = {
  allocSlow: { index: 0, params: [I32], results: [I32] },
  collect: { index: 1, params: [], results: [] },
};

/** In the order of their indices. */
export const RUNTIME_EXPORTS: readonly RuntimeFunction[] = ["allocSlow", "collect"];
