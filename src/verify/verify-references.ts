/**
 * Instruction integrity: the number of results, the values used and defined, and every entity that the instruction
 * names. Upstream's order. An entity that does not exist makes the types of the instruction unknowable, so then its
 * type check is passed over; where upstream would stop with a panic, the function ends there.
 */
import { argValue, isValueArg } from "../ir/block-calls.ts";
import { type Block, type BlockCall, type ExceptionTable, type Inst, NONE } from "../ir/entities.ts";
import { aliasRegion, DEFAULT_MEMFLAGS, endianness, type MemFlags, withEndianness } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { Format, isBranch } from "../ir/opcodes.ts";
import type { CallConv } from "../ir/signature.ts";
import { bitsOf, bytesOf, F128, isDynamicVector, laneCount, type Type } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import type { VerifyContext } from "./context.ts";
import * as messages from "./messages.ts";
import { UseResult } from "./value-uses.ts";

/** What to do after an instruction's references: check its types, leave them, or end the function. */
export const Next = { Types: 0, Skip: 1, Stop: 2 } as const;

export function verifyReferences(context: VerifyContext, inst: Inst): number {
  const { dfg } = context.func;
  const callee = verifyCallee(context, inst);
  if (callee !== Next.Types) return callee;
  const expected = dfg.resultCountOf(inst);
  if (dfg.resultCount(inst) !== expected) {
    context.errors.atInst(inst, messages.resultCount(expected, dfg.resultCount(inst)));
    return Next.Stop;
  }
  const operands = verifyOperands(context, inst);
  if (operands === Next.Stop || !verifyResults(context, inst)) return Next.Stop;
  return operands === Next.Skip ? Next.Skip : verifyNamed(context, inst);
}

/** What must exist before it is known how many results an instruction has. */
function verifyCallee(context: VerifyContext, inst: Inst): number {
  const { dfg } = context.func;
  const format = dfg.format(inst);
  if (format === Format.Call || format === Format.TryCall || format === Format.FuncAddr) {
    const ref = dfg.funcRef(inst);
    const extFunc = dfg.extFuncs[ref];
    if (extFunc === undefined) return stop(context, inst, messages.invalidFunction(ref));
    if (format === Format.FuncAddr) return Next.Types;
    if (dfg.signatures[extFunc.signature] === undefined) {
      return stop(context, inst, messages.invalidFunction(ref));
    }
  }
  if (dfg.hasExceptionTable(inst)) {
    const table = dfg.exceptionTable(inst);
    if (table < 0 || table >= dfg.blockCalls.tableCount) {
      return stop(context, inst, messages.invalidExceptionTable(table));
    }
  }
  const signature = dfg.callSignature(inst);
  if (signature !== NONE && dfg.signatures[signature] === undefined) {
    return stop(context, inst, messages.invalidSignature(signature));
  }
  return Next.Types;
}

function stop(context: VerifyContext, inst: Inst, message: string): number {
  context.errors.atInst(inst, message);
  return Next.Stop;
}

function verifyOperands(context: VerifyContext, inst: Inst): number {
  const { func, uses } = context;
  const { dfg } = func;
  const count = dfg.argCount(inst);
  let worst: number = UseResult.Fine;
  for (let i = 0; i < count; i++) {
    const result = uses.check(func, inst, dfg.arg(inst, i));
    if (result === UseResult.Fatal) return Next.Stop;
    if (result > worst) worst = result;
  }
  if (isBranch(dfg.opcode(inst))) worst = Math.max(worst, verifyBranchOperands(context, inst));
  return worst === UseResult.Fine ? Next.Types : worst === UseResult.Invalid ? Next.Skip : Next.Stop;
}

function verifyBranchOperands(context: VerifyContext, inst: Inst): number {
  const { func, uses } = context;
  const { dfg } = func;
  const { blockCalls } = dfg;
  let worst: number = UseResult.Fine;
  const destinations = dfg.destinationCount(inst);
  for (let i = 0; i < destinations; i++) {
    const call = dfg.destination(inst, i);
    const count = blockCalls.argCount(call);
    for (let j = 0; j < count; j++) {
      const arg = blockCalls.arg(call, j);
      if (!isValueArg(arg)) continue;
      const result = uses.check(func, inst, argValue(arg));
      if (result === UseResult.Fatal) return result;
      if (result > worst) worst = result;
    }
  }
  return dfg.hasExceptionTable(inst) ? Math.max(worst, verifyContexts(context, inst)) : worst;
}

function verifyContexts(context: VerifyContext, inst: Inst): number {
  const { func, uses } = context;
  const { blockCalls } = func.dfg;
  const table = func.dfg.exceptionTable(inst);
  let worst: number = UseResult.Fine;
  for (let i = 0; i < blockCalls.itemCount(table); i++) {
    const value = blockCalls.contextValue(table, i);
    if (value < 0) continue;
    const result = uses.check(func, inst, value as never);
    if (result === UseResult.Fatal) return result;
    if (result > worst) worst = result;
  }
  return worst;
}

