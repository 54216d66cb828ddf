/**
 * The functions of a module, one after the other: translate → optimize → spill → use reloads again →
 * (prove) → take out what nobody reads → make reducible → emit.
 */
import type { ExceptionForm, ModuleIndices, StackPassing, StackSource } from "../backend/environment.ts";
import { FunctionEmitter } from "../backend/function-emitter.ts";
import { FunctionBuilderContext } from "../frontend/context.ts";
import type { PolicyName } from "../frontend/safepoints/policies.ts";
import { ZERO_BYTES } from "../gc/layout.ts";
import { RUNTIME_CALLS, RUNTIME_EXPORTS, type RuntimeFunction } from "../gc/runtime-functions.ts";
import { GcTrap, TRAP_MESSAGES } from "../gc/traps.ts";
import type { AliasRegion, FuncRef, SigRef } from "../ir/entities.ts";
import { Function } from "../ir/function.ts";
import { MEMORY_FUNCTIONS, RUNTIME_FUNCTIONS } from "../ir/names.ts";
import type { TrapCode } from "../ir/trap-codes.ts";
import type { CompiledCode } from "../link/compiled-code.ts";
import type { OutputPlan } from "../link/plan.ts";
import type { RelocatableCode } from "../object/code.ts";
import {
  CELLS,
  IMPORT_EXITS,
  IMPORT_STACK_ENDS,
  TABLE_EXITS,
  TRAP_FUNCTIONS,
} from "../object/symbol-spaces.ts";
import { SymbolTable } from "../object/symbols.ts";
import { makeReducible } from "../passes/make-reducible.ts";
import { Optimizer } from "../passes/optimizer.ts";
import { Initializer } from "../translate/initializer.ts";
import { initializerParts } from "../translate/initializer-steps.ts";
import { FunctionTranslator } from "../translate/translate-function.ts";
import { type Features, featureMask } from "../wasm/features.ts";
import { functionLabel } from "../wasm/names.ts";
import { inFunction } from "./in-function.ts";
import { INITIALIZER, type Observers } from "./observers.ts";
import * as prover from "./prove.ts";

export interface FunctionOptions {
  readonly features: Features;
  readonly policy: PolicyName;
  /** Every function is proven; one that is not is an error. */
  readonly prove: boolean;
  /** The last function first. */
  readonly backwards: boolean;
  /** Bodies say where in the input their instructions come from. */
  readonly positions: boolean;
  readonly watch: Observers;
  /** Only these functions, by their place among those with a body. Without the initializer, but of an empty range. */
  readonly only?: { readonly first: number; readonly end: number };
  /** The output's index of a function of the runtime. */
  runtimeFunction(name: RuntimeFunction): number;
}

