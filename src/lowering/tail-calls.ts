/**
 * Tail calls without the instruction, in constant stack: a trampoline.
 *
 * A function that makes tail calls is two. Its *inner* function, instead of a tail call, leaves the arguments in globals and the
 * number of a *step* in `pending`, and returns zeros. The function itself, under the index that it had, calls the inner one and
 * then takes steps until none is pending:
 *
 *     function   pending = 0; r = inner(params); if pending: drive(), r = results; return r
 *     drive      do { step = pending; pending = 0; steps[step]() } while pending
 *     step of a function        results = inner(arguments)
 *     step of a type and table  relayed = 1; results = call_indirect(arguments, index)
 *
 * So every other call stays as it is, and one to a function without tail calls is made in place, for nothing grows by it. What an
 * indirect step reaches must not drive, or steps would nest: a function of a table that makes tail calls has an *entry* there, which
 * finds `relayed` set and calls just the inner function; all others in a table clear `relayed` first. That needs tables that only
 * this module fills.
 *
 * Nothing runs between leaving arguments and taking them up, so references among them cannot move.
 */
import type { ElementSegment, Module } from "../wasm/module.ts";
import { OperatorReader } from "../wasm/operators.ts";
import { F32, F64, I32, I64, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { type Additions, type FunctionShape, shapeOf } from "./additions.ts";
import { BodyWriter } from "./body-writer.ts";

const ALL_FEATURES = -1;
const NONE = -1;

export class TailCalls {
  private readonly module: Module;
  private readonly additions: Additions;
  /** Inner functions by the function's index. */
  private readonly inners: Map<number, number>;
  private readonly inTables: ReadonlySet<number>;
  /** Whether any tail call is indirect. */
  readonly hasIndirect: boolean;
  /** What each step calls, in order; the number of a step is its place and one. */
  private readonly steps: (() => Uint8Array)[];
  private readonly pending: number;
  private readonly relayed: number;
  private readonly target: number;
  private readonly drive: number;

  /** Looks for tail calls in all bodies. */
  constructor(module: Module, additions: Additions) {
    this.module = module;
    this.additions = additions;
    this.inners = new Map();
    this.steps = [];
    const found = findTailCalls(module);
    this.hasIndirect = found.hasIndirect;
    this.inTables = found.hasIndirect ? tableFunctions(module) : new Set();
    const isNeeded = found.functions.length > 0;
    this.pending = isNeeded ? additions.addGlobal(I32) : NONE;
    this.relayed = isNeeded ? additions.addGlobal(I32) : NONE;
    this.target = isNeeded ? additions.addGlobal(I32) : NONE;
    this.drive = isNeeded ? additions.addFunction(additions.typeOf({ params: [], results: [] }), null) : NONE;
    for (const func of found.functions) {
      this.inners.set(func, additions.addFunction(module.functionTypes.get(func), null));
    }
  }

  /** Whether the body of a function becomes that of its inner one. */
  innerOf(func: number): number {
    return this.inners.get(func) ?? NONE;
  }

  /** Whether a function has to clear `relayed` when it is entered. */
  clearsRelayed(func: number): boolean {
    return this.inTables.has(func) && !this.inners.has(func);
  }

  get relayedGlobal(): number {
    return this.relayed;
  }

  /** What stands for a function in a table. */
  tableItem(func: number): number {
    if (!this.inTables.has(func)) return func;
    if (this.inners.has(func)) return this.entryOf(func, this.inners.get(func)!);
    return func < this.module.importedFunctionCount ? this.entryOf(func, NONE) : func;
  }

  private shapeOf(type: number): FunctionShape {
    return shapeOf(this.additions.types, type);
  }

  private entryOf(func: number, inner: number): number {
    return this.additions.once(`entry ${func}`, () => {
      const type = this.module.functionTypes.get(func);
      const { params } = this.shapeOf(type);
      const w = new BodyWriter();
      const pass = (callee: number): void => {
        params.forEach((_, i) => void w.get(i));
        w.call(callee);
      };
      if (inner !== NONE) {
        w.index(WasmOp.GlobalGet, this.relayed);
        w.open(WasmOp.If);
      }
      w.i32(0);
      w.index(WasmOp.GlobalSet, this.relayed);
      if (inner !== NONE) {
        pass(inner);
        w.op(WasmOp.Return);
        w.end();
      }
      pass(func);
      return this.additions.addFunction(type, w.finish());
    });
  }

  // What tail calls become; the operands are on the stack.

  /** The number of the step that calls a function, or -1 for one that makes no tail calls. */
  stepOfFunction(func: number): number {
    const inner = this.innerOf(func);
    if (inner === NONE) return NONE;
    const type = this.module.functionTypes.get(func);
    return this.additions.once(`step ${func}`, () => this.addStep(type, (w) => w.call(inner)));
  }

  stepOfType(type: number, table: number): number {
    return this.additions.once(`step of type ${type}:${table}`, () =>
      this.addStep(type, (w) => {
        w.i32(1);
        w.index(WasmOp.GlobalSet, this.relayed);
        w.index(WasmOp.GlobalGet, this.target);
        w.indirectCall(type, table);
      }),
    );
  }

  private addStep(type: number, call: (w: BodyWriter) => void): number {
    const { results } = this.shapeOf(type);
    const args = this.argumentsOf(type);
    const outcomes = results.map((result, i) => this.resultGlobal(result, i)).reverse();
    this.steps.push(() => {
      const w = new BodyWriter();
      for (const argument of args) w.index(WasmOp.GlobalGet, argument);
      call(w);
      for (const outcome of outcomes) w.index(WasmOp.GlobalSet, outcome);
      return w.finish();
    });
    return this.steps.length;
  }

  private argumentsOf(type: number): readonly number[] {
    return this.shapeOf(type).params.map((param, i) =>
      this.additions.once(`argument ${i}:${param}`, () => this.additions.addGlobal(param)),
    );
  }

  private resultGlobal(type: ValType, place: number): number {
    return this.additions.once(`outcome ${place}:${type}`, () => this.additions.addGlobal(type));
  }

  /** Leaves operands and step; `index` of the table is on top for an indirect one. Returns zeros of the function's own type. */
  leave(emit: EmitOp, step: number, type: number, isIndirect: boolean, ownType: number): void {
    if (isIndirect) emit.index(WasmOp.GlobalSet, this.target);
    for (const argument of [...this.argumentsOf(type)].reverse()) emit.index(WasmOp.GlobalSet, argument);
    emit.i32(step);
    emit.index(WasmOp.GlobalSet, this.pending);
    for (const result of this.shapeOf(ownType).results) emit.zero(result);
    emit.op(WasmOp.Return);
  }

  /** The body of a function whose own went to its inner one. */
  outerBody(func: number): Uint8Array {
    const { params, results } = this.shapeOf(this.module.functionTypes.get(func));
    const w = new BodyWriter(results);
    w.i32(0);
    w.index(WasmOp.GlobalSet, this.pending);
    params.forEach((_, i) => void w.get(i));
    w.call(this.innerOf(func));
    for (let i = results.length - 1; i >= 0; i--) w.set(params.length + i);
    w.index(WasmOp.GlobalGet, this.pending);
    w.open(WasmOp.If);
    w.call(this.drive);
    results.forEach((result, i) => {
      w.index(WasmOp.GlobalGet, this.resultGlobal(result, i));
      w.set(params.length + i);
    });
    w.end();
    results.forEach((_, i) => void w.get(params.length + i));
    return w.finish();
  }

  /** Writes what takes the steps; when all of them are known. */
  finish(): void {
    if (this.drive === NONE) return;
    const nothing = this.additions.typeOf({ params: [], results: [] });
    const functions = this.steps.map((body) => this.additions.addFunction(nothing, body()));
    const w = new BodyWriter([I32]);
    w.open(WasmOp.Loop);
    w.index(WasmOp.GlobalGet, this.pending);
    w.set(0);
    w.i32(0);
    w.index(WasmOp.GlobalSet, this.pending);
    w.open(WasmOp.Block);
    this.choose(w, functions, 0, functions.length);
    w.end();
    w.index(WasmOp.GlobalGet, this.pending);
    w.index(WasmOp.BrIf, 0);
    w.end();
    this.additions.setBody(this.drive, w.finish());
  }

  /** Calls the step whose number is in the local, by halving. */
  private choose(w: BodyWriter, functions: readonly number[], first: number, end: number): void {
    if (end - first <= 1) {
      if (end > first) w.call(functions[first]!);
      return;
    }
    const middle = (first + end) >>> 1;
    w.get(0);
    w.i32(middle);
    w.op(WasmOp.I32LeU);
    w.open(WasmOp.If);
    this.choose(w, functions, first, middle);
    w.op(WasmOp.Else);
    this.choose(w, functions, middle, end);
    w.end();
  }
}

/** What writes into the body at hand. */
export interface EmitOp {
  op(op: number): void;
  index(op: number, index: number): void;
  i32(value: number): void;
  zero(type: ValType): void;
}

export const ZEROS: Readonly<Record<number, number>> = {
  [I32]: WasmOp.I32Const,
  [I64]: WasmOp.I64Const,
  [F32]: WasmOp.F32Const,
  [F64]: WasmOp.F64Const,
};

/** The functions, in the module's indices, that make tail calls: indirect ones, or of functions that do. */
function findTailCalls(module: Module): {
  readonly functions: readonly number[];
  readonly hasIndirect: boolean;
} {
  const functions: number[] = [];
  let hasIndirect = false;
  const reader = new OperatorReader(module.bytes, 0, 0, ALL_FEATURES);
  reader.typeLimit = module.types.length;
  for (let i = 0; i < module.code.starts.length; i++) {
    reader.seekInstructions(module.code.starts.get(i), module.code.ends.get(i));
    let tails = false;
    while (reader.pos < reader.end) {
      const op = reader.next();
      if (op === WasmOp.ReturnCallIndirect) hasIndirect = true;
      if (op === WasmOp.ReturnCall || op === WasmOp.ReturnCallIndirect) tails = true;
    }
    if (tails) functions.push(module.importedFunctionCount + i);
  }
  return { functions, hasIndirect };
}

/** The functions that element segments name. */
function tableFunctions(module: Module): Set<number> {
  const found = new Set<number>();
  for (const segment of module.elements) for (const func of itemsOf(module, segment)) found.add(func);
  found.delete(NONE);
  return found;
}

/** The functions of a segment, -1 for null. */
export function itemsOf(module: Module, { items, itemCount, itemsAreExprs }: ElementSegment): number[] {
  const reader = new OperatorReader(module.bytes, items.start, items.end, ALL_FEATURES);
  reader.typeLimit = module.types.length;
  return Array.from({ length: itemCount }, () => {
    if (!itemsAreExprs) return reader.u32();
    const func = reader.next() === WasmOp.RefFunc ? reader.index : NONE;
    reader.next();
    return func;
  });
}
