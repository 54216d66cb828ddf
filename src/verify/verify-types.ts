/**
 * Types: the control type against the opcode's set, results and operands against the opcode's rules, arguments against
 * block parameters and signatures, returns against the function's signature. Upstream's order; no error here ends the
 * function. All references of the instruction are known to be good.
 */
import { argIndex, argValue, type BlockArg, isRetArg, isValueArg } from "../ir/block-calls.ts";
import type { BlockCall, FuncRef, Inst, SigRef } from "../ir/entities.ts";
import { NONE } from "../ir/entities.ts";
import * as Op from "../ir/op.gen.ts";
import {
  argRule,
  controlTypeSet,
  Format,
  fixedArgCount,
  freeTypeSet,
  isBranch,
  isCall,
  isTerminator,
  TypeRule,
  typeOfRule,
  typeSetHas,
} from "../ir/opcodes.ts";
import type { CallConv, Signature } from "../ir/signature.ts";
import { INVALID, isFloat, isInt, laneBitsLog2, type Type } from "../ir/types.ts";
import type { VerifyContext } from "./context.ts";
import * as messages from "./messages.ts";
import { narrowerSetText, typeSetText, widerSetText } from "./type-set-text.ts";
import { globalType } from "./verify-declarations.ts";

export function verifyTypes(context: VerifyContext, inst: Inst): void {
  const { dfg } = context.func;
  const op = dfg.opcode(inst);
  const set = controlTypeSet(op);
  let control: Type = INVALID;
  if (set >= 0) {
    control = dfg.controlType(inst);
    if (!typeSetHas(set, control)) {
      context.errors.atInst(inst, messages.controlType(control, typeSetText(set)));
    }
  }
  verifyResultTypes(context, inst, control);
  const fixed = fixedArgCount(op);
  for (let i = 0; i < fixed; i++) verifyFixedArg(context, inst, i, argRule(op, i), control);
  if (isTerminator(op) || isCall(op)) verifyControlFlow(context, inst);
  if (dfg.format(inst) === Format.UnaryGlobalValue) verifyGlobalValueType(context, inst);
}

function verifyResultTypes(context: VerifyContext, inst: Inst, control: Type): void {
  const { dfg } = context.func;
  const count = dfg.resultCount(inst);
  for (let i = 0; i < count; i++) {
    const expected = dfg.resultTypeOf(inst, i, control);
    const value = dfg.result(inst, i);
    const type = dfg.valueType(value);
    // No type follows from a control type that is not in its set, which has been said.
    if (type === expected || (expected === INVALID && dfg.callSignature(inst) === NONE)) continue;
    context.errors.atInst(inst, messages.resultType(i, value, expected, type));
  }
}

function verifyFixedArg(
  context: VerifyContext,
  inst: Inst,
  index: number,
  rule: number,
  control: Type,
): void {
  const { dfg } = context.func;
  const value = dfg.arg(inst, index);
  const type = dfg.valueType(value);
  if (rule === TypeRule.Same) {
    if (type !== control) context.errors.atInst(inst, messages.argType(index, value, type, control));
    return;
  }
  const set = freeTypeSet(rule);
  if (set >= 0) {
    if (!typeSetHas(set, type)) {
      context.errors.atInst(inst, messages.argTypeSet(index, value, type, typeSetText(set)));
    }
  } else if (rule === TypeRule.Narrower) {
    if (!sameClass(type, control) || laneBitsLog2(type) >= laneBitsLog2(control)) {
      context.errors.atInst(inst, messages.argTypeSet(index, value, type, narrowerSetText(control)));
    }
  } else if (rule === TypeRule.Wider) {
    if (!sameClass(type, control) || laneBitsLog2(type) <= laneBitsLog2(control)) {
      context.errors.atInst(inst, messages.argTypeSet(index, value, type, widerSetText(control)));
    }
  } else {
    const expected = typeOfRule(rule, control);
    if (type !== expected && expected !== INVALID) {
      context.errors.atInst(inst, messages.argType(index, value, type, expected));
    }
  }
}

