/**
 * The conformance suites on the host's own WebAssembly: what proves the runner right, values, traps, threads and
 * all. What fails is what V8 does otherwise, and is listed with its reason.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { canReadLegacyText } from "../../src/wast/index.ts";
import { noSharedData, sharedData } from "../support/project.ts";
import { assertNothingFailed, passedOf, runSuite } from "./conformance.ts";

const conformance = sharedData("conformance");

test("core suite on V8", async (t) => {
  if (conformance === null) return t.skip(noSharedData("conformance"));
  const report = await runSuite(join(conformance, "spec", "core"), "native", "node");
  assertNothingFailed(report);
  assert.equal(passedOf(report, "assert_return"), 52718);
  assert.equal(passedOf(report, "assert_trap"), 4982);
  assert.equal(passedOf(report, "assert_unlinkable"), 200);
});

for (const folder of ["spec/legacy-exceptions", "spec/custom", "proposals", "wasmtime"]) {
  test(`${folder} on V8`, async (t) => {
    if (conformance === null) return t.skip(noSharedData("conformance"));
    if (folder.includes("legacy") && !(await canReadLegacyText())) return t.skip("wabt is not installed");
    const report = await runSuite(join(conformance, folder), "native", "node");
    assertNothingFailed(report);
    assert.ok(passedOf(report, "module") > 0);
  });
}
