/** The reducer: makes CLIF small while it still shows a failure. */
export { CommandCondition } from "./command-condition.ts";
export { type ConditionSpec, describeCondition, SymptomFinder } from "./conditions.ts";
export { type ReduceClifOptions, type ReducedClif, reduceClif } from "./reduce-clif.ts";
export type { Condition, ReductionKind, ReductionPass, ReductionProgress } from "./reducer.ts";