/** Compiles all of them. Throws `InputError` for what is not compiled yet. */
export function compileFunctions(plan: OutputPlan, options: FunctionOptions): CompiledCode {
  const { module } = plan;
  const { watch } = options;
  // In a bundle for browsers the file is an empty module: bundlers warn where a name of it is imported, not where it is looked for.
  const { proveSpilled } = prover as Partial<typeof prover>;
  if (options.prove && proveSpilled === undefined)
    throw new Error("the checker is not in a bundle for browsers");
  const symbols = new SymbolTable();
  const mask = featureMask(options.features);
  const context = new FunctionBuilderContext();
  const func = new Function();
  const emitter = new FunctionEmitter();
  const optimizer = new Optimizer();
  const indices = new TranslatedIndices(plan, symbols, options);
  const emit = (index: number, translated: FunctionTranslator): RelocatableCode => {
    watch.enter("optimize");
    // The checker wants to see all that there was.
    optimizer.afterProving(func);
    watch.enter("emit");
    makeReducible(func);
    indices.enter(index, translated);
    const code = emitter.emit(func, indices);
    // Nobody tells it where.
    if (emitter.frameBytes > 0 && index !== INITIALIZER && !plan.mayCollect(index))
      throw new Error("a function that never collects has a frame");
    watch.emitted(index, emitter.frameBytes);
    return code;
  };
  const spilling = { policy: options.policy };
  const spill = (index: number, translated: FunctionTranslator): void => {
    watch.enter("optimize");
    optimizer.beforeSpilling(func, translated.facts);
    watch.beforeSpilling(index, func);
    watch.enter("spill");
    const counts = context.spiller.run(func, spilling);
    watch.afterSpilling(index, func, counts);
    watch.enter("optimize");
    optimizer.afterSpilling(func);
  };
  const prove = (label: string, translate: (into: Function) => FunctionTranslator): void => {
    if (proveSpilled === undefined) return;
    watch.enter("prove");
    const before = new Function();
    optimizer.beforeSpilling(before, translate(before).facts);
    proveSpilled(before, func, label);
  };
  const translator = new FunctionTranslator(module, mask, func, context, plan);
  const translation = { spill: false, positions: options.positions };
  const proveBody = (index: number): void =>
    prove(functionLabel(module, index), (into) => {
      const own = new FunctionTranslator(module, mask, into, context, plan);
      own.run(index - module.importedFunctionCount, translation);
      return own;
    });
  const compileBody = (index: number): RelocatableCode => {
    watch.enter("translate");
    func.clear();
    translator.run(index - module.importedFunctionCount, translation);
    spill(index, translator);
    if (options.prove) proveBody(index);
    return emit(index, translator);
  };
  const bodies: RelocatableCode[] = [];
  const { first, end } = options.only ?? { first: 0, end: module.code.starts.length };
  for (let n = first; n < end; n++) {
    const i = options.backwards ? first + end - 1 - n : n;
    bodies.push(inFunction(module, module.importedFunctionCount + i, compileBody));
  }
  if (options.backwards) bodies.reverse();
  // Who asks for some of the functions asks for the initialisers apart, with none of them.
  if (options.only !== undefined && first < end) return { plan, symbols, bodies, initializers: [] };
  const initializers = initializerParts(module, plan).map((steps, i) => {
    const translate = (into: Function): Initializer => {
      into.clear();
      into.name = { kind: "testcase", name: `initialize.${i}` };
      const initializer = new Initializer(module, mask, into, context, plan);
      initializer.runSteps(steps, plan, { spill: false });
      return initializer;
    };
    watch.enter("translate");
    const initializer = translate(func);
    spill(INITIALIZER, initializer);
    if (options.prove) prove(`initialize.${i}`, translate);
    return emit(INITIALIZER, initializer);
  });
  return { plan, symbols, bodies, initializers };
}

/** The index in its name space of what is called directly. */
function calleeOf({ dfg }: Function, callee: FuncRef): number {
  const { name } = dfg.extFuncs[callee]!;
  if (name.kind !== "user") throw new Error("a translated function calls by index");
  return dfg.userNames.index(name.ref);
}

/** What a translated function refers to, in the output's index spaces. */
class TranslatedIndices implements ModuleIndices {
  private readonly plan: OutputPlan;
  private readonly table: SymbolTable;
  private readonly options: FunctionOptions;
  /** The function at hand. */
  private translated: FunctionTranslator | null;
  stackSource: StackSource;
  readonly memory: number;
  readonly exceptionTag: number;
  readonly exceptionForm: ExceptionForm;
  readonly exceptionCell: number;
  readonly frameBase: number;
  readonly stackLimit: number;
  readonly symbols: SymbolTable | null;

  constructor(plan: OutputPlan, symbols: SymbolTable, options: FunctionOptions) {
    this.plan = plan;
    this.table = symbols;
    this.options = options;
    this.translated = null;
    this.stackSource = "none";
    this.memory = plan.heapMemory;
    this.exceptionTag = plan.exceptionTag;
    this.exceptionForm = plan.exceptionForm;
    this.exceptionCell = plan.checksExceptions ? symbols.intern(CELLS, plan.exceptionCell) : -1;
    const { reservedBytes } = plan.memories;
    this.frameBase = plan.usesHeap ? ZERO_BYTES : 0;
    this.stackLimit = reservedBytes === 0 ? 0 : reservedBytes - ZERO_BYTES;
    this.symbols = plan.usesHeap ? symbols : null;
  }

  /** Goes on to a function, which was translated. */
  enter(index: number, translated: FunctionTranslator): void {
    this.translated = translated;
    this.stackSource = this.sourceOf(index);
  }

