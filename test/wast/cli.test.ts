/** `validate`, `print` and `wast` as commands: options, output, exit codes. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { projectRoot } from "../support/project.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-wast-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function spillway(
  args: readonly string[],
  input = "",
): { status: number | null; stdout: string; stderr: string } {
  const main = join(projectRoot, "src", "cli", "main.ts");
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8", input });
}

const gc = file("gc.wat", "(module (type (struct (field v128))))");
const script = file(
  "a.wast",
  '(module (func (export "f") (result i32) i32.const 1))\n(assert_return (invoke "f") (i32.const 2))',
);

test("validate: text, standard input, several files; features as Wasmtime takes them", () => {
  assert.equal(spillway(["validate", gc]).stdout, `${gc}: valid\n`);
  assert.equal(spillway(["validate", "-q", "-"], "(module (func))").status, 0);
  const off = spillway(["validate", "-Wgc", "-Wfunction-references", "-Wsimd=n", gc]);
  assert.equal(off.status, 1);
  assert.match(off.stderr, /gc\.wat:0x[0-9a-f]+: error: .*needs the feature simd/);
  assert.equal(spillway(["validate", "-W-gc", gc]).status, 1);
  assert.equal(spillway(["validate", "-W", "-all,gc,simd", gc]).status, 0);
  const bad = spillway(["validate", "-"], "(module\n  (func i32.frob))");
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /^<stdin>:2:9: error: .*\n {4}\(func i32\.frob\)\)\n {10}\^/);
  assert.equal(spillway(["validate", join(folder, "none.wasm")]).status, 1);
  assert.equal(spillway(["validate", "-W", "frob", gc]).status, 2);
  assert.equal(spillway(["validate"]).status, 2);
});

test("print: to standard output and to a file", () => {
  assert.match(spillway(["print", gc]).stdout, /^\(module\n {2}\(type .*struct \(field v128\).*\)\n$/s);
  const output = join(folder, "out.wat");
  assert.equal(spillway(["print", gc, "-o", output]).stdout, "");
  assert.match(readFileSync(output, "utf8"), /struct/);
  assert.equal(spillway(["print", "-"], "\u0000asm").status, 1);
});

test("wast: one JSON object of a fixed shape, and the exit code", () => {
  const run = spillway(["wast", "--engine", "native", "--json", script]);
  assert.equal(run.status, 1);
  assert.equal(run.stderr, "");
  assert.deepEqual(JSON.parse(run.stdout), {
    passed: 1,
    failed: 1,
    skipped: 0,
    files: 1,
    failures: [
      { file: script, line: 2, directive: "assert_return", expected: "(i32.const 2)", got: "(i32.const 1)" },
    ],
  });
  const none = spillway(["wast", "--json", "--engine", "none", "-Wgc", "-Wwide-arithmetic", folder]);
  assert.equal(none.status, 0);
  assert.deepEqual(JSON.parse(none.stdout), { passed: 1, failed: 0, skipped: 1, files: 1, failures: [] });
});

test("wast: the summary, the filter, and the list of expected failures", () => {
  const run = spillway(["wast", "--engine", "native", folder]);
  assert.equal(run.status, 1);
  assert.match(
    run.stdout,
    /failed .*a\.wast:2: assert_return\n {2}expected \(i32\.const 2\)\n {2}got {6}\(i32\.const 1\)/,
  );
  assert.match(run.stdout, /assert_return +0 +1 +0\n/);
  assert.equal(spillway(["wast", "--filter", "nothing-like-it", folder]).status, 1);
  const list = file("list.txt", "a.wast:2 a reason\n");
  assert.equal(spillway(["wast", "--engine", "native", "--expected-failures", list, folder]).status, 0);
  const shrunk = file("list.txt", "a.wast:1 a reason\na.wast:2 a reason\n");
  const passed = spillway(["wast", "--engine", "native", "--expected-failures", shrunk, folder]);
  assert.equal(passed.status, 1);
  assert.match(passed.stdout, /take the entry out of .*list\.txt/);
  assert.equal(spillway(["wast", "--engine", "frob", folder]).status, 2);
  assert.match(spillway(["wast", "--help"]).stdout, /Examples:/);
});

test("wast: compiled by default, with the collector, the policy and the proof that are asked for", () => {
  const path = file(
    "compiled.wast",
    `(module
      (type $p (struct (field (mut i32))))
      (func $make (param i32) (result (ref $p)) (struct.new $p (local.get 0)))
      (func (export "around") (param i32) (result i32) (local $a (ref null $p)) (local $sum i32)
        (local.set $a (call $make (i32.const 7)))
        (loop $again
          (local.set $sum (i32.add (struct.get $p 0 (local.get $a)) (local.get $sum)))
          (drop (call $make (i32.const 9)))
          (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get $sum)))
    (assert_return (invoke "around" (i32.const 3)) (i32.const 21))`,
  );
  const wast = (...args: string[]): { status: number | null; stdout: string } =>
    spillway(["wast", "--json", ...args, path]);
  assert.equal(wast().status, 0);
  assert.equal(wast("--collector", "null", "--prove").status, 0);
  assert.equal(wast("--collector", "null", "--gc-stress").status, 2);
  assert.equal(wast("--gc-stress", "--policy", "cranelift", "--prove").status, 0);
  // A mistake shows under stress, and the checker does not let it pass.
  const mistaken = wast("--gc-stress", "--policy", "wrong:one-pass-liveness");
  assert.equal(mistaken.status, 1);
  assert.match(mistaken.stdout, /"directive":"assert_return"/);
  const unproven = wast("--prove", "--policy", "wrong:one-pass-liveness");
  assert.notEqual(unproven.status, 0);
  assert.equal(wast("--collector", "frob").status, 2);
  assert.match(spillway(["wast", "--help"]).stdout, /--engine <name>[\s\S]*default: "spillway"/);
});

test("wast: for a target, what it cannot have is skipped with the reason, and all that is asked of it", () => {
  const path = file(
    "target.wast",
    `(module (func (export "two") (result i32 i32) (i32.const 1) (i32.const 2)))
     (register "two")
     (assert_return (invoke "two") (i32.const 1) (i32.const 2))
     (module (import "two" "two" (func (result i32 i32))))
     (assert_invalid (module (func (export "two") (result i32 i32) (i32.const 1))) "type mismatch")
     (module (tag $e) (func (export "throw") (throw $e))
       (func (export "byte") (param i32) (result i32) (i32.extend8_s (local.get 0))))
     (assert_exception (invoke "throw"))
     (assert_return (invoke "byte" (i32.const 255)) (i32.const -1))`,
  );
  const wast = (...args: string[]): { status: number | null; stdout: string } =>
    spillway(["wast", ...args, path]);
  const alone = wast("--engine", "standalone", "--target", "mvp");
  assert.match(alone.stdout, /total of 1 file +3 +0 +5\n/);
  assert.match(
    alone.stdout,
    /skipped 3: not for this target: an exported function with several results needs/,
  );
  assert.match(
    alone.stdout,
    /skipped 1: not for this target: an imported function with several results needs/,
  );
  assert.match(alone.stdout, /skipped 1: an exception that leaves a module is a trap for this target/);
  assert.equal(alone.status, 0);
  assert.match(wast("--engine", "standalone").stdout, /total of 1 file +8 +0 +0\n/);
  assert.match(wast("--target", "mvp").stdout, /skipped 3: not for this target: a module that shares a heap/);
  assert.match(wast("--target", "mvp,+mutable-global,+multi-value,+exceptions").stdout, / 8 +0 +0\n/);
  assert.equal(wast("--target", "wasm9").status, 2);
  // What is valid and refused is no pass where it is to be invalid.
  const valid = file(
    "valid.wast",
    `(assert_invalid (module (func (export "two") (result i32 i32) (i32.const 1) (i32.const 2))) "wrong")`,
  );
  assert.equal(spillway(["wast", "--engine", "standalone", "--target", "mvp", valid]).status, 1);
});
