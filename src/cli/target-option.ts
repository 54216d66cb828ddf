/** The options that say which engine the output of `compile` is for. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { DEFAULT_TARGET, describeTargets, parseTarget } from "../driver/targets.ts";
import { parseBytes } from "./gc-options.ts";

export interface TargetOptions {
  readonly target: string;
  readonly reserveMemory?: number;
}

/** What they say to the compiler. */
export interface TargetSettings {
  readonly target: string;
  readonly reserveMemoryBytes?: number;
}

/** Checked when it is read; the compiler takes the text. */
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

export function targetOption(description: string): Option {
  return new Option("--target <name>", description).argParser(readTarget);
}

export function addTargetOptions(command: Command): Command {
  return command
    .addOption(
      targetOption("the engine that runs the output, with changes: mvp,+bulk-memory").default(DEFAULT_TARGET),
    )
    .addOption(
      new Option(
        "--reserve-memory <bytes>",
        "for a memory of the module's own below the heap (default: its maximum, or 64m)",
      ).argParser(parseBytes),
    );
}

export function targetSettings({ target, reserveMemory }: TargetOptions): TargetSettings {
  return { target, ...(reserveMemory === undefined ? {} : { reserveMemoryBytes: reserveMemory }) };
}

/** The targets, for the help behind the options. */
export const TARGET_HELP: string = `
Targets, to which features can be added (+name) or taken (-name):
${describeTargets()}`;
