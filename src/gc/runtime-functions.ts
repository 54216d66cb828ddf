/** The runtime's functions that compiled code calls, by their index in the namespace `RUNTIME_FUNCTIONS`. */
import { I32, type Type } from "../ir/types.ts";

interface RuntimeCall {
  readonly index: number;
  readonly params: readonly Type[];
  readonly results: readonly Type[];
  readonly collects: boolean;
}

/** In the order of their indices. */
export const RUNTIME_EXPORTS = [
  "allocSlow",
  "collect",
  "markCards",
  "increment",
  "incrementRange",
  "writeReference",
  "fillReferences",
  "copyReferences",
] as const;
export type RuntimeFunction = (typeof RUNTIME_EXPORTS)[number];

export const RUNTIME_CALLS: Readonly<Record<RuntimeFunction, RuntimeCall>> = {
  allocSlow: { index: 0, params: [I32], results: [I32], collects: true },
  collect: { index: 1, params: [], results: [], collects: true },
  markCards: { index: 2, params: [I32, I32], results: [], collects: false },
  increment: { index: 3, params: [I32, I32], results: [], collects: false },
  incrementRange: { index: 4, params: [I32, I32], results: [], collects: false },
  writeReference: { index: 5, params: [I32, I32], results: [], collects: false },
  fillReferences: { index: 6, params: [I32, I32, I32], results: [], collects: false },
  copyReferences: { index: 7, params: [I32, I32, I32], results: [], collects: false },
};