/** Both scalar integers or both scalar floats; of a control type outside both, the error has been made. */
function sameClass(type: Type, control: Type): boolean {
  if (isInt(control)) return isInt(type);
  return isFloat(control) ? isFloat(type) : true;
}

function verifyControlFlow(context: VerifyContext, inst: Inst): void {
  const { dfg, signature } = context.func;
  const op = dfg.opcode(inst);
  if (!isBranch(op) || verifyBlockCalls(context, inst)) {
    if (isCall(op)) verifyCallArgs(context, inst);
  }
  if (op === Op.Return) {
    const count = dfg.argCount(inst);
    if (count !== signature.returns.length) {
      context.errors.atInst(inst, messages.RETURN_ARGUMENTS);
      return;
    }
    for (let i = 0; i < count; i++) verifyReturnType(context, inst, i, dfg.valueType(dfg.arg(inst, i)));
  } else if (op === Op.ReturnCall || op === Op.ReturnCallIndirect) {
    verifyTailCall(context, inst, dfg.signatures[dfg.callSignature(inst)]!);
  }
}

const Edge = { Branch: 0, Normal: 1, Handler: 2 } as const;

/** Whether the call's arguments are to be verified as well: a misplaced `retN` ends the check of the instruction. */
function verifyBlockCalls(context: VerifyContext, inst: Inst): boolean {
  const { dfg } = context.func;
  const count = dfg.destinationCount(inst);
  if (!dfg.hasExceptionTable(inst)) {
    for (let i = 0; i < count; i++) {
      if (!verifyBlockCall(context, inst, dfg.destination(inst, i), Edge.Branch)) return false;
    }
    return true;
  }
  // The normal return stands last and is verified first.
  if (!verifyBlockCall(context, inst, dfg.destination(inst, count - 1), Edge.Normal)) return false;
  for (let i = 0; i < count - 1; i++) {
    if (!verifyBlockCall(context, inst, dfg.destination(inst, i), Edge.Handler)) return false;
  }
  return true;
}

function verifyBlockCall(context: VerifyContext, inst: Inst, call: BlockCall, edge: number): boolean {
  const { func, errors } = context;
  const { dfg } = func;
  const block = dfg.blockCalls.block(call);
  const count = dfg.blockCalls.argCount(call);
  const expected = dfg.blockParamCount(block);
  if (count !== expected) {
    errors.atInst(inst, messages.argCount(errors.instContext(inst), count, expected));
    return true;
  }
  for (let i = 0; i < count; i++) {
    const arg = dfg.blockCalls.arg(call, i);
    const paramType = dfg.valueType(dfg.blockParam(block, i));
    const type = isValueArg(arg) ? dfg.valueType(argValue(arg)) : callArgType(context, inst, arg, edge);
    if (type === null) return false;
    // Without a target the types of exception payloads are not known.
    if (type !== paramType && type !== INVALID) {
      errors.atInst(inst, messages.blockArgType(argText(arg), type, paramType));
    }
  }
  return true;
}

function argText(arg: BlockArg): string {
  if (isValueArg(arg)) return `v${argValue(arg)}`;
  return `${isRetArg(arg) ? "ret" : "exn"}${argIndex(arg)}`;
}

/** The type of `retN` or `exnN` on that edge; `INVALID` where only a target tells, `null` after an error. */
function callArgType(context: VerifyContext, inst: Inst, arg: BlockArg, edge: number): Type | null {
  const { func, rules } = context;
  const { dfg } = func;
  if (!dfg.hasExceptionTable(inst)) return argError(context, inst, messages.RET_NOT_TRY_CALL);
  const signature = dfg.signatures[dfg.blockCalls.tableSignature(dfg.exceptionTable(inst))]!;
  const index = argIndex(arg);
  if (isRetArg(arg)) {
    if (edge !== Edge.Normal) return argError(context, inst, messages.RET_MISPLACED);
    const result = signature.returns[index];
    return result === undefined ? argError(context, inst, messages.RET_OUT_OF_BOUNDS) : result.type;
  }
  if (edge !== Edge.Handler) return argError(context, inst, messages.EXN_MISPLACED);
  if (rules.pointerType === null) return INVALID;
  if (index >= payloadCount(signature.callConv)) return argError(context, inst, messages.EXN_OUT_OF_BOUNDS);
  return rules.pointerType;
}

