/**
 * Reads instructions: `next` gives the opcode's id, and its immediates in named fields of the reader.
 *
 * Nothing is allocated for an instruction; lists (branch targets, catch clauses) go to scratch arrays that
 * the next instruction overwrites. What an opcode's immediates are comes from its row. An opcode whose
 * features are all off is refused by name here, so nobody downstream has to look.
 */
import { FEATURE_NAMES, featureBit } from "./features.ts";
import { unknownOpcode } from "./later-proposals.ts";
import { MAX_BR_TABLE_TARGETS } from "./limits.ts";
import {
  BLOCK_TYPE,
  BODY_END,
  beyondLimit,
  CAST_FLAGS,
  CATCH_KIND,
  featureOff,
  invalid,
  MEMOP_FLAGS,
  malformed,
  unknown,
  ZERO_BYTE,
} from "./messages.ts";
import {
  IMM_BLOCK_TYPE,
  IMM_BRANCH_ON_CAST,
  IMM_DATA_MEMORY,
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
  IMM_SHUFFLE,
  IMM_TABLE_TABLE,
  IMM_TRY_TABLE,
  IMM_V128,
  IMM_VALUE_TYPES,
  IMM_ZERO_BYTE,
} from "./opcode-tables.gen.ts";
import { isPrefix, ONE_BYTE_OPCODES, OP_FEATURES, OP_IMMEDIATES, opcodeId, opcodeName } from "./opcodes.ts";
import { BinaryReader } from "./reader.ts";
import { BOTTOM, type HeapType, refType, type ValType } from "./types.ts";

/** What a block type is, besides a type index (0 or more): `~type` of its only result, `EMPTY_BLOCK` for none. */
export const EMPTY_BLOCK: number = ~BOTTOM;

export const CATCH = 0;
export const CATCH_REF = 1;
export const CATCH_ALL = 2;
export const CATCH_ALL_REF = 3;
/** One catch clause in `catches`: its kind, its tag (0 for the two that catch all), its label. */
export const CATCH_FIELDS = 3;

const MULTI_MEMORY: number = featureBit("multi-memory");
const MEMORY64: number = featureBit("memory64");
const MULTI_VALUE: number = featureBit("multi-value");

/** Opcodes of one byte by feature mask: a reader is made for every function. */
const oneByteTables: Map<number, Int16Array> = new Map();

function oneByteOpcodes(mask: number): Int16Array {
  let table = oneByteTables.get(mask);
  if (table === undefined) {
    table = ONE_BYTE_OPCODES.map((op) => (op >= 0 && (OP_FEATURES[op]! & mask) !== 0 ? op : -1));
    oneByteTables.set(mask, table);
  }
  return table;
}

export class OperatorReader extends BinaryReader {
  /** Where the last instruction begins. */
  opStart: number;
  /** The (first) index among the immediates, or the label; the count of `type count`. */
  index: number;
  /** The second index. */
  index2: number;
  /** A type index, or the complement of the only result's type. */
  blockType: number;
  /** Log2 of the alignment that a memory access claims. */
  alignLog2: number;
  /** The memory that an access names. */
  memory: number;
  /** The offset of a memory access, in two halves. */
  offsetLo: number;
  offsetHi: number;
  lane: number;
  heapType: HeapType;
  heapType2: HeapType;
  /** Of `br_on_cast`: bit 0, the source may be null; bit 1, the target may. */
  castFlags: number;
  /** Where the 16 bytes of a v128 constant or a shuffle stand. */
  vectorStart: number;
  /** Branch targets (the default last), the types of `select_t`, or catch clauses. */
  list: Int32Array;
  listLength: number;
  private readonly oneByte: Int16Array;

  constructor(bytes: Uint8Array, start: number, end: number, mask: number) {
    super(bytes, start, end, mask);
    this.opStart = start;
    this.index = 0;
    this.index2 = 0;
    this.blockType = EMPTY_BLOCK;
    this.alignLog2 = 0;
    this.memory = 0;
    this.offsetLo = 0;
    this.offsetHi = 0;
    this.lane = 0;
    this.heapType = 0;
    this.heapType2 = 0;
    this.castFlags = 0;
    this.vectorStart = 0;
    this.list = NO_LIST;
    this.listLength = 0;
    this.oneByte = oneByteOpcodes(mask);
  }

