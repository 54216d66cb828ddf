/**
 * The 36 instruction formats: how many fixed value operands, whether a value list follows, which operand tells
 * the control type, and which builder parameters stand for the immediates.
 *
 * Source: `cranelift/codegen/meta/src/shared/formats.rs`.
 */
export interface Format {
  readonly name: string;
  /** Fixed value operands. */
  readonly values: number;
  /** The operand that may tell the control type. */
  readonly typevarOperand?: number;
  /** A list of further values follows (calls and returns). */
  readonly varargs?: true;
}

const format = (name: string, values: number, rest: Omit<Format, "name" | "values"> = {}): Format => ({
  name,
  values,
  ...rest,
});

export const FORMATS: readonly Format[] = [
  format("AtomicCas", 3, { typevarOperand: 2 }),
  format("AtomicRmw", 2, { typevarOperand: 0 }),
  format("Binary", 2, { typevarOperand: 0 }),
  format("BinaryImm8", 1, { typevarOperand: 0 }),
  format("BranchTable", 1, { typevarOperand: 0 }),
  format("Brif", 1, { typevarOperand: 0 }),
  format("Call", 0, { varargs: true }),
  format("CallIndirect", 1, { typevarOperand: 0, varargs: true }),
  format("CondTrap", 1, { typevarOperand: 0 }),
  format("DynamicStackAddr", 0),
  format("ExceptionHandlerAddress", 0),
  format("FloatCompare", 2, { typevarOperand: 0 }),
  format("FuncAddr", 0),
  format("IntAddTrap", 2, { typevarOperand: 0 }),
  format("IntCompare", 2, { typevarOperand: 0 }),
  format("Jump", 0),
  format("Load", 1, { typevarOperand: 0 }),
  format("LoadNoOffset", 1, { typevarOperand: 0 }),
  format("MultiAry", 0, { varargs: true }),
  format("NullAry", 0),
  format("Shuffle", 2, { typevarOperand: 0 }),
  format("StackAddr", 0),
  format("Store", 2, { typevarOperand: 0 }),
  format("StoreNoOffset", 2, { typevarOperand: 0 }),
  format("Ternary", 3, { typevarOperand: 1 }),
  format("TernaryImm8", 2, { typevarOperand: 0 }),
  format("Trap", 0),
  format("TryCall", 0, { varargs: true }),
  format("TryCallIndirect", 1, { typevarOperand: 0, varargs: true }),
  format("Unary", 1, { typevarOperand: 0 }),
  format("UnaryConst", 0),
  format("UnaryGlobalValue", 0),
  format("UnaryIeee16", 0),
  format("UnaryIeee32", 0),
  format("UnaryIeee64", 0),
  format("UnaryImm", 0),
];
