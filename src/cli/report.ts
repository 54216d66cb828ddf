/**
 * Telling people what went wrong: on standard error, in colour where that is a terminal, and as the exit code.
 */
import { createColors } from "picocolors";
import { type Diagnostic, InputError, renderDiagnostic } from "../base/diagnostics.ts";
import { ExitCode } from "./exit.ts";
import type { Input } from "./input.ts";

type Colors = ReturnType<typeof createColors>;

/** Colours for a stream: none unless it is a terminal, or where `NO_COLOR` is set. */
export function colorsFor(stream: NodeJS.WriteStream): Colors {
  const noColor = process.env["NO_COLOR"];
  return createColors(stream.isTTY === true && (noColor === undefined || noColor === ""));
}

/** A complaint with the name of its file, as `--json` prints it. */
export interface NamedDiagnostic extends Diagnostic {
  readonly file: string;
}

/** Sources larger than this are not shown around an error. */
const EXCERPT_LIMIT_BYTES = 1 << 28;

/** Prints the complaint and sets the exit code to that of bad input. */
export function reportDiagnostic(diagnostic: Diagnostic, input: Pick<Input, "name"> & Partial<Input>): void {
  const { bytes } = input;
  const shown =
    bytes !== undefined && diagnostic.place?.kind === "text" && bytes.length <= EXCERPT_LIMIT_BYTES;
  const text = renderDiagnostic(diagnostic, input.name, shown ? new TextDecoder().decode(bytes) : undefined);
  const colors = colorsFor(process.stderr);
  const painted = text
    .replace(": error: ", `: ${colors.red(colors.bold("error:"))} `)
    .replace(/^( {2})note:/gm, `$1${colors.cyan("note:")}`);
  process.stderr.write(`${painted}\n`);
  process.exitCode = ExitCode.Input;
}

/** Runs `action`; bad input is reported and gives `null`, anything else goes on up. */
export async function reporting<T>(
  input: Pick<Input, "name"> & Partial<Input>,
  action: () => T | Promise<T>,
): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    reportDiagnostic(error.diagnostic, input);
    return null;
  }
}

/** A remark for people, on standard error. */
export function note(message: string): void {
  process.stderr.write(`${colorsFor(process.stderr).cyan("note:")} ${message}\n`);
}

/** The one JSON document of a command. */
export function jsonText(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
