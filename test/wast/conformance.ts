/** Runs the conformance suites beside the checkout in this process, and asserts on what fails. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type EngineName,
  ExpectedFailures,
  type RunOptions,
  runFile,
  ScriptReport,
} from "../../src/wast/index.ts";

/** The list of known failures beside this file, `expected-failures.NAME.txt`. */
export function expectedFailuresPath(name: string): string {
  return join(import.meta.dirname, `expected-failures.${name}.txt`);
}

/** The report of all scripts under `folder`, or of those that the pattern names, without the failures that are listed. */
export async function runSuite(
  folder: string,
  engine: EngineName,
  list: string,
  spillway: RunOptions["spillway"] = {},
  scripts = "**/*.wast",
): Promise<ScriptReport> {
  const path = expectedFailuresPath(list);
  const expected = new ExpectedFailures(readFileSync(path, "utf8"));
  const report = new ScriptReport();
  for (const name of globSync(scripts, { cwd: folder }).sort()) {
    const file = join(folder, name);
    const one = await runFile({ name: file, bytes: readFileSync(file) }, { engine, features: [], spillway });
    report.merge(expected.filter(file, one));
  }
  for (const failure of expected.passedAfterAll(path)) report.fail(failure);
  return report;
}

/** Fails with the first of the report's failures, as the command line shows them. */
export function assertNothingFailed(report: ScriptReport): void {
  const shown = report.failures
    .slice(0, 20)
    .map(({ file, line, directive, expected, got }) => `${file}:${line}: ${directive}: ${expected} / ${got}`);
  assert.equal(report.failures.length, 0, shown.join("\n"));
}

/** How many commands of `directive` passed. */
export function passedOf(report: ScriptReport, directive: string): number {
  return report.tallies.get(directive)?.passed ?? 0;
}
