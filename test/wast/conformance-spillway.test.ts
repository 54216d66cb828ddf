/**
 * The conformance suites compiled, in a store with the copying collector: on this engine, with every function proven; and, by the
 * built package, on Node 20, which has no garbage collection. What touches references also runs with a collection at every
 * safepoint, and with the collector that never frees.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { noSharedData, projectRoot, sharedData, systemNode } from "../support/project.ts";
import { assertNothingFailed, expectedFailuresPath, passedOf, runSuite } from "./conformance.ts";

const conformance = sharedData("conformance");

/** What has references at its heart. */
const ON_REFERENCES = ["spec/core/gc", "wasmtime/gc", "wasmtime/function-references", "spec/core/exceptions"];

test("core suite, compiled", async (t) => {
  if (conformance === null) return t.skip(noSharedData("conformance"));
  const report = await runSuite(join(conformance, "spec", "core"), "spillway", "spillway", { prove: true });
  assertNothingFailed(report);
  assert.equal(passedOf(report, "assert_return"), 52718);
  assert.equal(passedOf(report, "assert_unlinkable"), 200);
});

for (const folder of ["proposals", "wasmtime"]) {
  test(`${folder}, compiled`, async (t) => {
    if (conformance === null) return t.skip(noSharedData("conformance"));
    const report = await runSuite(join(conformance, folder), "spillway", "spillway", { prove: true });
    assertNothingFailed(report);
    assert.ok(passedOf(report, "module") > 0);
  });
}

for (const [name, options] of [
  ["a collection at every safepoint", { collector: "stress", gcStress: true, prove: true }],
  ["collector null", { collector: "null" }],
] as const) {
  for (const folder of ON_REFERENCES) {
    test(`${folder}, compiled, with ${name}`, async (t) => {
      if (conformance === null) return t.skip(noSharedData("conformance"));
      assertNothingFailed(await runSuite(join(conformance, folder), "spillway", "spillway", options));
    });
  }
}

test("core suite, compiled, on Node 20", (t) => {
  const node = systemNode(20);
  if (conformance === null) return t.skip(noSharedData("conformance"));
  if (node === null) return t.skip("no Node 20 on the path");
  const list = expectedFailuresPath("spillway");
  const args = ["wast", "--json", "--expected-failures", list, join(conformance, "spec", "core")];
  const output = execFileSync(node, [join(projectRoot, "bin", "spillway.js"), ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const { passed, failed, failures } = JSON.parse(output) as {
    passed: number;
    failed: number;
    failures: unknown[];
  };
  assert.deepEqual(failures, []);
  assert.equal(failed, 0);
  assert.ok(passed > 60_000);
});
