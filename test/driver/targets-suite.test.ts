/**
 * The conformance suite without vectors, every module that can stand alone compiled for the first version of Wasm: a validator with
 * nothing switched on accepts the output, and the scripts go as they do natively. Modules that are refused run as they are.
 */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { parseTarget } from "../../src/driver/targets.ts";
import { decodeModule, type Features, validateModule } from "../../src/wasm/index.ts";
import { NativeEngine } from "../../src/wast/native-engine.ts";
import type { ScriptReport } from "../../src/wast/report.ts";
import { noSharedData, sharedData } from "../support/project.ts";
import { type Counts, RecompilingEngine, runOn, summary } from "../translate/recompiling-engine.ts";
import { passedOf, runSuite } from "../wast/conformance.ts";

/** Without code of interest, or (`type-`) about what the engine checks of imports that have types of the input. */
const LEFT_OUT = /binary|utf8|comments|custom|names|type-rec|type-subtyping/;

/** Standing alone a trap of ours is `unreachable`, and the engine has wordings of its own. */
function failures({ failures: found }: ScriptReport): ScriptReport["failures"] {
  return found.filter(({ expected, got }) => !(expected.startsWith("trap") && got.startsWith("trap")));
}

const SUITES: readonly (readonly [files: string, target: string, least: number])[] = [
  ["*.wast", "mvp", 1150],
  ["bulk-memory/*.wast", "mvp", 180],
  ["gc/*.wast", "mvp", 20],
];

for (const [files, target, least] of SUITES) {
  test(`modules of ${files} for ${target} behave as they do natively`, async (t) => {
    const root = sharedData("conformance/spec/core");
    if (root === null) return t.skip(noSharedData("conformance/spec/core"));
    const has = parseTarget(target);
    const counts: Counts = { recompiled: 0, refused: new Map() };
    const recompile = (bytes: Uint8Array, features: Features): Uint8Array => {
      const output = compile(bytes, { features, target });
      validateModule(decodeModule(output, has), has);
      return output;
    };
    let passed = 0;
    for (const name of globSync(files, { cwd: root }).sort()) {
      if (LEFT_OUT.test(name)) continue;
      const file = join(root, name);
      const native = await runOn(new NativeEngine(), file);
      const compiled = await runOn(new RecompilingEngine(recompile, counts), file);
      assert.deepEqual(failures(compiled), failures(native), name);
      passed += compiled.total().passed;
    }
    t.diagnostic(summary(counts, passed));
    assert.ok(counts.recompiled >= least, `${counts.recompiled}`);
  });
}

/** What is the least that modules of a store can do with. */
const STORE_TARGET = "mvp,+mutable-global,+multi-value,+legacy-exceptions";

for (const folder of ["gc", "exceptions", "bulk-memory"]) {
  test(`modules of ${folder} in a store for ${STORE_TARGET}`, async (t) => {
    const root = sharedData("conformance/spec/core");
    if (root === null) return t.skip(noSharedData("conformance/spec/core"));
    const report = await runSuite(join(root, folder), "spillway", "spillway", { target: STORE_TARGET });
    // What tail calls a table of the store's, or has an atomic memory, is refused.
    const surprises = report.failures.filter(({ got }) => !/needs (tail-call|threads)/.test(got));
    assert.deepEqual(surprises, []);
    assert.ok(passedOf(report, "assert_return") > 0);
  });
}
