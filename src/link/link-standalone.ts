/**
 * Puts compiled code, the runtime and static data into one module that needs no more from its host than the input did.
 *
 *     functions   imported; the input's; the runtime's; the initialisers; what records traps, and exits; the start function; wrappers of exports
 *     memory      0 … stackTop: zeros, shadow stack, growing down · static memory · heap; below it the program's, if it has no other place
 *
 * The start function sets the runtime up and then runs the initialiser, which ends with the input's own start function. A module
 * without references gets none of this and keeps its memories.
 */
import { ZERO_BYTES } from "../gc/layout.ts";
import { BodyWriter } from "../lowering/body-writer.ts";
import { CELLS } from "../object/symbol-spaces.ts";
import type { Export, ImportType, Memory, Module } from "../wasm/module.ts";
import { FUNCREF, I32 } from "../wasm/types.ts";
import { type Borders, trapIfThrown } from "./border-functions.ts";
import type { CompiledCode } from "./compiled-code.ts";
import { relocateBodies } from "./merge-runtime.ts";
import { type LinkedModule, OutputModule } from "./output-module.ts";
import { addFunctionType } from "./output-types.ts";
import type { OutputPlan } from "./plan.ts";
import { isClosed, OUTER_STACK_END } from "./stack-passing.ts";
import { StaticLayout } from "./static-layout.ts";

export interface StandaloneOptions {
  readonly runtime: Module;
  readonly stackBytes: number;
  readonly maxHeapBytes: number;
  /** Is told what static memory holds, once all is in it. */
  readonly placed?: (layout: StaticLayout) => void;
}

const PAGE = 65536;
const HEAP_ALIGN = 16;
const FIRST_FUNCTION = 1;

/** Places the runtime's globals and functions: before anything is compiled. */
export function placeRuntime(plan: OutputPlan, runtime: Module): void {
  const base = plan.runtimeGlobalsStart;
  for (const { kind, name, index } of runtime.exports) {
    if (kind === "global") plan.setRuntimeGlobal(name, base + index);
  }
  if (plan.hasExits) plan.setRuntimeGlobal(OUTER_STACK_END, base + runtime.globals.length);
}

/** The output's index of a function that the runtime exports, when it stands behind the input's. */
export function mergedFunctionIndex(plan: OutputPlan, runtime: Module, name: string): number {
  const found = runtime.exports.find((candidate) => candidate.kind === "func" && candidate.name === name);
  if (found === undefined) throw new Error(`the runtime does not export ${name}`);
  return plan.functionsEnd + found.index;
}

export function linkStandalone(compiled: CompiledCode, options: StandaloneOptions): LinkedModule {
  compiled.plan.refuseLargeTables();
  return compiled.plan.usesHeap ? linkWithRuntime(compiled, options) : linkPlain(compiled);
}

function linkPlain(compiled: CompiledCode): LinkedModule {
  const { plan } = compiled;
  const { module } = plan;
  const layout = layoutOf(compiled, 0);
  const out = new OutputModule(compiled, layout, () => null, {
    stackTop: null,
    exceptionCell: -1,
    importedEnd: () => "global",
  });
  addImports(out, plan);
  out.placeCalled(plan.functionsEnd + out.initializerCount);
  const initializer = out.addCompiled(() => {});
  addDefinitions(out);
  out.memories.push(...definedMemories(plan));
  out.exports.push(...module.exports.map((exported) => renumbered(out, plan, exported)));
  if (initializer >= 0) out.start = initializer;
  else if (module.start >= 0) out.start = plan.functionIndex(module.start);
  return out.encode();
}

function definedMemories({ module }: OutputPlan): readonly Memory[] {
  return module.memories.slice(module.importedMemoryCount);
}

function layoutOf(compiled: CompiledCode, base: number): StaticLayout {
  const { plan } = compiled;
  return new StaticLayout(compiled, {
    base,
    stackTop: base,
    // A null reference is no function.
    firstFunction: FIRST_FUNCTION,
    functionTypes: -1,
    canonicalIds: plan.canonicalIds,
    descriptors: new Map(),
    importedCell: () => {
      throw new Error("a module that stands alone imports no references");
    },
    importedFunction: () => 0,
    importedTag: () => {
      throw new Error("a module that stands alone imports no tags");
    },
  });
}

function addImports(out: OutputModule, plan: OutputPlan): void {
  for (const imported of plan.module.imports) {
    out.imports.push({ ...imported, type: loweredImport(plan, imported.type) });
    if (imported.type.kind === "func") out.importFunction(plan.functionTypes.plain(imported.type.type));
  }
}

function loweredImport(plan: OutputPlan, type: ImportType): ImportType {
  return type.kind === "func" ? { kind: "func", type: plan.functionTypes.plain(type.type) } : type;
}

function addDefinitions(out: OutputModule): void {
  out.addInputGlobals();
  out.addInputTables();
  out.addInputElements();
  out.addInputData();
}

function renumbered(out: OutputModule, plan: OutputPlan, exported: Export): Export {
  const { kind, index } = exported;
  switch (kind) {
    case "func":
      return { ...exported, index: out.exportedFunction(index) };
    case "global":
      return { ...exported, index: plan.globalIndex(index) };
    case "table":
      return { ...exported, index: plan.tableIndex(index) };
    default:
      return exported;
  }
}

