/**
 * Published programs, with their own unmodified JavaScript, on Node 20 under the polyfill: they print what they print natively on
 * this engine. A smaller set also runs with a collection at every safepoint.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot, systemNode } from "../support/project.ts";

const PROGRAMS: Readonly<Record<string, string>> = {
  dart_fmt: "@wasm-fmt/dart_fmt",
  "kotlin-fmt": "@scalar/kotlin-fmt",
  jasm: "@run-slicer/jasm",
  wasm_matches: "@gkd-kit/wasm_matches",
  "gg-bridge": "@tssuite/gg-bridge-dart-typescript",
};
const UNDER_STRESS = ["wasm_matches", "gg-bridge"];

const script = join(import.meta.dirname, "programs", "run-program.mjs");
const polyfill = join(projectRoot, "dist", "embed", "polyfill.js");

function run(node: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): unknown {
  const output = execFileSync(node, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  return JSON.parse(output);
}

for (const [name, packageName] of Object.entries(PROGRAMS)) {
  for (const stress of UNDER_STRESS.includes(name) ? [false, true] : [false]) {
    test(`${name} on Node 20 does what it does natively${stress ? ", collecting at every safepoint" : ""}`, (t) => {
      const node20 = systemNode(20);
      if (node20 === null) return t.skip("no Node 20 on the path");
      if (!existsSync(join(projectRoot, "node_modules", packageName)))
        return t.skip(`${packageName} is not installed`);
      const native = run(process.execPath, [script, name]);
      const env = stress ? { SPILLWAY_GC_STRESS: "1" } : {};
      assert.deepEqual(run(node20, ["--import", polyfill, script, name], env), native);
      assert.ok((native as unknown[]).length > 0);
    });
  }
}

/** Its tests print nothing, natively as well: that they end well is all there is to see. */
for (const stress of [false, true]) {
  test(`the OCaml tests of html5rw end well on Node 20${stress ? ", collecting at every safepoint" : ""}`, (t) => {
    const node20 = systemNode(20);
    const file = join(projectRoot, "node_modules", "html5rw-jsoo", "htmlrw-tests.wasm.js");
    if (node20 === null) return t.skip("no Node 20 on the path");
    if (!existsSync(file)) return t.skip("html5rw-jsoo is not installed");
    const env = { ...process.env, ...(stress ? { SPILLWAY_GC_STRESS: "1" } : {}) };
    assert.throws(() => execFileSync(node20, [file], { env, stdio: "pipe" }), /CompileError/);
    assert.equal(execFileSync(node20, ["--import", polyfill, file], { env, encoding: "utf8" }), "");
  });
}
