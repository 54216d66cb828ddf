/**
 * Loads, stores and atomics. Addresses of 64 bits are taken modulo 2^32, unless the memory has such addresses; a stack slot's
 * address folds into the access.
 */

import { ATOMIC_OPS } from "../ir/conditions.ts";
import { type Inst, NONE, type Value } from "../ir/entities.ts";
import { endianness, isAligned } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { OPCODE_COUNT, OpFlag, opcodeFlags } from "../ir/opcodes.ts";
import { bitsOf, bytesOf, F32, F64, I32, I64, isVector, type Type } from "../ir/types.ts";
import { findOpcode } from "../wasm/opcode-names.ts";
import { OP_ALIGN_LOG2 } from "../wasm/opcodes.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { CodeWriter } from "./code-writer.ts";

/** The Wasm name of a type in loads and stores: narrow integers are accessed as part of an i32. */
function accessType(type: Type): string {
  if (type === I64) return "i64";
  if (type === F32) return "f32";
  if (type === F64) return "f64";
  return isVector(type) ? "v128" : "i32";
}

function widthSuffix(type: Type, access: string): string {
  return access === "i32" && bitsOf(type) < 32 ? `${bitsOf(type)}` : "";
}

/** Loads of a fixed width, widened: the Wasm name, for a result of `i64` or of at most 32 bits. */
const WIDENING: ReadonlyMap<number, string> = new Map<number, string>([
  [Op.Uload8, "load8_u"],
  [Op.Sload8, "load8_s"],
  [Op.Uload16, "load16_u"],
  [Op.Sload16, "load16_s"],
  [Op.Uload32, "load32_u"],
  [Op.Sload32, "load32_s"],
  [Op.Uload8x8, "v128.load8x8_u"],
  [Op.Sload8x8, "v128.load8x8_s"],
  [Op.Uload16x4, "v128.load16x4_u"],
  [Op.Sload16x4, "v128.load16x4_s"],
  [Op.Uload32x2, "v128.load32x2_u"],
  [Op.Sload32x2, "v128.load32x2_s"],
]);

function loadOpcode(op: number, type: Type): number {
  const access = accessType(type);
  const widening = WIDENING.get(op);
  if (widening !== undefined) return findOpcode(widening.includes(".") ? widening : `${access}.${widening}`);
  const width = widthSuffix(type, access);
  return findOpcode(`${access}.load${width}${width === "" ? "" : "_u"}`);
}

const NARROWING: ReadonlyMap<number, string> = new Map<number, string>([
  [Op.Istore8, "8"],
  [Op.Istore16, "16"],
  [Op.Istore32, "32"],
]);

function storeOpcode(op: number, type: Type): number {
  const access = accessType(type);
  return findOpcode(`${access}.store${NARROWING.get(op) ?? widthSuffix(type, access)}`);
}

const TYPE_LIMIT = 256;
const UNKNOWN = -2;

/** Opcodes found by name, remembered by CLIF opcode and type. */
const found: Int16Array = new Int16Array((OPCODE_COUNT + 1) * TYPE_LIMIT).fill(UNKNOWN);

function opcodeFor(op: number, type: Type, find: (op: number, type: Type) => number): number {
  if (type >= TYPE_LIMIT) return find(op, type);
  const key = op * TYPE_LIMIT + type;
  if (found[key] === UNKNOWN) found[key] = find(op, type);
  return found[key]!;
}

/**
 * Pushes the address of an access to a memory and returns the offset for its immediate. A large offset is checked by the access
 * itself only where nothing with an effect is evaluated between the two, as that would come before the trap.
 */
function pushBase(w: CodeWriter, inst: Inst, address: Value, offset: number, memory: number): number {
  const isWide = w.isMemory64(memory);
  const slotOffset = w.frameOffsetOf(address);
  if (slotOffset >= 0 && slotOffset + offset >= 0) {
    w.pushFrameAddress(0);
    return slotOffset + offset;
  }
  const large =
    offset === 0 && isComputedRightBefore(w, address, inst) ? w.pushLargeOffset(address, isWide) : -1;
  if (large >= 0) return large;
  w.pushAddress(address, isWide);
  if (offset >= 0) return offset;
  w.intConst(isWide ? I64 : I32, offset);
  w.intOp(isWide ? I64 : I32, WasmOp.I32Add, WasmOp.I64Add);
  return 0;
}

/** How far an address is looked for. */
const MAX_DISTANCE = 8;