function argError(context: VerifyContext, inst: Inst, message: string): null {
  context.errors.atInst(inst, message);
  return null;
}

/** Words that an exception carries to the handlers of a call by the callee's convention, each of an address's type. */
function payloadCount(callConv: CallConv): number {
  return callConv === "tail" || callConv === "system_v" || callConv === "preserve_all" ? 2 : 0;
}

function verifyCallArgs(context: VerifyContext, inst: Inst): void {
  const { dfg } = context.func;
  const ref = dfg.callSignature(inst);
  if (ref === NONE) return;
  if (dfg.format(inst) === Format.TryCall) verifyTableSignature(context, inst, dfg.funcRef(inst), ref);
  const { params } = dfg.signatures[ref]!;
  const first = fixedArgCount(dfg.opcode(inst));
  const count = dfg.argCount(inst) - first;
  for (let i = 0; i < params.length && i < count; i++) {
    const value = dfg.arg(inst, first + i);
    const type = dfg.valueType(value);
    const expected = params[i]!.type;
    if (type !== expected) context.errors.atInst(inst, messages.argType(i, value, type, expected));
  }
  if (count !== params.length) {
    const text = context.errors.instContext(inst);
    context.errors.atInst(inst, messages.argCount(text, count, params.length));
  }
}

function verifyTableSignature(context: VerifyContext, inst: Inst, callee: FuncRef, table: SigRef): void {
  const { signatures, extFuncs } = context.func.dfg;
  const expected = extFuncs[callee]!.signature;
  if (table === expected || sameSignature(signatures[table]!, signatures[expected]!)) return;
  context.errors.atInst(inst, messages.tableSignature(table, callee, expected));
}

function sameSignature(a: Signature, b: Signature): boolean {
  return a.callConv === b.callConv && sameParams(a.params, b.params) && sameParams(a.returns, b.returns);
}

function sameParams(a: Signature["params"], b: Signature["params"]): boolean {
  return (
    a.length === b.length &&
    a.every((param, i) => {
      const other = b[i]!;
      return (
        param.type === other.type &&
        param.extension === other.extension &&
        param.purpose === other.purpose &&
        param.structSizeBytes === other.structSizeBytes
      );
    })
  );
}

function verifyTailCall(context: VerifyContext, inst: Inst, callee: Signature): void {
  const { errors, func } = context;
  if (callee.callConv !== "tail") errors.atInst(inst, messages.noTailCalls(callee.callConv));
  if (callee.callConv !== func.signature.callConv) errors.atInst(inst, messages.TAIL_CALL_CONVENTION);
  if (callee.returns.length !== func.signature.returns.length) {
    errors.atInst(inst, messages.TAIL_CALL_RESULTS);
    return;
  }
  for (let i = 0; i < callee.returns.length; i++) verifyReturnType(context, inst, i, callee.returns[i]!.type);
}

function verifyReturnType(context: VerifyContext, inst: Inst, index: number, type: Type): void {
  const expected = context.func.signature.returns[index]!;
  if (type !== expected.type) context.errors.atInst(inst, messages.returnType(index, type, expected));
}

function verifyGlobalValueType(context: VerifyContext, inst: Inst): void {
  const { dfg } = context.func;
  const expected = globalType(context, dfg.globalValue(inst));
  const type = dfg.valueType(dfg.firstResult(inst));
  if (expected !== INVALID && type !== expected) {
    context.errors.atInst(inst, messages.globalInstType(type, expected));
  }
}
