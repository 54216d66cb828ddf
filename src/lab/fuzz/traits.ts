/**
 * What of a function makes the policies `spillway` and `cranelift` differ: upstream's two unsound shapes (a declared value
 * passed on an edge of a `try_call`, and a declared value that has become an alias of one that is not declared, constants
 * apart), calls that cannot collect, which upstream does not know of, and a declared value passed to a declared parameter, which may share
 * its slot.
 */
import { isConstantValue } from "../../frontend/safepoints/references.ts";
import { argValue, isValueArg } from "../../ir/block-calls.ts";
import { type Inst, NONE, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { isSafepoint } from "../../ir/opcodes.ts";

export interface CaseTraits {
  readonly declaredOnTryCallEdge: boolean;
  readonly declaredAlias: boolean;
  /** Whether the two policies may give different texts. */
  readonly policiesDiffer: boolean;
}

export function traitsOf(func: Function): CaseTraits {
  const { dfg, layout } = func;
  const direct = new Set<Value>();
  for (const value of func.needsStackMap) if (!dfg.isAlias(value)) direct.add(value);
  const resolved = new Set(direct);
  for (const value of func.needsStackMap) {
    const target = dfg.resolveAliases(value);
    if (target !== value && !isConstantValue(func, target)) resolved.add(target);
  }
  let declaredOnTryCallEdge = false;
  let noCollect = false;
  let mayShareSlot = false;
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      if (isSafepoint(dfg.opcode(inst)) && !func.mayCollect(inst)) noCollect = true;
      if (!passesDeclared(func, inst, resolved)) continue;
      if (dfg.hasExceptionTable(inst)) declaredOnTryCallEdge = true;
      mayShareSlot = true;
    }
  }
  const declaredAlias = resolved.size > direct.size;
  const policiesDiffer = declaredOnTryCallEdge || declaredAlias || noCollect || mayShareSlot;
  return { declaredOnTryCallEdge, declaredAlias, policiesDiffer };
}

function passesDeclared(func: Function, inst: Inst, declared: ReadonlySet<Value>): boolean {
  const { dfg } = func;
  for (let i = 0; i < dfg.destinationCount(inst); i++) {
    const call = dfg.destination(inst, i);
    for (let j = 0; j < dfg.blockCalls.argCount(call); j++) {
      const arg = dfg.blockCalls.arg(call, j);
      if (isValueArg(arg) && declared.has(dfg.resolveAliases(argValue(arg)))) return true;
    }
  }
  return false;
}
