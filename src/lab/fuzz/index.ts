/** Fuzzing: random functions, everything checked of each, campaigns over seeds. */
export { type CampaignOptions, type CampaignProgress, type CampaignResult, runCampaign } from "./campaign.ts";
export { type CaseSource, SeededSource, TextSource } from "./case-source.ts";
export { CaseChecker, type CaseFailure, type CaseOptions, type CaseTally } from "./check-case.ts";
export { generateFunction } from "./generate.ts";
export { reduceFailure } from "./reduce-failure.ts";
export {
  caseText,
  DEFAULT_SEED_OPTIONS,
  type SeedFailure,
  type SeedOptions,
  SeedRunner,
} from "./seed-runner.ts";