  /** Sets the range to read. */
  seek(start: number, end: number): void {
    this.pos = start;
    this.end = end;
  }

  /** Sets the range to that of a function's body, behind its local declarations. */
  seekInstructions(start: number, end: number): void {
    this.seek(start, end);
    for (let runs = this.u32(); runs > 0; runs--) {
      this.u32();
      this.readValType();
    }
  }

  /** Reads one instruction; returns its opcode's id. */
  next(): number {
    const start = this.pos;
    if (start >= this.end) throw malformed(BODY_END, start);
    this.opStart = start;
    this.pos = start + 1;
    let op = this.oneByte[this.bytes[start]!]!;
    if (op < 0) op = this.rareOpcode(this.bytes[start]!);
    const immediates = OP_IMMEDIATES[op]!;
    if (immediates !== 0) {
      if (immediates <= IMM_ELEMENT) this.index = this.u32();
      else this.readImmediates(immediates);
    }
    return op;
  }

  /** An opcode with a prefix, or one that is switched off or none. */
  private rareOpcode(byte: number): number {
    const prefix = isPrefix(byte) ? byte : 0;
    const code = prefix === 0 ? byte : this.u32();
    const op = opcodeId(prefix, code);
    if (op < 0) throw unknownOpcode(prefix, code, this.opStart);
    const features = OP_FEATURES[op]!;
    if ((features & this.mask) === 0) {
      throw featureOff(opcodeName(op), FEATURE_NAMES[31 - Math.clz32(features & -features)]!, this.opStart);
    }
    return op;
  }

  private readImmediates(immediates: number): void {
    if (immediates === IMM_MEMORY_ACCESS) {
      this.memoryAccess();
    } else if (immediates <= IMM_TABLE_TABLE) {
      this.index = this.u32();
      this.index2 = this.u32();
    } else if (immediates === IMM_BLOCK_TYPE) {
      this.readBlockType();
    } else if (immediates === IMM_I32) {
      this.lo = this.s32();
    } else if (immediates === IMM_I64) {
      this.s64();
    } else if (immediates === IMM_HEAP_TYPE) {
      this.heapType = this.readHeapType();
    } else {
      this.readRareImmediates(immediates);
    }
  }

  private readRareImmediates(immediates: number): void {
    switch (immediates) {
      case IMM_MEMORY:
        this.index = this.memoryIndex();
        return;
      case IMM_DATA_MEMORY:
        this.index = this.u32();
        this.index2 = this.memoryIndex();
        return;
      case IMM_MEMORY_MEMORY:
        this.index = this.memoryIndex();
        this.index2 = this.memoryIndex();
        return;
      case IMM_MEMORY_ACCESS_LANE:
        this.memoryAccess();
        this.lane = this.u8();
        return;
      case IMM_LANE:
        this.lane = this.u8();
        return;
      case IMM_F32:
        this.lo = this.i32le();
        return;
      case IMM_F64:
        this.lo = this.i32le();
        this.hi = this.i32le();
        return;
      case IMM_V128:
      case IMM_SHUFFLE:
        this.vectorStart = this.pos;
        this.skip(16);
        return;
      case IMM_LABELS:
        this.readLabels();
        return;
      case IMM_VALUE_TYPES:
        this.readTypes();
        return;
      case IMM_TRY_TABLE:
        this.readTryTable();
        return;
      case IMM_BRANCH_ON_CAST:
        this.readBranchOnCast();
        return;
      case IMM_ZERO_BYTE:
        if (this.u8() !== 0) throw malformed(ZERO_BYTE, this.pos - 1);
        return;
    }
  }

