/**
 * Functions between compiled code and others, where they disagree on how to tell where the shadow stack ends (`stack-passing.ts`): for
 * what others call a function of the input's type that passes the stack's end on, for what references to an import reach one that leaves it
 * in the global. And where code of a store calls an import, what it does with the stack's end.
 *
 * Where exceptions unwind by returning, a function for others traps if one is left: there is no other way to tell the host.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { ZERO_BYTES } from "../gc/layout.ts";
import { BodyWriter } from "../lowering/body-writer.ts";
import { writeOpcode } from "../wasm/encode-operators.ts";
import { exportedFunctionNames, readNames } from "../wasm/names.ts";
import { I32 } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { type ExitCallee, exitBody } from "./exit-functions.ts";
import type { OutputPlan } from "./plan.ts";
import { callLeaving, callTelling, pushParams } from "./stack-end-calls.ts";
import type { ImportedEnd } from "./stack-passing.ts";

/** What the functions depend on but the plan. */
export interface Borders {
  /** Where the stack ends whenever others call; null where the global says it. */
  readonly stackTop: number | null;
  /** The address of the cell of exceptions, where those unwind by returning; else -1. */
  readonly exceptionCell: number;
  /** How an imported function learns where the stack ends. */
  importedEnd(func: number): ImportedEnd;
}

/** Adds a function to the output, with a name; returns its index. */
type AddFunction = (type: number, body: Uint8Array, name: string) => number;

export class BorderFunctions {
  private readonly plan: OutputPlan;
  private readonly borders: Borders;
  private readonly add: AddFunction;
  /** By function of the input. */
  private readonly entries: Map<number, number>;
  private readonly exits: Map<number, number>;
  /** By what is called through a table, and whether by a tail call, as `TABLE_EXITS` are numbered. */
  private readonly tableExits: Map<number, number>;
  private readonly importEnds: Map<ImportedEnd, Uint8Array>;

  constructor(plan: OutputPlan, borders: Borders, add: AddFunction) {
    this.plan = plan;
    this.borders = borders;
    this.add = add;
    this.entries = new Map();
    this.exits = new Map();
    this.tableExits = new Map();
    this.importEnds = new Map();
  }

  /** Whether a function of the input gets the stack's end by an argument. */
  private isTold(func: number): boolean {
    const { plan, borders } = this;
    if (func >= plan.module.importedFunctionCount) return plan.functionTypes.takesStack(func);
    return plan.passesStack && borders.importedEnd(func) === "argument";
  }

  /** What code does with the stack's end that it has pushed, before it calls an import. */
  importEnd(func: number): Uint8Array {
    const { plan, borders } = this;
    const end = borders.importedEnd(func);
    let code = this.importEnds.get(end);
    if (code === undefined) {
      code = endCode(end, plan.stackPointer);
      this.importEnds.set(end, code);
    }
    return code;
  }

  /** The output's index of a function of the input as others call it. */
  forOthers(func: number): number {
    const { plan, borders } = this;
    const isOwn = func >= plan.module.importedFunctionCount;
    const needsCheck = isOwn && borders.exceptionCell >= 0;
    if (!this.isTold(func) && !needsCheck) return plan.functionIndex(func);
    let entry = this.entries.get(func);
    if (entry === undefined) {
      const type = plan.functionTypes.plain(plan.module.functionTypes.get(func));
      // Stack traces show it, and in its place the function itself if an optimiser has put that into it. Who calls from outside knows it
      // by what it is exported as.
      const name = exportedFunctionNames(plan.module).get(func) ?? this.nameOf(func) ?? `function ${func}`;
      entry = this.add(type, this.entryBody(func), `export: ${name}`);
      this.entries.set(func, entry);
    }
    return entry;
  }

  /** The output's index of a function of the input as references and tables of compiled code reach it. */
  forReferences(func: number): number {
    const { plan } = this;
    const isOwn = func >= plan.module.importedFunctionCount;
    if (isOwn || !plan.passesStack || this.isTold(func)) return plan.functionIndex(func);
    return this.importExit(2 * func + Number(plan.hasExits));
  }

