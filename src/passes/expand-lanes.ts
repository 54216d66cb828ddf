/**
 * Vector instructions that Wasm has no instruction for: some as a few others on whole vectors, the rest lane by lane. So are
 * `fma` of f32, for scalars as well, and `bitselect` of floats.
 *
 * Each gives the bits that the instruction gives. Needs a valid function; leaves alone what it does not know, and vectors of
 * other than 128 bits.
 */
import {
  FLOAT_CONDITIONS,
  type FloatCondition,
  INT_CONDITIONS,
  type IntCondition,
} from "../ir/conditions.ts";
import { FuncCursor } from "../ir/cursor.ts";
import { type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { DEFAULT_MEMFLAGS, type MemFlags, withEndianness } from "../ir/memflags.ts";
import * as Op from "../ir/op.gen.ts";
import {
  bitsOf,
  F32,
  F64,
  I32,
  I64,
  I64X2,
  intOfBits,
  isVector,
  laneBits,
  laneCount,
  laneType,
  type Type,
  vectorOf,
} from "../ir/types.ts";
import { fusedMultiplyAdd } from "./fused-multiply-add.ts";
import { LANE_OPERATIONS } from "./lane-operations.ts";

const LITTLE: MemFlags = withEndianness(DEFAULT_MEMFLAGS, "little");

/** Returns how many instructions were expanded. */
export function expandLanes(func: Function): number {
  const { layout, dfg } = func;
  const ins = new FuncCursor(func);
  let expanded = 0;
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; ) {
      const next = layout.nextInst(inst);
      const value = dfg.resultCount(inst) === 1 ? expand(func, inst, ins) : null;
      if (value !== null) {
        const result = dfg.firstResult(inst);
        dfg.detachResults(inst);
        dfg.changeToAlias(result, value);
        layout.removeInst(inst);
        expanded++;
      }
      inst = next;
    }
  }
  return expanded;
}

/** What the instruction becomes, put before it, or null where it stays. */
function expand(func: Function, inst: Inst, ins: FuncCursor): Value | null {
  const { dfg } = func;
  const op = dfg.opcode(inst);
  const type = dfg.argCount(inst) === 0 ? dfg.controlType(inst) : dfg.valueType(operand(func, inst, 0));
  ins.beforeInst(inst).withSourceLoc(func.sourceLoc(inst));
  if (type === F32 && op === Op.Fma) {
    return fusedMultiplyAdd(ins, operand(func, inst, 0), operand(func, inst, 1), operand(func, inst, 2));
  }
  if (op === Op.Bitselect && (type === F32 || type === F64)) return selectFloatBits(func, inst, ins, type);
  if (!isVector(type) || bitsOf(type) !== 128) return null;
  switch (op) {
    case Op.Fcmp:
      return compareFloats(func, inst, ins);
    case Op.Icmp:
      return type === I64X2 ? compareUnsigned(func, inst, ins) : null;
    case Op.Fcopysign:
      return copySigns(func, inst, ins, type);
    case Op.Smin:
      return type === I64X2 ? chooseLanes(func, inst, ins, "slt") : null;
    case Op.Smax:
      return type === I64X2 ? chooseLanes(func, inst, ins, "sgt") : null;
    case Op.Umin:
      return type === I64X2 ? chooseLanes(func, inst, ins, "ult") : null;
    case Op.Umax:
      return type === I64X2 ? chooseLanes(func, inst, ins, "ugt") : null;
    default:
      return laneByLane(func, inst, ins, type);
  }
}

function operand({ dfg }: Function, inst: Inst, index: number): Value {
  return dfg.resolveAliases(dfg.arg(inst, index));
}

function selectFloatBits(func: Function, inst: Inst, ins: FuncCursor, type: Type): Value {
  const bits = type === F32 ? I32 : I64;
  const [mask, x, y] = [0, 1, 2].map((i) => ins.bitcast(bits, DEFAULT_MEMFLAGS, operand(func, inst, i)));
  return ins.bitcast(type, DEFAULT_MEMFLAGS, ins.bitselect(mask!, x!, y!));
}

