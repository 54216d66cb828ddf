/** The parts of a record that follow from types and immediates: dispatch type, constants, offsets, addresses. */
import type { DataFlowGraph } from "../ir/dfg.ts";
import type { Inst } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { endianness, type MemFlags } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, opcodeFormat } from "../ir/opcodes.ts";
import {
  bitsOf,
  bytesOf,
  dynamicToVector,
  F16,
  F128,
  INVALID,
  isDynamicVector,
  isFloat,
  isInt,
  isVector,
  laneBits,
  laneType,
  type Type,
} from "../ir/types.ts";
import { functionAddress, functionKey, symbolAddress } from "./names.ts";
import type { Program } from "./program.ts";
import { Field } from "./record.ts";
import { wordsOf } from "./type-sizes.ts";

/** The type that chooses the handler: a conversion's float side, else the first operand's, else the result's. */
export function dispatchType(dfg: DataFlowGraph, inst: Inst): Type {
  const result = dfg.resultCount(inst) > 0 ? dfg.valueType(dfg.result(inst, 0)) : INVALID;
  if (dfg.argCount(inst) === 0) return result;
  const operand = dfg.valueType(dfg.arg(inst, 0));
  const op = dfg.opcode(inst);
  if (op === Op.FcvtFromSint || op === Op.FcvtFromUint) return result;
  // Between formats, the one that JavaScript lacks, if any.
  if ((op === Op.Fpromote || op === Op.Fdemote) && (result === F16 || result === F128)) return result;
  return operand;
}

/**
 * The fixed vector that stands for a dynamic one: targets with vectors of 128 bits have a scale of 1, so one of 128 bits is its
 * own smallest form. Others stay dynamic, and are refused.
 */
export function fixedType(type: Type): Type {
  return isDynamicVector(type) && bitsOf(type) === DYNAMIC_BITS ? dynamicToVector(type) : type;
}

const DYNAMIC_BITS = 128;

/** Bytes at the top of each frame, above its slots. */
const FRAME_RECORD_BYTES = 32;
const FRAME_ALIGN = 64;
/** Where the spiller's slots would be, should their addresses show: nowhere near the program's own. */
const SPILL_AREA = -0x1000_0000;

export class ImmediateDecoder {
  private func!: Function;
  private program!: Program;
  private bigEndian: boolean;
  private readonly slotOffsets: number[];
  private readonly dynamicSlotOffsets: number[];

  constructor() {
    this.bigEndian = false;
    this.slotOffsets = [];
    this.dynamicSlotOffsets = [];
  }

  /**
   * Gives the program's slots their places: its own in memory, in order, as if there were no others; the spiller's in cells
   * behind the values. Returns the count of cells.
   */
  layOut(func: Function, program: Program, bigEndian: boolean): number {
    this.func = func;
    this.program = program;
    this.bigEndian = bigEndian;
    this.slotOffsets.length = 0;
    let offset = 0;
    let cells = program.frameCells;
    for (let i = 0; i < func.stackSlots.length; i++) {
      const slot = func.stackSlots[i]!;
      if (i >= program.firstSpillSlot) {
        this.slotOffsets.push(SPILL_AREA + 16 * i);
        program.slotCells[i] = cells;
        cells += Math.max(1, (slot.sizeBytes + 7) >>> 3);
        continue;
      }
      const align = 2 ** Math.max(3, Math.min(slot.alignLog2, 16));
      offset = Math.ceil(offset / align) * align;
      this.slotOffsets.push(offset);
      program.slotCells[i] = -1;
      offset += slot.sizeBytes;
    }
    this.dynamicSlotOffsets.length = 0;
    for (const { dynamicType } of func.dynamicStackSlots) {
      offset = Math.ceil(offset / 16) * 16;
      this.dynamicSlotOffsets.push(offset);
      offset += bytesOf(func.dynamicTypes[dynamicType]?.base ?? INVALID);
    }
    program.stackBytes = Math.ceil((offset + FRAME_RECORD_BYTES) / FRAME_ALIGN) * FRAME_ALIGN;
    return cells;
  }

  /** Fills the record's immediates; false when the instruction is refused after all. */
  decode(inst: Inst, at: number): boolean {
    const { dfg } = this.func;
    const code = this.program.code;
    const type = code[at + Field.Type]! as Type;
    switch (opcodeFormat(dfg.opcode(inst))) {
      case Format.UnaryImm:
      case Format.UnaryIeee16:
      case Format.UnaryIeee32:
      case Format.UnaryIeee64:
        this.scalarConstant(inst, at, type);
        return true;
      case Format.UnaryConst:
        this.poolConstant(dfg.constants.bytes(dfg.constant(inst)), at, bytesOf(type));
        return true;
      case Format.Shuffle:
        this.poolConstant(dfg.immediates[dfg.shuffleMask(inst)] ?? new Uint8Array(16), at, 16);
        return true;
      case Format.BinaryImm8:
      case Format.TernaryImm8:
        code[at + Field.Imm] = dfg.imm8(inst);
        return true;
      case Format.IntCompare:
      case Format.FloatCompare:
        code[at + Field.Imm] = dfg.condition(inst);
        return true;
      case Format.CondTrap:
        code[at + Field.Imm2] = wordsOf(dfg.valueType(dfg.arg(inst, 0)));
        code[at + Field.Imm] = dfg.trapCode(inst);
        return true;
      case Format.Trap:
      case Format.IntAddTrap:
        code[at + Field.Imm] = dfg.trapCode(inst);
        return true;
      case Format.Unary:
      case Format.Binary:
      case Format.Ternary:
        this.operation(inst, at, type);
        return true;
      default:
        return this.memoryOrAddress(inst, at);
    }
  }

