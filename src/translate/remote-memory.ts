/**
 * Operators on memories that the module with the heap cannot name: each is a call of a function that stands beside the memory
 * (`link/memory-module.ts`). An access passes its address, then its offset, then the operands as they are.
 */
import type { ModulePlan } from "../gc/module-plan.ts";
import type { FuncRef, Value } from "../ir/entities.ts";
import { MEMORY_FUNCTIONS } from "../ir/names.ts";
import { F32, F64, I8X16, I32, I64, type Type } from "../ir/types.ts";
import type { Module } from "../wasm/module.ts";
import * as imm from "../wasm/opcode-tables.gen.ts";
import { ADDRESS_TYPE, OP_IMMEDIATES, OP_SIGNATURE, SIGNATURE } from "../wasm/opcodes.ts";
import type { OperatorReader } from "../wasm/operators.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

/** By the types of signatures, which are those of values. */
const CLIF_TYPES: Readonly<Record<number, Type>> = {
  [wasm.I32]: I32,
  [wasm.I64]: I64,
  [wasm.F32]: F32,
  [wasm.F64]: F64,
  [wasm.V128]: I8X16,
};

/** What is needed of the function's translator. */
export interface RemoteTranslator {
  readonly module: Module;
  readonly reader: OperatorReader;
  readonly plan: ModulePlan | null;
  push(value: Value): void;
  pop(): Value;
  popMany(count: number): readonly Value[];
  offsetConstant(is64: boolean): Value;
  externalFunction(
    namespace: number,
    index: number,
    params: readonly Type[],
    results: readonly Type[],
  ): FuncRef;
  callExternal(callee: FuncRef, args: readonly Value[]): readonly Value[];
}

function isRemote(t: RemoteTranslator, memory: number): boolean {
  return t.plan !== null && t.plan.memoryIndex(memory) < 0;
}

/** Translates the operator just read if it is on a memory beside the module; false for any other. */
export function translateRemote(t: RemoteTranslator, op: number): boolean {
  const { reader } = t;
  switch (OP_IMMEDIATES[op]) {
    case imm.IMM_MEMORY_ACCESS:
    case imm.IMM_MEMORY_ACCESS_LANE:
      if (!isRemote(t, reader.memory)) return false;
      access(t, op);
      return true;
    case imm.IMM_MEMORY:
      if (!isRemote(t, reader.index)) return false;
      whole(t, op, reader.index, 0, addressTypes(t, op, reader.index, reader.index));
      return true;
    case imm.IMM_MEMORY_MEMORY:
      if (!isRemote(t, reader.index) && !isRemote(t, reader.index2)) return false;
      whole(t, op, reader.index, reader.index2, addressTypes(t, op, reader.index, reader.index2));
      return true;
    case imm.IMM_DATA_MEMORY:
      if (!isRemote(t, reader.index2)) return false;
      whole(t, op, reader.index2, reader.index, addressTypes(t, op, reader.index2, reader.index2));
      return true;
    case imm.IMM_DATA:
      // The segment may stand here as well.
      for (const number of t.plan?.remoteDrops(reader.index) ?? []) {
        call(t, number, { params: [], results: [] }, []);
      }
      return false;
    default:
      return false;
  }
}

interface Signature {
  readonly params: readonly Type[];
  readonly results: readonly Type[];
}

function access(t: RemoteTranslator, op: number): void {
  const { memory, lane } = t.reader;
  const { is64 } = t.module.memories[memory]!.type;
  const { params, results } = signatureOf(op, is64 ? I64 : I32);
  const offset = t.offsetConstant(is64);
  const args = t.popMany(params.length);
  const hasLane = OP_IMMEDIATES[op] === imm.IMM_MEMORY_ACCESS_LANE;
  const index = t.plan!.memoryFunction(op, memory, hasLane ? lane : 0);
  const types = [params[0]!, params[0]!, ...params.slice(1)];
  call(t, index, { params: types, results }, [args[0]!, offset, ...args.slice(1)]);
}

function whole(t: RemoteTranslator, op: number, memory: number, other: number, signature: Signature): void {
  const index = t.plan!.memoryFunction(op, memory, other);
  call(t, index, signature, t.popMany(signature.params.length));
}

function call(
  t: RemoteTranslator,
  index: number,
  { params, results }: Signature,
  args: readonly Value[],
): void {
  const callee = t.externalFunction(MEMORY_FUNCTIONS, index, params, results);
  for (const result of t.callExternal(callee, args)) t.push(result);
}

function signatureOf(op: number, address: Type): Signature {
  const at = OP_SIGNATURE[op]!;
  const count = SIGNATURE[at]!;
  const clif = (type: number): Type => (type === ADDRESS_TYPE ? address : CLIF_TYPES[type]!);
  const types = Array.from(SIGNATURE.subarray(at + 2, at + 2 + count + SIGNATURE[at + 1]!), clif);
  return { params: types.slice(0, count), results: types.slice(count) };
}

/** The signatures of the operators on whole memories; that of a copy is of both memories, its count of the smaller type. */
function addressTypes(t: RemoteTranslator, op: number, memory: number, other: number): Signature {
  const typeOf = (index: number): Type => (t.module.memories[index]!.type.is64 ? I64 : I32);
  const own = typeOf(memory);
  switch (op) {
    case WasmOp.MemorySize:
      return { params: [], results: [own] };
    case WasmOp.MemoryGrow:
      return { params: [own], results: [own] };
    case WasmOp.MemoryFill:
      return { params: [own, I32, own], results: [] };
    case WasmOp.MemoryInit:
      return { params: [own, I32, I32], results: [] };
    default: {
      const count = own === I64 && typeOf(other) === I64 ? I64 : I32;
      return { params: [own, typeOf(other), count], results: [] };
    }
  }
}
