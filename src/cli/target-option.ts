/** `--target`: the engine that the output is for. */
import { InvalidArgumentError, Option } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { DEFAULT_TARGET, describeTargets, parseTarget } from "../driver/targets.ts";

/** Checked when it is read; `compile` takes the text. */
function readTarget(text: string): string {
  try {
    parseTarget(text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { message, notes = [] } = error.diagnostic;
    throw new InvalidArgumentError([`${message}.`, ...notes].join(" "));
  }
  return text;
}

export function targetOption(): Option {
  return new Option("--target <name>", "the engine that runs the output, with changes: mvp,+bulk-memory")
    .argParser(readTarget)
    .default(DEFAULT_TARGET);
}

/** The targets, for the help behind the options. */
export const TARGET_HELP: string = `
Targets, to which features can be added (+name) or taken (-name):
${describeTargets()}
`;
