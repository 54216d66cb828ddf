/**
 * Functions between compiled code and others, where they disagree on how to tell where the shadow stack ends (`stack-passing.ts`): for
 * what others call a function of the input's type that passes the stack's end on, for what references to an import reach one that leaves it
 * in the global.
 *
 * Where exceptions unwind by returning, a function for others traps if one is left: there is no other way to tell the host.
 */
import { ZERO_BYTES } from "../gc/layout.ts";
import { BodyWriter } from "../lowering/body-writer.ts";
import { readNames } from "../wasm/names.ts";
import { I32 } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { OutputPlan } from "./plan.ts";

/** What the functions depend on but the plan. */
export interface Borders {
  /** Where the stack ends whenever others call; null where the global says it. */
  readonly stackTop: number | null;
  /** The address of the cell of exceptions, where those unwind by returning; else -1. */
  readonly exceptionCell: number;
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

  constructor(plan: OutputPlan, borders: Borders, add: AddFunction) {
    this.plan = plan;
    this.borders = borders;
    this.add = add;
    this.entries = new Map();
    this.exits = new Map();
  }

  /** The output's index of a function of the input as others call it; named so if it has no name. */
  forOthers(func: number, name: string): number {
    const { plan, borders } = this;
    const isOwn = func >= plan.module.importedFunctionCount;
    const needsCheck = borders.exceptionCell >= 0;
    if (!isOwn || !(plan.functionTypes.takesStack(func) || needsCheck)) return plan.functionIndex(func);
    let entry = this.entries.get(func);
    if (entry === undefined) {
      const type = plan.functionTypes.plain(plan.module.functionTypes.get(func));
      // Stack traces show it, and in its place the function itself if an optimiser has put that into it.
      entry = this.add(type, this.entryBody(func), `export: ${this.nameOf(func) ?? name}`);
      this.entries.set(func, entry);
    }
    return entry;
  }

  /** The output's index of a function of the input as references and tables of compiled code reach it. */
  forReferences(func: number): number {
    const { plan } = this;
    if (func >= plan.module.importedFunctionCount || !plan.usesHeap) return plan.functionIndex(func);
    let exit = this.exits.get(func);
    if (exit === undefined) {
      const type = plan.functionTypes.withStack(plan.module.functionTypes.get(func));
      exit = this.add(type, this.exitBody(func), `import: ${this.nameOf(func) ?? func}`);
      this.exits.set(func, exit);
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
    const body = new BodyWriter(
      plan.functionTypes.takesStack(func) && borders.stackTop === null ? [I32] : [],
    );
    const pass = (): void => {
      for (let i = 0; i < params; i++) body.get(i);
    };
    if (!plan.functionTypes.takesStack(func)) {
      pass();
      body.call(plan.functionIndex(func));
    } else if (borders.stackTop === null) {
      withStackEnd(body, plan.stackPointer, params, () => {
        pass();
        body.get(params);
        body.call(plan.functionIndex(func));
      });
    } else {
      pass();
      body.i32(borders.stackTop - ZERO_BYTES);
      body.call(plan.functionIndex(func));
    }
    if (borders.exceptionCell >= 0) trapIfThrown(body, borders.exceptionCell, plan.heapMemory);
    return body.finish();
  }

  private exitBody(func: number): Uint8Array {
    const { plan } = this;
    const params = this.paramCount(func);
    const body = new BodyWriter();
    body.get(params);
    body.index(WasmOp.GlobalSet, plan.stackPointer);
    for (let i = 0; i < params; i++) body.get(i);
    body.call(plan.functionIndex(func));
    return body.finish();
  }
}

/** Takes the stack's end out of the global into a local, and puts it back behind the calls. */
export function withStackEnd(body: BodyWriter, global: number, local: number, calls: () => void): void {
  body.index(WasmOp.GlobalGet, global);
  body.set(local);
  calls();
  body.get(local);
  body.index(WasmOp.GlobalSet, global);
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
