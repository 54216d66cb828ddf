/** Every filetest passes: ours, and the part of upstream's that stands beside the checkout. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { runFiletest } from "../../src/lab/filetest/index.ts";
import { noSharedData, projectRoot, sharedData } from "../support/project.ts";

interface Tally {
  passed: number;
  skipped: number;
  readonly failures: string[];
}

function runAll(folder: string): Tally {
  const tally: Tally = { passed: 0, skipped: 0, failures: [] };
  for (const file of globSync("**/*.clif", { cwd: folder }).sort()) {
    try {
      const report = runFiletest(file, readFileSync(join(folder, file), "utf8"), {
        bless: false,
        filter: "",
      });
      tally.skipped += report.skipped.length;
      for (const { passed, line, command, message, detail } of report.results) {
        if (passed) tally.passed++;
        else tally.failures.push(`${file}:${line}: test ${command}: ${message}\n${detail}`);
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      tally.failures.push(`${file}: ${error.diagnostic.message}`);
    }
  }
  return tally;
}

test("our filetests", () => {
  const tally = runAll(join(projectRoot, "filetests"));
  assert.deepEqual(tally.failures, []);
  assert.ok(tally.passed > 60);
});

test("upstream's filetests", (t) => {
  const parity = sharedData("parity");
  if (parity === null) return t.skip(noSharedData("parity"));
  const tally = runAll(join(parity, "cat", "files-dev"));
  t.diagnostic(`${tally.passed} passed, ${tally.failures.length} failed, ${tally.skipped} commands skipped`);
  assert.deepEqual(tally.failures, []);
  assert.ok(tally.passed > 60);
});
