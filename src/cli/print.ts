/** `spillway print`: a module as text. */
import { Command } from "commander";
import writeFileAtomic from "write-file-atomic";
import { InputError } from "../base/diagnostics.ts";
import { binaryToText } from "../wast/index.ts";
import { ExitCode } from "./exit.ts";
import { readModule, renderInputError } from "./wasm-input.ts";

export function createPrintCommand(): Command {
  return new Command("print")
    .description("Print a module as text (.wat).")
    .argument("<file>", "a module, or - for standard input")
    .option("-o, --output <file>", "write there instead of standard output")
    .addHelpText(
      "after",
      `
Examples:
  spillway print app.wasm | less
  spillway print app.wasm -o app.wat`,
    )
    .action(print);
}

async function print(path: string, options: { readonly output?: string }): Promise<void> {
  try {
    const text = await binaryToText((await readModule(path)).bytes);
    const ended = text.endsWith("\n") ? text : `${text}\n`;
    if (options.output === undefined) process.stdout.write(ended);
    else await writeFileAtomic(options.output, ended);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(renderInputError(error, path));
    process.exitCode = ExitCode.Input;
  }
}
