/**
 * The spec suite's scripts on references, with every module that can stand alone compiled to one that does: nothing fails that
 * does not fail natively, whatever the collector, but for two things. A trap of ours says `unreachable` only. And where one module imports from another, the
 * function types that are compared are those of the output, which does not know the rec groups of the input.
 */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { COLLECTOR_NAMES } from "../../src/runtime/collectors.ts";
import { NativeEngine } from "../../src/wast/native-engine.ts";
import type { ScriptReport } from "../../src/wast/report.ts";
import { noSharedData, sharedData } from "../support/project.ts";
import { type Counts, RecompilingEngine, runOn, summary } from "../translate/recompiling-engine.ts";

const FILES =
  "{gc/*,ref_*,br_on_*,call_indirect,return_call*,select,table_*,type-*,unreached-valid,local_*}.wast";
const COMPARED_BY_STRUCTURE = /type-(subtyping|rec)\.wast$/;

function surprises({ failures }: ScriptReport): readonly string[] {
  return failures
    .filter(({ file, directive, expected, got }) => {
      if (directive === "assert_trap" && expected.startsWith("trap: ") && got === "trap: unreachable")
        return false;
      return directive !== "assert_unlinkable" || !COMPARED_BY_STRUCTURE.test(file);
    })
    .map(({ file, line, expected, got }) => `${file}:${line}: ${expected} / ${got}`);
}

for (const collector of COLLECTOR_NAMES) {
  test(`scripts on references behave compiled as they do natively, with collector ${collector}`, async (t) => {
    const folder = sharedData("conformance/spec/core");
    if (folder === null) return t.skip(noSharedData("conformance/spec"));
    const counts: Counts = { recompiled: 0, refused: new Map() };
    let passed = 0;
    for (const name of globSync(FILES, { cwd: folder }).sort()) {
      const file = join(folder, name);
      const native = await runOn(new NativeEngine(), file);
      const engine = new RecompilingEngine(
        (bytes, features) => compile(bytes, { features, collector }),
        counts,
      );
      const compiled = await runOn(engine, file);
      const known = new Set(surprises(native));
      const fresh = surprises(compiled).filter((surprise) => !known.has(surprise));
      assert.deepEqual(fresh, [], name);
      passed += compiled.total().passed;
    }
    t.diagnostic(summary(counts, passed));
    assert.ok(counts.recompiled > 100, `${counts.recompiled}`);
  });
}