/** Whether nothing with an effect stands between the instruction that computes an inlined address and the access. */
function isComputedRightBefore(w: CodeWriter, address: Value, access: Inst): boolean {
  const { layout, dfg } = w.func;
  const computed = w.inlinedInst(address);
  if (computed === NONE) return false;
  let inst = layout.nextInst(computed);
  for (let i = 0; i < MAX_DISTANCE && inst !== NONE; i++) {
    if (inst === access) return true;
    if ((opcodeFlags(dfg.opcode(inst)) & EFFECTS) !== 0) return false;
    inst = layout.nextInst(inst);
  }
  return false;
}

const EFFECTS: number = OpFlag.Trap | OpFlag.Load | OpFlag.Store | OpFlag.Call | OpFlag.SideEffect;

function access(w: CodeWriter, inst: Inst, opcode: number, offset: number, memory: number): void {
  if (opcode < 0 || endianness(w.func.dfg.memFlags(inst)) === "big") w.refuse(inst);
  const align = isAligned(w.func.dfg.memFlags(inst)) ? OP_ALIGN_LOG2[opcode]! : 0;
  w.memoryAccess(opcode, align, offset, memory);
}

export function lowerLoad(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  const type = dfg.valueType(dfg.firstResult(inst));
  const memory = w.memoryOf(dfg.memFlags(inst));
  const offset = pushBase(w, inst, w.arg(inst, 0), dfg.offset(inst), memory);
  access(w, inst, opcodeFor(dfg.opcode(inst), type, loadOpcode), offset, memory);
}

export function lowerStore(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  const value = w.arg(inst, 0);
  const memory = w.memoryOf(dfg.memFlags(inst));
  const offset = pushBase(w, inst, w.arg(inst, 1), dfg.offset(inst), memory);
  w.push(value);
  access(w, inst, opcodeFor(dfg.opcode(inst), dfg.valueType(value), storeOpcode), offset, memory);
}

/**
 * A call that stands for a Wasm operator with an address: the memory, the address, further operands. Such an operator wants
 * its natural alignment said.
 */
export function lowerMemoryOperator(w: CodeWriter, inst: Inst, opcode: number): void {
  const { dfg } = w.func;
  const memory = dfg.immLow(dfg.valueInst(w.arg(inst, 0)));
  const offset = pushBase(w, inst, w.arg(inst, 1), 0, memory);
  for (let i = 2; i < dfg.argCount(inst); i++) w.pushArg(inst, i);
  w.memoryAccess(opcode, OP_ALIGN_LOG2[opcode]!, offset, memory);
}

// Atomics: of the width of their type, narrow ones zero-extended.

function atomicName(type: Type, action: string): string {
  const access = type === I64 ? "i64" : "i32";
  const bits = bitsOf(type);
  const narrow = bits < 32;
  if (action === "load") return `${access}.atomic.load${narrow ? `${bits}_u` : ""}`;
  if (action === "store") return `${access}.atomic.store${narrow ? `${bits}` : ""}`;
  return narrow ? `${access}.atomic.rmw${bits}.${action}_u` : `${access}.atomic.rmw.${action}`;
}

export function lowerAtomic(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  switch (dfg.opcode(inst)) {
    case Op.AtomicLoad:
      atomic(w, inst, dfg.valueType(dfg.firstResult(inst)), "load", 0);
      return;
    case Op.AtomicStore:
      atomic(w, inst, w.typeOf(w.arg(inst, 0)), "store", 1);
      return;
    case Op.AtomicCas:
      atomic(w, inst, dfg.valueType(dfg.firstResult(inst)), "cmpxchg", 0);
      return;
    default:
      // Wasm has six of the eleven operations; the others need a loop around a compare-and-swap and are refused.
      atomic(w, inst, dfg.valueType(dfg.firstResult(inst)), ATOMIC_OPS[dfg.atomicOp(inst)]!, 0);
  }
}

/** The address, the other operands, and Wasm's instruction for an action on `type`. */
function atomic(w: CodeWriter, inst: Inst, type: Type, action: string, addressAt: number): void {
  const { dfg } = w.func;
  const opcode = bitsOf(type) > 64 ? -1 : findOpcode(atomicName(type, action));
  if (opcode < 0 || endianness(dfg.memFlags(inst)) === "big") w.refuse(inst);
  const memory = w.memoryOf(dfg.memFlags(inst));
  const offset = pushBase(w, inst, w.arg(inst, addressAt), 0, memory);
  for (let i = 0; i < dfg.argCount(inst); i++) {
    if (i === addressAt) continue;
    // What is expected is compared as a whole; of what is stored only the width of the access counts.
    if (dfg.opcode(inst) === Op.AtomicCas && i === 1) w.pushZero(w.arg(inst, i));
    else w.pushArg(inst, i);
  }
  w.memoryAccess(opcode, Math.log2(bytesOf(type)), offset, memory);
}
