/** `spillway validate`: decodes and validates modules. */
import { Command } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { decodeAndValidate } from "../wasm/index.ts";
import { ExitCode } from "./exit.ts";
import { featuresOf, featuresOption, placingErrors, readModule, renderInputError } from "./wasm-input.ts";

interface ValidateOptions {
  readonly wasm: readonly string[];
  readonly quiet?: true;
}

export function createValidateCommand(): Command {
  return new Command("validate")
    .description("Check that modules are valid: .wasm, .wat, or - for standard input.")
    .argument("<file...>", "modules, binary or text")
    .addOption(featuresOption())
    .option("-q, --quiet", "say nothing about modules that are valid")
    .addHelpText(
      "after",
      `
Exit code: 0 all valid · 1 some are not · 2 wrong usage

Examples:
  spillway validate app.wasm
  spillway validate -W -gc,-exceptions app.wasm      would an engine without GC take it?
  spillway validate -W -all,simd,bulk-memory *.wat
  cat app.wasm | spillway validate -`,
    )
    .action(validate);
}

async function validate(paths: readonly string[], options: ValidateOptions): Promise<void> {
  const features = featuresOf(options.wasm);
  for (const path of paths) {
    try {
      const input = await readModule(path);
      await placingErrors(input, () => decodeAndValidate(input.bytes, features));
      if (options.quiet !== true) console.log(`${path}: valid`);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      console.error(renderInputError(error, path));
      process.exitCode = ExitCode.Input;
    }
  }
}
