/** `spillway reduce` as people call it. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { largeFunction } from "../lab/reduce/large-function.ts";
import { largeScript, REFUSED } from "../lab/reduce/large-script.ts";
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

const SCRIPT = join(folder, "bug.wast");
writeFileSync(
  SCRIPT,
  largeScript(11, 200, {
    fields: '  (func (export "bad") (result i32) (call $sum1 (i32.const 0)))',
    assertions: '(assert_return (invoke "bad") (i32.const 1))',
  }),
);

test("a script is reduced under the options of `spillway wast`, and still fails under them", async () => {
  const path = join(folder, "small.wast");
  const options = ["--wast-fails", "--engine native -W all", "-o", path];
  const { code, stdout, stderr } = await runCli(["reduce", SCRIPT, ...options]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^note: 2\d\d lines became \d, .* still the script fails with `--engine native -W all` \(assert_return: /,
  );
  const wast = await runCli(["wast", "--engine", "native", path]);
  assert.equal(wast.code, 1);
  assert.match(wast.stdout, /^failed .*: assert_return\n/);
});

test("a module from standard input says what it is by --as", async () => {
  const text = `(module (func (drop (${REFUSED} (i64.const 1) (i64.const 2))) (drop)) (func))`;
  const args = [
    "reduce",
    "-",
    "--as",
    "wat",
    "--compile-fails",
    "-W -wide-arithmetic",
    "--match",
    REFUSED,
    "-q",
  ];
  const { code, stdout, stderr } = await runCli(args, text);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout.split("\n").filter((line) => line.includes("func")).length, 2, stdout);
  assert.ok(stdout.includes(REFUSED), stdout);
});

test("a module that is none is one error", async () => {
  const path = join(folder, "truncated.wasm");
  writeFileSync(path, Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5));
  const { code, stdout, stderr } = await runCli(["reduce", path, "--compile-fails", ""]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^[^\n]*truncated\.wasm:0x[\da-f]+: error: [^\n]+\n$/);
});

test("modules and scripts need a condition of theirs", async () => {
  const refused = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { code, stderr } = await runCli(["reduce", ...args], "(module)");
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  };
  await refused([SCRIPT], /needs one of --check, --wast-fails, --compile-fails and --run-fails/);
  await refused([SCRIPT, "--check", "true", "--compile-fails", ""], /needs one of/);
  await refused([SCRIPT, "--wast-passes", "", "--check", "true"], /--wast-passes needs --wast-fails/);
  await refused([SCRIPT, "--wast-fails", "--engine other"], /Allowed choices are/);
  await refused(["-", "--as", "wat", "--wast-fails", ""], /--wast-fails is for scripts/);
  await refused([SCRIPT, "--run-fails"], /--run-fails is for modules/);
  await refused(["-", "--wast-fails", ""], /not for CLIF/);
});
