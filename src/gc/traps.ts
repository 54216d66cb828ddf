/**
 * Why compiled code traps, beyond what the engine's own instructions trap for: CLIF trap codes, and the specification's words for
 * each (the messages of its test suite). Code 1 is `unreachable`, which traps as itself; the runtime's own code 1 is memory that
 * ran out.
 */
import { type TrapCode, userTrap } from "../ir/trap-codes.ts";

export interface GcTraps {
  readonly Unreachable: TrapCode;
  readonly NullReference: TrapCode;
  readonly NullStructure: TrapCode;
  readonly NullArray: TrapCode;
  readonly NullI31: TrapCode;
  readonly NullFunction: TrapCode;
  readonly ArrayBounds: TrapCode;
  readonly CastFailure: TrapCode;
  readonly TooLarge: TrapCode;
  readonly TableBounds: TrapCode;
  readonly UndefinedElement: TrapCode;
  readonly UninitializedElement: TrapCode;
  readonly IndirectMismatch: TrapCode;
  readonly MemoryBounds: TrapCode;
  readonly NullException: TrapCode;
  readonly NullOrCast: TrapCode;
  readonly NullOrBounds: TrapCode;
  readonly UninitializedOrMismatch: TrapCode;
}

export const GcTrap: GcTraps = {
  Unreachable: userTrap(1),
  NullReference: userTrap(2),
  NullStructure: userTrap(3),
  NullArray: userTrap(4),
  NullI31: userTrap(5),
  NullFunction: userTrap(6),
  ArrayBounds: userTrap(7),
  CastFailure: userTrap(8),
  TooLarge: userTrap(9),
  TableBounds: userTrap(10),
  UndefinedElement: userTrap(11),
  UninitializedElement: userTrap(12),
  IndirectMismatch: userTrap(13),
  MemoryBounds: userTrap(14),
  NullException: userTrap(15),
  NullOrCast: userTrap(16),
  NullOrBounds: userTrap(17),
  UninitializedOrMismatch: userTrap(18),
};

/** What the runtime stores before it traps because the heap is full. */
export const OUT_OF_MEMORY = 1;

/** By the number that compiled code stores before it traps; 0 where it stores none. */
export const TRAP_MESSAGES: readonly string[] = [
  "",
  "out of memory",
  "null reference",
  "null structure reference",
  "null array reference",
  "null i31 reference",
  "null function reference",
  "out of bounds array access",
  "cast failure",
  "allocation size too large",
  "out of bounds table access",
  "undefined element",
  "uninitialized element",
  "indirect call type mismatch",
  "out of bounds memory access",
  "null exception reference",
  "cast failure or null reference",
  "out of bounds array access or null reference",
  "uninitialized element or indirect call type mismatch",
];

/** What one check may trap for: the code that says all, and those that say one. */
const EITHER: readonly (readonly TrapCode[])[] = [
  [GcTrap.NullOrCast, GcTrap.NullReference, GcTrap.NullStructure, GcTrap.CastFailure],
  [GcTrap.NullOrBounds, GcTrap.NullReference, GcTrap.NullStructure, GcTrap.NullArray, GcTrap.ArrayBounds],
  [GcTrap.UninitializedOrMismatch, GcTrap.UninitializedElement, GcTrap.IndirectMismatch],
];

/** The code of a trap for either of two reasons, given by their codes, or null where there is none. */
export function eitherTrap(one: TrapCode, other: TrapCode): TrapCode | null {
  if (one === other) return one;
  for (const codes of EITHER) if (codes.includes(one) && codes.includes(other)) return codes[0]!;
  return null;
}

/** Of each recorded code, a name for the function that stores it, as stack traces show it. */
export function trapFunctionName(code: number): string {
  return `trap: ${TRAP_MESSAGES[code]!}`;
}
