/** Filetests: running them, and what a new `test` command needs. */
export {
  type FiletestCommand,
  type FiletestContext,
  FiletestFailure,
  type FunctionTest,
  type Judgement,
  type PreparedCommand,
} from "./command.ts";
export { COMMANDS, UPSTREAM_ONLY } from "./registry.ts";
export { type FileReport, type FiletestOptions, runFiletest, type TestResult } from "./run-file.ts";
export { fileRules } from "./verify-first.ts";