function verifyResults(context: VerifyContext, inst: Inst): boolean {
  const { dfg } = context.func;
  const count = dfg.resultCount(inst);
  for (let i = 0; i < count; i++) {
    const value = dfg.result(inst, i);
    if (dfg.valueKind(value) === ValueKind.Result && dfg.valueInst(value) === inst) continue;
    context.errors.atInst(inst, messages.foreignResult(value));
    return false;
  }
  return true;
}

/** Everything an instruction names that is no value, by format. */
function verifyNamed(context: VerifyContext, inst: Inst): number {
  const { func, errors } = context;
  const { dfg } = func;
  switch (dfg.format(inst)) {
    case Format.Jump:
    case Format.Brif:
    case Format.BranchTable:
      return verifyDestinations(context, inst) ? Next.Types : Next.Stop;
    case Format.Call:
      return verifyPatchable(context, inst) ? Next.Types : Next.Stop;
    case Format.TryCall:
    case Format.TryCallIndirect:
      return verifyExceptionTable(context, inst) ? Next.Types : Next.Stop;
    case Format.StackAddr:
      if (func.stackSlots[dfg.stackSlot(inst)] === undefined) {
        errors.atInst(inst, messages.invalidStackSlot(dfg.stackSlot(inst)));
      }
      return Next.Types;
    case Format.DynamicStackAddr:
      if (func.dynamicStackSlots[dfg.dynamicStackSlot(inst)] === undefined) {
        errors.atInst(inst, messages.invalidDynamicStackSlot(dfg.dynamicStackSlot(inst)));
      }
      return Next.Types;
    case Format.UnaryGlobalValue:
      if (func.globalValues[dfg.globalValue(inst)] !== undefined) return Next.Types;
      errors.atInst(inst, messages.invalidGlobal(dfg.globalValue(inst)));
      return Next.Skip;
    case Format.NullAry:
    case Format.Unary:
      return verifyTargetRegister(context, inst) ? Next.Types : Next.Stop;
    case Format.UnaryConst:
      return verifyConstantSize(context, inst) ? Next.Types : Next.Stop;
    case Format.ExceptionHandlerAddress:
      return verifyHandlerAddress(context, inst) ? Next.Types : Next.Stop;
    case Format.Load:
    case Format.Store:
    case Format.LoadNoOffset:
    case Format.StoreNoOffset:
    case Format.AtomicRmw:
    case Format.AtomicCas:
      return verifyAccess(context, inst) ? Next.Types : Next.Stop;
    default:
      return Next.Types;
  }
}

function verifyDestinations(context: VerifyContext, inst: Inst): boolean {
  const { dfg } = context.func;
  const count = dfg.destinationCount(inst);
  for (let i = 0; i < count; i++) {
    if (!verifyBlock(context, inst, destinationBlock(context, dfg.destination(inst, i)))) return false;
  }
  return true;
}

function destinationBlock(context: VerifyContext, call: BlockCall): Block {
  return context.func.dfg.blockCalls.block(call);
}

/** A block that is named must be in the layout and not the entry. */
function verifyBlock(context: VerifyContext, inst: Inst, block: Block): boolean {
  const { layout, dfg } = context.func;
  if (block < 0 || block >= dfg.numBlocks || !layout.isBlockInserted(block)) {
    context.errors.atBareInst(inst, messages.invalidBlock(block));
    return false;
  }
  if (block === layout.entryBlock) {
    context.errors.atBareInst(inst, messages.entryReference(block));
    return false;
  }
  return true;
}

/** A callee that can be patched out must be near, give nothing back, and not be tail-called. */
function verifyPatchable(context: VerifyContext, inst: Inst): boolean {
  const { dfg } = context.func;
  const extFunc = dfg.extFuncs[dfg.funcRef(inst)]!;
  if (!extFunc.patchable) return true;
  let message: string | null = null;
  if (dfg.opcode(inst) === Op.ReturnCall) message = messages.PATCHABLE_TAIL_CALL;
  else if (!extFunc.colocated) message = messages.PATCHABLE_FAR;
  else if (dfg.signatures[extFunc.signature]!.returns.length > 0) message = messages.PATCHABLE_RETURNS;
  if (message !== null) context.errors.atInst(inst, message);
  return message === null;
}

function verifyExceptionTable(context: VerifyContext, inst: Inst): boolean {
  const { dfg } = context.func;
  const table = dfg.exceptionTable(inst);
  if (!verifyDestinations(context, inst)) return false;
  const { callConv } = dfg.signatures[dfg.blockCalls.tableSignature(table)]!;
  if (!supportsExceptions(callConv)) context.errors.atInst(inst, messages.noExceptions(callConv));
  return true;
}

