/** The conformance suites on JavaScriptCore: the command line, run by Bun where that is installed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { noSharedData, projectRoot, sharedData } from "../support/project.ts";
import { expectedFailuresPath } from "./conformance.ts";

const conformance = sharedData("conformance");
const bun = join(projectRoot, "node_modules", "@oven", "bun-linux-x64", "bin", "bun");

for (const folder of ["spec", "proposals", "wasmtime"]) {
  test(`${folder} on JavaScriptCore`, (t) => {
    if (conformance === null) return t.skip(noSharedData("conformance"));
    if (!existsSync(bun)) return t.skip("Bun (@oven/bun-linux-x64) is not installed");
    const list = expectedFailuresPath("bun");
    const args = ["wast", "--engine", "native", "--json", "--expected-failures", list];
    const run = spawnSync(bun, [join("src", "cli", "main.ts"), ...args, join(conformance, folder)], {
      cwd: projectRoot,
      encoding: "utf8",
      maxBuffer: 1 << 28,
      // There, but not switched on.
      env: { ...process.env, BUN_JSC_useWasmMemory64: "1" },
    });
    assert.equal(run.stderr, "");
    const report = JSON.parse(run.stdout) as { passed: number; failed: number; failures: unknown[] };
    assert.deepEqual(report.failures, []);
    assert.equal(report.failed, 0);
    assert.equal(run.status, 0);
    assert.ok(report.passed > 500);
  });
}
