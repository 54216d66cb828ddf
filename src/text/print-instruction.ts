/**
 * The printed form of one instruction: results, opcode, type suffix, operands, stack map, and the comment that
 * shows the constants among the operands. Byte for byte what upstream prints.
 *
 * The type suffix is written for a polymorphic opcode unless a reader can infer it: the operand that tells the
 * control type must be defined in the same block. Stack maps stand on calls only; upstream never prints that of a
 * `stack_switch`.
 *
 * Source: `cranelift/codegen/src/write.rs` (`write_instruction`, `write_operands`, `type_suffix`).
 */
import { I32List } from "../base/column.ts";
import { argIndex, argValue, type BlockArg, isRetArg, isValueArg } from "../ir/block-calls.ts";
import { ATOMIC_OPS, FLOAT_CONDITIONS, INT_CONDITIONS } from "../ir/conditions.ts";
import type { DataFlowGraph } from "../ir/dfg.ts";
import type { BlockCall, Inst, Value } from "../ir/entities.ts";
import { NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import {
  aliasRegion,
  DEFAULT_MEMFLAGS,
  endianness,
  isAligned,
  isCanMove,
  isReadonly,
  type MemFlags,
  memTrapCode,
} from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, type Opcode, OpFlag, opcodeFlags, opcodeName, typevarOperand } from "../ir/opcodes.ts";
import { HEAP_OUT_OF_BOUNDS, NO_TRAP, trapName } from "../ir/trap-codes.ts";
import { dynamicToVector, INVALID, isDynamicVector, laneBits, type Type } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { type FloatFormat, IEEE16, IEEE32, IEEE64, IEEE128, writeFloat } from "./float-text.ts";
import type { TextWriter } from "./text-writer.ts";
import { clifTypeName } from "./type-names.ts";

const COMMA = ", ";

/** `notrap aligned region0`, each word with a space before it. */
export function writeMemFlags(w: TextWriter, flags: MemFlags): void {
  if (flags === DEFAULT_MEMFLAGS) return;
  const code = memTrapCode(flags);
  if (code === NO_TRAP) w.ascii(" notrap");
  else if (code !== HEAP_OUT_OF_BOUNDS) w.ascii(` ${trapName(code)}`);
  if (isAligned(flags)) w.ascii(" aligned");
  if (isReadonly(flags)) w.ascii(" readonly");
  if (isCanMove(flags)) w.ascii(" can_move");
  const endian = endianness(flags);
  if (endian !== null) w.ascii(endian === "big" ? " big" : " little");
  const region = aliasRegion(flags);
  if (region !== NONE) w.entity(" region", region);
}

/** The bytes of a constant as one hexadecimal number, most significant byte first; nothing for no bytes. */
export function writeConstantBytes(w: TextWriter, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  w.ascii("0x");
  for (let i = bytes.length - 1; i >= 0; i--) {
    w.checkpoint();
    w.hex(bytes[i]!, 2);
  }
}

export class InstructionPrinter {
  /** The function whose `dtN` lines name dynamic types; `null` names them as upstream does. */
  dynamicNames: Function | null;
  private readonly w: TextWriter;
  private readonly words: Uint32Array;
  private readonly operands: I32List;

  constructor(w: TextWriter) {
    this.dynamicNames = null;
    this.w = w;
    this.words = new Uint32Array(4);
    this.operands = new I32List();
  }

  typeName(type: Type): string {
    if (this.dynamicNames !== null && isDynamicVector(type)) {
      const base = dynamicToVector(type);
      const index = this.dynamicNames.dynamicTypes.findIndex((data) => data.base === base);
      if (index >= 0) return `dt${index}`;
    }
    return clifTypeName(type);
  }

  /** `v2 = iadd.i32 v0, v1`, without the line's end. */
  write(func: Function, inst: Inst, suffix: Type): void {
    const { w } = this;
    const { dfg } = func;
    const results = dfg.resultCount(inst);
    for (let i = 0; i < results; i++) {
      w.checkpoint();
      if (i > 0) w.ascii(COMMA);
      w.value(dfg.result(inst, i));
    }
    if (results > 0) w.ascii(" = ");
    w.checkpoint();
    w.ascii(opcodeName(dfg.opcode(inst)));
    if (suffix !== INVALID) {
      w.byte(46);
      w.ascii(this.typeName(suffix));
    }
    this.writeOperands(dfg, inst);
    if ((opcodeFlags(dfg.opcode(inst)) & OpFlag.Call) !== 0) this.writeStackMap(dfg, inst);
    this.writeConstantComment(dfg, inst);
  }