function supportsExceptions(callConv: CallConv): boolean {
  return (
    callConv === "tail" || callConv === "system_v" || callConv === "winch" || callConv === "preserve_all"
  );
}

/** Instructions that read or write registers which only a target has. */
function verifyTargetRegister(context: VerifyContext, inst: Inst): boolean {
  const { rules } = context;
  const op = context.func.dfg.opcode(inst);
  const hasTarget = rules.pointerType !== null;
  let message: string | null = null;
  if (op === Op.GetPinnedReg || op === Op.SetPinnedReg) {
    if (!hasTarget) message = messages.PINNED_REG_NO_ISA;
    else if (!rules.enablePinnedReg) message = messages.PINNED_REG_OFF;
  } else if (op === Op.GetFramePointer || op === Op.GetReturnAddress) {
    if (!hasTarget) message = messages.FRAME_POINTER_NO_ISA;
    else if (!rules.preserveFramePointers) message = messages.FRAME_POINTER_OFF;
  }
  if (message !== null) context.errors.atInst(inst, message);
  return message === null;
}

function verifyConstantSize(context: VerifyContext, inst: Inst): boolean {
  const { dfg } = context.func;
  const constant = dfg.constant(inst);
  const expected = dfg.opcode(inst) === Op.F128const ? bytesOf(F128) : bytesOf(dfg.controlType(inst));
  const size = dfg.constants.bytes(constant).length;
  if (size === expected) return true;
  context.errors.atBareInst(inst, messages.constantSize(constant, expected, size));
  return false;
}

/** `get_exception_handler_address block, n`: the block must end in a `try_call` with more than n handlers. */
function verifyHandlerAddress(context: VerifyContext, inst: Inst): boolean {
  const { dfg, layout } = context.func;
  const block = dfg.handlerBlock(inst);
  const index = dfg.immHigh(inst);
  if (!verifyBlock(context, inst, block)) return false;
  const last = layout.lastInst(block);
  let message: string | null = null;
  if (index < 0) message = messages.negativeHandler(index);
  else if (last === NONE) message = messages.handlerNoTerminator(block);
  else if (!dfg.hasExceptionTable(last)) message = messages.handlerNoTryCall(block);
  else if (index >= handlerCount(context, dfg.exceptionTable(last)))
    message = messages.handlerOutOfRange(index);
  if (message !== null) context.errors.atBareInst(inst, message);
  return message === null;
}

function handlerCount(context: VerifyContext, table: ExceptionTable): number {
  const { blockCalls } = context.func.dfg;
  return table < blockCalls.tableCount ? blockCalls.tableCallCount(table) - 1 : 0;
}

/** Loads, stores, atomics, and `bitcast`, which has memory flags for its byte order. */
function verifyAccess(context: VerifyContext, inst: Inst): boolean {
  const { func, errors, rules } = context;
  const { dfg } = func;
  const flags = dfg.memFlags(inst);
  const region = aliasRegion(flags);
  const format = dfg.format(inst);
  const atomic = format === Format.AtomicRmw || format === Format.AtomicCas;
  if (region !== NONE && region >= func.aliasRegions.length) {
    errors.atInst(inst, messages.undefinedRegion(region));
  }
  if (!atomic && dfg.opcode(inst) === Op.Bitcast) return verifyBitcast(context, inst, flags);
  if (rules.pointerType === null) return true;
  const stores = format === Format.Store || format === Format.StoreNoOffset;
  const address = dfg.arg(inst, stores ? 1 : 0);
  const width = widthOf(dfg.valueType(address));
  const expected = bitsOf(rules.pointerType);
  if (width !== expected) errors.atInst(inst, messages.pointerWidth(width, expected, address));
  return true;
}

/** Bits; those of a dynamic vector are not known and count as none. */
function widthOf(type: Type): number {
  return isDynamicVector(type) ? 0 : bitsOf(type);
}

function lanesOf(type: Type): number {
  return isDynamicVector(type) ? 0 : laneCount(type);
}

function verifyBitcast(context: VerifyContext, inst: Inst, flags: MemFlags): boolean {
  const { dfg } = context.func;
  const arg = dfg.arg(inst, 0);
  const from = dfg.valueType(arg);
  const to = dfg.controlType(inst);
  const endian = endianness(flags);
  let message: string | null = null;
  if (widthOf(to) !== widthOf(from)) {
    message = messages.bitcastSize(arg, widthOf(from), widthOf(to));
  } else if (flags !== (endian === null ? DEFAULT_MEMFLAGS : withEndianness(DEFAULT_MEMFLAGS, endian))) {
    message = messages.BITCAST_FLAGS;
  } else if (endian === null && lanesOf(to) !== lanesOf(from)) {
    message = messages.BITCAST_BYTE_ORDER;
  }
  if (message !== null) context.errors.atBareInst(inst, message);
  return message === null;
}
