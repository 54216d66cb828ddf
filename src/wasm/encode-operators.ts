/**
 * Writes instructions: any one that an `OperatorReader` has just read, from the reader's fields.
 *
 * Whoever copies code and changes indices on the way (merging modules, rewriting types) reads an instruction,
 * changes the field, and writes it. What immediates follow comes from the opcode's row. The encoding is the
 * shortest, so copying canonical code unchanged gives the same bytes.
 */
import type { ByteWriter } from "../base/byte-writer.ts";
import { writeHeapType, writeValType } from "./encode-types.ts";
import {
  IMM_BLOCK_TYPE,
  IMM_BRANCH_ON_CAST,
  IMM_ELEMENT,
  IMM_F32,
  IMM_F64,
  IMM_HEAP_TYPE,
  IMM_I32,
  IMM_I64,
  IMM_LABELS,
  IMM_LANE,
  IMM_MEMORY,
  IMM_MEMORY_ACCESS,
  IMM_MEMORY_ACCESS_LANE,
  IMM_MEMORY_MEMORY,
  IMM_NONE,
  IMM_SHUFFLE,
  IMM_TRY_TABLE,
  IMM_V128,
  IMM_VALUE_TYPES,
  IMM_ZERO_BYTE,
} from "./opcode-tables.gen.ts";
import { OP_IMMEDIATES, opcodeBytes } from "./opcodes.ts";
import { blockResult, CATCH_FIELDS, CATCH_REF, EMPTY_BLOCK, type OperatorReader } from "./operators.ts";

const MEMORY_INDEX_FLAG = 0x40;
const EMPTY_BLOCK_BYTE = 0x40;

/** Writes an opcode, with its prefix if it has one. */
export function writeOpcode(w: ByteWriter, op: number): void {
  const { prefix, code } = opcodeBytes(op);
  if (prefix === 0) {
    w.byte(code);
    return;
  }
  w.byte(prefix);
  w.u32(code);
}

/** Writes a block type: a type index, or the complement of the only result's type (see `operators.ts`). */
export function writeBlockType(w: ByteWriter, blockType: number): void {
  if (blockType >= 0) w.s33(blockType);
  else if (blockType === EMPTY_BLOCK) w.byte(EMPTY_BLOCK_BYTE);
  else writeValType(w, blockResult(blockType));
}

/** Writes alignment, memory and offset of an access. */
export function writeMemoryAccess(
  w: ByteWriter,
  alignLog2: number,
  memory: number,
  offsetLo: number,
  offsetHi: number,
): void {
  w.u32(memory === 0 ? alignLog2 : alignLog2 | MEMORY_INDEX_FLAG);
  if (memory !== 0) w.u32(memory);
  w.u64(offsetLo, offsetHi);
}

/** Writes the opcode `op` with the immediates that stand in `from`'s fields. */
export function writeOperator(w: ByteWriter, op: number, from: OperatorReader): void {
  writeOpcode(w, op);
  const immediates = OP_IMMEDIATES[op]!;
  if (immediates === IMM_NONE) return;
  if (immediates <= IMM_ELEMENT || immediates === IMM_MEMORY) {
    w.u32(from.index);
  } else if (immediates <= IMM_MEMORY_MEMORY) {
    w.u32(from.index);
    w.u32(from.index2);
  } else {
    writeImmediates(w, immediates, from);
  }
}

function writeImmediates(w: ByteWriter, immediates: number, from: OperatorReader): void {
  switch (immediates) {
    case IMM_MEMORY_ACCESS:
      writeMemoryAccess(w, from.alignLog2, from.memory, from.offsetLo, from.offsetHi);
      return;
    case IMM_MEMORY_ACCESS_LANE:
      writeMemoryAccess(w, from.alignLog2, from.memory, from.offsetLo, from.offsetHi);
      w.byte(from.lane);
      return;
    case IMM_BLOCK_TYPE:
      writeBlockType(w, from.blockType);
      return;
    case IMM_I32:
      w.s32(from.lo);
      return;
    case IMM_I64:
      w.s64(from.lo, from.hi);
      return;
    case IMM_F32:
      w.u32le(from.lo);
      return;
    case IMM_F64:
      w.u32le(from.lo);
      w.u32le(from.hi);
      return;
    case IMM_V128:
    case IMM_SHUFFLE:
      w.range(from.bytes, from.vectorStart, from.vectorStart + 16);
      return;
    case IMM_LANE:
      w.byte(from.lane);
      return;
    case IMM_HEAP_TYPE:
      writeHeapType(w, from.heapType);
      return;
    case IMM_ZERO_BYTE:
      w.byte(0);
      return;
    default:
      writeList(w, immediates, from);
  }
}

function writeList(w: ByteWriter, immediates: number, from: OperatorReader): void {
  const { list, listLength } = from;
  switch (immediates) {
    case IMM_LABELS:
      w.u32(listLength - 1);
      for (let i = 0; i < listLength; i++) w.u32(list[i]!);
      return;
    case IMM_VALUE_TYPES:
      w.u32(listLength);
      for (let i = 0; i < listLength; i++) writeValType(w, list[i]!);
      return;
    case IMM_TRY_TABLE:
      writeBlockType(w, from.blockType);
      w.u32(listLength / CATCH_FIELDS);
      for (let i = 0; i < listLength; i += CATCH_FIELDS) {
        w.byte(list[i]!);
        if (list[i]! <= CATCH_REF) w.u32(list[i + 1]!);
        w.u32(list[i + 2]!);
      }
      return;
    case IMM_BRANCH_ON_CAST:
      w.byte(from.castFlags);
      w.u32(from.index);
      writeHeapType(w, from.heapType);
      writeHeapType(w, from.heapType2);
      return;
    default:
      throw new Error(`no way to write the immediates ${immediates}`);
  }
}