  private writeOperands(dfg: DataFlowGraph, inst: Inst): void {
    const format = dfg.format(inst);
    switch (format) {
      case Format.Unary:
      case Format.Binary:
      case Format.Ternary:
      case Format.MultiAry:
        this.args(dfg, inst);
        return;
      case Format.NullAry:
        this.w.byte(32);
        return;
      case Format.Jump:
      case Format.Brif:
      case Format.BranchTable:
        this.writeBranch(dfg, inst);
        return;
      case Format.Call:
      case Format.CallIndirect:
      case Format.TryCall:
      case Format.TryCallIndirect:
        this.writeCall(dfg, inst);
        return;
    }
    this.writePrefix(dfg, inst, format);
    this.args(dfg, inst);
    this.writeSuffix(dfg, inst, format);
  }

  /** What stands before the values. */
  private writePrefix(dfg: DataFlowGraph, inst: Inst, format: number): void {
    const { w } = this;
    switch (format) {
      case Format.Load:
      case Format.LoadNoOffset:
      case Format.Store:
      case Format.StoreNoOffset:
        writeMemFlags(w, dfg.memFlags(inst));
        return;
      case Format.AtomicRmw:
        w.byte(32);
        w.ascii(ATOMIC_OPS[dfg.atomicOp(inst)]!);
        return;
      case Format.IntCompare:
        w.byte(32);
        w.ascii(INT_CONDITIONS[dfg.condition(inst)]!);
        return;
      case Format.FloatCompare:
        w.byte(32);
        w.ascii(FLOAT_CONDITIONS[dfg.condition(inst)]!);
    }
  }

  /** What stands behind them; without values, what the instruction refers to. */
  private writeSuffix(dfg: DataFlowGraph, inst: Inst, format: number): void {
    const { w } = this;
    switch (format) {
      case Format.Load:
      case Format.Store:
        w.offset32(dfg.offset(inst));
        return;
      case Format.LoadNoOffset:
      case Format.StoreNoOffset:
      case Format.AtomicCas:
      case Format.AtomicRmw:
      case Format.IntCompare:
      case Format.FloatCompare:
        return;
      case Format.IntAddTrap:
      case Format.CondTrap:
        w.ascii(COMMA);
        w.ascii(trapName(dfg.trapCode(inst)));
        return;
      case Format.BinaryImm8:
      case Format.TernaryImm8:
        w.ascii(COMMA);
        w.decimal(dfg.imm8(inst));
        return;
      case Format.Shuffle:
        w.ascii(COMMA);
        writeConstantBytes(w, dfg.immediates[dfg.shuffleMask(inst)]!);
        return;
      default:
        w.byte(32);
        this.writeImmediate(dfg, inst, format);
    }
  }

  /** What an instruction without value operands refers to. */
  private writeImmediate(dfg: DataFlowGraph, inst: Inst, format: number): void {
    const { w } = this;
    switch (format) {
      case Format.Trap:
        w.ascii(trapName(dfg.trapCode(inst)));
        return;
      case Format.FuncAddr:
        w.entity("fn", dfg.funcRef(inst));
        return;
      case Format.StackAddr:
        w.entity("ss", dfg.stackSlot(inst));
        w.offset32(dfg.offset(inst));
        return;
      case Format.DynamicStackAddr:
        w.entity("dss", dfg.dynamicStackSlot(inst));
        return;
      case Format.UnaryGlobalValue:
        w.entity("gv", dfg.globalValue(inst));
        return;
      case Format.ExceptionHandlerAddress:
        w.entity("block", dfg.handlerBlock(inst));
        w.ascii(COMMA);
        w.imm64(dfg.immHigh(inst), dfg.immHigh(inst) >> 31);
        return;
      case Format.UnaryConst:
        w.entity("const", dfg.constant(inst));
        return;
      default:
        this.writeConstant(dfg, inst);
    }
  }

