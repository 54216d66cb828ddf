/**
 * The collectors: modules written in AssemblyScript (`assembly/`), compiled when the tables are generated.
 *
 *     copying       Cheney's semispaces; the default
 *     generational  the same, with a nursery before them; barrier `cards`
 *     drc           deferred reference counting: nothing moves, cycles stay until the end; barrier `counts`
 *     null          never frees, so there is no build of it for stress
 *     stress…       copying, generational, drc, collecting at every allocation and poisoning what they free: for tests
 *
 * Each imports a memory (`env.memory`), keeps all its state in globals, and exports the same names:
 *
 *     init(stackTop, heapBase, maxBytes)   once, before anything else; maxBytes 0: no bound
 *     addRoots(region)                from now on the region's words are roots
 *     addRootAddresses(list)          from now on the words in static objects that the list has the addresses of are roots
 *     setWeak(region)                 from now on the region's words, and no other region's, are weak references
 *     allocSlow(bytes) → address      when `allocPtr + bytes` exceeds `allocEnd`; `bytes` is a multiple of 8;
 *                                     contents are left to the caller, who sets them before the next call that may
 *                                     collect; traps when out of memory
 *     collect()
 *     trapCode                                                   i32, mutable: why `unreachable` was reached
 *     stackPointer, allocPtr, allocEnd                           i32, mutable: shared with compiled code
 *     collections, liveBytes                                     i32, mutable: statistics
 *     bytesAllocated, bytesCopied                                i64, mutable: statistics
 *     stressPeriod                                               i32, mutable, of `stress`: it collects at one allocation in so many
 *
 * and for the barrier that stores into objects need (`gc/barriers.ts` emits it; a host that stores into objects owes it too):
 *
 *     cards    cardBase               i32, mutable: the byte at this + (address >>> 9) is the card of an address
 *              markCards(start, bytes)               for stores to elements of one array, from `start` on
 *     counts   writeReference(address, reference)    stores into a field or an element
 *              fillReferences(start, reference, count), copyReferences(to, from, count)   to elements
 *              increment(reference, count), incrementRange(start, count)   after plain stores into a new object
 *
 * Stores into regions need no barrier. Static objects are not looked into: they may refer to each other, not to the heap.
 *
 * A region is `[next: u32][count: u32][words…]`, outside of the heap; the collector writes `next`, the words and their count
 * may change at any time. A word is null, an i31, or the address of an object; objects outside of the heap are left alone. A
 * collection gives a weak word its object's new address, or null if no root reaches the object. Between collections, an object
 * that only weak words reach may still be taken up again. The first word of the weak region says how many collections there were.
 *
 * Before a runtime traps it sets `trapCode`, from `RuntimeTrap`; compiled code sets other codes in the same global.
 *
 * `bytesAllocated` is as of the last `allocSlow` that made room, or `collect`; `liveBytes` of the last collection. `maxBytes`
 * bounds the whole heap, both semispaces and all tables included. `drc` counts as alive what was not freed, `generational`, after
 * a minor collection, everything old.
 */
import { InputError } from "../base/diagnostics.ts";
import { wrongOption } from "../base/wrong-option.ts";
import { decodeModule } from "../wasm/decode.ts";
import { DEFAULT_FEATURES } from "../wasm/features.ts";
import type { Module } from "../wasm/module.ts";
import { COLLECTORS } from "./collectors.gen.ts";
import type { STRESS_COLLECTORS } from "./stress-collectors.gen.ts";
import * as stress from "./stress-collectors.gen.ts";

/** What `trapCode` says of a trap in a runtime. */
export const RuntimeTrap = { OutOfMemory: 1 } as const;

type StressName = keyof typeof STRESS_COLLECTORS;

export type CollectorName = keyof typeof COLLECTORS | StressName;

/** All collectors, the default first. */
export const COLLECTOR_NAMES: readonly CollectorName[] = [
  "copying",
  "generational",
  "drc",
  "null",
  "stress",
  "stress-generational",
  "stress-drc",
];

/** The write barrier that a collector needs: none, cards to mark, or counts to keep. */
export type BarrierKind = "none" | "cards" | "counts";

/** Throws a `TypeError` for what is no name of a collector, as any function here does that takes one. */
export function requireCollector(name: unknown): asserts name is CollectorName {
  if (COLLECTOR_NAMES.some((known) => known === name)) return;
  const names = Object.keys(COLLECTORS).map((known) => JSON.stringify(known));
  throw new TypeError(wrongOption("collector", `one of ${names.join(", ")}`, name));
}

export function barrierOf(name: CollectorName): BarrierKind {
  requireCollector(name);
  return BARRIERS[name] ?? "none";
}

/** The collectors that code with such a barrier runs with, but for those of tests. */
export function collectorsWith(barrier: BarrierKind): CollectorName[] {
  return COLLECTOR_NAMES.filter((name) => isPlain(name) && barrierOf(name) === barrier);
}

const BARRIERS: { readonly [name in CollectorName]?: BarrierKind } = {
  generational: "cards",
  "stress-generational": "cards",
  drc: "counts",
  "stress-drc": "counts",
};

const STRESSED: { readonly [name in CollectorName]?: CollectorName } = {
  copying: "stress",
  generational: "stress-generational",
  drc: "stress-drc",
};

/** The build for stress of a collector. Throws `InputError` for the one that never frees: there is nothing to stress. */
export function stressed(name: CollectorName): CollectorName {
  if (name === "null") {
    throw new InputError({
      code: "collector-stress",
      message: "the collector null never frees, so a collection at every safepoint shows nothing",
      notes: ["another collector can be stressed: copying, generational, drc"],
    });
  }
  return STRESSED[name] ?? name;
}

function isPlain(name: CollectorName): name is keyof typeof COLLECTORS {
  return name in COLLECTORS;
}

/** In a bundle for browsers the file is an empty module: who runs tests has the package. */
function stressText(name: StressName): string {
  const { STRESS_COLLECTORS } = stress as Partial<typeof stress>;
  if (STRESS_COLLECTORS === undefined)
    throw new Error(`the collector ${name} is not in a bundle for browsers`);
  return STRESS_COLLECTORS[name];
}

/** The bytes of a collector's module. Throws for one for stress in a bundle for browsers. */
export function collectorBytes(name: CollectorName): Uint8Array<ArrayBuffer> {
  requireCollector(name);
  const text = isPlain(name) ? COLLECTORS[name] : stressText(name);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** A collector's module, decoded anew. */
export function collectorModule(name: CollectorName): Module {
  return decodeModule(collectorBytes(name), DEFAULT_FEATURES);
}
