/** `spillway wast`: runs `.wast` scripts and says which commands did not do what the script says. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Ora } from "ora";
import { InputError } from "../base/diagnostics.ts";
import { POLICY_NAMES, type PolicyName } from "../frontend/index.ts";
import { COLLECTOR_NAMES, type CollectorName, stressed } from "../runtime/collectors.ts";
import {
  ENGINE_NAMES,
  type EngineName,
  ExpectedFailures,
  type RunOptions,
  runFile,
  type ScriptFailure,
  ScriptReport,
} from "../wast/index.ts";
import { ExitCode } from "./exit.ts";
import { refuseIdleStress } from "./gc-options.ts";
import { readInput } from "./input.ts";
import { startSpinner } from "./progress.ts";
import { colorsFor } from "./report.ts";
import { targetOption } from "./target-option.ts";
import { featuresOption, renderInputError } from "./wasm-input.ts";

interface WastOptions {
  readonly wasm: readonly string[];
  readonly filter: readonly string[];
  readonly engine: EngineName;
  readonly target?: string;
  readonly collector: CollectorName;
  readonly policy: PolicyName;
  readonly gcStress?: true;
  readonly prove?: true;
  readonly json?: true;
  readonly checkMessages?: true;
  readonly maxFailures: number;
  readonly expectedFailures?: string;
}

export function createWastCommand(): Command {
  return refuseIdleStress(new Command("wast"))
    .description("Run .wast scripts: files, or folders with all that is in them.")
    .argument("<file...>", "scripts, or folders of scripts")
    .addOption(featuresOption())
    .addOption(
      new Option(
        "--engine <name>",
        "spillway: compiled, in a store; standalone: each module compiled to one that needs no store; " +
          "native: on this host's WebAssembly; none: what needs no execution",
      )
        .choices(ENGINE_NAMES)
        .default("spillway"),
    )
    .addOption(
      targetOption(
        "the engine that the output is for; a module that it cannot have is skipped, with the reason",
      ),
    )
    .addOption(
      new Option("--collector <name>", "of the engines spillway and standalone")
        .choices(COLLECTOR_NAMES)
        .default("copying"),
    )
    .addOption(
      new Option("--policy <name>", "how these engines spill; wrong:… are historical mistakes")
        .choices(POLICY_NAMES)
        .default("spillway"),
    )
    .option(
      "--gc-stress",
      "collect at every safepoint, poison what is free, and move everything (drc moves nothing)",
    )
    .option("--prove", "prove every function compiled with the safepoint checker")
    .addOption(
      new Option("--filter <keyword>", "only files whose path contains it; repeated: any of them")
        .default([], "all files")
        .argParser(collect),
    )
    .option(
      "--expected-failures <list>",
      "known failures, as `path:line reason`; one that passes is an error",
    )
    .option(
      "--check-messages",
      "our decoder and validator must also say what the script expects (engine none)",
    )
    .option("--max-failures <count>", "how many failures to print, 0 for all", toCount, 50)
    .option("--json", "print one JSON object: passed, failed, skipped, files, failures")
    .addHelpText(
      "after",
      `
Everything is on unless -W or the file's header (;;! gc = false) says otherwise.
Exit code: 0 nothing failed · 1 something failed · 2 wrong usage

Examples:
  spillway wast testsuite/                                 all of it, compiled
  spillway wast --gc-stress --filter gc/ testsuite/        under the hardest collector
  spillway wast --engine standalone --target mvp testsuite/  compiled for the first version of Wasm
  spillway wast --engine native testsuite/                 on this host's engine
  spillway wast --engine none testsuite/                   validity, malformedness, linking only
  spillway wast -Wgc -Wfunction-references -Wsimd=n a.wast
  spillway wast --json testsuite/ > report.json`,
    )
    .action(wast);
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

function toCount(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("expected a number from 0.");
  return Number(value);
}

async function wast(paths: readonly string[], options: WastOptions): Promise<void> {
  const files = findScripts(paths, options.filter);
  if (files === null) return;
  const expected = await readExpected(options.expectedFailures);
  if (expected === null) return;
  const spinner = startSpinner();
  const report = await runAll(files, options, expected, spinner);
  spinner?.stop();
  for (const failure of expected.passedAfterAll(options.expectedFailures ?? "")) report.fail(failure);
  if (options.json === true) console.log(JSON.stringify(asJson(report, files.length)));
  else console.log(summary(report, files.length, options.maxFailures));
  if (report.failures.length > 0) process.exitCode = ExitCode.Input;
}

async function runAll(
  files: readonly string[],
  options: WastOptions,
  expected: ExpectedFailures,
  spinner: Ora | null,
): Promise<ScriptReport> {
  const report = new ScriptReport();
  for (const [i, file] of files.entries()) {
    if (spinner !== null) {
      spinner.text = `${i + 1}/${files.length} ${file}`;
      // The work is synchronous: let the spinner draw between files.
      await new Promise((resolve) => setImmediate(resolve));
    }
    report.merge(expected.filter(file, await runOne(file, options)));
  }
  return report;
}

function runOptions(options: WastOptions): RunOptions {
  const { engine, wasm: features, checkMessages = false, policy, gcStress = false, prove = false } = options;
  const collector = gcStress ? stressed(options.collector) : options.collector;
  const target = options.target === undefined ? {} : { target: options.target };
  return { engine, features, checkMessages, spillway: { collector, policy, gcStress, prove, ...target } };
}

/** What the options of this command, as one would write them, say of how a script runs. */
export function parseRunOptions(words: readonly string[]): RunOptions {
  const command = createWastCommand().exitOverride();
  command.action(() => undefined).parse([...words, "script.wast"], { from: "user" });
  return runOptions(command.opts<WastOptions>());
}

