/** Commands that read CLIF: each input is parsed, and what is wrong with it reported under its name. */
import { InputError } from "../base/diagnostics.ts";
import { type ParsedFile, parseFile } from "../text/index.ts";
import { type Input, readInput } from "./input.ts";
import { refuseModule } from "./input-kind.ts";
import { noFunctions } from "./messages.ts";
import { reporting } from "./report.ts";

export interface ClifInput extends Input {
  readonly file: ParsedFile;
}

export const CLIF_ARGUMENT = "<file...>";
export const CLIF_ARGUMENT_HELP = "CLIF text: files, or - for standard input";

/**
 * Reads and parses each input and hands it to `use`, in order. An input that cannot be read, parsed or used is reported
 * and sets the exit code; the others are still used.
 */
export async function eachClifInput(
  paths: readonly string[],
  use: (input: ClifInput) => void | Promise<void>,
): Promise<void> {
  for (const path of paths) {
    const input = await reporting({ name: path }, () => readInput(path));
    if (input === null) continue;
    await reporting(input, async () => {
      refuseModule(input.bytes);
      const file = parseFile(input.bytes);
      if (file.functions.length === 0) throw new InputError(noFunctions());
      await use({ ...input, file });
    });
  }
}
