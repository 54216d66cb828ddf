/**
 * Links compiled code into one of the instances of a store.
 *
 * All addresses are known then, so they are constants in the code; the price is that an engine compiles a module once for each
 * instance. The output imports, under names of its own:
 *
 *     "input"     "0", "1" …           what the input imports, by position; without what is in cells
 *     "runtime"   functions, globals    those that the plan lists; `memory`, `functions` (the table); `exception` (the tag)
 *     "memory"    "0", "1" …           functions that stand for operators on memories; `m<index>`, a memory
 *
 * and exports `f<index>`, `g<index>`, `m<index>` for each function, global and memory of the input that is exported, `c<index>` for
 * a function as other instances call it that tell it where the shadow stack ends (`stack-passing.ts`), and `initialize`, to be called
 * once, if there is anything to do. A module without references has none of the runtime's imports and is started by the engine, unless
 * it imports functions: then it has the global `stackPointer`, and is started as others are, if the target has mutable globals to import.
 */
import { RUNTIME_CALLS } from "../gc/runtime-functions.ts";
import type { ExternKind, Import, ImportType } from "../wasm/module.ts";
import { FUNCREF, I32 } from "../wasm/types.ts";
import type { CompiledCode } from "./compiled-code.ts";
import type { ImportedBits } from "./constant-value.ts";
import type { InstanceLayout } from "./instance-layout.ts";
import { linkMemoryCopies } from "./memory-copies.ts";
import { linkMemoryModule } from "./memory-module.ts";
import { type LinkedModule, OutputModule } from "./output-module.ts";
import type { OutputPlan } from "./plan.ts";
import type { ImportedEnd } from "./stack-passing.ts";
import { StaticLayout, type Surroundings } from "./static-layout.ts";

export interface StorePlacement extends Surroundings {
  /** How an imported function learns where the shadow stack ends. */
  importedEnd(func: number): ImportedEnd;
  /** Of an imported global of numbers whose value never changes. */
  readonly importedBits: ImportedBits;
}

export interface LinkedInstance extends LinkedModule {
  /** The modules beside it, one for each of the input's memories; empty where it needs none, or has them itself. */
  readonly memoryModules: readonly Uint8Array[];
  /** What copies between them; null where nothing does. */
  readonly memoryCopies: Uint8Array | null;
  readonly layout: InstanceLayout;
}

/** The prefix of an export's name in the output. */
const EXPORT_PREFIXES: Readonly<Record<ExternKind, string>> = {
  func: "f",
  global: "g",
  memory: "m",
  table: "t",
  tag: "e",
};

/** What the output calls its export of an item of the input. */
export function outputName(kind: ExternKind, index: number): string {
  return `${EXPORT_PREFIXES[kind]}${index}`;
}

/** What the output calls a function of the input that is told where the shadow stack ends. */
export function toldName(func: number): string {
  return `c${func}`;
}

export function linkForStore(
  compiled: CompiledCode,
  placement: StorePlacement,
): LinkedInstance & { readonly layout: StaticLayout } {
  const { plan } = compiled;
  const { module } = plan;
  plan.refuseLargeTables();
  const layout = new StaticLayout(compiled, placement);
  const out = new OutputModule(compiled, layout, placement.importedBits, {
    stackTop: null,
    exceptionCell: -1,
    importedEnd: (func) => placement.importedEnd(func),
  });
  addImports(out, plan, placement);
  out.placeCalled(plan.functionsEnd + out.initializerCount);
  const initializer = out.addCompiled(() => {});
  out.addCalledFunctions();
  out.addInputGlobals();
  out.addInputTables();
  out.addInputElements();
  if (plan.usesHeap) out.addFunctionItems(plan.functionTable, placement.firstFunction);
  out.addInputData();
  if (plan.usesHeap) out.addStaticData(placement.base);
  if (!plan.hasMemoryModules) out.memories.push(...module.memories.slice(module.importedMemoryCount));
  addExports(out, plan);
  if (initializer >= 0) {
    out.exports.push({ name: "initialize", kind: "func", index: initializer, offset: 0 });
  } else if (module.start >= 0) {
    out.start = plan.functionIndex(module.start);
  }
  const memories = plan.hasMemoryModules ? module.memories : [];
  return {
    ...out.encode(),
    memoryModules: memories.map((_, i) => linkMemoryModule(plan, i, placement.importedBits)),
    memoryCopies: linkMemoryCopies(plan),
    layout,
  };
}

