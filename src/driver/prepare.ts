/**
 * All that happens to a module before its functions are compiled: decode, validate, plan. What is prepared here twice, from the same
 * bytes and options, is the same, so functions can be compiled elsewhere, and code be linked that was compiled before.
 */
import { type PolicyName, policyNamed } from "../frontend/safepoints/policies.ts";
import { TypeFunctions, typeFunctionRoles } from "../gc/type-functions.ts";
import { mergedFunctionIndex, placeRuntime } from "../link/link-standalone.ts";
import { isBelowHeap } from "../link/memory-plan.ts";
import { type OutputMode, OutputPlan } from "../link/plan.ts";
import { barrierOf, type CollectorName, collectorModule, stressed } from "../runtime/collectors.ts";
import { collectingFunctions } from "../translate/collecting-functions.ts";
import { decodeModule } from "../wasm/decode.ts";
import { DEFAULT_FEATURES, type Features, featureMask } from "../wasm/features.ts";
import type { Module } from "../wasm/module.ts";
import { TypeStore } from "../wasm/subtyping.ts";
import { validateModule } from "../wasm/validate.ts";
import type { FunctionOptions } from "./compile-functions.ts";
import { areFactsOf, type ModuleFacts } from "./module-facts.ts";
import { type CompileObserver, Observers } from "./observers.ts";
import { parseTarget } from "./targets.ts";

export const DEFAULT_POLICY: PolicyName = "spillway";

export interface PrepareOptions {
  readonly features?: Features;
  /**
   * The engine that runs the output: `node20` unless it is given, with features added and taken, as in `mvp,+bulk-memory`. The names and
   * the features are listed by `spillway compile --help`, and told of in docs/targets.md.
   */
  readonly target?: string;
  /** Of a module that stands alone: what is reserved for its own memory, where the target has but one memory a module. */
  readonly reserveMemoryBytes?: number;
  /**
   * How memory is reclaimed: `copying` (unless it is given), `generational`, `drc` or `null`. Code for a store must be for the store's
   * own, or one with the same write barrier (`copying` and `null` have none).
   */
  readonly collector?: CollectorName;
  /** How the safepoint spiller works; the mistaken policies are for tests. */
  readonly policy?: PolicyName;
  /** Collect at every safepoint: when a function is entered, and at every allocation. */
  readonly gcStress?: boolean;
  /** Prove every function with the safepoint checker; one that is not proven is an error. */
  readonly prove?: boolean;
  /** Keep where in the input each instruction comes from, for source maps and traces; no two checks of a function share a trap then. */
  readonly positions?: boolean;
  /** Compile the last function first; the output is the same, which is what this is for. */
  readonly backwards?: boolean;
  /** What watches: dumps, reports, progress. */
  readonly observers?: readonly CompileObserver[];
}

export interface PreparedModule {
  readonly plan: OutputPlan;
  readonly facts: ModuleFacts;
  readonly options: FunctionOptions;
  /** The collector's module that comes along; null for a store, which has it. */
  readonly runtime: Module | null;
}

/** Throws `InputError` for a module that is not valid, or that cannot be planned. */
export function prepareModule(bytes: Uint8Array, options: PrepareOptions, mode: OutputMode): PreparedModule {
  const watch = new Observers(options.observers ?? []);
  const { features = DEFAULT_FEATURES, policy = DEFAULT_POLICY } = options;
  policyNamed(policy);
  const store = new TypeStore();
  watch.enter("decode");
  const input = decodeModule(bytes, features);
  watch.enter("validate");
  validateModule(input, features, store);
  watch.enter("plan");
  // Policies that repeat what upstream does, right or wrong, get the code that upstream's embedder makes: allocation inline.
  const isUpstream = policy !== DEFAULT_POLICY;
  const mask = featureMask(features);
  const ground = { standsAlone: mode === "standalone", target: parseTarget(options.target) };
  const roles = isUpstream ? [] : typeFunctionRoles(input, mask, !isBelowHeap(input, ground));
  const typeFunctions = new TypeFunctions(input, roles);
  const collecting = collectingFunctions(typeFunctions.module, mask);
  // To these every call is a safepoint, so that any function with a call may have a frame.
  if (isUpstream) collecting.fill(1);
  return planned(store, typeFunctions, { options, mode, collecting, known: null, watch });
}

/**
 * Prepares a module that was prepared before, and found valid, with the same options. Null for what is known of another module.
 */
export function prepareAgain(
  bytes: Uint8Array,
  options: PrepareOptions,
  mode: OutputMode,
  facts: ModuleFacts,
): PreparedModule | null {
  const { features = DEFAULT_FEATURES } = options;
  const input = decodeModule(bytes, features);
  if (!areFactsOf(input, facts)) return null;
  const typeFunctions = new TypeFunctions(input, facts.roles);
  const watch = new Observers(options.observers ?? []);
  const { collecting } = facts;
  return planned(new TypeStore(), typeFunctions, { options, mode, collecting, known: facts, watch });
}

interface Planning {
  readonly options: PrepareOptions;
  readonly mode: OutputMode;
  readonly collecting: Uint8Array;
  /** What need not be found out. */
  readonly known: Pick<ModuleFacts, "usage" | "knownGlobals"> | null;
  readonly watch: Observers;
}

function planned(
  store: TypeStore,
  typeFunctions: TypeFunctions,
  { options, mode, collecting, known, watch }: Planning,
): PreparedModule {
  const { collector: chosen = "copying", gcStress = false } = options;
  const { module } = typeFunctions;
  const plan = new OutputPlan(module, store, {
    mode,
    collectsOnEntry: gcStress,
    barrier: barrierOf(chosen),
    target: parseTarget(options.target),
    ...(options.reserveMemoryBytes === undefined ? {} : { reserveBytes: options.reserveMemoryBytes }),
    typeFunctions,
    collecting,
    ...(known === null ? {} : { usage: known.usage, knownGlobals: known.knownGlobals }),
  });
  const runtime = mode === "store" ? null : collectorModule(gcStress ? stressed(chosen) : chosen);
  if (runtime !== null) placeRuntime(plan, runtime);
  watch.planned(plan);
  return {
    plan,
    facts: { roles: typeFunctions.roles, usage: plan.usage, collecting, knownGlobals: plan.isGlobalKnown },
    runtime,
    options: {
      features: options.features ?? DEFAULT_FEATURES,
      policy: options.policy ?? "spillway",
      prove: options.prove ?? false,
      backwards: options.backwards ?? false,
      positions: options.positions ?? false,
      watch,
      runtimeFunction: (name) =>
        runtime === null ? plan.storeFunctionIndex(name) : mergedFunctionIndex(plan, runtime, name),
    },
  };
}