  /** The output's index of what calls an import, as `IMPORT_EXITS` are numbered: all may be called by tail calls, but odd ones are for that. */
  importExit(number: number): number {
    const { plan } = this;
    const func = number >>> 1;
    const tail = (number & 1) !== 0;
    let exit = this.exits.get(number);
    if (exit === undefined) {
      const type = plan.functionTypes.withStack(plan.module.functionTypes.get(func));
      const callee: ExitCallee = { kind: "function", func: plan.functionIndex(func) };
      const body = plan.hasExits ? exitBody(plan, this.paramCount(func), callee, tail) : this.exitBody(func);
      exit = this.add(type, body, `import: ${this.nameOf(func) ?? func}`);
      this.exits.set(number, exit);
    }
    return exit;
  }

  /** The output's index of what calls through a table that others see, as `TABLE_EXITS` are numbered. */
  tableExit(number: number): number {
    const { plan } = this;
    const { types } = plan.module;
    const tail = (number & 1) !== 0;
    const type = (number >>> 1) % types.length;
    const table = Math.floor((number >>> 1) / types.length);
    let exit = this.tableExits.get(number);
    if (exit === undefined) {
      const callee: ExitCallee = { kind: "table", type: plan.functionTypes.plain(type), table };
      const body = exitBody(plan, types.paramCount(type), callee, tail);
      exit = this.add(plan.functionTypes.withIndex(type), body, `call in table ${table}`);
      this.tableExits.set(number, exit);
    }
    return exit;
  }

  private nameOf(func: number): string | undefined {
    return readNames(this.plan.module).functions.get(func);
  }

  private paramCount(func: number): number {
    const { functionTypes, types } = this.plan.module;
    return types.paramCount(functionTypes.get(func));
  }

  private entryBody(func: number): Uint8Array {
    const { plan, borders } = this;
    const params = this.paramCount(func);
    const readsGlobal = borders.stackTop === null && !plan.hasExits;
    const isTold = this.isTold(func);
    const body = new BodyWriter(isTold && readsGlobal ? [I32] : []);
    const callee = plan.functionIndex(func);
    if (!isTold) {
      pushParams(body, params);
      body.call(callee);
    } else if (plan.hasExits) {
      // Whatever is called leaves the global as it was.
      pushParams(body, params);
      body.index(WasmOp.GlobalGet, plan.outerStackEnd);
      // What is in tables may be called by tail calls without end.
      const isTail = plan.areTablesSeen && plan.target.has("tail-call");
      body.index(isTail ? WasmOp.ReturnCall : WasmOp.Call, callee);
    } else if (readsGlobal) {
      callTelling(body, callee, params, plan.stackPointer);
    } else {
      pushParams(body, params);
      body.i32(borders.stackTop! - ZERO_BYTES);
      body.call(callee);
    }
    if (borders.exceptionCell >= 0) trapIfThrown(body, borders.exceptionCell, plan.heapMemory);
    return body.finish();
  }

  private exitBody(func: number): Uint8Array {
    const { plan } = this;
    const body = new BodyWriter();
    callLeaving(body, plan.functionIndex(func), this.paramCount(func), plan.stackPointer);
    return body.finish();
  }
}

function endCode(end: ImportedEnd, stackPointer: number): Uint8Array {
  const out = new ByteWriter();
  if (end === "none") writeOpcode(out, WasmOp.Drop);
  if (end === "global") {
    writeOpcode(out, WasmOp.GlobalSet);
    out.u32(stackPointer);
  }
  return out.bytes();
}

/** Traps, and forgets it, if an exception is in flight. */
export function trapIfThrown(body: BodyWriter, cell: number, memory: number): void {
  body.i32(cell);
  body.access(WasmOp.I32Load, memory);
  body.open(WasmOp.If);
  body.i32(cell);
  body.i32(0);
  body.access(WasmOp.I32Store, memory);
  body.op(WasmOp.Unreachable);
  body.end();
}
