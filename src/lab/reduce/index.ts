/** The reducer: makes CLIF, modules and scripts small while they still show a failure. */
export { CommandCondition } from "./command-condition.ts";
export { type ConditionSpec, describeCondition, SymptomFinder, showsFailure } from "./conditions.ts";
export { type ReduceClifOptions, type ReducedClif, reduceClif } from "./reduce-clif.ts";
export type { Condition, ReductionKind, ReductionPass, ReductionProgress } from "./reducer.ts";
export {
  type ReducedWasm,
  type ReduceWasmOptions,
  reduceWasm,
  WASM_FORMS,
  type WasmForm,
} from "./wasm/reduce-wasm.ts";
export type { WasmConditionSpec } from "./wasm/wasm-conditions.ts";
