/**
 * One instruction to Wasm: what each opcode becomes. Pushes the results in order; control flow and calls are the
 * emitter's. What has no lowering is refused by name.
 */
import type { Inst } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, OPCODE_COUNT, opcodeFormat } from "../ir/opcodes.ts";
import { F32, F64, I32, I64, isFloat, isInt, isVector, type Type } from "../ir/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { CodeWriter } from "./code-writer.ts";
import { lowerIntCompare } from "./conditions.ts";
import { directOp, isNarrow, Narrow, narrowMode } from "./direct-ops.ts";
import {
  lowerBitcast,
  lowerConstant,
  lowerFloatCompare,
  lowerFromInteger,
  lowerSaturatingTruncation,
  lowerSelect,
  lowerTrappingTruncation,
  repeatsFloatOperands,
} from "./lower-conversions.ts";
import { INTEGER_LOWERINGS, multiplyOverflow64, repeatsIntegerOperands } from "./lower-integers.ts";
import { lowerAtomic, lowerLoad, lowerStore } from "./lower-memory.ts";
import { isOverflowOp, lowerOverflow } from "./lower-overflow.ts";
import { lowerVector } from "./lower-vectors.ts";
import { operandAt } from "./operand-order.ts";
import { wasmTypeOf } from "./wasm-types.ts";

/** Whether the lowering reads an operand more than once or after it has begun to write its results. */
export function keepsOperands(func: Function, inst: Inst): boolean {
  const { dfg } = func;
  const op = dfg.opcode(inst);
  return KEEPING[op] !== 0 || (op === Op.Fcmp && repeatsFloatOperands(dfg.condition(inst)));
}

/** By opcode, whatever its immediates are. Asked several times of every instruction. */
const KEEPING: Uint8Array = Uint8Array.from({ length: OPCODE_COUNT + 1 }, (_, op) => (keeps(op) ? 1 : 0));

function keeps(op: number): boolean {
  if (isOverflowOp(op) || repeatsIntegerOperands(op)) return true;
  switch (op) {
    case Op.UaddOverflowTrap:
    case Op.Isplit:
    // These hold a temporary local while they push the next operand, whose tree may want the same one.
    case Op.Rotl:
    case Op.Rotr:
    case Op.Bitselect:
    case Op.IaddPairwise:
      return true;
    default:
      return false;
  }
}

export function lowerInstruction(w: CodeWriter, inst: Inst): void {
  const { dfg } = w.func;
  const op = dfg.opcode(inst);
  const type = dfg.controlType(inst);
  // An inlined value is in no local, so this is where its type is looked at first.
  for (let i = 0; i < dfg.resultCount(inst); i++) wasmTypeOf(dfg.valueType(dfg.result(inst, i)));
  if (lowerDirectly(w, inst, op, type)) return;
  const byFormat = FORMAT_LOWERINGS[opcodeFormat(op)];
  if (byFormat !== undefined) byFormat(w, inst);
  else if (isOnVectors(w, inst, type)) lowerVector(w, inst);
  else lowerScalar(w, inst, op, type);
}

/** A table without holes, as every instruction is looked up in it. */
function byNumber<T>(rows: Iterable<readonly [number, T]>): readonly (T | undefined)[] {
  const table: (T | undefined)[] = Array.from({ length: OPCODE_COUNT + 1 }, () => undefined);
  for (const [number, item] of rows) table[number] = item;
  return table;
}

const INTEGERS = byNumber(INTEGER_LOWERINGS);

/** Formats whose opcodes are all lowered by one function. */
const FORMAT_LOWERINGS = byNumber<(w: CodeWriter, inst: Inst) => void>([
  [Format.Load, lowerLoad],
  [Format.Store, lowerStore],
  [Format.AtomicCas, lowerAtomic],
  [Format.AtomicRmw, lowerAtomic],
  [Format.StoreNoOffset, lowerAtomic],
  [Format.UnaryImm, lowerConstant],
  [Format.UnaryIeee32, lowerConstant],
  [Format.UnaryIeee64, lowerConstant],
]);

/** Vectors in, or out. */
function isOnVectors(w: CodeWriter, inst: Inst, type: Type): boolean {
  const { dfg } = w.func;
  if (dfg.opcode(inst) === Op.Select || dfg.opcode(inst) === Op.SelectSpectreGuard) return false;
  if (dfg.opcode(inst) === Op.Bitcast) return false;
  if (isVector(type) || (dfg.resultCount(inst) > 0 && isVector(dfg.valueType(dfg.firstResult(inst)))))
    return true;
  return dfg.argCount(inst) > 0 && isVector(w.typeOf(w.arg(inst, 0)));
}

