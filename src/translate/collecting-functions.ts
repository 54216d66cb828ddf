/**
 * Which functions of a module may collect: a call of any other is no safepoint, so nothing is spilled around it.
 *
 * A function may collect if it is imported, if it has an operator that is not known to be quiet (allocations, indirect calls,
 * exceptions, whatever is new), or if it calls one that may. Quiet operators are listed, not those that collect: one that is
 * forgotten costs speed only. One pass over the operators, then a worklist over the calls, backwards.
 */
import { I32List } from "../base/column.ts";
import type { Module } from "../wasm/module.ts";
import { OPCODE_COUNT } from "../wasm/opcodes.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { BINARY_OPERATORS, LOADS, STORES, UNARY_OPERATORS } from "./regular.ts";
import { RELAXED_OPERATORS } from "./relaxed-vectors.ts";
import { VECTOR_HANDLERS } from "./vector-memory.ts";
import { VECTOR_OPERATORS } from "./vectors.ts";

/** Whether each function may collect, imports first. The module is valid. */
export function collectingFunctions(module: Module, featureMask: number): Uint8Array {
  const count = module.functionTypes.length;
  const collects = new Uint8Array(count);
  const calls = new Calls(count);
  const pending = new I32List();
  const reader = new OperatorReader(module.bytes, 0, 0, featureMask);
  reader.typeLimit = module.types.length;
  for (let f = 0; f < count; f++) {
    const index = f - module.importedFunctionCount;
    if (index >= 0 && isQuiet(module, index, reader, calls)) continue;
    collects[f] = 1;
    pending.push(f);
  }
  while (pending.length > 0) {
    const callee = pending.pop();
    for (let call = calls.first(callee); call >= 0; call = calls.next(call)) {
      const caller = calls.caller(call);
      if (collects[caller] !== 0) continue;
      collects[caller] = 1;
      pending.push(caller);
    }
  }
  return collects;
}

/** Calls by callee, as linked lists. */
class Calls {
  private readonly heads: Int32Array;
  private readonly nexts: I32List;
  private readonly callers: I32List;

  constructor(functions: number) {
    this.heads = new Int32Array(functions).fill(-1);
    this.nexts = new I32List();
    this.callers = new I32List();
  }

  add(caller: number, callee: number): void {
    this.nexts.push(this.heads[callee]!);
    this.heads[callee] = this.callers.length;
    this.callers.push(caller);
  }

  first(callee: number): number {
    return this.heads[callee]!;
  }

  next(call: number): number {
    return this.nexts.get(call);
  }

  caller(call: number): number {
    return this.callers.get(call);
  }
}

/** Whether defined function `index` has nothing that collects but its calls, which are noted. */
function isQuiet(module: Module, index: number, reader: OperatorReader, calls: Calls): boolean {
  const end = module.code.ends.get(index);
  reader.seekInstructions(module.code.starts.get(index), end);
  while (reader.pos < end) {
    const op = reader.next();
    if (op === WasmOp.Call || op === WasmOp.ReturnCall) {
      calls.add(module.importedFunctionCount + index, reader.index);
    } else if (QUIET[op] === 0) {
      return false;
    }
  }
  return true;
}

function quietOperators(): Uint8Array {
  const quiet = new Uint8Array(OPCODE_COUNT);
  const tables = [UNARY_OPERATORS, BINARY_OPERATORS, LOADS, STORES];
  const vectors = [VECTOR_OPERATORS, VECTOR_HANDLERS, RELAXED_OPERATORS];
  for (const table of [...tables, ...vectors]) for (const op of table.keys()) quiet[op] = 1;
  for (const op of [...CONTROL, ...SCALARS, ...REFERENCES]) quiet[op] = 1;
  return quiet;
}

const CONTROL = [
  WasmOp.Unreachable,
  WasmOp.Nop,
  WasmOp.Block,
  WasmOp.Loop,
  WasmOp.If,
  WasmOp.Else,
  WasmOp.End,
  WasmOp.Br,
  WasmOp.BrIf,
  WasmOp.BrTable,
  WasmOp.BrOnNull,
  WasmOp.BrOnNonNull,
  WasmOp.BrOnCast,
  WasmOp.BrOnCastFail,
  WasmOp.Return,
];

const SCALARS = [
  WasmOp.Drop,
  WasmOp.Select,
  WasmOp.SelectT,
  WasmOp.LocalGet,
  WasmOp.LocalSet,
  WasmOp.LocalTee,
  WasmOp.GlobalGet,
  WasmOp.GlobalSet,
  WasmOp.I32Const,
  WasmOp.I64Const,
  WasmOp.F32Const,
  WasmOp.F64Const,
  WasmOp.MemorySize,
  WasmOp.MemoryFill,
  WasmOp.MemoryCopy,
  WasmOp.MemoryInit,
  WasmOp.DataDrop,
];

const REFERENCES = [
  WasmOp.RefNull,
  WasmOp.RefIsNull,
  WasmOp.RefAsNonNull,
  WasmOp.RefEq,
  WasmOp.RefI31,
  WasmOp.I31GetS,
  WasmOp.I31GetU,
  WasmOp.StructGet,
  WasmOp.StructGetS,
  WasmOp.StructGetU,
  WasmOp.StructSet,
  WasmOp.ArrayGet,
  WasmOp.ArrayGetS,
  WasmOp.ArrayGetU,
  WasmOp.ArraySet,
  WasmOp.ArrayLen,
  WasmOp.ArrayFill,
  WasmOp.ArrayCopy,
  WasmOp.ArrayInitData,
  WasmOp.RefTest,
  WasmOp.RefTestNull,
  WasmOp.RefCast,
  WasmOp.RefCastNull,
];

/** By operator: 1 for one that never collects. */
const QUIET: Uint8Array = quietOperators();
