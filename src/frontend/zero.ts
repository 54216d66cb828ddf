/**
 * The zero of a type: what a variable has that is read where no definition reaches, which only happens in code that
 * never runs or in programs that do not care. Source: `emit_zero` of `cranelift/frontend/src/ssa.rs`.
 */
import type { DataFlowGraph } from "../ir/dfg.ts";
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import {
  bytesOf,
  F16,
  F32,
  F64,
  F128,
  I64,
  I128,
  isDynamicVector,
  isFloat,
  isInt,
  isVector,
  laneType,
  type Type,
} from "../ir/types.ts";
import { noZero } from "./messages.ts";

/** Builds the zero of `type`, of one or two instructions. */
export function emitZero(type: Type, dfg: DataFlowGraph, ins: InstBuilder): Value {
  if (type === I128) return ins.uextend(I128, ins.iconst(I64, 0));
  if (isInt(type)) return ins.iconst(type, 0);
  if (isFloat(type)) return floatZero(type, dfg, ins);
  if (!isVector(type) || isDynamicVector(type)) throw noZero(type);
  const lane = laneType(type);
  if (isInt(lane)) return ins.vconst(type, dfg.constants.insert(new Uint8Array(bytesOf(type))));
  return ins.splat(type, floatZero(lane, dfg, ins));
}

function floatZero(type: Type, dfg: DataFlowGraph, ins: InstBuilder): Value {
  switch (type) {
    case F16:
      return ins.f16const(0);
    case F32:
      return ins.f32const(0);
    case F64:
      return ins.f64const(0n);
    case F128:
      return ins.f128const(dfg.constants.insert(new Uint8Array(16)));
    default:
      throw noZero(type);
  }
}
