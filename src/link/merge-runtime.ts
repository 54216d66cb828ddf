/**
 * The code of a runtime module (see `src/runtime/collectors.ts`), with its indices as they are in the output.
 *
 * What a runtime has follows its head: functions, globals and types of its own, one memory that it imports, no
 * tables, segments, tags or imported functions. An instruction that would need one of those is an error here
 * rather than wrong code there. Locals, labels and constants stay; instructions are read and written one by one,
 * so a shifted index may take more bytes than it did.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { writeOperator } from "../wasm/encode-operators.ts";
import type { Module } from "../wasm/module.ts";
import * as imm from "../wasm/opcode-tables.gen.ts";
import { OP_IMMEDIATES, opcodeName } from "../wasm/opcodes.ts";
import { OperatorReader } from "../wasm/operators.ts";

/** Where the runtime's types, functions and globals begin in the output, and which memory is its own. */
export interface RuntimePlacement {
  readonly typeBase: number;
  readonly functionBase: number;
  readonly globalBase: number;
  readonly memory: number;
}

const ALL_FEATURES = -1;

/** The bodies of the runtime's functions in their order, local declarations included, for use at `placement`. */
export function relocateBodies(runtime: Module, placement: RuntimePlacement): Uint8Array[] {
  if (runtime.importedFunctionCount !== 0 || runtime.importedGlobalCount !== 0) {
    throw new Error("a runtime imports nothing but its memory");
  }
  const reader = new OperatorReader(runtime.bytes, 0, 0, ALL_FEATURES);
  reader.typeLimit = runtime.types.length;
  const writer = new ByteWriter();
  const bodies: Uint8Array[] = [];
  for (let i = 0; i < runtime.code.starts.length; i++) {
    reader.seek(runtime.code.starts.get(i), runtime.code.ends.get(i));
    writer.clear();
    copyLocals(reader, writer);
    while (reader.pos < reader.end) {
      const op = reader.next();
      relocate(op, reader, placement);
      writeOperator(writer, op, reader);
    }
    bodies.push(writer.bytes().slice());
  }
  return bodies;
}

/** The declarations stay as they are, for numbers have no index. */
function copyLocals(reader: OperatorReader, writer: ByteWriter): void {
  const start = reader.pos;
  const runs = reader.u32();
  for (let run = 0; run < runs; run++) {
    reader.u32();
    reader.readValType();
  }
  writer.range(reader.bytes, start, reader.pos);
}

/** Changes the indices in the reader's fields to those of the output. */
function relocate(op: number, reader: OperatorReader, placement: RuntimePlacement): void {
  switch (OP_IMMEDIATES[op]) {
    case imm.IMM_FUNCTION:
      reader.index += placement.functionBase;
      return;
    case imm.IMM_GLOBAL:
      reader.index += placement.globalBase;
      return;
    case imm.IMM_BLOCK_TYPE:
      if (reader.blockType >= 0) reader.blockType += placement.typeBase;
      return;
    case imm.IMM_MEMORY:
      reader.index = placement.memory;
      return;
    case imm.IMM_MEMORY_MEMORY:
      reader.index = placement.memory;
      reader.index2 = placement.memory;
      return;
    case imm.IMM_MEMORY_ACCESS:
    case imm.IMM_MEMORY_ACCESS_LANE:
      reader.memory = placement.memory;
      return;
    case imm.IMM_NONE:
    case imm.IMM_LABEL:
    case imm.IMM_LABELS:
    case imm.IMM_LOCAL:
    case imm.IMM_VALUE_TYPES:
    case imm.IMM_I32:
    case imm.IMM_I64:
    case imm.IMM_F32:
    case imm.IMM_F64:
    case imm.IMM_V128:
    case imm.IMM_LANE:
    case imm.IMM_SHUFFLE:
      return;
    default:
      throw new Error(`a runtime has no use for ${opcodeName(op)}`);
  }
}