function addImports(out: OutputModule, plan: OutputPlan, placement: StorePlacement): void {
  const { module, usesHeap, passesStack, functionTypes } = plan;
  const add = (from: string, name: string, type: ImportType): void => {
    out.imports.push({ module: from, name, type, offset: 0 } satisfies Import);
    if (type.kind === "func") out.importFunction(type.type);
  };
  let functions = 0;
  let globals = 0;
  module.imports.forEach(({ type }, i) => {
    if (type.kind === "func") {
      const isTold = placement.importedEnd(functions++) === "argument" && passesStack;
      const wanted = isTold ? functionTypes.withStack(type.type) : functionTypes.plain(type.type);
      add("input", String(i), { kind: "func", type: wanted });
    } else if (type.kind === "global" && plan.globalIndex(globals++) >= 0) add("input", String(i), type);
    else if (type.kind === "memory" && !plan.hasMemoryModules) add("input", String(i), type);
  });
  if (usesHeap) addRuntimeFunctions(plan, add);
  addMemoryFunctions(plan, add);
  if (passesStack) addRuntimeGlobals(plan, add);
  if (usesHeap) addRuntimeState(plan, add);
}

type AddImport = (from: string, name: string, type: ImportType) => void;

function addRuntimeFunctions(plan: OutputPlan, add: AddImport): void {
  for (const name of plan.storeFunctions) {
    const { params, results } = RUNTIME_CALLS[name];
    const type = plan.addType(new Array(params.length).fill(I32), new Array(results.length).fill(I32));
    add("runtime", name, { kind: "func", type });
  }
}

function addRuntimeGlobals(plan: OutputPlan, add: AddImport): void {
  for (const name of plan.storeGlobals) {
    add("runtime", name, { kind: "global", global: { type: I32, mutable: true } });
  }
}

function addRuntimeState(plan: OutputPlan, add: AddImport): void {
  const any = { min: 0n, max: null };
  const table = { element: FUNCREF, limits: any, is64: false };
  add("runtime", "functions", { kind: "table", table });
  const memory = { limits: any, is64: false, shared: false, pageSizeLog2: 16 };
  add("runtime", "memory", { kind: "memory", memory });
  if (plan.exceptionTag >= 0) add("runtime", "exception", { kind: "tag", type: plan.addType([], []) });
}

/** The functions that stand for operators on memories, and the memory that the module names as its own. */
function addMemoryFunctions(plan: OutputPlan, add: AddImport): void {
  plan.memoryUses.forEach((_, i) => {
    const { params, results } = plan.memoryFunctionType(i);
    add("memory", String(i), { kind: "func", type: plan.addType(params, results) });
  });
  if (!plan.hasMemoryModules) return;
  plan.module.memories.forEach(({ type }, i) => {
    if (plan.memoryIndex(i) !== 0) return;
    const limits = type.shared ? type.limits : { min: 0n, max: null };
    add("memory", outputName("memory", i), { kind: "memory", memory: { ...type, limits } });
  });
}

function addExports(out: OutputModule, plan: OutputPlan): void {
  const done = new Set<string>();
  for (const { kind, index } of plan.module.exports) {
    const name = outputName(kind, index);
    const place = kind === "func" ? out.exportedFunction(index) : placeOf(plan, kind, index);
    if (place < 0 || done.has(name)) continue;
    done.add(name);
    out.exports.push({ name, kind, index: place, offset: 0 });
    if (kind === "func" && plan.functionTypes.takesStack(index))
      out.exports.push({ name: toldName(index), kind, index: plan.functionIndex(index), offset: 0 });
  }
}

/** The output's index of an item, or -1 for one that is elsewhere. */
function placeOf(plan: OutputPlan, kind: ExternKind, index: number): number {
  switch (kind) {
    case "global":
      return plan.globalIndex(index);
    case "table":
      return plan.tableIndex(index);
    case "memory":
      return plan.hasMemoryModules ? -1 : index;
    default:
      return -1;
  }
}
