/** `spillway reduce` as people call it. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { largeFunction } from "../lab/reduce/large-function.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-cli-"));
after(() => rmSync(folder, { recursive: true }));

const SOURCE = largeFunction(7919, 120);
const POLICY = ["--policy", "wrong:loop-invariant-slot"];

test("standard output is the reduced CLIF and nothing else, and it still fails", async () => {
  const { code, stdout, stderr } = await runCli(["reduce", "-", ...POLICY, "-j", "1"], SOURCE);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^note: 12\d instructions became \d+, .* still the checker rejects /);
  assert.ok((stdout.match(/^ {4}.*$/gm) ?? []).length <= 18, stdout);
  const check = await runCli(["check", "-q", "-", ...POLICY], stdout);
  assert.equal(check.code, 1);
  assert.match(check.stderr, /\[wrong-use\]/);
});

test("--output is written whole, and --quiet says nothing", async () => {
  const path = join(folder, "small.clif");
  const quiet = await runCli(["reduce", "-", ...POLICY, "-j", "2", "-q", "-o", path], SOURCE);
  assert.deepEqual(quiet, { code: 0, stdout: "", stderr: "" });
  const direct = await runCli(["reduce", "-", ...POLICY, "-j", "1", "-q"], SOURCE);
  assert.equal(readFileSync(path, "utf8"), direct.stdout);
});

test("--check keeps what a command says", async () => {
  const { code, stdout, stderr } = await runCli(["reduce", "-", "--check", "grep -q iconst"], SOURCE);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /still `grep -q iconst` ends with exit 0/);
  assert.match(stdout, /iconst/);
  assert.ok(stdout.split("\n").length < 10, stdout);
});

test("what shows no failure, and wrong usage, have their exit codes", async () => {
  const fine = await runCli(["reduce", "-"], "function %f() {\nblock0:\n    return\n}\n");
  assert.equal(fine.code, 1);
  assert.match(fine.stderr, /there is nothing to reduce: it is not so that the checker rejects/);
  assert.equal((await runCli(["reduce", "-", "--match", "x"], SOURCE)).code, 2);
  assert.equal((await runCli(["reduce", "-", "--policy", "none"], SOURCE)).code, 2);
  assert.equal((await runCli(["reduce", "-", "-j", "0"], SOURCE)).code, 2);
});
