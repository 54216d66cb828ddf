/**
 * The conformance suites on modules that stand alone, for each target, and on a store for the least that a store needs. What a target
 * cannot have is skipped by name; of the rest nothing fails but what is listed. Validators accept every output, ours and wabt's with
 * nothing switched on. A part of the suites; CONTRIBUTING.md has the command for all.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseTarget } from "../../src/driver/targets.ts";
import { COLLECTOR_NAMES } from "../../src/runtime/collectors.ts";
import type { Features } from "../../src/wasm/index.ts";
import { ExpectedFailures, ScriptReport } from "../../src/wast/index.ts";
import type { NativeModule } from "../../src/wast/native-engine.ts";
import { StandaloneEngine } from "../../src/wast/standalone-engine.ts";
import { noSharedData, sharedData } from "../support/project.ts";
import { runOn } from "../translate/recompiling-engine.ts";
import { assertNothingFailed, expectedFailuresPath, passedOf, runSuite } from "../wast/conformance.ts";
import { mvpValidator } from "./wabt.ts";

/** `(module (func (drop (i32.extend8_s (i32.const 0)))))` */
const SIGN_EXTENSION = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 0x41, 0, 0xc0, 0x1a, 0x0b],
]);

class WatchedEngine extends StandaloneEngine {
  private readonly watch: (output: Uint8Array) => void;

  constructor(target: string, watch: (output: Uint8Array) => void) {
    super({ target });
    this.watch = watch;
  }

  override compile(bytes: Uint8Array, features: Features): NativeModule {
    const module = super.compile(bytes, features);
    this.watch(module.bytes);
    return module;
  }
}

test("core suite, each module alone, for mvp", async (t) => {
  const root = sharedData("conformance/spec/core");
  if (root === null) return t.skip(noSharedData("conformance/spec/core"));
  const validate = await mvpValidator();
  assert.throws(() => validate(SIGN_EXTENSION), "the validator has nothing switched on");
  let outputs = 0;
  const watch = (output: Uint8Array): void => {
    outputs++;
    validate(output);
  };
  const expected = new ExpectedFailures(readFileSync(expectedFailuresPath("standalone"), "utf8"));
  const report = new ScriptReport();
  for (const name of globSync("{*,{gc,exceptions,bulk-memory,multi-memory,memory64}/*}.wast", {
    cwd: root,
  }).sort()) {
    const file = join(root, name);
    report.merge(expected.filter(file, await runOn(new WatchedEngine("mvp", watch), file)));
  }
  for (const failure of expected.passedAfterAll("the list")) report.fail(failure);
  assertNothingFailed(report);
  t.diagnostic(`${outputs} modules; ${JSON.stringify(report.total())}`);
  assert.equal(passedOf(report, "assert_return"), 25186);
  assert.equal(passedOf(report, "assert_trap"), 4300);
  assert.equal(passedOf(report, "module"), 1439);
});

/** What lowering and linking for a target are about. */
const PARTS = ["exceptions", "gc", "multi-memory"];

for (const target of ["wasm2", "wasm3", "wasmi", "wasm3.0-nogc"]) {
  test(`${PARTS.join(", ")}, each module alone, for ${target}`, async (t) => {
    const root = sharedData("conformance/spec/core");
    if (root === null) return t.skip(noSharedData("conformance/spec/core"));
    const list = parseTarget(target).has("multi-memory") ? "standalone-memories" : "standalone";
    for (const part of PARTS) {
      const report = await runSuite(join(root, part), "standalone", list, { target });
      assertNothingFailed(report);
      assert.ok(passedOf(report, "assert_return") > 0);
    }
  });
}

for (const collector of COLLECTOR_NAMES) {
  test(`gc, exceptions, each module alone, for mvp, with collector ${collector}`, async (t) => {
    const root = sharedData("conformance/spec/core");
    if (root === null) return t.skip(noSharedData("conformance/spec/core"));
    const gcStress = collector.startsWith("stress");
    for (const part of ["gc", "exceptions"]) {
      const settings = { target: "mvp", collector, gcStress, prove: true };
      const report = await runSuite(join(root, part), "standalone", "standalone", settings);
      assertNothingFailed(report);
      assert.ok(passedOf(report, "assert_return") > 0);
    }
  });
}

/** What is the least that modules of a store can do with. */
const STORE_TARGET = "mvp,+mutable-global,+multi-value,+legacy-exceptions";

test(`core suite without vectors in a store for ${STORE_TARGET}`, async (t) => {
  const root = sharedData("conformance/spec/core");
  if (root === null) return t.skip(noSharedData("conformance/spec/core"));
  const report = new ScriptReport();
  for (const part of ["*", "gc/*", "exceptions/*", "bulk-memory/*", "memory64/*", "multi-memory/*"]) {
    report.merge(await runSuite(root, "spillway", "spillway", { target: STORE_TARGET }, `${part}.wast`));
  }
  assertNothingFailed(report);
  t.diagnostic(JSON.stringify([report.total(), ...report.skips]));
  assert.equal(passedOf(report, "assert_return"), 28259);
});