/** The operands in Wasm's order and one opcode. */
function lowerDirectly(w: CodeWriter, inst: Inst, op: number, type: Type): boolean {
  const { dfg } = w.func;
  const narrow = isNarrow(type);
  const mode = narrow ? narrowMode(op) : Narrow.Any;
  if (mode === Narrow.None) return false;
  const opcode = directOp(op, narrow ? I32 : type);
  if (opcode < 0 || hasOwnLowering(op, type)) return false;
  const count = dfg.argCount(inst);
  for (let place = 0; place < count; place++) {
    const value = w.arg(inst, operandAt(op, place, count));
    if (mode === Narrow.Zero) w.pushZero(value);
    else if (mode === Narrow.Sign) w.pushSign(value);
    else w.push(value);
  }
  w.op(opcode);
  return true;
}

/** Shifts and rotations take an amount of another type, even where Wasm has the operation. */
function hasOwnLowering(op: number, type: Type): boolean {
  return isInt(type) && (op === Op.Rotl || op === Op.Rotr);
}

function lowerScalar(w: CodeWriter, inst: Inst, op: number, type: Type): void {
  const integer = INTEGERS[op];
  if (integer !== undefined && isInt(type)) {
    if (!isSupported(type)) w.refuse(inst);
    integer(w, inst, type);
  } else if (isFloat(type) && FLOAT_BITS.has(op)) {
    lowerFloatBits(w, inst, op, type);
  } else if (isOverflowOp(op)) {
    if (!isSupported(type)) w.refuse(inst);
    if (!lowerOverflow(w, inst, type)) multiplyOverflow64(w, inst, op === Op.SmulOverflow);
  } else {
    const lowering = SCALAR_LOWERINGS[op];
    if (lowering === undefined) w.refuse(inst);
    lowering!(w, inst, type);
  }
}

/** Bitwise operations on floats: on their bits as integers. */
const FLOAT_BITS: ReadonlyMap<number, readonly [number, number]> = new Map<number, readonly [number, number]>(
  [
    [Op.Band, [WasmOp.I32And, WasmOp.I64And]],
    [Op.Bor, [WasmOp.I32Or, WasmOp.I64Or]],
    [Op.Bxor, [WasmOp.I32Xor, WasmOp.I64Xor]],
    [Op.Bnot, [WasmOp.I32Xor, WasmOp.I64Xor]],
  ],
);

function lowerFloatBits(w: CodeWriter, inst: Inst, op: number, type: Type): void {
  if (!isSupported(type)) w.refuse(inst);
  const bits = type === F32 ? I32 : I64;
  for (let i = 0; i < w.func.dfg.argCount(inst); i++) {
    w.pushArg(inst, i);
    w.intOp(bits, WasmOp.I32ReinterpretF32, WasmOp.I64ReinterpretF64);
  }
  if (op === Op.Bnot) w.intConst(bits, -1);
  w.intOp(bits, ...FLOAT_BITS.get(op)!);
  w.intOp(bits, WasmOp.F32ReinterpretI32, WasmOp.F64ReinterpretI64);
}

type ScalarLowering = (w: CodeWriter, inst: Inst, type: Type) => void;

const supported =
  (lowering: ScalarLowering): ScalarLowering =>
  (w, inst, type) => {
    if (!isSupported(type)) w.refuse(inst);
    lowering(w, inst, type);
  };

const SCALAR_LOWERINGS = byNumber<ScalarLowering>([
  [Op.Icmp, supported(lowerIntCompare)],
  [Op.Fcmp, supported(lowerFloatCompare)],
  [Op.Select, lowerSelect],
  [Op.SelectSpectreGuard, lowerSelect],
  [Op.Bitselect, supported(lowerBitselect)],
  [Op.Bitcast, lowerBitcast],
  [Op.AtomicLoad, lowerAtomic],
  [Op.Fpromote, lowerFloatWidth],
  [Op.Fdemote, lowerFloatWidth],
  [Op.FcvtToSint, (w, inst) => lowerTrappingTruncation(w, inst, true)],
  [Op.FcvtToUint, (w, inst) => lowerTrappingTruncation(w, inst, false)],
  [Op.FcvtToSintSat, (w, inst) => lowerSaturatingTruncation(w, inst, true)],
  [Op.FcvtToUintSat, (w, inst) => lowerSaturatingTruncation(w, inst, false)],
  [Op.FcvtFromSint, (w, inst) => lowerFromInteger(w, inst, true)],
  [Op.FcvtFromUint, (w, inst) => lowerFromInteger(w, inst, false)],
  [Op.UaddOverflowTrap, lowerAddTrap],
  [Op.Isplit, supported(lowerSplit)],
  [Op.StackAddr, lowerStackAddr],
  [Op.SymbolValue, lowerSymbol],
  [Op.Nop, () => {}],
  [Op.SequencePoint, () => {}],
  [
    Op.Fence,
    (w) => {
      w.op(WasmOp.AtomicFence);
      w.rawByte(0);
    },
  ],
]);

