/** The examples run as they stand, on the built package. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project.ts";

function run(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: projectRoot, encoding: "utf8" });
}

test("npm run example shows slots, stack maps and code", () => {
  const output = run("bin/spillway.js", "spill", "--emit", "slots,maps,text", "examples/linked-list.clif");
  assert.match(output, /ss0 {3}4 {6}v3/);
  assert.match(output, /v4 = call fn0\(v6\), stack_map=\[i32 @ ss0\+0\]/);
});

test("a compiler's use of FunctionBuilder", () => {
  const output = run(join("examples", "build-function.mjs"));
  assert.match(output, /call fn1\(\), stack_map=\[i32 @ ss0\+0\]/);
});
