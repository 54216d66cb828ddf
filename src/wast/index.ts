/** `.wast` scripts: read, run and judged; module text to binary and back. */
export type {
  ActionOutcome,
  Engine,
  Failure,
  ImportName,
  LinkOutcome,
  ReferenceHierarchy,
  ReferenceKind,
  ResultValue,
} from "./engine.ts";
export { ExpectedFailures } from "./expected-failures.ts";
export { parseScript } from "./parse-script.ts";
export { type ScriptFailure, ScriptReport, type Tally } from "./report.ts";
export { ENGINE_NAMES, type EngineName, type RunOptions, runFile, type ScriptFile } from "./run-file.ts";
export { fieldPlace } from "./text-fields.ts";
export { sourceMapOfText } from "./text-source-map.ts";
export { binaryToText, canReadLegacyText, looksLegacy, textToBinary } from "./wat.ts";
