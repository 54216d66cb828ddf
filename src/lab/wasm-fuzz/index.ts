/** Fuzzing of the compiler: random modules, run natively and compiled. */
export type { FailureKind } from "./agreement.ts";
export {
  type ModuleCampaignOptions,
  type ModuleCampaignResult,
  type ModuleFailure,
  type ModuleTally,
  runModuleCampaign,
} from "./campaign.ts";
export { checkModule, type ModuleVerdict } from "./check-module.ts";
export { ModuleSource } from "./module-source.ts";