  private sourceOf(index: number): StackSource {
    const { plan } = this;
    if (index === INITIALIZER) return plan.passesStack ? "parameter" : "none";
    if (plan.functionTypes.beginsStack(index)) return "top";
    return plan.functionTypes.takesStack(index) ? "parameter" : "none";
  }

  stackPassing(func: Function, callee: FuncRef): StackPassing {
    const { name } = func.dfg.extFuncs[callee]!;
    if (name.kind !== "user" || !this.plan.passesStack) return "none";
    const { userNames } = func.dfg;
    const namespace = userNames.namespace(name.ref);
    const index = userNames.index(name.ref);
    if (namespace === RUNTIME_FUNCTIONS)
      return RUNTIME_CALLS[RUNTIME_EXPORTS[index]!].collects ? "global" : "none";
    if (namespace === MEMORY_FUNCTIONS) return "none";
    if (index < this.plan.module.importedFunctionCount) return this.plan.hasExits ? "exit" : "import";
    return this.plan.functionTypes.takesStack(index) ? "argument" : "none";
  }

  indirectStackPassing(table: number): StackPassing {
    if (!this.plan.passesStack) return "none";
    return this.plan.takesStackIn(table) ? "argument" : "exit";
  }

  exitSymbol(func: Function, callee: FuncRef, tail: boolean): number {
    return this.table.intern(IMPORT_EXITS, 2 * calleeOf(func, callee) + Number(tail));
  }

  importEndSymbol(func: Function, callee: FuncRef): number {
    return this.table.intern(IMPORT_STACK_ENDS, calleeOf(func, callee));
  }

  indirectExitSymbol(signature: SigRef, tail: boolean): number {
    const call = this.plan.indirectCallNumber(
      this.translated!.tableOf(signature),
      this.translated!.typeIndexOf(signature),
    );
    return this.table.intern(TABLE_EXITS, 2 * call + Number(tail));
  }

  functionIndex(func: Function, callee: FuncRef): number {
    const { name } = func.dfg.extFuncs[callee]!;
    if (name.kind !== "user") throw new Error("a translated function calls by index");
    const { userNames } = func.dfg;
    const namespace = userNames.namespace(name.ref);
    const index = userNames.index(name.ref);
    if (namespace === RUNTIME_FUNCTIONS) return this.options.runtimeFunction(RUNTIME_EXPORTS[index]!);
    return namespace === MEMORY_FUNCTIONS
      ? this.plan.memoryFunctionIndex(index)
      : this.plan.functionIndex(index);
  }

  typeIndex(_: Function, signature: SigRef): number {
    const { plan } = this;
    const type = this.translated!.typeIndexOf(signature);
    return plan.takesStackIn(this.translated!.tableOf(signature))
      ? plan.functionTypes.withStack(type)
      : plan.functionTypes.plain(type);
  }

  tableSlot(): never {
    throw new Error("a translated function has no func_addr");
  }

  tableIndex(_: Function, signature: SigRef): number {
    return this.translated!.tableOf(signature);
  }

  get stackPointer(): number {
    return this.plan.stackPointer;
  }

  /** What is imported cannot end with an exception of ours: an export that does traps. */
  mayThrow(func: Function, callee: FuncRef): boolean {
    const { name } = func.dfg.extFuncs[callee]!;
    if (name.kind !== "user") return false;
    const { userNames } = func.dfg;
    const index = userNames.index(name.ref);
    return (
      userNames.namespace(name.ref) === 0 &&
      index >= this.plan.module.importedFunctionCount &&
      this.plan.mayCollect(index)
    );
  }

  memoryOf(func: Function, region: AliasRegion): number {
    return func.aliasRegions[region]!.userId;
  }

  isMemory64(memory: number): boolean {
    return this.plan.memories.is64(memory);
  }

  /** The tables kept have 32-bit indices. */
  isTable64(): boolean {
    return false;
  }

  trapSymbol(code: TrapCode): number {
    return this.plan.usesHeap && code !== GcTrap.Unreachable && code < TRAP_MESSAGES.length
      ? this.table.intern(TRAP_FUNCTIONS, code)
      : -1;
  }
}
