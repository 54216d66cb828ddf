/** Which operations have no effect but their results, and when two of them have the same. Constants that are equal count as one. */
import type { DataFlowGraph } from "../ir/dfg.ts";
import type { Inst, Value } from "../ir/entities.ts";
import * as Op from "../ir/op.gen.ts";
import { type Opcode, OpFlag } from "../ir/opcodes.ts";
import { I32 } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";

/** The value of an integer constant of at most 32 bits, or null. */
export function constantOf(dfg: DataFlowGraph, value: Value): number | null {
  if (dfg.valueKind(value) !== ValueKind.Result || dfg.valueType(value) > I32) return null;
  const inst = dfg.valueInst(value);
  return dfg.opcode(inst) === Op.Iconst ? dfg.immLow(inst) : null;
}

export function isPure(op: Opcode, flags: number): boolean {
  if (op === Op.Nop || op === Op.Iconst) return false;
  const impure =
    OpFlag.Terminator | OpFlag.Branch | OpFlag.Call | OpFlag.Load | OpFlag.Store | OpFlag.SideEffect;
  return (flags & impure) === 0;
}

/** Equal for operations that compute the same. */
export function operationHash(dfg: DataFlowGraph, inst: Inst): number {
  let hash = dfg.operationHash(inst) ^ dfg.valueType(dfg.firstResult(inst));
  for (let i = 0; i < dfg.argCount(inst); i++) {
    const arg = dfg.arg(inst, i);
    hash = Math.imul(hash, 0x01000193) ^ (constantOf(dfg, arg) ?? arg);
  }
  return hash ^ (hash >>> 15);
}

export function computesSame(dfg: DataFlowGraph, leader: Inst, inst: Inst): boolean {
  if (!dfg.isSameOperation(leader, inst)) return false;
  if (dfg.resultCount(leader) !== 1 || dfg.argCount(leader) !== dfg.argCount(inst)) return false;
  if (dfg.valueType(dfg.firstResult(leader)) !== dfg.valueType(dfg.firstResult(inst))) return false;
  for (let i = 0; i < dfg.argCount(inst); i++) {
    if (!isSameValue(dfg, dfg.arg(leader, i), dfg.arg(inst, i))) return false;
  }
  return true;
}

/** Constants stay where they are, for they cost no more than a local. */
function isSameValue(dfg: DataFlowGraph, x: Value, y: Value): boolean {
  if (x === y) return true;
  const constant = constantOf(dfg, x);
  return constant !== null && constant === constantOf(dfg, y) && dfg.valueType(x) === dfg.valueType(y);
}
