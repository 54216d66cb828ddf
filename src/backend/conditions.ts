/**
 * Comparisons of integers, and what branches and checks ask of a value: whether it is zero. A comparison that is only asked that is
 * not computed as a number first, one with zero is not computed at all, and the opposite of one is the opposite comparison.
 */
import { INT_CONDITIONS } from "../ir/conditions.ts";
import { type Inst, NONE, type Value } from "../ir/entities.ts";
import * as Op from "../ir/op.gen.ts";
import { I32, I64, isInt, type Type } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { CodeWriter } from "./code-writer.ts";
import { intCompare, isNarrow, isSignedCompare } from "./direct-ops.ts";

const EQ = INT_CONDITIONS.indexOf("eq");
const NE = INT_CONDITIONS.indexOf("ne");

export function lowerIntCompare(w: CodeWriter, inst: Inst): void {
  compare(w, inst, w.func.dfg.condition(inst));
}

/** The comparison under another condition than its own. */
function compare(w: CodeWriter, inst: Inst, condition: number): void {
  const type = w.func.dfg.controlType(inst);
  if (condition === EQ && isZero(w, w.arg(inst, 1))) {
    pushIsZero(w, w.arg(inst, 0));
    return;
  }
  const signed = isSignedCompare(condition);
  for (let index = 0; index < 2; index++) {
    if (signed) w.pushSign(w.arg(inst, index));
    else w.pushZero(w.arg(inst, index));
  }
  w.op(intCompare(condition, isNarrow(type) ? I32 : type));
}

/** Pushes an i32 that is zero exactly when the value is. */
export function pushCondition(w: CodeWriter, value: Value): void {
  const asked = behindExtensions(w, value);
  const inst = inlinedCompare(w, asked);
  if (inst !== NONE && isZero(w, w.arg(inst, 1))) {
    const condition = w.func.dfg.condition(inst);
    if (condition === NE) pushCondition(w, w.arg(inst, 0));
    else if (condition === EQ) pushOpposite(w, w.arg(inst, 0));
    if (condition === NE || condition === EQ) return;
  }
  w.pushCondition(asked);
}

/** Pushes an i32 that is zero exactly when the value is not. */
export function pushOpposite(w: CodeWriter, value: Value): void {
  const asked = behindExtensions(w, value);
  const inst = inlinedCompare(w, asked);
  if (inst === NONE) {
    if (isComparable(w.typeOf(asked))) {
      pushIsZero(w, asked);
    } else {
      w.pushCondition(asked);
      w.op(WasmOp.I32Eqz);
    }
    return;
  }
  // Conditions come in pairs of opposites.
  const opposite = w.func.dfg.condition(inst) ^ 1;
  if (opposite === NE && isZero(w, w.arg(inst, 1))) pushCondition(w, w.arg(inst, 0));
  else compare(w, inst, opposite);
}

function pushIsZero(w: CodeWriter, value: Value): void {
  w.pushZero(value);
  w.intOp(w.typeOf(value), WasmOp.I32Eqz, WasmOp.I64Eqz);
}

/** What a value extends with zeros, through as many extensions as are computed here. */
function behindExtensions(w: CodeWriter, value: Value): Value {
  let inner = value;
  for (;;) {
    const inst = w.inlinedInst(inner);
    if (inst === NONE || w.func.dfg.opcode(inst) !== Op.Uextend || w.typeOf(inner) > I64) return inner;
    inner = w.arg(inst, 0);
  }
}

/** The comparison of scalars that gives the value, if it is computed here. */
function inlinedCompare(w: CodeWriter, value: Value): Inst | typeof NONE {
  const { dfg } = w.func;
  const inst = w.inlinedInst(value);
  if (inst === NONE || dfg.opcode(inst) !== Op.Icmp || !isComparable(dfg.controlType(inst))) return NONE;
  return inst;
}

function isComparable(type: Type): boolean {
  return isInt(type) && type <= I64;
}

function isZero(w: CodeWriter, value: Value): boolean {
  const { dfg } = w.func;
  if (dfg.valueKind(value) !== ValueKind.Result) return false;
  const inst = dfg.valueInst(value);
  return dfg.opcode(inst) === Op.Iconst && dfg.immLow(inst) === 0 && dfg.immHigh(inst) === 0;
}
