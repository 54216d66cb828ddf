/**
 * Translation and backend on whole scripts of the spec suite: every module that has no references is recompiled by way of
 * CLIF, and the script must then go exactly as it goes natively. Modules with what is not compiled yet run as they are, and
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
const LEFT_OUT = /gc|exceptions|memory64|multi-memory|names|ref_|binary|utf8|comments|custom/;

test("recompiled modules of the spec suite behave as they do natively", async (t) => {
  const folder = sharedData("conformance/spec/core");
  if (folder === null) return t.skip(noSharedData("conformance/spec"));
  const counts: Counts = { recompiled: 0, refused: new Map() };
  let passed = 0;
  for (const name of globSync("**/*.wast", { cwd: folder }).sort()) {
    if (LEFT_OUT.test(name)) continue;
    const file = join(folder, name);
    const native = await runOn(new NativeEngine(), file);
    const recompiled = await runOn(new RecompilingEngine(recompileModule, counts), file);
    assert.deepEqual(recompiled.failures, native.failures, name);
    passed += recompiled.total().passed;
  }
  t.diagnostic(summary(counts, passed));
  assert.ok(counts.recompiled > 300);
});
