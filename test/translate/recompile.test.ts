/**
 * Translation and backend on whole scripts of the conformance suites: every module that has no references is recompiled by way
 * of CLIF, and the script must then go exactly as it goes natively. Modules with what is not compiled yet run as they are, and
 * are counted by what it was.
 */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { recompileModule } from "../../src/driver/recompile.ts";
import { NativeEngine } from "../../src/wast/native-engine.ts";
import { noSharedData, sharedData } from "../support/project.ts";
import { type Counts, RecompilingEngine, runOn, summary } from "./recompiling-engine.ts";

/** Files with little but modules that have references would only repeat the native run. */
const LEFT_OUT = /gc|exceptions|names|ref_|binary|utf8|comments|custom|function-references|stack-switching/;

interface Suite {
  readonly folder: string;
  readonly files: string;
  /** How many modules are recompiled at the least. */
  readonly least: number;
  /** Node has no instructions for it: the script's own expectations are the judge. */
  readonly isForeign?: boolean;
}

const SUITES: readonly Suite[] = [
  { folder: "spec/core", files: "**/*.wast", least: 2900 },
  { folder: "proposals", files: "{threads,threads-core}/*.wast", least: 30 },
  { folder: "proposals", files: "wide-arithmetic/*.wast", least: 1, isForeign: true },
  { folder: "wasmtime", files: "wide-arithmetic.wast", least: 1, isForeign: true },
  { folder: "wasmtime", files: "{*,memory64/*,multi-memory/*,simd/*,threads/*}.wast", least: 200 },
];

for (const { folder, files, least, isForeign } of SUITES) {
  test(`recompiled modules of ${folder}/${files} behave as they do natively`, async (t) => {
    const root = sharedData(`conformance/${folder}`);
    if (root === null) return t.skip(noSharedData(`conformance/${folder}`));
    const counts: Counts = { recompiled: 0, refused: new Map() };
    let passed = 0;
    for (const name of globSync(files, { cwd: root }).sort()) {
      if (LEFT_OUT.test(name) || (name.includes("wide-arithmetic") && isForeign !== true)) continue;
      const file = join(root, name);
      const expected = isForeign === true ? [] : (await runOn(new NativeEngine(), file)).failures;
      const recompiled = await runOn(new RecompilingEngine(recompileModule, counts), file);
      assert.deepEqual(recompiled.failures, expected, name);
      passed += recompiled.total().passed;
    }
    t.diagnostic(summary(counts, passed));
    assert.ok(counts.recompiled >= least, `${counts.recompiled}`);
  });
}
