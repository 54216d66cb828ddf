/**
 * The `spillway` command: finds the subcommand, loads only its file, and turns what happens into an exit code.
 *
 * Exit codes: 0 fine · 1 the input is at fault, or a check said no · 2 wrong usage · 3 our fault.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { InputError, renderDiagnostic } from "../base/diagnostics.ts";
import { COMMANDS } from "./commands.ts";
import { ExitCode } from "./exit.ts";

function version(): string {
  const manifest = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

const HELP_HINT = "(add --help for the options and examples)";

/** The whole program; only the chosen subcommand's module is loaded, the others are there for `--help`. */
async function buildProgram(chosen: string | undefined): Promise<Command> {
  const program = new Command("spillway")
    .description("Runs garbage-collected WebAssembly anywhere, and proves every spill.")
    .version(version(), "-V, --version")
    .showHelpAfterError(HELP_HINT)
    .exitOverride();
  for (const entry of COMMANDS) {
    const command = entry.name === chosen ? await entry.load() : new Command(entry.name);
    program.addCommand(command.summary(entry.summary).exitOverride().showHelpAfterError(HELP_HINT));
    if (command.description() === "") command.description(entry.summary);
  }
  return program;
}

async function main(argv: readonly string[]): Promise<number> {
  const program = await buildProgram(argv[2] === "help" ? argv[3] : argv[2]);
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? ExitCode.Fine);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Fine : ExitCode.Usage;
    if (error instanceof InputError) {
      console.error(renderDiagnostic(error.diagnostic, "spillway"));
      return ExitCode.Input;
    }
    console.error("spillway: internal error; please report it with the command and its input");
    console.error(error);
    return ExitCode.Internal;
  }
}

// A reader that closes the pipe early (`| head`) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(ExitCode.Fine);
  throw error;
});

process.exitCode = await main(process.argv);
