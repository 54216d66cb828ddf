/**
 * What the parts of a module weigh. An edit is only tried if it makes the module lighter, so what an instruction may be
 * replaced by (dropping what it takes, constants for what it gives) weighs less than any instruction that does something.
 */
import type { Module } from "../../../wasm/module.ts";
import type { OperatorReader } from "../../../wasm/operators.ts";
import { KIND_FUNC, type TypeTable } from "../../../wasm/types.ts";
import * as WasmOp from "../../../wasm/wasm-op.gen.ts";

const ITEM = 40;
/** Of a declared local. */
export const LOCAL_WEIGHT = 8;
const FIELD = 8;
/** Of a parameter or a result: it may become a local, and its function get a type of its own. */
const PASSED_VALUE = 24;
const OPERATION = 40;
const BLOCK = 12;
const DROP = 3;
const CONSTANT = 4;
const OTHER_CONSTANT = 6;

/** The weight of the instruction that the reader has just read. */
export function operatorWeight(op: number, reader: OperatorReader): number {
  switch (op) {
    case WasmOp.Nop:
    case WasmOp.Unreachable:
    case WasmOp.Drop:
    case WasmOp.RefAsNonNull:
      return DROP;
    case WasmOp.RefNull:
      return CONSTANT;
    case WasmOp.I32Const:
    case WasmOp.F32Const:
      return constantWeight(reader.lo, 0);
    case WasmOp.I64Const:
    case WasmOp.F64Const:
      return constantWeight(reader.lo, reader.hi);
    case WasmOp.V128Const:
    case WasmOp.LocalGet:
    case WasmOp.RefFunc:
      return OTHER_CONSTANT;
    case WasmOp.LocalSet:
    case WasmOp.LocalTee:
      return LOCAL_WEIGHT;
    case WasmOp.Block:
    case WasmOp.Loop:
    case WasmOp.End:
      return BLOCK;
    case WasmOp.BrTable:
      return OPERATION + reader.listLength;
    default:
      return OPERATION;
  }
}

/** Less for fewer bits, so that halves of numbers are lighter. */
function constantWeight(lo: number, hi: number): number {
  if (lo === 0 && hi === 0) return CONSTANT;
  const bits = hi === 0 ? 32 - Math.clz32(lo) : 64 - Math.clz32(hi);
  return OTHER_CONSTANT + bits / 64;
}

/** The weight of all but instructions. */
export function itemsWeight(module: Module): number {
  const { types, imports, functionTypes, tables, memories, tags, globals, exports } = module;
  let items = imports.length + functionTypes.length + tables.length + memories.length + tags.length;
  items += globals.length + exports.length + module.elements.length + module.data.length;
  items += module.customs.length + (module.start < 0 ? 0 : 1);
  let weight = items * ITEM;
  // A signature counts for each function that has it: one that gets a simpler type of its own becomes lighter.
  for (let func = 0; func < functionTypes.length; func++) {
    weight += types.valueCountOf(functionTypes.get(func)) * PASSED_VALUE;
  }
  for (let type = 0; type < types.length; type++) weight += typeWeight(types, type);
  return weight;
}

function typeWeight(types: TypeTable, type: number): number {
  const declared = (types.isFinal(type) ? 0 : 1) + (types.supertype(type) < 0 ? 0 : 2);
  const values = types.valueCountOf(type);
  return types.kind(type) === KIND_FUNC ? 2 + declared + values : FIELD * (1 + values) + declared;
}