function linkWithRuntime(compiled: CompiledCode, options: StandaloneOptions): LinkedModule {
  const { plan } = compiled;
  const { runtime } = options;
  const stackTop = plan.memories.reservedBytes + ZERO_BYTES + options.stackBytes;
  const layout = layoutOf(compiled, stackTop);
  const borders: Borders = {
    stackTop: isClosed(plan.module) ? stackTop : null,
    exceptionCell: plan.checksExceptions
      ? layout.valueOf(compiled.symbols.intern(CELLS, plan.exceptionCell))
      : -1,
    importedEnd: () => "global",
  };
  const { exceptionCell } = borders;
  const out = new OutputModule(compiled, layout, () => null, borders);
  addImports(out, plan);
  out.placeCalled(plan.functionsEnd + runtime.code.starts.length + out.initializerCount);
  const initializer = out.addCompiled(() => addRuntimeFunctions(out, plan, runtime));
  out.addCalledFunctions();
  const staticEnd = out.placePassiveData(stackTop + layout.bytes().length);
  const heapBase = Math.ceil(staticEnd / HEAP_ALIGN) * HEAP_ALIGN;
  const start = startBody(compiled, options, { stackTop, heapBase, exceptionCell, initializer }, layout);
  out.start = out.addFunction(plan.addType([], []), start);
  out.nameFunction(out.start, "start");
  out.exports.push(...plan.module.exports.map((exported) => renumbered(out, plan, exported)));
  addDefinitions(out);
  out.addProgramSize();
  addRuntimeGlobals(out, runtime);
  if (plan.hasExits) {
    const { start: initStart, end: initEnd } = out.i32Constant(stackTop - ZERO_BYTES);
    out.globals.push({ type: I32, mutable: true, initStart, initEnd });
  }
  addFunctionTable(out, plan, layout);
  out.addStaticData(stackTop);
  options.placed?.(layout);
  const limits = { min: BigInt(Math.ceil(heapBase / PAGE)), max: null };
  if (plan.exceptionTag >= 0 && exceptionCell < 0) out.tags.push({ type: plan.addType([], []), offset: 0 });
  if (plan.memories.kind === "beside") out.memories.push(...definedMemories(plan));
  out.memories.push({ type: { limits, is64: false, shared: false, pageSizeLog2: 16 }, offset: 0 });
  return out.encode();
}

function addFunctionTable(out: OutputModule, plan: OutputPlan, layout: StaticLayout): void {
  const { length } = layout.functionItems;
  if (length === 0 && !plan.usesFunctionTable) return;
  const size = BigInt(FIRST_FUNCTION + length);
  const limits = { min: size, max: size };
  out.tables.push({ type: { element: FUNCREF, limits, is64: false }, init: null, offset: 0 });
  out.addFunctionItems(plan.functionTable, FIRST_FUNCTION);
}

function addRuntimeFunctions(out: OutputModule, plan: OutputPlan, runtime: Module): void {
  const typeBase = copyFunctionTypes(runtime, plan);
  const placement = {
    typeBase,
    functionBase: plan.functionsEnd,
    globalBase: plan.runtimeGlobalsStart,
    memory: plan.heapMemory,
  };
  relocateBodies(runtime, placement).forEach((body, i) => {
    out.addFunction(typeBase + runtime.functionTypes.get(i), body);
  });
}

/** The runtime has function types only; they stay side by side, for its block types. */
function copyFunctionTypes({ types }: Module, plan: OutputPlan): number {
  const base = plan.outputTypes.length;
  for (let type = 0; type < types.length; type++) {
    const params = Array.from({ length: types.paramCount(type) }, (_, i) => types.param(type, i));
    const results = Array.from({ length: types.resultCount(type) }, (_, i) => types.result(type, i));
    addFunctionType(plan.outputTypes, params, results);
  }
  return base;
}

function addRuntimeGlobals(out: OutputModule, runtime: Module): void {
  for (const { type, mutable, initStart, initEnd } of runtime.globals) {
    const { start, end } = out.append(runtime.bytes.subarray(initStart, initEnd));
    out.globals.push({ type, mutable, initStart: start, initEnd: end });
  }
}

interface Start {
  readonly stackTop: number;
  readonly heapBase: number;
  /** The address of the cell where exceptions unwind by returning, or -1. */
  readonly exceptionCell: number;
  readonly initializer: number;
}

function startBody(
  { plan }: CompiledCode,
  { runtime, maxHeapBytes }: StandaloneOptions,
  { stackTop, heapBase, exceptionCell, initializer }: Start,
  layout: StaticLayout,
): Uint8Array {
  const body = new BodyWriter();
  const call = (index: number, args: readonly number[]): void => {
    for (const argument of args) body.i32(argument);
    body.call(index);
  };
  call(mergedFunctionIndex(plan, runtime, "init"), [stackTop, heapBase, maxHeapBytes]);
  const cells = layout.cellRegion;
  if (cells >= 0) call(mergedFunctionIndex(plan, runtime, "addRoots"), [cells]);
  const addresses = layout.rootAddressList;
  if (addresses >= 0) call(mergedFunctionIndex(plan, runtime, "addRootAddresses"), [addresses]);
  if (initializer >= 0) {
    call(initializer, []);
    if (exceptionCell >= 0) trapIfThrown(body, exceptionCell, plan.heapMemory);
  }
  return body.finish();
}
