/** Upstream's runtests, function by function: all pass. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runFiletest } from "../../src/lab/filetest/index.ts";
import { noSharedData, sharedData } from "../support/project.ts";

test("upstream's runtests pass", (t) => {
  const folder = sharedData("parity/cat/files-dev/runtests");
  if (folder === null) return t.skip(noSharedData("parity"));
  const failures: string[] = [];
  const skipped: string[] = [];
  let passed = 0;
  for (const file of globSync("**/*.clif", { cwd: folder }).sort()) {
    const report = runFiletest(file, readFileSync(join(folder, file), "utf8"), { bless: false, filter: "" });
    skipped.push(...report.skipped);
    for (const { passed: ok, line, message } of report.results) {
      if (ok) passed++;
      else failures.push(`${file}:${line}: ${message}`);
    }
  }
  t.diagnostic(`${passed} functions passed, ${failures.length} failed, ${skipped.length} skipped`);
  assert.deepEqual(failures, []);
  assert.deepEqual(skipped, []);
  assert.ok(passed > 1400);
});
