/**
 * The functions of a module, one after the other: translate → optimize → spill → use reloads again → make reducible → emit.
 */
import type { ModuleIndices } from "../backend/environment.ts";
import { FunctionEmitter } from "../backend/function-emitter.ts";
import { FunctionBuilderContext } from "../frontend/context.ts";
import type { PolicyName } from "../frontend/safepoints/policies.ts";
import { RUNTIME_EXPORTS, type RuntimeFunction } from "../gc/runtime-functions.ts";
import { GcTrap, TRAP_MESSAGES } from "../gc/traps.ts";
import type { FuncRef } from "../ir/entities.ts";
import { Function } from "../ir/function.ts";
import { MEMORY_FUNCTIONS, RUNTIME_FUNCTIONS } from "../ir/names.ts";
import type { CompiledCode } from "../link/output-module.ts";
import type { OutputPlan } from "../link/plan.ts";
import type { RelocatableCode } from "../object/code.ts";
import { CELLS, TRAP_FUNCTIONS } from "../object/symbol-spaces.ts";
import { SymbolTable } from "../object/symbols.ts";
import { makeReducible } from "../passes/make-reducible.ts";
import { Optimizer } from "../passes/optimizer.ts";
import { Initializer } from "../translate/initializer.ts";
import { FunctionTranslator } from "../translate/translate-function.ts";
import { type Features, featureMask } from "../wasm/features.ts";
import { functionLabel } from "../wasm/names.ts";
import { inFunction } from "./in-function.ts";
import { INITIALIZER, type Observers } from "./observers.ts";
import { proveSpilled } from "./prove.ts";

export interface FunctionOptions {
  readonly features: Features;
  readonly policy: PolicyName;
  /** Every function is proven; one that is not is an error. */
  readonly prove: boolean;
  /** The last function first. */
  readonly backwards: boolean;
  /** See `backend/environment.ts`. */
  readonly mapOnEntry: boolean;
  readonly watch: Observers;
  /** The output's index of a function of the runtime. */
  runtimeFunction(name: RuntimeFunction): number;
}

/** Compiles all of them. Throws `InputError` for what is not compiled yet. */
export function compileFunctions(plan: OutputPlan, options: FunctionOptions): CompiledCode {
  const { module } = plan;
  const { watch } = options;
  const symbols = new SymbolTable();
  const mask = featureMask(options.features);
  const context = new FunctionBuilderContext();
  const func = new Function();
  const emitter = new FunctionEmitter();
  const optimizer = new Optimizer();
  const emit = (index: number, translated: FunctionTranslator): RelocatableCode => {
    watch.enter("emit");
    makeReducible(func);
    const code = emitter.emit(func, indicesOf(plan, translated, symbols, options));
    watch.emitted(index, emitter.frameBytes);
    return code;
  };
  const spill = (index: number, translated: FunctionTranslator): void => {
    watch.enter("optimize");
    optimizer.beforeSpilling(func, translated.facts);
    watch.beforeSpilling(index, func);
    watch.enter("spill");
    const counts = context.spiller.run(func, { policy: options.policy });
    watch.afterSpilling(index, func, counts);
    watch.enter("optimize");
    optimizer.afterSpilling(func);
  };
  const prove = (label: string, translate: (into: Function) => FunctionTranslator): void => {
    if (!options.prove) return;
    watch.enter("prove");
    const before = new Function();
    optimizer.beforeSpilling(before, translate(before).facts);
    proveSpilled(before, func, label);
  };
  const compileBody = (i: number): RelocatableCode => {
    const index = module.importedFunctionCount + i;
    const translate = (into: Function): FunctionTranslator => {
      into.clear();
      into.name = { kind: "user", namespace: 0, index };
      const translator = new FunctionTranslator(module, mask, into, context, plan);
      translator.run(i, { spill: false });
      return translator;
    };
    watch.enter("translate");
    const translator = translate(func);
    spill(index, translator);
    prove(functionLabel(module, index), translate);
    return emit(index, translator);
  };
  const bodies: RelocatableCode[] = [];
  const count = module.code.starts.length;
  for (let n = 0; n < count; n++) {
    const i = options.backwards ? count - 1 - n : n;
    bodies.push(inFunction(module, module.importedFunctionCount + i, () => compileBody(i)));
  }
  if (options.backwards) bodies.reverse();
  let hasWork = false;
  const translate = (into: Function): Initializer => {
    into.clear();
    into.name = { kind: "testcase", name: "initialize" };
    const initializer = new Initializer(module, mask, into, context, plan);
    hasWork = initializer.runInitializer(plan, { spill: false });
    return initializer;
  };
  watch.enter("translate");
  const initializer = translate(func);
  spill(INITIALIZER, initializer);
  prove("the initializer", translate);
  const code = hasWork ? emit(INITIALIZER, initializer) : null;
  return { plan, symbols, bodies, initializer: code };
}

function indicesOf(
  plan: OutputPlan,
  translator: FunctionTranslator,
  symbols: SymbolTable,
  options: FunctionOptions,
): ModuleIndices {
  return {
    functionIndex: (func: Function, callee: FuncRef) => {
      const { name } = func.dfg.extFuncs[callee]!;
      if (name.kind !== "user") throw new Error("a translated function calls by index");
      const { namespace, index } = func.dfg.userNames[name.ref]!;
      if (namespace === RUNTIME_FUNCTIONS) return options.runtimeFunction(RUNTIME_EXPORTS[index]!);
      return namespace === MEMORY_FUNCTIONS ? plan.memoryFunctionIndex(index) : plan.functionIndex(index);
    },
    typeIndex: (_, signature) => plan.typeIndex(translator.typeIndexOf(signature)),
    tableSlot: () => {
      throw new Error("a translated function has no func_addr");
    },
    tableIndex: (_, signature) => translator.tableOf(signature),
    get stackPointer(): number {
      return plan.stackPointer;
    },
    memory: plan.heapMemory,
    exceptionTag: plan.exceptionTag,
    exceptionForm: plan.exceptionForm,
    exceptionCell: plan.checksExceptions ? symbols.intern(CELLS, plan.exceptionCell) : -1,
    // What is imported cannot end with an exception of ours: an export that does traps.
    mayThrow: (func, callee) => {
      const { name } = func.dfg.extFuncs[callee]!;
      if (name.kind !== "user") return false;
      const { namespace, index } = func.dfg.userNames[name.ref]!;
      return namespace === 0 && index >= plan.module.importedFunctionCount && plan.mayCollect(index);
    },
    memoryOf: (func, region) => func.aliasRegions[region]!.userId,
    isMemory64: (memory) => plan.memories.is64(memory),
    // The tables kept have 32-bit indices.
    isTable64: () => false,
    symbols: plan.usesHeap ? symbols : null,
    mapOnEntry: options.mapOnEntry,
    stackLimit: plan.memories.reservedBytes,
    trapSymbol: (code) =>
      plan.usesHeap && code !== GcTrap.Unreachable && code < TRAP_MESSAGES.length
        ? symbols.intern(TRAP_FUNCTIONS, code)
        : -1,
  };
}
