/** CLIF text: reading and printing it. */
export type {
  Comment,
  FeatureLine,
  FileHead,
  ParsedFile,
  ParsedFunction,
  ParseEachOptions,
  ParseOptions,
  SettingsLine,
  SourceMap,
  TargetSpec,
  TestCommand,
} from "./parser.ts";
export { parseEach, parseFile, parseFunctions } from "./parser.ts";
export {
  functionText,
  instText,
  type PrintOptions,
  signatureText,
  type TextSink,
  writeFunction,
} from "./print-function.ts";
export { clifTypeName } from "./type-names.ts";