/** Of two comparisons that Wasm has, or the opposite of one. */
function compareFloats(func: Function, inst: Inst, ins: FuncCursor): Value | null {
  const [x, y] = [operand(func, inst, 0), operand(func, inst, 1)];
  const ordered = (): Value => ins.band(ins.fcmp("eq", x, x), ins.fcmp("eq", y, y));
  const unequal = (): Value => ins.bor(ins.fcmp("lt", x, y), ins.fcmp("gt", x, y));
  const opposites: Readonly<Partial<Record<FloatCondition, FloatCondition>>> = {
    ult: "ge",
    ule: "gt",
    ugt: "le",
    uge: "lt",
  };
  const condition = FLOAT_CONDITIONS[func.dfg.condition(inst)]!;
  switch (condition) {
    case "ord":
      return ordered();
    case "uno":
      return ins.bnot(ordered());
    case "one":
      return unequal();
    case "ueq":
      return ins.bnot(unequal());
    default: {
      const opposite = opposites[condition];
      return opposite === undefined ? null : ins.bnot(ins.fcmp(opposite, x, y));
    }
  }
}

const SIGNED: Readonly<Partial<Record<IntCondition, IntCondition>>> = {
  ult: "slt",
  uge: "sge",
  ugt: "sgt",
  ule: "sle",
};

/** With the signs turned around, the order of unsigned numbers is that of signed ones. */
function compareUnsigned(func: Function, inst: Inst, ins: FuncCursor): Value | null {
  const condition = SIGNED[INT_CONDITIONS[func.dfg.condition(inst)]!];
  if (condition === undefined) return null;
  return orderOf(ins, condition, operand(func, inst, 0), operand(func, inst, 1));
}

function orderOf(ins: FuncCursor, signed: IntCondition, x: Value, y: Value): Value {
  const signs = ins.splat(I64X2, ins.iconst(I64, -(1n << 63n)));
  return ins.icmp(signed, ins.bxor(x, signs), ins.bxor(y, signs));
}

function chooseLanes(func: Function, inst: Inst, ins: FuncCursor, condition: IntCondition): Value {
  const [x, y] = [operand(func, inst, 0), operand(func, inst, 1)];
  const signed = SIGNED[condition];
  const mask = signed === undefined ? ins.icmp(condition, x, y) : orderOf(ins, signed, x, y);
  return ins.bitselect(mask, x, y);
}

function copySigns(func: Function, inst: Inst, ins: FuncCursor, type: Type): Value {
  const lane = intOfBits(laneBits(type));
  const bits = vectorOf(lane, laneCount(type));
  const sign = ins.iconst(lane, 1n << BigInt(laneBits(type) - 1));
  const [x, y] = [0, 1].map((i) => ins.bitcast(bits, LITTLE, operand(func, inst, i)));
  return ins.bitcast(type, LITTLE, ins.bitselect(ins.splat(bits, sign), y!, x!));
}

function laneByLane(func: Function, inst: Inst, ins: FuncCursor, type: Type): Value | null {
  const { dfg } = func;
  const op = dfg.opcode(inst);
  const lane = laneType(type);
  const operation = LANE_OPERATIONS.get(op);
  if (operation === undefined || !operation.lanes.includes(lane)) return null;
  let result: Value | null = null;
  for (let i = 0; i < laneCount(type); i++) {
    const args = Array.from({ length: dfg.argCount(inst) }, (_, at) => {
      const value = operand(func, inst, at);
      return isVector(dfg.valueType(value)) ? ins.extractlane(value, i) : value;
    });
    const value = operation.make(ins, args, lane);
    result = result === null ? ins.splat(type, value) : ins.insertlane(result, value, i);
  }
  return result;
}
