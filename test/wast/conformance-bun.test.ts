/**
 * The conformance suites on JavaScriptCore: the command line, run by Bun where that is installed. By the engine itself, and compiled,
 * where all works as on V8; what touches references also runs with a collection at every safepoint.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { noSharedData, projectRoot, sharedData } from "../support/project.ts";
import { expectedFailuresPath } from "./conformance.ts";

const conformance = sharedData("conformance");
const bun = join(projectRoot, "node_modules", "@oven", "bun-linux-x64", "bin", "bun");

/** Runs the scripts of a folder, of which at least `least` commands must pass and none fail that is not in the list. */
function runOnBun(
  t: TestContext,
  folder: string,
  list: string,
  least: number,
  words: readonly string[],
): void {
  if (conformance === null || !existsSync(bun)) {
    t.skip(conformance === null ? noSharedData("conformance") : "Bun (@oven/bun-linux-x64) is not installed");
    return;
  }
  const args = ["wast", "--json", "--expected-failures", expectedFailuresPath(list), ...words];
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
  assert.ok(report.passed >= least, `${report.passed}`);
}

for (const folder of ["spec", "proposals", "wasmtime"]) {
  test(`${folder} on JavaScriptCore`, (t) => runOnBun(t, folder, "bun", 500, ["--engine", "native"]));
}

for (const [folder, list, least] of [
  ["spec/core", "spillway", 65_000],
  ["spec/legacy-exceptions", "spillway", 90],
  ["proposals", "spillway-bun", 1400],
  ["wasmtime", "spillway", 1000],
] as const) {
  test(`${folder}, compiled, on JavaScriptCore`, (t) => runOnBun(t, folder, list, least, []));
}

for (const [folder, least] of [
  ["spec/core/gc", 780],
  ["spec/core/exceptions", 100],
  ["wasmtime/gc", 150],
] as const) {
  test(`${folder}, compiled, with a collection at every safepoint, on JavaScriptCore`, (t) =>
    runOnBun(t, folder, "spillway", least, ["--gc-stress"]));
}