  /** The value of a constant instruction; integers as signed numbers of their type's width. */
  private writeConstant(dfg: DataFlowGraph, inst: Inst): void {
    const low = dfg.immLow(inst);
    const high = dfg.immHigh(inst);
    switch (dfg.format(inst)) {
      case Format.UnaryIeee16:
        this.float(IEEE16, low & 0xffff, 0);
        return;
      case Format.UnaryIeee32:
        this.float(IEEE32, low, 0);
        return;
      case Format.UnaryIeee64:
        this.float(IEEE64, low, high);
        return;
    }
    const bits = laneBits(dfg.controlType(inst));
    if (bits === 0 || bits >= 64) {
      this.w.imm64(low, high);
    } else {
      const signed = (low << (32 - bits)) >> (32 - bits);
      this.w.imm64(signed, signed >> 31);
    }
  }

  private float(format: FloatFormat, low: number, high: number): void {
    this.words[0] = low;
    this.words[1] = high;
    writeFloat(this.w, format, this.words);
  }

  /** ` v0, v1` */
  private args(dfg: DataFlowGraph, inst: Inst): void {
    const count = dfg.argCount(inst);
    if (count === 0) return;
    this.w.byte(32);
    this.argList(dfg, inst, 0, count);
  }

  private argList(dfg: DataFlowGraph, inst: Inst, from: number, count: number): void {
    const { w } = this;
    for (let i = from; i < count; i++) {
      if (i > from) {
        w.checkpoint();
        w.ascii(COMMA);
      }
      w.value(dfg.arg(inst, i));
    }
  }

  // Branches and calls.

  private writeBranch(dfg: DataFlowGraph, inst: Inst): void {
    const { w } = this;
    this.args(dfg, inst);
    const table = dfg.opcode(inst) === Op.BrTable;
    const count = dfg.destinationCount(inst);
    for (let i = 0; i < count; i++) {
      w.checkpoint();
      if (i > 0 || dfg.argCount(inst) > 0) w.byte(44);
      w.byte(32);
      if (table && i === 1) w.byte(91);
      this.blockCall(dfg, dfg.destination(inst, i));
    }
    if (table) w.ascii(count === 1 ? ", []" : "]");
  }

  /** `block1(v0, v1)` */
  private blockCall(dfg: DataFlowGraph, call: BlockCall): void {
    const { w } = this;
    const calls = dfg.blockCalls;
    w.entity("block", calls.block(call));
    const count = calls.argCount(call);
    if (count === 0) return;
    w.byte(40);
    for (let i = 0; i < count; i++) {
      w.checkpoint();
      if (i > 0) w.ascii(COMMA);
      this.blockArg(calls.arg(call, i));
    }
    w.byte(41);
  }

  private blockArg(arg: BlockArg): void {
    if (isValueArg(arg)) this.w.value(argValue(arg));
    else this.w.entity(isRetArg(arg) ? "ret" : "exn", argIndex(arg));
  }

  private writeCall(dfg: DataFlowGraph, inst: Inst): void {
    const { w } = this;
    const format = dfg.format(inst);
    const direct = format === Format.Call || format === Format.TryCall;
    w.byte(32);
    if (format === Format.CallIndirect) {
      w.entity("sig", dfg.sigRef(inst));
      w.ascii(COMMA);
    }
    if (direct) w.entity("fn", dfg.funcRef(inst));
    else w.value(dfg.arg(inst, 0));
    w.byte(40);
    this.argList(dfg, inst, direct ? 0 : 1, dfg.argCount(inst));
    w.byte(41);
    if (dfg.hasExceptionTable(inst)) this.writeExceptionTable(dfg, inst);
  }

