/**
 * The collectors: modules written in AssemblyScript (`assembly/`), compiled when the tables are generated.
 *
 *     copying  Cheney's semispaces; the default
 *     stress   the same, collecting at every allocation and poisoning what it leaves: for tests
 *     null     never frees
 *
 * Each imports a memory (`env.memory`), keeps all its state in globals, and exports the same names:
 *
 *     init(stackTop, heapBase, rootsStart, rootsEnd, maxBytes)   once, before any allocation; maxBytes 0: no bound
 *     allocSlow(bytes) → address      when `allocPtr + bytes` exceeds `allocEnd`; `bytes` is a multiple of 8;
 *                                     contents are left to the caller; traps (`unreachable`) when out of memory
 *     collect()
 *     stackPointer, allocPtr, allocEnd                           i32, mutable: shared with compiled code
 *     collections, liveBytes                                     i32, mutable: statistics
 *     bytesAllocated, bytesCopied                                i64, mutable: statistics
 *
 * `bytesAllocated` is as of the last `allocSlow` that made room, or `collect`; `liveBytes` of the last collection. `maxBytes`
 * bounds the whole heap, both semispaces included.
 */
import { decodeModule } from "../wasm/decode.ts";
import { DEFAULT_FEATURES } from "../wasm/features.ts";
import type { Module } from "../wasm/module.ts";
import { COLLECTORS } from "./collectors.gen.ts";

export type CollectorName = keyof typeof COLLECTORS;

/** All collectors, the default first. */
export const COLLECTOR_NAMES: readonly CollectorName[] = ["copying", "stress", "null"];

/** The bytes of a collector's module. */
export function collectorBytes(name: CollectorName): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(COLLECTORS[name]), (character) => character.charCodeAt(0));
}

/** A collector's module, decoded anew. */
export function collectorModule(name: CollectorName): Module {
  return decodeModule(collectorBytes(name), DEFAULT_FEATURES);
}
