/** `spillway cat`: parses functions and prints them as Cranelift would. */
import { Command } from "commander";
import { writeFunction } from "../text/index.ts";
import { CLIF_ARGUMENT, CLIF_ARGUMENT_HELP, eachClifInput } from "./clif-input.ts";
import { checkOutput, openOutput } from "./output.ts";

interface CatOptions {
  readonly directives?: boolean;
  readonly output?: string;
}

export function createCatCommand(): Command {
  return new Command("cat")
    .description(
      "Parse CLIF and print its functions the way Cranelift prints them, an empty line between two.",
    )
    .argument(CLIF_ARGUMENT, CLIF_ARGUMENT_HELP)
    .option("--directives", "print `; needs-stack-map:`, `; pointer-type:` and `; no-collect:` as well")
    .option("-o, --output <file>", "write there instead of standard output")
    .addHelpText(
      "after",
      `
Examples:
  spillway cat app.clif
  spillway cat --directives a.clif b.clif -o both.clif
  generate-clif | spillway cat -`,
    )
    .action(cat);
}

async function cat(paths: string[], options: CatOptions, command: Command): Promise<void> {
  checkOutput(options.output, paths, command);
  const output = openOutput(options.output);
  let first = true;
  await eachClifInput(paths, ({ file }) => {
    for (const { func } of file.functions) {
      if (!first) output.write("\n");
      first = false;
      writeFunction(func, (chunk) => output.write(chunk), { directives: options.directives === true });
    }
  });
  await output.end();
}