  /** `, sig0, block1(ret0), [ tag1: block2(exn0), default: block3, context v5 ]` */
  private writeExceptionTable(dfg: DataFlowGraph, inst: Inst): void {
    const { w } = this;
    const calls = dfg.blockCalls;
    const table = dfg.exceptionTable(inst);
    w.entity(", sig", calls.tableSignature(table));
    w.ascii(COMMA);
    this.blockCall(dfg, calls.normalReturn(table));
    w.ascii(", [");
    const count = calls.itemCount(table);
    for (let i = 0; i < count; i++) {
      w.checkpoint();
      w.ascii(i > 0 ? COMMA : " ");
      const item = calls.item(table, i);
      if (item.kind === "context") {
        w.ascii("context ");
        w.value(item.value);
        continue;
      }
      if (item.kind === "tag") w.entity("tag", item.tag);
      else w.ascii("default");
      w.ascii(": ");
      this.blockCall(dfg, item.call);
    }
    w.ascii(count > 0 ? " ]" : "]");
  }

  private writeStackMap(dfg: DataFlowGraph, inst: Inst): void {
    const map = dfg.stackMap(inst);
    if (map === NONE || dfg.opcode(inst) === Op.StackSwitch) return;
    const { w } = this;
    const maps = dfg.stackMaps;
    w.ascii(", stack_map=[");
    for (let i = 0; i < maps.entryCount(map); i++) {
      w.checkpoint();
      if (i > 0) w.ascii(COMMA);
      w.ascii(clifTypeName(maps.entryType(map, i)));
      w.entity(" @ ss", maps.entrySlot(map, i));
      w.byte(43);
      w.decimal(maps.entryOffset(map, i) >>> 0);
    }
    w.byte(93);
  }

  // The comment that shows constants.

  private writeConstantComment(dfg: DataFlowGraph, inst: Inst): void {
    const { w, operands } = this;
    operands.clear();
    dfg.collectInstValues(inst, operands);
    let any = false;
    for (let i = 0; i < operands.length; i++) {
      const value = operands.get(i) as Value;
      const def = constantDefinition(dfg, value);
      if (def === NONE) continue;
      w.checkpoint();
      w.ascii(any ? COMMA : "  ; ");
      any = true;
      w.value(value);
      w.ascii(" = ");
      if (dfg.opcode(def as Inst) === Op.Vconst) w.entity("const", dfg.constant(def as Inst));
      else if (dfg.opcode(def as Inst) === Op.F128const) this.float128(dfg, def as Inst);
      else this.writeConstant(dfg, def as Inst);
    }
  }

  private float128(dfg: DataFlowGraph, def: Inst): void {
    const bytes = dfg.constants.bytes(dfg.constant(def));
    this.words.fill(0);
    for (let i = 0; i < 16; i++) this.words[i >>> 2]! |= (bytes[i] ?? 0) << ((i & 3) * 8);
    writeFloat(this.w, IEEE128, this.words);
  }
}

/** The constant instruction that defines the value, aliases resolved, or `NONE`. */
function constantDefinition(dfg: DataFlowGraph, value: Value): Inst | typeof NONE {
  if (!dfg.isValueValid(value)) return NONE;
  const resolved = dfg.isAlias(value) ? dfg.resolveAliases(value) : value;
  if (dfg.valueKind(resolved) !== ValueKind.Result) return NONE;
  const inst = dfg.valueInst(resolved);
  return isConstant(dfg.opcode(inst)) ? inst : NONE;
}

function isConstant(op: Opcode): boolean {
  return op >= Op.Iconst && op <= Op.Vconst;
}

/** The type written after the opcode, or `INVALID` where upstream leaves it out. */
export function typeSuffix(func: Function, inst: Inst): Type {
  const { dfg } = func;
  const op = dfg.opcode(inst);
  const flags = opcodeFlags(op);
  if ((flags & OpFlag.Polymorphic) === 0) return INVALID;
  if ((flags & OpFlag.Inferred) !== 0) {
    const block = definingBlock(func, dfg.arg(inst, typevarOperand(op)));
    if (block !== NONE && block === func.layout.blockOf(inst)) return INVALID;
  }
  return dfg.controlType(inst);
}

function definingBlock(func: Function, value: Value): number {
  const { dfg } = func;
  if (!dfg.isValueValid(value)) return NONE;
  const resolved = dfg.isAlias(value) ? dfg.resolveAliases(value) : value;
  switch (dfg.valueKind(resolved)) {
    case ValueKind.Result:
      return func.layout.blockOf(dfg.valueInst(resolved));
    case ValueKind.Param:
      return dfg.valueBlock(resolved);
    default:
      return NONE;
  }
}
