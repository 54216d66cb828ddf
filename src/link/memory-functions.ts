/** The types of the functions that stand for operators on memories (see `memory-module.ts` and `translate/remote-memory.ts`). */
import type { Module } from "../wasm/module.ts";
import * as imm from "../wasm/opcode-tables.gen.ts";
import { ADDRESS_TYPE, OP_IMMEDIATES, OP_SIGNATURE, SIGNATURE } from "../wasm/opcodes.ts";
import { I32, I64, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { MemoryUse } from "./module-usage.ts";

/** Stands where an operator does for the copying of an active data segment, which is `other`. */
export const ACTIVE_DATA = -1;

export interface NumberFunctionType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

export function memoryFunctionType(
  module: Module,
  { operator, memory, other }: MemoryUse,
): NumberFunctionType {
  const addressOf = (index: number): ValType => (module.memories[index]!.type.is64 ? I64 : I32);
  if (operator === WasmOp.DataDrop || operator === ACTIVE_DATA) return { params: [], results: [] };
  const own = addressOf(memory);
  switch (operator) {
    case WasmOp.MemorySize:
      return { params: [], results: [own] };
    case WasmOp.MemoryGrow:
      return { params: [own], results: [own] };
    case WasmOp.MemoryFill:
      return { params: [own, I32, own], results: [] };
    case WasmOp.MemoryInit:
      return { params: [own, I32, I32], results: [] };
    case WasmOp.MemoryCopy: {
      const from = addressOf(other);
      return { params: [own, from, own === I64 && from === I64 ? I64 : I32], results: [] };
    }
    default:
      return accessType(operator, own);
  }
}

/** Address, offset, and what else the operator takes. */
function accessType(operator: number, address: ValType): NumberFunctionType {
  const kind = OP_IMMEDIATES[operator];
  if (kind !== imm.IMM_MEMORY_ACCESS && kind !== imm.IMM_MEMORY_ACCESS_LANE) {
    throw new Error("no operator on a memory");
  }
  const at = OP_SIGNATURE[operator]!;
  const count = SIGNATURE[at]!;
  const types = Array.from(SIGNATURE.subarray(at + 2, at + 2 + count + SIGNATURE[at + 1]!), (type) =>
    type === ADDRESS_TYPE ? address : type,
  );
  return { params: [address, ...types.slice(0, count)], results: types.slice(count) };
}
