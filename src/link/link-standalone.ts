/**
 * Puts compiled bodies, the runtime and static data into one module that needs no more from its host than the input did.
 *
 * The output is a `Module` like a decoded one, whose ranges refer to one buffer: the input's bytes, and behind them all that is
 * new. The start function sets the runtime up, initialises the globals that hold references, and then runs the input's own.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { encodeModule } from "../wasm/encode.ts";
import type { ByteRange, CustomSection, Global, Import, Module } from "../wasm/module.ts";
import { I32 } from "../wasm/types.ts";
import { type ExportWrappers, wrapExports } from "./export-wrappers.ts";
import { relocateBodies } from "./merge-runtime.ts";
import { keptNames } from "./name-section.ts";
import type { OutputPlan } from "./plan.ts";

export interface StandaloneParts {
  readonly module: Module;
  readonly runtime: Module;
  readonly plan: OutputPlan;
  /** Of the defined functions, in order. */
  readonly bodies: readonly Uint8Array[];
  /** Sets the roots to their first values; null when all begin as null. */
  readonly rootInitializer: Uint8Array | null;
  /** Lies right above the stack; begins with the region of roots. */
  readonly staticData: Uint8Array;
  readonly stackBytes: number;
  readonly maxHeapBytes: number;
}

const PAGE = 65536;
const HEAP_ALIGN = 16;
const I32_CONST = 0x41;
const CALL = 0x10;
const END = 0x0b;

/** Custom sections that speak of positions in the code, which is other code here. */
const POSITIONAL = new Set(["metadata.code.branch_hint"]);

export function linkStandalone(parts: StandaloneParts): Uint8Array {
  const { module, runtime, plan, stackBytes, staticData } = parts;
  const heapBase = Math.ceil((stackBytes + staticData.length) / HEAP_ALIGN) * HEAP_ALIGN;
  const out = new Appender(module.bytes);
  const { typeBase, functionBase, globalBase } = plan;
  const runtimeBodies = relocateBodies(runtime, { typeBase, functionBase, globalBase, memory: 0 });
  const code = { starts: new I32List(), ends: new I32List() };
  const initializer = parts.rootInitializer === null ? [] : [parts.rootInitializer];
  const wrappers = wrapExports(module, plan, stackBytes, plan.startFunction + 1 + initializer.length);
  const start = startBody(parts, heapBase);
  for (const body of [...parts.bodies, ...runtimeBodies, start, ...initializer, ...wrappers.bodies]) {
    const { start, end } = out.append(body);
    code.starts.push(start);
    code.ends.push(end);
  }
  const globals = [...inputGlobals(module, plan, out), ...runtimeGlobals(runtime, out)];
  const data = staticData.length === 0 ? [] : [staticSegment(out, stackBytes, staticData)];
  const customs = keptCustoms(module, out);
  const limits = { min: BigInt(Math.ceil(heapBase / PAGE)), max: null };
  return encodeModule({
    ...module,
    types: plan.types,
    imports: module.imports.map((imported) => lowerImport(imported, plan)),
    functionTypes: functionTypes(parts, wrappers),
    memories: [{ type: { limits, is64: false, shared: false, pageSizeLog2: 16 }, offset: 0 }],
    globals,
    exports: wrappers.exports,
    start: plan.startFunction,
    dataCount: module.dataCount,
    code,
    data: [...module.data, ...data],
    customs,
    bytes: out.bytes(),
  });
}

/** Custom sections that still fit; of the names, those of what keeps its index. */
function keptCustoms(module: Module, out: Appender): CustomSection[] {
  return module.customs
    .filter((custom) => !POSITIONAL.has(custom.name))
    .map((custom) => {
      if (custom.name !== "name") return custom;
      const { start, end } = custom.payload;
      return { ...custom, payload: out.append(keptNames(module.bytes.subarray(start, end))) };
    });
}

function lowerImport(imported: Import, plan: OutputPlan): Import {
  if (imported.type.kind !== "func") return imported;
  return { ...imported, type: { kind: "func", type: plan.typeIndex(imported.type.type) } };
}

/** The input's functions, the runtime's, the start function, the initialiser of roots, the wrappers. */
function functionTypes(
  { module, runtime, plan, rootInitializer }: StandaloneParts,
  wrappers: ExportWrappers,
): I32List {
  const types = new I32List();
  for (let i = 0; i < module.functionTypes.length; i++)
    types.push(plan.typeIndex(module.functionTypes.get(i)));
  for (let i = 0; i < runtime.functionTypes.length; i++) {
    types.push(plan.typeBase + runtime.functionTypes.get(i));
  }
  types.push(plan.startType);
  if (rootInitializer !== null) types.push(plan.startType);
  for (const type of wrappers.types) types.push(type);
  return types;
}

function startBody(parts: StandaloneParts, heapBase: number): Uint8Array {
  const { module, plan, stackBytes, maxHeapBytes } = parts;
  const body = new ByteWriter();
  body.u32(0);
  const call = (name: string, args: readonly number[]): void => {
    for (const argument of args) {
      body.byte(I32_CONST);
      body.s32(argument);
    }
    body.byte(CALL);
    body.u32(plan.runtimeFunction(name));
  };
  call("init", [stackBytes, heapBase, maxHeapBytes]);
  if (plan.rootCount > 0) call("addRoots", [stackBytes]);
  if (parts.rootInitializer !== null) {
    body.byte(CALL);
    body.u32(plan.rootInitializer);
  }
  if (module.start >= 0) {
    body.byte(CALL);
    body.u32(module.start);
  }
  body.byte(END);
  return body.bytes();
}

/** A global that holds a reference leaves an i32 behind that nobody reads. */
function inputGlobals(module: Module, plan: OutputPlan, out: Appender): Global[] {
  const zero = out.append(Uint8Array.of(I32_CONST, 0, END));
  return module.globals.map((global, index) => {
    if (plan.rootOfGlobal(index) < 0) return global;
    return { type: I32, mutable: false, initStart: zero.start, initEnd: zero.end };
  });
}

function runtimeGlobals(runtime: Module, out: Appender): Global[] {
  return runtime.globals.map(({ type, mutable, initStart, initEnd }) => {
    const { start, end } = out.append(runtime.bytes.subarray(initStart, initEnd));
    return { type, mutable, initStart: start, initEnd: end };
  });
}

function staticSegment(out: Appender, address: number, bytes: Uint8Array): Module["data"][number] {
  const offset = new ByteWriter();
  offset.byte(I32_CONST);
  offset.s32(address);
  offset.byte(END);
  return {
    mode: "active",
    flags: 0,
    memory: 0,
    offsetExpr: out.append(offset.bytes()),
    data: out.append(bytes),
    offset: 0,
  };
}

/** A buffer that begins with the input. */
class Appender {
  private readonly writer: ByteWriter;

  constructor(bytes: Uint8Array) {
    this.writer = new ByteWriter(bytes.length * 2);
    this.writer.append(bytes);
  }

  append(bytes: Uint8Array): ByteRange {
    const start = this.writer.length;
    this.writer.append(bytes);
    return { start, end: this.writer.length };
  }

  bytes(): Uint8Array {
    return this.writer.bytes();
  }
}
