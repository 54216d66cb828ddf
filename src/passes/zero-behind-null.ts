/** What passes may conclude where what lies behind null is zero for ever (`Facts.zeroBytes`). */
import { type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { aliasRegion } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import { bytesOf } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";

/** Whether a load gives zero if its address is null. */
export function isZeroOfNull({ dfg }: Function, load: Inst, zeroBytes: number): boolean {
  // Another memory has no such bytes.
  if (aliasRegion(dfg.memFlags(load)) !== NONE) return false;
  const offset = dfg.offset(load);
  return offset >= 0 && offset + bytesOf(dfg.valueType(dfg.firstResult(load))) <= zeroBytes;
}

/** Whether the linker gives a value, which is then never 0. */
export function isLinkedAddress({ dfg }: Function, value: Value): boolean {
  const resolved = dfg.resolveAliases(value);
  return (
    dfg.valueKind(resolved) === ValueKind.Result && dfg.opcode(dfg.valueInst(resolved)) === Op.SymbolValue
  );
}
