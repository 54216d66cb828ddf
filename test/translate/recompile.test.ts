/**
 * Translation and backend on whole scripts of the spec suite: every module that has no references is recompiled by way of
 * CLIF, and the script must then go exactly as it goes natively. Modules with what is not compiled yet run as they are, and
 * are counted by what it was.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { recompileModule } from "../../src/driver/recompile.ts";
import { DEFAULT_FEATURES, type Features } from "../../src/wasm/index.ts";
import { hostModules } from "../../src/wast/host-modules.ts";
import { NativeEngine, type NativeModule } from "../../src/wast/native-engine.ts";
import { parseScript } from "../../src/wast/parse-script.ts";
import type { ScriptReport } from "../../src/wast/report.ts";
import { runScript } from "../../src/wast/runner.ts";
import { noSharedData, sharedData } from "../support/project.ts";

interface Counts {
  recompiled: number;
  readonly refused: Map<string, number>;
}

class RecompilingEngine extends NativeEngine {
  private readonly counts: Counts;

  constructor(counts: Counts) {
    super();
    this.counts = counts;
  }

  override compile(bytes: Uint8Array, features: Features): NativeModule {
    const native = super.compile(bytes, features);
    let recompiled: Uint8Array;
    try {
      recompiled = recompileModule(bytes, features);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.counts.refused.set(error.message, (this.counts.refused.get(error.message) ?? 0) + 1);
      return native;
    }
    this.counts.recompiled++;
    return super.compile(recompiled, features);
  }
}

async function run(engine: NativeEngine, file: string): Promise<ScriptReport> {
  return runScript(parseScript(readFileSync(file, "utf8")), {
    file,
    engine,
    features: DEFAULT_FEATURES,
    checkMessages: false,
    hosts: await hostModules(engine, DEFAULT_FEATURES),
    instances: new Map(),
    startThread: () => assert.fail("no threads here"),
  });
}

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
    const native = await run(new NativeEngine(), file);
    const recompiled = await run(new RecompilingEngine(counts), file);
    assert.deepEqual(recompiled.failures, native.failures, name);
    passed += recompiled.total().passed;
  }
  const refused = [...counts.refused].sort((a, b) => b[1] - a[1]).map(([why, count]) => `${count} × ${why}`);
  t.diagnostic(
    `${counts.recompiled} modules recompiled, ${passed} directives passed; refused: ${refused.join("; ")}`,
  );
  assert.ok(counts.recompiled > 300);
});