  private i32le(): number {
    const start = this.pos;
    this.skip(4);
    const bytes = this.bytes;
    return bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 24);
  }

  /** Before multi-memory a memory index was a byte that had to be zero. */
  private memoryIndex(): number {
    if ((this.mask & MULTI_MEMORY) !== 0) return this.u32();
    if (this.u8() !== 0) throw malformed(ZERO_BYTE, this.pos - 1);
    return 0;
  }

  private memoryAccess(): void {
    const flags = this.u32();
    this.memory = 0;
    if (flags >= 64) {
      if (flags >= 128) throw malformed(MEMOP_FLAGS, this.opStart + 1);
      this.need(MULTI_MEMORY, "multi-memory", "a memory index", this.opStart);
      this.memory = this.u32();
    }
    this.alignLog2 = flags & 63;
    if ((this.mask & MEMORY64) === 0) {
      this.offsetLo = this.u32();
      this.offsetHi = 0;
      return;
    }
    const byte = this.peek();
    if (byte >= 0 && byte < 0x80) {
      this.pos++;
      this.offsetLo = byte;
      this.offsetHi = 0;
      return;
    }
    this.u64();
    this.offsetLo = this.lo;
    this.offsetHi = this.hi;
  }

  private readBlockType(): void {
    const start = this.pos;
    const byte = this.peek();
    if (byte === 0x40) {
      this.pos++;
      this.blockType = EMPTY_BLOCK;
      return;
    }
    if ((byte & 0xc0) === 0x40) {
      this.blockType = ~this.readValType();
      return;
    }
    this.blockType = this.s33();
    if (this.blockType < 0) throw malformed(BLOCK_TYPE, start);
    this.need(MULTI_VALUE, "multi-value", "a block with a function type", start);
    if (this.blockType >= this.typeLimit) throw invalid(unknown("type", this.blockType), start);
    if (this.canonicalIds !== null) this.blockType = this.canonicalIds[this.blockType]!;
  }

  private reserveList(length: number): void {
    if (length > this.list.length) this.list = new Int32Array(Math.max(length, this.list.length * 2, 16));
    this.listLength = length;
  }

  /** The labels as they stand; one that exceeds 31 bits becomes negative, which no label is. */
  private readLabels(): void {
    const start = this.pos;
    const count = this.count(1);
    if (count > MAX_BR_TABLE_TARGETS) throw beyondLimit("br_table", count, MAX_BR_TABLE_TARGETS, start);
    this.reserveList(count + 1);
    for (let i = 0; i <= count; i++) this.list[i] = this.u32();
  }

  private readTypes(): void {
    const count = this.count(1);
    this.reserveList(count);
    for (let i = 0; i < count; i++) this.list[i] = this.readValType();
  }

  private readTryTable(): void {
    this.readBlockType();
    const count = this.count(2);
    this.reserveList(count * CATCH_FIELDS);
    for (let i = 0; i < count; i++) {
      const kind = this.u8();
      if (kind > CATCH_ALL_REF) throw malformed(CATCH_KIND, this.pos - 1);
      this.list[i * CATCH_FIELDS] = kind;
      this.list[i * CATCH_FIELDS + 1] = kind <= CATCH_REF ? this.u32() : 0;
      this.list[i * CATCH_FIELDS + 2] = this.u32();
    }
  }

  /** What a `br_on_cast` takes, and what it tests for. */
  get castSource(): ValType {
    return refType(this.heapType, (this.castFlags & 1) !== 0);
  }

  get castTarget(): ValType {
    return refType(this.heapType2, (this.castFlags & 2) !== 0);
  }

  private readBranchOnCast(): void {
    this.castFlags = this.u8();
    if (this.castFlags > 3) throw malformed(CAST_FLAGS, this.pos - 1);
    this.index = this.u32();
    this.heapType = this.readHeapType();
    this.heapType2 = this.readHeapType();
  }
}

const NO_LIST = new Int32Array(0);

/** The only result's type of a block type that is no type index; `BOTTOM` for none. */
export function blockResult(blockType: number): ValType {
  return ~blockType;
}
