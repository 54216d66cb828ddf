/**
 * What is known of an opcode: its name, format, effects and type rules. All of it is derived from
 * `src/meta/clif-opcodes.ts`; the constants themselves are `Op.Iadd` and so on, from `op.gen.ts`.
 */
import {
  CONTROL_SET,
  FIXED_ARGS,
  FIXED_RESULTS,
  OPCODE_FLAGS,
  OPCODE_FORMAT,
  OPCODE_NAMES,
  RULE_START,
  TYPE_RULES,
  TYPE_SET_MASKS,
  TYPEVAR_OPERAND,
} from "./opcode-tables.gen.ts";
import {
  asTruthy,
  doubleWidth,
  dynamicToVector,
  halfWidth,
  INVALID,
  isDynamicVector,
  isFloat,
  laneBitsLog2,
  lanesLog2,
  laneType,
  mergeLanes,
  splitLanes,
  type Type,
} from "./types.ts";

export { Format } from "./opcode-tables.gen.ts";

/** An opcode: one of the constants of `op.gen.ts`. */
export type Opcode = number;

/** Bits of `opcodeFlags`. */
export const OpFlag = {
  Terminator: 0x1,
  Branch: 0x2,
  Call: 0x4,
  Return: 0x8,
  Trap: 0x10,
  Load: 0x20,
  Store: 0x40,
  SideEffect: 0x80,
  Idempotent: 0x100,
  Polymorphic: 0x200,
  /** Text leaves the control type out: an operand tells it. */
  Inferred: 0x400,
  /** The control type is that operand's type; else it is the first result's. */
  ControlIsOperand: 0x800,
} as const;

export const OPCODE_COUNT: number = OPCODE_NAMES.length - 1;

export function opcodeName(op: Opcode): string {
  return OPCODE_NAMES[op]!;
}

/** The opcode of that name, or 0. */
export function opcodeOfName(name: string): Opcode {
  return OPCODE_OF_NAME.get(name) ?? 0;
}

const OPCODE_OF_NAME: ReadonlyMap<string, Opcode> = new Map(
  OPCODE_NAMES.slice(1).map((name, i) => [name, i + 1]),
);

export function opcodeFormat(op: Opcode): number {
  return OPCODE_FORMAT[op]!;
}

export function opcodeFlags(op: Opcode): number {
  return OPCODE_FLAGS[op]!;
}

export function isTerminator(op: Opcode): boolean {
  return (OPCODE_FLAGS[op]! & OpFlag.Terminator) !== 0;
}

export function isBranch(op: Opcode): boolean {
  return (OPCODE_FLAGS[op]! & OpFlag.Branch) !== 0;
}

export function isCall(op: Opcode): boolean {
  return (OPCODE_FLAGS[op]! & OpFlag.Call) !== 0;
}

/** A call that comes back to this frame: where a collector may run while the frame's references are live. */
export function isSafepoint(op: Opcode): boolean {
  return (OPCODE_FLAGS[op]! & (OpFlag.Call | OpFlag.Return)) === OpFlag.Call;
}

export function fixedArgCount(op: Opcode): number {
  return FIXED_ARGS[op]!;
}

/** Results by the opcode's own rules; calls take theirs from the signature. */
export function fixedResultCount(op: Opcode): number {
  return FIXED_RESULTS[op]!;
}

/** The operand that tells the control type when text leaves it out, or -1. */
export function typevarOperand(op: Opcode): number {
  return TYPEVAR_OPERAND[op]!;
}

/** The type set that the control type must be in, or -1. */
export function controlTypeSet(op: Opcode): number {
  return CONTROL_SET[op]!;
}

/** Derived type rules, as numbered by `tools/generate-opcodes.ts`. */
export const TypeRule = {
  Same: 0,
  LaneOf: 1,
  AsTruthy: 2,
  HalfWidth: 3,
  DoubleWidth: 4,
  SplitLanes: 5,
  MergeLanes: 6,
  DynamicToVector: 7,
  Narrower: 8,
  Wider: 9,
} as const;

const CONCRETE = 0x1000;
const FREE = 0x2000;
const RULE_PAYLOAD = 0xfff;

/** The rule of operand `index`. */
export function argRule(op: Opcode, index: number): number {
  return TYPE_RULES[RULE_START[op]! + index]!;
}

export function resultRule(op: Opcode, index: number): number {
  return TYPE_RULES[RULE_START[op]! + FIXED_ARGS[op]! + index]!;
}

/** The set of a free rule, or -1 for any other rule. */
export function freeTypeSet(rule: number): number {
  return (rule & FREE) === 0 ? -1 : rule & RULE_PAYLOAD;
}

/**
 * The one type that a rule allows under a control type. `INVALID` for free, narrower and wider rules (which allow
 * several) and where the derivation has no answer.
 */
export function typeOfRule(rule: number, control: Type): Type {
  if ((rule & CONCRETE) !== 0) return (rule & RULE_PAYLOAD) as Type;
  switch (rule) {
    case TypeRule.Same:
      return control;
    case TypeRule.LaneOf:
      return laneType(control);
    case TypeRule.AsTruthy:
      return asTruthy(control);
    case TypeRule.HalfWidth:
      return halfWidth(control);
    case TypeRule.DoubleWidth:
      return doubleWidth(control);
    case TypeRule.SplitLanes:
      return splitLanes(control);
    case TypeRule.MergeLanes:
      return mergeLanes(control);
    case TypeRule.DynamicToVector:
      return dynamicToVector(control);
    default:
      return INVALID;
  }
}

/** Whether `ty` is in the numbered type set. */
export function typeSetHas(set: number, ty: Type): boolean {
  if (ty === INVALID) return false;
  const row = set * 4;
  const widths = TYPE_SET_MASKS[row + (isFloat(laneType(ty)) ? 1 : 0)]!;
  const lanes = TYPE_SET_MASKS[row + (isDynamicVector(ty) ? 3 : 2)]!;
  return ((widths >> laneBitsLog2(ty)) & (lanes >> lanesLog2(ty)) & 1) === 1;
}
