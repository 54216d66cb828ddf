/**
 * Compiles a module with references to one without: it brings its collector along, and needs nothing from its host that the
 * input did not.
 *
 *     decode, validate
 *     plan      what stands where in the output: index spaces, cells, what the engine keeps
 *     functions translate → optimize → spill → make reducible → emit, one after the other
 *     link      bodies, runtime and static data into one module
 *
 * `compileCode` stops before linking, for a store, which links a module each time that it is instantiated.
 */

import type { PolicyName } from "../frontend/safepoints/policies.ts";
import { TypeFunctions } from "../gc/type-functions.ts";
import { isClosed } from "../link/export-wrappers.ts";
import { linkStandalone, mergedFunctionIndex, placeRuntime } from "../link/link-standalone.ts";
import type { CompiledCode } from "../link/output-module.ts";
import { OutputPlan } from "../link/plan.ts";
import { barrierOf, type CollectorName, collectorModule, stressed } from "../runtime/collectors.ts";
import { collectingFunctions } from "../translate/collecting-functions.ts";
import { decodeModule } from "../wasm/decode.ts";
import { DEFAULT_FEATURES, type Features, featureMask } from "../wasm/features.ts";
import type { Module } from "../wasm/module.ts";
import { TypeStore } from "../wasm/subtyping.ts";
import { validateModule } from "../wasm/validate.ts";
import { compileFunctions } from "./compile-functions.ts";
import { type CompileObserver, Observers } from "./observers.ts";
import { parseTarget } from "./targets.ts";

export interface CompileOptions {
  readonly features?: Features;
  /** The engine that runs the output, see `targets.ts`. */
  readonly target?: string;
  readonly collector?: CollectorName;
  /** How the safepoint spiller works; the mistaken policies are for tests. */
  readonly policy?: PolicyName;
  /** Bytes of the shadow stack. */
  readonly stackBytes?: number;
  /** The most that the heap may grow to, in bytes. */
  readonly maxHeapBytes?: number;
  /** What is reserved for a memory of the module's own, where the target has but one memory a module. */
  readonly reserveMemoryBytes?: number;
  /** Collect at every safepoint: when a function is entered, and at every allocation. */
  readonly gcStress?: boolean;
  /** Prove every function with the safepoint checker; one that is not proven is an error. */
  readonly prove?: boolean;
  /** Compile the last function first; the output is the same, which is what this is for. */
  readonly backwards?: boolean;
  /** What watches: dumps, reports, progress. */
  readonly observers?: readonly CompileObserver[];
}

export const DEFAULT_STACK_BYTES: number = 1 << 20;
export const DEFAULT_HEAP_BYTES: number = 1 << 30;

/** Throws `InputError` for a module that is not valid, or that has what is not compiled yet. */
export function compile(bytes: Uint8Array, options: CompileOptions = {}): Uint8Array {
  const { policy = "spillway", gcStress = false } = options;
  const features = options.features ?? DEFAULT_FEATURES;
  const watch = new Observers(options.observers ?? []);
  const store = new TypeStore();
  const { module, ...parts } = decodeAndValidate(bytes, features, policy, { store, watch });
  const chosen = options.collector ?? "copying";
  const collector = gcStress ? stressed(chosen) : chosen;
  const runtime = collectorModule(collector);
  const barrier = barrierOf(collector);
  const plan = new OutputPlan(module, store, {
    mode: "standalone",
    collectsOnEntry: gcStress,
    barrier,
    target: parseTarget(options.target),
    ...(options.reserveMemoryBytes === undefined ? {} : { reserveBytes: options.reserveMemoryBytes }),
    ...parts,
  });
  placeRuntime(plan, runtime);
  watch.planned(plan);
  const code = compileFunctions(plan, {
    features,
    policy,
    prove: options.prove ?? false,
    backwards: options.backwards ?? false,
    mapOnEntry: !isClosed(module),
    watch,
    runtimeFunction: (name) => mergedFunctionIndex(plan, runtime, name),
  });
  watch.compiled(code);
  watch.enter("link");
  return linkStandalone(code, {
    runtime,
    stackBytes: options.stackBytes ?? DEFAULT_STACK_BYTES,
    maxHeapBytes: options.maxHeapBytes ?? DEFAULT_HEAP_BYTES,
    placed: (layout) => watch.placed(layout, runtime),
  });
}

/** Of a module for a store, which has the memory and the collector: `collector` must have the same barrier. */
export type CodeOptions = Pick<
  CompileOptions,
  "features" | "target" | "collector" | "policy" | "gcStress" | "prove" | "backwards" | "observers"
>;

/** Compiles for a store; what comes out can be linked into any number of them. Throws as `compile` does. */
export function compileCode(bytes: Uint8Array, options: CodeOptions = {}): CompiledCode {
  const { features = DEFAULT_FEATURES, policy = "spillway", gcStress = false, prove = false } = options;
  const watch = new Observers(options.observers ?? []);
  const store = new TypeStore();
  const { module, ...parts } = decodeAndValidate(bytes, features, policy, { store, watch });
  const barrier = barrierOf(options.collector ?? "copying");
  const plan = new OutputPlan(module, store, {
    mode: "store",
    collectsOnEntry: gcStress,
    barrier,
    target: parseTarget(options.target),
    ...parts,
  });
  watch.planned(plan);
  return compileFunctions(plan, {
    features,
    policy,
    prove,
    backwards: options.backwards ?? false,
    watch,
    // The host restores the stack pointer behind a trap.
    mapOnEntry: false,
    runtimeFunction: (name) => plan.storeFunctionIndex(name),
  });
}

/** The input with the functions that make its structs, and which of all functions may collect. */
interface PreparedModule {
  readonly module: Module;
  readonly typeFunctions: TypeFunctions;
  readonly collecting: Uint8Array;
}

/** Policies that repeat what upstream does, right or wrong, get the code that upstream's embedder makes: allocation inline. */
function decodeAndValidate(
  bytes: Uint8Array,
  features: Features,
  policy: PolicyName,
  { store, watch }: { readonly store: TypeStore; readonly watch: Observers },
): PreparedModule {
  watch.enter("decode");
  const input = decodeModule(bytes, features);
  watch.enter("validate");
  validateModule(input, features, store);
  watch.enter("plan");
  const typeFunctions = new TypeFunctions(input, featureMask(features), policy !== "spillway");
  const { module } = typeFunctions;
  return { module, typeFunctions, collecting: collectingFunctions(module, featureMask(features)) };
}
