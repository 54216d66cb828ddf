/**
 * Which handler executes an opcode, by the kind of type it works on. The `ops-*.ts` files fill the table when they are
 * loaded (`all-ops.ts` loads them); the decoder asks it once for each instruction.
 */
import type { Opcode } from "../ir/opcodes.ts";
import {
  F16,
  F32,
  F64,
  F128,
  I64,
  I128,
  isDynamicVector,
  isVector,
  laneType,
  type Type,
} from "../ir/types.ts";
import type { Handler } from "./machine.ts";

/** Handlers of one opcode; `any` serves the kinds that have none of their own. */
export interface Semantics {
  /** i8, i16, i32. */
  readonly small?: Handler;
  /** Vectors of these. */
  readonly smallLanes?: Handler;
  /** i64 and its vectors. */
  readonly wide?: Handler;
  /** i128 and its vectors. */
  readonly widest?: Handler;
  readonly f32?: Handler;
  readonly f64?: Handler;
  /** f16 and f128 and their vectors. */
  readonly softFloat?: Handler;
  readonly any?: Handler;
}

const TABLE: Semantics[] = [];
const HANDLERS: Handler[] = [];
const NUMBERS: Map<Handler, number> = new Map();

export function define(op: Opcode, semantics: Semantics): void {
  TABLE[op] = { ...TABLE[op], ...semantics };
}

/** The number that stands for a handler in decoded code. */
export function handlerNumber(handler: Handler): number {
  let number = NUMBERS.get(handler);
  if (number === undefined) {
    number = HANDLERS.push(handler) - 1;
    NUMBERS.set(handler, number);
  }
  return number;
}

/** Handlers by number. */
export function handlers(): readonly Handler[] {
  return HANDLERS;
}

/** The handler of the opcode on that type, or null where it is refused. */
export function handlerOf(op: Opcode, type: Type): Handler | null {
  const row = TABLE[op];
  if (row === undefined || isDynamicVector(type)) return null;
  return kindOf(row, type) ?? row.any ?? null;
}

function kindOf(row: Semantics, type: Type): Handler | undefined {
  switch (laneType(type)) {
    case I64:
      return row.wide;
    case I128:
      return row.widest;
    case F32:
      return row.f32;
    case F64:
      return row.f64;
    case F16:
    case F128:
      return row.softFloat;
    default:
      return isVector(type) ? row.smallLanes : row.small;
  }
}