function isSupported(type: Type): boolean {
  return type === F32 || type === F64 || (isInt(type) && type <= I64);
}

/** `(x & c) | (y & ~c)`, as `y ^ ((x ^ y) & c)` needs `y` twice and this each operand once but `c`. */
function lowerBitselect(w: CodeWriter, inst: Inst, type: Type): void {
  if (!isInt(type) || type > I64) w.refuse(inst);
  const condition = w.temp(type);
  w.pushArg(inst, 1);
  w.pushArg(inst, 2);
  const other = w.temp(type, 1);
  w.localSet(other);
  w.pushArg(inst, 0);
  w.localTee(condition);
  w.intOp(type, WasmOp.I32And, WasmOp.I64And);
  w.localGet(other);
  w.localGet(condition);
  w.intConst(type, -1);
  w.intOp(type, WasmOp.I32Xor, WasmOp.I64Xor);
  w.intOp(type, WasmOp.I32And, WasmOp.I64And);
  w.intOp(type, WasmOp.I32Or, WasmOp.I64Or);
}

function lowerFloatWidth(w: CodeWriter, inst: Inst, type: Type): void {
  const from = w.typeOf(w.arg(inst, 0));
  if (!isFloat(from) || !isSupported(from) || !isSupported(type)) w.refuse(inst);
  w.pushArg(inst, 0);
  if (from === F32 && type === F64) w.op(WasmOp.F64PromoteF32);
  else if (from === F64 && type === F32) w.op(WasmOp.F32DemoteF64);
}

function lowerAddTrap(w: CodeWriter, inst: Inst, type: Type): void {
  const sum = w.temp(type);
  w.pushArg(inst, 0);
  w.pushArg(inst, 1);
  w.intOp(type, WasmOp.I32Add, WasmOp.I64Add);
  w.localTee(sum);
  w.pushArg(inst, 0);
  w.intOp(type, WasmOp.I32LtU, WasmOp.I64LtU);
  w.trapIf(w.func.dfg.trapCode(inst));
  w.localGet(sum);
}

/** Low half, then high half. */
function lowerSplit(w: CodeWriter, inst: Inst, type: Type): void {
  if (!isSupported(type)) w.refuse(inst);
  const half = type === I64 ? 32 : type === I32 ? 16 : 8;
  w.pushArg(inst, 0);
  if (type === I64) w.op(WasmOp.I32WrapI64);
  w.pushZero(w.arg(inst, 0));
  w.intConst(type, half);
  w.intOp(type, WasmOp.I32ShrU, WasmOp.I64ShrU);
  if (type === I64) w.op(WasmOp.I32WrapI64);
}

/** A symbol of one of the user's name spaces, at no offset. */
function lowerSymbol(w: CodeWriter, inst: Inst, type: Type): void {
  const { dfg, globalValues } = w.func;
  const global = globalValues[dfg.globalValue(inst)]!;
  const { symbols } = w.indices!;
  if (symbols === null || global.kind !== "symbol" || global.name.kind !== "user" || global.tls)
    w.refuse(inst);
  if (global.offset !== 0n) w.refuse(inst);
  const { ref } = global.name;
  w.symbolAddress(symbols.intern(dfg.userNames.namespace(ref), dfg.userNames.index(ref)));
  if (type === I64) w.op(WasmOp.I64ExtendI32U);
}

function lowerStackAddr(w: CodeWriter, inst: Inst, type: Type): void {
  const { dfg } = w.func;
  w.pushFrameAddress(w.slotOffset(dfg.stackSlot(inst)) + dfg.offset(inst));
  if (type === I64) w.op(WasmOp.I64ExtendI32U);
}
