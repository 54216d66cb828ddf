/**
 * Which handler executes an opcode, by the kind of type it works on. The `ops-*.ts` files fill the table when they are
 * loaded (`all-ops.ts` loads them); the decoder asks it once for each instruction.
 */
import type { Opcode } from "../ir/opcodes.ts";
import { F16, F32, F64, F128, I64, I128, isVector, laneType, type Type } from "../ir/types.ts";
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

/** Kinds of types that semantics tell apart, in the order of the columns. */
const KINDS = ["small", "smallLanes", "wide", "widest", "f32", "f64", "softFloat"] as const;
const MAX_OPCODES = 256;
const TYPE_CODES = 512;

const HANDLERS: Handler[] = [];
/** Handler numbers, one row an opcode, one column a kind; -1 where there is none. */
const TABLE = new Int16Array(MAX_OPCODES * KINDS.length).fill(-1);
const KIND_OF_TYPE = Uint8Array.from({ length: TYPE_CODES }, (_, type) => kindOf(type as Type));

function kindOf(type: Type): number {
  switch (laneType(type)) {
    case I64:
      return KINDS.indexOf("wide");
    case I128:
      return KINDS.indexOf("widest");
    case F32:
      return KINDS.indexOf("f32");
    case F64:
      return KINDS.indexOf("f64");
    case F16:
    case F128:
      return KINDS.indexOf("softFloat");
    default:
      return KINDS.indexOf(isVector(type) ? "smallLanes" : "small");
  }
}

/** Adds handlers to an opcode; several files may each define some kinds. */
export function define(op: Opcode, semantics: Semantics): void {
  const any = semantics.any === undefined ? -1 : handlerNumber(semantics.any);
  KINDS.forEach((kind, column) => {
    const own = semantics[kind];
    const at = op * KINDS.length + column;
    if (own !== undefined) TABLE[at] = handlerNumber(own);
    else if (any >= 0) TABLE[at] = any;
  });
}

/** Gives a handler the number that stands for it in decoded code. */
export function handlerNumber(handler: Handler): number {
  return HANDLERS.push(handler) - 1;
}

/** Handlers by number. */
export function handlers(): readonly Handler[] {
  return HANDLERS;
}

/** The number of the opcode's handler on that type, or -1 where it is refused. */
export function handlerOf(op: Opcode, type: Type): number {
  return TABLE[op * KINDS.length + KIND_OF_TYPE[type]!]!;
}
