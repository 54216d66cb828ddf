/** Condition codes and atomic operations: the small closed name lists of CLIF text, as codes. */

/** Codes are the index into this list. */
export const INT_CONDITIONS = ["eq", "ne", "slt", "sge", "sgt", "sle", "ult", "uge", "ugt", "ule"] as const;
export type IntCondition = (typeof INT_CONDITIONS)[number];

export const FLOAT_CONDITIONS = [
  "ord",
  "uno",
  "eq",
  "ne",
  "one",
  "ueq",
  "lt",
  "le",
  "gt",
  "ge",
  "ult",
  "ule",
  "ugt",
  "uge",
] as const;
export type FloatCondition = (typeof FLOAT_CONDITIONS)[number];

export const ATOMIC_OPS = [
  "add",
  "sub",
  "and",
  "nand",
  "or",
  "xor",
  "xchg",
  "umin",
  "umax",
  "smin",
  "smax",
] as const;
export type AtomicOp = (typeof ATOMIC_OPS)[number];
