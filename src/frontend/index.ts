/** Building functions: variables, SSA construction, switches, memory operations, and the safepoint spiller. */
export { type FinalizeOptions, FunctionBuilder } from "./builder.ts";
export { FunctionBuilderContext } from "./context.ts";
export { type AlignedPointer, MemoryBuilder } from "./memory.ts";
export { BuilderError } from "./messages.ts";
export { POLICIES, POLICY_NAMES, type Policy, type PolicyName } from "./safepoints/policies.ts";
export type { SlotRegion } from "./safepoints/rewrite.ts";
export { SafepointSpiller, type SpillCounts, type SpillOptions } from "./safepoints/spiller.ts";
export { SsaBuilder } from "./ssa.ts";
export { Switch } from "./switch.ts";
export type { Variable } from "./variable.ts";
