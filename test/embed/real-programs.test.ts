/**
 * Published programs, with their own unmodified JavaScript, on Node 20 under the polyfill: they print what they print natively on
 * this engine. With fewer inputs, all run under stress: the collector moves everything, and poisons where it was.
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
/** Which run with a collection at every safepoint, with how many of their inputs. */
const UNDER_STRESS: Readonly<Record<string, number>> = { wasm_matches: 10, "gg-bridge": 10, dart_fmt: 1 };
/**
 * Those that allocate too much for that, with a collection at one allocation in so many: a prime, so that loops do not keep in step with it.
 */
const THINNED: Readonly<Record<string, number>> = { "kotlin-fmt": 97, jasm: 97 };
const THINNED_INPUTS = 3;

const script = join(import.meta.dirname, "programs", "run-program.mjs");
const thinned = join(import.meta.dirname, "programs", "stress.mjs");
const polyfill = join(projectRoot, "dist", "bundled", "node", "polyfill.js");

function run(node: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): unknown {
  const output = execFileSync(node, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  return JSON.parse(output);
}

/** How the program is run under Spillway, and with how many inputs. */
interface Way {
  readonly title: string;
  readonly inputs: readonly string[];
  readonly preload: string;
  readonly env: Readonly<Record<string, string>>;
}

function waysOf(name: string): Way[] {
  const ways: Way[] = [{ title: "", inputs: [], preload: polyfill, env: {} }];
  if (name in UNDER_STRESS) {
    const title = ", collecting at every safepoint";
    const inputs = [String(UNDER_STRESS[name])];
    ways.push({ title, inputs, preload: polyfill, env: { SPILLWAY_GC_STRESS: "1" } });
  }
  if (name in THINNED) {
    const period = String(THINNED[name]);
    const title = `, collecting at one allocation in ${period}`;
    const inputs = [String(THINNED_INPUTS)];
    ways.push({ title, inputs, preload: thinned, env: { SPILLWAY_STRESS_PERIOD: period } });
  }
  return ways;
}

for (const [name, packageName] of Object.entries(PROGRAMS)) {
  for (const { title, inputs, preload, env } of waysOf(name)) {
    test(`${name} on Node 20 does what it does natively${title}`, (t) => {
      const node20 = systemNode(20);
      if (node20 === null) return t.skip("no Node 20 on the path");
      if (!existsSync(join(projectRoot, "node_modules", packageName)))
        return t.skip(`${packageName} is not installed`);
      const native = run(process.execPath, [script, name, ...inputs]);
      assert.deepEqual(run(node20, ["--import", preload, script, name, ...inputs], env), native);
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
