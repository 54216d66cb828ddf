/**
 * Compiles a module with references to one without: it brings its collector along, and needs nothing from its host that the
 * input did not.
 *
 *     decode, validate
 *     plan      what stands where in the output: index spaces, memory, static data
 *     functions translate → optimize → spill → reuse reloads → make reducible → emit, one after the other
 *     link      bodies, runtime, static data and a start function into one module
 *
 * This first form does one thing whole: functions over structs, arrays, i31 and numbers. What else a module may have (its own
 * memory, references in tables, imports and exports, exceptions) is refused by name.
 */
import type { ModuleIndices } from "../backend/environment.ts";
import { FunctionEmitter } from "../backend/function-emitter.ts";
import { FunctionBuilderContext } from "../frontend/context.ts";
import type { PolicyName } from "../frontend/safepoints/policies.ts";
import { Allocators } from "../gc/allocators.ts";
import { RUNTIME_EXPORTS } from "../gc/runtime-functions.ts";
import { StaticData } from "../gc/static-data.ts";
import type { FuncRef } from "../ir/entities.ts";
import { Function } from "../ir/function.ts";
import { RUNTIME_FUNCTIONS } from "../ir/names.ts";
import { linkStandalone } from "../link/link-standalone.ts";
import { type OutputPlan, planOutput } from "../link/plan.ts";
import { makeReducible } from "../passes/make-reducible.ts";
import { Optimizer } from "../passes/optimizer.ts";
import { type CollectorName, collectorModule } from "../runtime/collectors.ts";
import { collectingFunctions } from "../translate/collecting-functions.ts";
import { FunctionTranslator } from "../translate/translate-function.ts";
import { decodeModule } from "../wasm/decode.ts";
import { DEFAULT_FEATURES, type Features, featureMask } from "../wasm/features.ts";
import { TypeStore } from "../wasm/subtyping.ts";
import { validateModule } from "../wasm/validate.ts";

export interface CompileOptions {
  readonly features?: Features;
  readonly collector?: CollectorName;
  /** How the safepoint spiller works; the mistaken policies are for tests. */
  readonly policy?: PolicyName;
  /** Bytes of the shadow stack. */
  readonly stackBytes?: number;
  /** The most that the heap may grow to, in bytes. */
  readonly maxHeapBytes?: number;
}

const DEFAULT_STACK_BYTES = 1 << 20;
const DEFAULT_HEAP_BYTES = 1 << 30;

/** Throws `InputError` for a module that is not valid, or that has what is not compiled yet. */
export function compile(bytes: Uint8Array, options: CompileOptions = {}): Uint8Array {
  const features = options.features ?? DEFAULT_FEATURES;
  const input = decodeModule(bytes, features);
  validateModule(input, features);
  const allocators = new Allocators(input, featureMask(features));
  const { module } = allocators;
  const runtime = collectorModule(options.collector ?? "copying");
  const stackBytes = options.stackBytes ?? DEFAULT_STACK_BYTES;
  const store = new TypeStore();
  const plan = planOutput(module, runtime, store);
  const staticData = new StaticData(stackBytes, module.types, store, plan.rootCount);
  const { allocPtr, allocEnd, rootOfGlobal, isConfusable } = plan;
  const collecting = collectingFunctions(module, featureMask(features));
  const mayCollect = (index: number): boolean => collecting[index] !== 0;
  const heap = {
    types: module.types,
    staticData,
    allocPtr,
    allocEnd,
    rootOfGlobal,
    isConfusable,
    mayCollect,
    allocators,
  };
  const context = new FunctionBuilderContext();
  const func = new Function();
  const emitter = new FunctionEmitter();
  const policy = options.policy ?? "spillway";
  const optimizer = new Optimizer();
  const translator = (): FunctionTranslator => {
    func.clear();
    return new FunctionTranslator(module, featureMask(features), func, context, heap);
  };
  const emit = (translated: FunctionTranslator): Uint8Array => {
    optimizer.beforeSpilling(func, translated.facts);
    context.spiller.run(func, { policy });
    optimizer.afterSpilling(func);
    makeReducible(func);
    return emitter.emit(func, indicesOf(plan, translated, staticData)).slice();
  };
  const bodies: Uint8Array[] = [];
  for (let i = 0; i < module.code.starts.length; i++) {
    const function_ = translator();
    function_.run(i, { spill: false });
    bodies.push(emit(function_));
  }
  const initializer = translator();
  const hasInitializer = initializer.runGlobalInitializers({ spill: false });
  return linkStandalone({
    module,
    runtime,
    plan,
    bodies,
    rootInitializer: hasInitializer ? emit(initializer) : null,
    staticData: staticData.bytes(),
    stackBytes,
    maxHeapBytes: options.maxHeapBytes ?? DEFAULT_HEAP_BYTES,
  });
}

function indicesOf(plan: OutputPlan, translator: FunctionTranslator, staticData: StaticData): ModuleIndices {
  return {
    functionIndex: (func: Function, callee: FuncRef) => {
      const { name } = func.dfg.extFuncs[callee]!;
      if (name.kind !== "user") throw new Error("a translated function calls by index");
      const { namespace, index } = func.dfg.userNames[name.ref]!;
      return namespace === RUNTIME_FUNCTIONS ? plan.runtimeFunction(RUNTIME_EXPORTS[index]!) : index;
    },
    typeIndex: (_, signature) => plan.typeIndex(translator.typeIndexOf(signature)),
    tableSlot: () => {
      throw new Error("a translated function has no func_addr");
    },
    tableIndex: (_, signature) => translator.tableOf(signature),
    stackPointer: plan.stackPointer,
    memory: 0,
    stackMapAddress: (frameBytes, offsets) => staticData.stackMap(frameBytes, offsets),
    mapOnEntry: !plan.isClosed,
    trapFunction: () => -1,
  };
}