  private scalarConstant(inst: Inst, at: number, type: Type): void {
    const { dfg } = this.func;
    const code = this.program.code;
    const bits = laneBits(type);
    const low = dfg.immLow(inst);
    code[at + Field.Imm] = bits < 32 ? (low << (32 - bits)) >> (32 - bits) : low;
    code[at + Field.Imm2] = bits === 64 ? dfg.immHigh(inst) : 0;
  }

  private poolConstant(bytes: Uint8Array, at: number, size: number): void {
    const code = this.program.code;
    const words = Math.max(1, (size + 3) >>> 2);
    code[at + Field.Imm] = this.program.extraLength;
    code[at + Field.Imm2] = words;
    for (let w = 0; w < words; w++) {
      let word = 0;
      for (let i = 0; i < 4; i++) word |= (bytes[4 * w + i] ?? 0) << (8 * i);
      this.program.push(word);
    }
  }

  private operation(inst: Inst, at: number, type: Type): void {
    const { dfg } = this.func;
    const code = this.program.code;
    const op = dfg.opcode(inst);
    if (dfg.resultCount(inst) > 1) code[at + Field.Imm2] = this.program.valueCells[dfg.result(inst, 1)]!;
    else code[at + Field.Imm2] = bytesOf(type);
    code[at + Field.Imm] = wordsOf(type);
    if (op === Op.Select || op === Op.SelectSpectreGuard) {
      code[at + Field.Imm2] = wordsOf(dfg.valueType(dfg.arg(inst, 0)));
    }
  }

  private isBig(flags: MemFlags): number {
    const order = endianness(flags);
    return (order === null ? this.bigEndian : order === "big") ? 1 : 0;
  }

  private memoryOrAddress(inst: Inst, at: number): boolean {
    const { dfg } = this.func;
    const code = this.program.code;
    const op = dfg.opcode(inst);
    switch (opcodeFormat(op)) {
      case Format.Store:
      case Format.StoreNoOffset:
        code[at + Field.Type] = fixedType(dfg.valueType(dfg.arg(inst, 0)));
        code[at + Field.From] = dfg.valueType(dfg.arg(inst, 1));
        code[at + Field.Imm] = opcodeFormat(op) === Format.Store ? dfg.offset(inst) : 0;
        code[at + Field.C] = this.isBig(dfg.memFlags(inst));
        return true;
      case Format.Load:
        code[at + Field.Imm] = dfg.offset(inst);
        code[at + Field.C] = this.isBig(dfg.memFlags(inst));
        return true;
      case Format.LoadNoOffset:
        if (op === Op.Bitcast) code[at + Field.Imm2] = endianness(dfg.memFlags(inst)) === "big" ? 1 : 0;
        else code[at + Field.C] = this.isBig(dfg.memFlags(inst));
        return true;
      case Format.AtomicRmw:
        code[at + Field.C] = this.isBig(dfg.memFlags(inst));
        code[at + Field.Imm2] = dfg.atomicOp(inst);
        return true;
      case Format.AtomicCas:
        code[at + Field.Imm2] = code[at + Field.C]!;
        code[at + Field.C] = this.isBig(dfg.memFlags(inst));
        return true;
      default:
        return this.address(inst, at);
    }
  }

  private address(inst: Inst, at: number): boolean {
    const { dfg } = this.func;
    const code = this.program.code;
    switch (dfg.opcode(inst)) {
      case Op.StackAddr:
        code[at + Field.Imm] = (this.slotOffsets[dfg.stackSlot(inst)] ?? 0) + dfg.offset(inst);
        return true;
      case Op.DynamicStackAddr:
        code[at + Field.Imm] = this.dynamicSlotOffsets[dfg.dynamicStackSlot(inst)] ?? 0;
        return true;
      case Op.GetStackPointer:
        code[at + Field.Imm] = 0;
        return true;
      case Op.GetFramePointer:
        code[at + Field.Imm] = this.program.stackBytes - 16;
        return true;
      case Op.GetReturnAddress:
        code[at + Field.Imm] = this.program.stackBytes - 8;
        return true;
      case Op.FuncAddr:
        code[at + Field.Imm] = functionAddress(functionKey(this.func, dfg.funcRef(inst)));
        code[at + Field.Imm2] = 0;
        return true;
      case Op.GetExceptionHandlerAddress:
        code[at + Field.Imm] = functionAddress(`handler ${dfg.handlerBlock(inst)} ${dfg.immHigh(inst)}`);
        code[at + Field.Imm2] = 0;
        return true;
      case Op.SymbolValue:
      case Op.TlsValue:
        return this.symbol(inst, at);
      default:
        return true;
    }
  }

  /** Only symbols have values without running anything. */
  private symbol(inst: Inst, at: number): boolean {
    const code = this.program.code;
    const global = this.func.globalValues[this.func.dfg.globalValue(inst)];
    const type = code[at + Field.Type]! as Type;
    if (global?.kind !== "symbol" || isVector(type) || isFloat(laneType(type)) || !isInt(type)) return false;
    const value = BigInt(symbolAddress(this.func, global.name)) + global.offset;
    code[at + Field.Imm] = Number(BigInt.asIntN(32, value));
    code[at + Field.Imm2] = Number(BigInt.asIntN(32, value >> 32n));
    return true;
  }
}