async function runOne(file: string, options: WastOptions): Promise<ScriptReport> {
  try {
    return await runFile(await readInput(file), runOptions(options));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const report = new ScriptReport();
    const got = error.diagnostic.message;
    report.fail({ file, line: 0, directive: "script", expected: "a script", got });
    return report;
  }
}

/** The scripts among `paths`, folders searched; `null`, having said why, where there is none. */
function findScripts(paths: readonly string[], filters: readonly string[]): string[] | null {
  const files: string[] = [];
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) {
      console.error(`spillway wast: ${path}: no such file or folder`);
      process.exitCode = ExitCode.Input;
      return null;
    }
    if (!stat.isDirectory()) files.push(path);
    else {
      const names = readdirSync(path, { recursive: true, encoding: "utf8" });
      for (const name of names.filter((one) => one.endsWith(".wast")).sort()) files.push(join(path, name));
    }
  }
  const kept = files.filter((file) => filters.length === 0 || filters.some((one) => file.includes(one)));
  if (kept.length > 0) return kept;
  console.error(
    `spillway wast: no .wast file in ${paths.join(", ")}${filters.length > 0 ? " passes the filter" : ""}`,
  );
  process.exitCode = ExitCode.Input;
  return null;
}

async function readExpected(path: string | undefined): Promise<ExpectedFailures | null> {
  if (path === undefined) return new ExpectedFailures("");
  try {
    return new ExpectedFailures(new TextDecoder().decode((await readInput(path)).bytes));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(renderInputError(error, path));
    process.exitCode = ExitCode.Input;
    return null;
  }
}

interface JsonReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly files: number;
  readonly failures: readonly ScriptFailure[];
}

function asJson(report: ScriptReport, files: number): JsonReport {
  const { passed, failed, skipped } = report.total();
  return { passed, failed, skipped, files, failures: report.failures };
}

function summary(report: ScriptReport, files: number, maxFailures: number): string {
  const colors = colorsFor(process.stdout);
  const lines: string[] = [];
  const shown = maxFailures === 0 ? report.failures : report.failures.slice(0, maxFailures);
  for (const { file, line, directive, expected, got } of shown) {
    lines.push(`${colors.red("failed")} ${file}:${line}: ${directive}`);
    lines.push(`  expected ${printable(expected)}`, `  got      ${printable(got)}`);
  }
  const hidden = report.failures.length - shown.length;
  if (hidden > 0) lines.push(`… and ${hidden} more (--max-failures 0 shows all)`);
  if (lines.length > 0) lines.push("");
  lines.push(`${"directive".padEnd(26)}${row("passed", "failed", "skipped")}`);
  for (const [directive, tally] of [...report.tallies].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`${directive.padEnd(26)}${row(tally.passed, tally.failed, tally.skipped)}`);
  }
  const { passed, failed, skipped } = report.total();
  lines.push(
    `${`total of ${files} ${files === 1 ? "file" : "files"}`.padEnd(26)}${row(passed, failed, skipped)}`,
  );
  for (const [why, count] of report.skips) lines.push(`skipped ${count}: ${why}`);
  lines.push(failed === 0 ? colors.green("nothing failed") : colors.red(`${failed} failed`));
  return lines.join("\n");
}

function row(...cells: readonly (string | number)[]): string {
  return cells.map((cell) => String(cell).padStart(9)).join("");
}

/** One line, without what a terminal would obey. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, " ").slice(0, 400);
}
