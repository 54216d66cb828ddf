/** `spillway print`: a module as text. */
import { Command } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { decodeModule } from "../wasm/index.ts";
import { binaryToText } from "../wast/index.ts";
import { ExitCode } from "./exit.ts";
import { checkOutput, openOutput } from "./output.ts";
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

/** The text of a binary. Throws an `InputError`: our decoder's, where it finds something too, for it says more. */
async function textOf(bytes: Uint8Array): Promise<string> {
  try {
    return await binaryToText(bytes);
  } catch (error) {
    if (error instanceof InputError) decodeModule(bytes);
    throw error;
  }
}

async function print(path: string, options: { readonly output?: string }, command: Command): Promise<void> {
  checkOutput(options.output, [path], command);
  try {
    const text = await textOf((await readModule(path)).bytes);
    const output = openOutput(options.output);
    output.write(text);
    if (!text.endsWith("\n")) output.write("\n");
    await output.end();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(renderInputError(error, path));
    process.exitCode = ExitCode.Input;
  }
}
