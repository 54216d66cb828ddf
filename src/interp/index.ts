/** Running CLIF: the interpreter, and the oracle that compares a function with its spilled form. */
export { type DataValue, intValue, sameValue, unsignedOf } from "./data-value.ts";
export type { DecodeOptions } from "./decode.ts";
export type { OracleDifference } from "./difference.ts";
export { Interpreter, type Outcome, outcomeText } from "./interpreter.ts";
export { nameKey } from "./names.ts";
export { type DynamicCounts, Oracle, type OracleOptions } from "./oracle.ts";
