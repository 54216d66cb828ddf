/** `spillway test`: runs filetests. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import type { Ora } from "ora";
import { InputError } from "../base/diagnostics.ts";
import { writeFileAtomically } from "../lab/atomic-file.ts";
import {
  COMMANDS,
  type FileReport,
  runFiletest,
  type TestResult,
  UPSTREAM_ONLY,
} from "../lab/filetest/index.ts";
import { ExitCode } from "./exit.ts";
import { readInput } from "./input.ts";
import { cannotRead, cannotWrite, noFiletests } from "./messages.ts";
import { openOutput } from "./output.ts";
import { startSpinner } from "./progress.ts";
import { colorsFor, jsonText, type NamedDiagnostic, reportDiagnostic, reporting } from "./report.ts";

interface TestOptions {
  readonly bless?: boolean;
  readonly filter?: string;
  readonly json?: boolean;
}

/** All that a run found. */
interface Outcome {
  readonly reports: FileReport[];
  /** Files that could not be run. */
  readonly errors: NamedDiagnostic[];
  readonly crashes: { readonly file: string; readonly error: unknown }[];
  readonly blessed: string[];
}

const PROGRESS_DELAY_MS = 1000;

export function createTestCommand(): Command {
  return new Command("test")
    .description(
      "Runs filetests: CLIF files whose first lines say what to test, and whose comments say what to expect.",
    )
    .argument("<path...>", "filetests, or folders to look through for .clif files")
    .option("-k, --filter <word>", "only files whose path, or functions whose name, contains the word")
    .option("--bless", "write what is printed into the files as what is expected; review the change")
    .option("--json", "one JSON document with every result")
    .addHelpText("after", helpText())
    .action(runTests);
}

function helpText(): string {
  const commands = COMMANDS.map(
    ({ name, usage, summary }) => `  test ${`${name} ${usage}`.trim()}\n      ${summary}`,
  );
  return `
Test commands:
${commands.join("\n")}
  Skipped, since only Cranelift has them: ${[...UPSTREAM_ONLY].join(", ")}

Examples:
  spillway test filetests                        all of them
  spillway test filetests -k loop                those about loops
  spillway test filetests/safepoints --bless     accept what is printed; then look at the diff
`;
}

async function runTests(paths: string[], options: TestOptions): Promise<void> {
  const outcome: Outcome = { reports: [], errors: [], crashes: [], blessed: [] };
  const files = await findFiles(paths);
  await runFiles(files, options, outcome);
  await (options.json === true ? printJson(outcome) : printText(outcome));
  const failed = outcome.errors.length > 0 || outcome.reports.some(({ results }) => results.some(isFailure));
  if (failed) process.exitCode = ExitCode.Input;
  if (outcome.crashes.length > 0) process.exitCode = ExitCode.Internal;
}

/** Runs the files one after another; what takes longer than a second says how far it is. */
async function runFiles(files: readonly string[], options: TestOptions, outcome: Outcome): Promise<void> {
  const started = performance.now();
  let spinner: Ora | null = null;
  for (const [index, file] of files.entries()) {
    if (options.json !== true && performance.now() - started > PROGRESS_DELAY_MS) {
      spinner ??= startSpinner();
      if (spinner !== null) {
        spinner.text = `${index} of ${files.length}: ${file}`;
        // The spinner draws when the event loop turns.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await runFile(file, options, outcome);
  }
  spinner?.stop();
}

/** The files named, and all `.clif` files below the folders named, sorted. */
async function findFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    await reporting({ name: path }, async () => {
      const found = await filesAt(path);
      if (found.length === 0) throw new InputError(noFiletests());
      files.push(...found);
    });
  }
  return files;
}

async function filesAt(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path, { recursive: true });
    return names
      .filter((name) => name.endsWith(".clif"))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw new InputError(cannotRead(error));
  }
}

async function runFile(file: string, options: TestOptions, outcome: Outcome): Promise<void> {
  const filter = options.filter ?? "";
  let bytes: Uint8Array | undefined;
  try {
    ({ bytes } = await readInput(file));
    const source = new TextDecoder().decode(bytes);
    const report = runFiletest(file, source, {
      bless: options.bless === true,
      filter: file.includes(filter) ? "" : filter,
    });
    outcome.reports.push(report);
    if (report.blessed === null) return;
    await writeFileAtomically(file, report.blessed).catch((error: unknown) => {
      throw new InputError(cannotWrite(file, error));
    });
    outcome.blessed.push(file);
  } catch (error) {
    if (!(error instanceof InputError)) {
      outcome.crashes.push({ file, error });
      return;
    }
    outcome.errors.push({ file, ...error.diagnostic });
    if (options.json === true) return;
    reportDiagnostic(error.diagnostic, bytes === undefined ? { name: file } : { name: file, bytes });
  }
}

function isFailure(result: TestResult): boolean {
  return !result.passed;
}

async function printText(outcome: Outcome): Promise<void> {
  const colors = colorsFor(process.stdout);
  const output = openOutput(undefined);
  let passed = 0;
  let failed = outcome.errors.length + outcome.crashes.length;
  let bless = false;
  for (const { path, results } of outcome.reports) {
    for (const result of results) {
      if (result.passed) {
        passed++;
        continue;
      }
      failed++;
      bless ||= result.blessable;
      output.write(
        `${path}:${result.line}: ${colors.red("test")} ${result.command}: ${result.function}: ${result.message}\n`,
      );
      if (result.detail !== "") output.write(`${paintDiff(result.detail, colors)}\n`);
    }
  }
  for (const { file, error } of outcome.crashes) {
    output.write(`${file}: ${colors.red("internal error")}; please report it: ${stackOf(error)}\n`);
  }
  for (const file of outcome.blessed) output.write(`${file}: ${colors.yellow("blessed")}\n`);
  if (bless) output.write("note: where the new text is right, run the same command with --bless\n");
  const counts = `${passed} passed, ${failed} failed`;
  output.write(`${failed > 0 ? colors.red(counts) : colors.green(counts)}${skippedText(outcome)}\n`);
  await output.end();
}

function paintDiff(detail: string, colors: ReturnType<typeof colorsFor>): string {
  return detail
    .replace(/^ {2}-.*$/gm, (line) => colors.red(line))
    .replace(/^ {2}\+.*$/gm, (line) => colors.green(line));
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function skippedCounts(outcome: Outcome): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { skipped } of outcome.reports) {
    for (const name of skipped) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function skippedText(outcome: Outcome): string {
  const counts = Object.entries(skippedCounts(outcome));
  if (counts.length === 0) return "";
  return `; skipped ${counts.map(([name, count]) => `${name} ${count}`).join(", ")}`;
}

async function printJson(outcome: Outcome): Promise<void> {
  const results = outcome.reports.flatMap(({ path, results }) =>
    results.map((result) => ({ file: path, ...result })),
  );
  const failed = results.filter(isFailure).length + outcome.errors.length + outcome.crashes.length;
  const output = openOutput(undefined);
  output.write(
    jsonText({
      passed: results.length - results.filter(isFailure).length,
      failed,
      skipped: skippedCounts(outcome),
      results,
      errors: outcome.errors,
      crashes: outcome.crashes.map(({ file, error }) => ({ file, error: stackOf(error) })),
      blessed: outcome.blessed,
    }),
  );
  await output.end();
}
