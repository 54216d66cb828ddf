/** The verifier as filetests use it: with the file's own target and settings, and before commands that need valid CLIF. */
import type { ParsedFile, ParsedFunction } from "../../text/index.ts";
import {
  annotatedText,
  type VerifyOptions,
  verifyFunction,
  verifyOptionsOfSetting,
} from "../../verify/index.ts";
import { FiletestFailure } from "./command.ts";

/** What the file's `set` lines and its `target`, if it has one only, say to the verifier. */
export function fileRules(file: ParsedFile): VerifyOptions {
  let rules: VerifyOptions = {};
  for (const word of file.settings.flatMap(({ words }) => words)) {
    const [name, value] = word.split("=", 2);
    rules = { ...rules, ...verifyOptionsOfSetting(name!, value ?? null) };
  }
  const [target] = file.targets;
  return file.targets.length === 1 && target !== undefined ? { ...rules, isa: target.triple } : rules;
}

/** Throws a `FiletestFailure` that shows the errors of a function that is not valid. */
export function verifyFirst(parsed: ParsedFunction, file: ParsedFile): void {
  const errors = verifyFunction(parsed.func, fileRules(file));
  if (errors.length > 0)
    throw new FiletestFailure("the function is not valid", annotatedText(parsed.func, errors));
}
