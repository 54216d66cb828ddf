/** Loads, stores and atomics. Addresses of 64 bits are taken modulo 2^32; a stack slot's address folds into the access. */

import { ATOMIC_OPS } from "../ir/conditions.ts";
import { type Inst, NONE, type Value } from "../ir/entities.ts";
import { endianness, isAligned } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { bitsOf, bytesOf, F32, F64, I64, isVector, type Type } from "../ir/types.ts";
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

/** Opcodes found by name, remembered by CLIF opcode and type. */
const found = new Map<number, number>();

function opcodeFor(op: number, type: Type, find: (op: number, type: Type) => number): number {
  const key = op * 1024 + type;
  let opcode = found.get(key);
  if (opcode === undefined) {
    opcode = find(op, type);
    found.set(key, opcode);
  }
  return opcode;
}

/**
 * Pushes the address of an access and returns the offset for its immediate. A large offset is checked by the access itself
 * only where nothing is evaluated between the two (`nothingBetween`): an effect there would come before the trap.
 */
function pushBase(w: CodeWriter, address: Value, offset: number, nothingBetween: boolean): number {
  const slotOffset = w.frameOffsetOf(address);
  if (slotOffset >= 0 && slotOffset + offset >= 0) {
    w.pushFrameAddress(0);
    return slotOffset + offset;
  }
  const large = offset === 0 && nothingBetween ? w.pushLargeOffset(address) : -1;
  if (large >= 0) return large;
  w.pushAddress(address);
  if (offset >= 0) return offset;
  w.i32Const(offset);
  w.op(WasmOp.I32Add);
  return 0;
}

function access(w: CodeWriter, inst: Inst, opcode: number, offset: number): void {
  if (opcode < 0 || endianness(w.func.dfg.memFlags(inst)) === "big") w.refuse(inst);
  const align = isAligned(w.func.dfg.memFlags(inst)) ? OP_ALIGN_LOG2[opcode]! : 0;
  w.memoryAccess(opcode, align, offset);
}

export function lowerLoad(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  const type = dfg.valueType(dfg.firstResult(inst));
  const offset = pushBase(w, w.arg(inst, 0), dfg.offset(inst), true);
  access(w, inst, opcodeFor(dfg.opcode(inst), type, loadOpcode), offset);
}

export function lowerStore(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  const value = w.arg(inst, 0);
  const offset = pushBase(w, w.arg(inst, 1), dfg.offset(inst), w.inlinedInst(value) === NONE);
  w.push(value);
  access(w, inst, opcodeFor(dfg.opcode(inst), dfg.valueType(value), storeOpcode), offset);
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

function atomic(w: CodeWriter, inst: Inst, type: Type, action: string): void {
  const opcode = findOpcode(atomicName(type, action));
  if (opcode < 0 || endianness(w.func.dfg.memFlags(inst)) === "big") w.refuse(inst);
  w.memoryAccess(opcode, Math.log2(bytesOf(type)), 0);
}

export function lowerAtomic(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  switch (dfg.opcode(inst)) {
    case Op.AtomicLoad:
      w.pushAddress(w.arg(inst, 0));
      atomic(w, inst, dfg.valueType(dfg.firstResult(inst)), "load");
      return;
    case Op.AtomicStore:
      w.pushAddress(w.arg(inst, 1));
      w.pushArg(inst, 0);
      atomic(w, inst, w.typeOf(w.arg(inst, 0)), "store");
      return;
    case Op.AtomicCas:
      w.pushAddress(w.arg(inst, 0));
      w.pushZero(w.arg(inst, 1));
      w.pushArg(inst, 2);
      atomic(w, inst, dfg.valueType(dfg.firstResult(inst)), "cmpxchg");
      return;
    default:
      lowerReadModifyWrite(w, inst);
  }
}

/** Wasm has six of the eleven operations; the others need a loop around a compare-and-swap and are refused. */
function lowerReadModifyWrite(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  const action = ATOMIC_OPS[dfg.atomicOp(inst)]!;
  if (!["add", "sub", "and", "or", "xor", "xchg"].includes(action)) w.refuse(inst);
  w.pushAddress(w.arg(inst, 0));
  w.pushArg(inst, 1);
  atomic(w, inst, dfg.valueType(dfg.firstResult(inst)), action);
}
