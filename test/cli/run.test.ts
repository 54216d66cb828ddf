/** `spillway run` as people call it. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { follow, named, readSnapshot, rootGroup, type SnapshotNode } from "../support/heap-snapshot.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-cli-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const functions = file(
  "functions.wat",
  `(module
  (type $cell (struct (field (mut i32))))
  (type $bytes (array (mut i8)))
  (global $last (mut (ref null $cell)) (ref.null $cell))
  (tag $problem (param i32 (ref null struct)))
  (elem declare func $deep)
  (func $deep (param (ref null $cell)) (result i32)
    (i32.add (i32.const 1) (call $deep (struct.new $cell (struct.get $cell 0 (local.get 0))))))
  (func (export "deep") (result i32) (call $deep (struct.new $cell (i32.const 1))))
  (func $inner (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $outer (export "divide") (param i32 i32) (result i32)
    (i32.add (i32.const 1) (call $inner (local.get 0) (local.get 1))))
  (func $read (export "read") (param (ref null $cell)) (result i32) (struct.get $cell 0 (local.get 0)))
  (func (export "fill") (drop (array.new $bytes (i32.const 1) (i32.const 100000000))))
  (func (export "throw") (throw $problem (i32.const 7) (ref.null struct)))
  (func (export "churn") (param i32)
    (loop $again (global.set $last (struct.new $cell (local.get 0)))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "kinds") (param i64 f32 f64 externref)
    (result i64 f32 f64 externref anyref eqref (ref func) (ref array) i32)
    (local.get 0) (local.get 1) (local.get 2) (local.get 3)
    (ref.i31 (i32.const -5)) (struct.new $cell (i32.const 3)) (ref.func $deep)
    (array.new $bytes (i32.const 1) (i32.const 2)) (i32.const -1)))`,
);

/** Writes its arguments, and exits with how many variables and folders it has. */
const program = file(
  "program.wat",
  `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $arguments (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $variables (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $folder (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (type $words (array (mut i32)))
  (memory (export "memory") 1)
  (func $start (export "_start") (local $sizes (ref $words))
    (drop (call $sizes (i32.const 16) (i32.const 20)))
    (local.set $sizes (array.new $words (i32.load (i32.const 20)) (i32.const 1)))
    (drop (call $arguments (i32.const 100) (i32.const 200)))
    (i32.store (i32.const 0) (i32.load (i32.const 100)))
    (i32.store (i32.const 4) (array.get $words (local.get $sizes) (i32.const 0)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (drop (call $variables (i32.const 24) (i32.const 28)))
    (call $exit (i32.add
      (i32.mul (i32.const 10) (i32.load (i32.const 24)))
      (i32.eqz (call $folder (i32.const 3) (i32.const 32)))))))`,
);

describe("run", { concurrency: 2 }, () => {
  test("a program with WASI: arguments, variables, folders, exit code", async () => {
    assert.deepEqual(await runCli(["run", program]), { code: 0, stdout: "program.wat\0", stderr: "" });
    mkdirSync(join(folder, "data"), { recursive: true });
    const options = ["--dir", `${folder}/data::/data`, "--env", "A=1", "--env", "PATH", "--gc-stress"];
    const { code, stdout, stderr } = await runCli(["run", program, ...options, "--", "-v", "x"]);
    assert.deepEqual([code, stdout, stderr], [21, "program.wat\0-v\0x\0", ""]);
  });

  test("--invoke reads arguments and prints results by their types", async () => {
    const args = ["--invoke", "kinds", functions, "-9223372036854775808", "0.1", "-0.0", "null"];
    const expected = ["-9223372036854775808", "0.1", "-0", "null", "i31 -5", "struct", "func", "array", "-1"];
    const { code, stdout } = await runCli(["run", ...args]);
    assert.deepEqual([code, stdout], [0, `${expected.join("\n")}\n`]);
    const json = await runCli(["run", "--json", "--invoke", "divide", functions, "--", "-0x10", "4"]);
    assert.deepEqual(JSON.parse(json.stdout), [-3]);
    const all = await runCli(["run", "--json", ...args]);
    assert.deepEqual(JSON.parse(all.stdout), [
      "-9223372036854775808",
      Math.fround(0.1),
      "-0",
      ...expected.slice(3, -1),
      -1,
    ]);
    const beyond = ["--invoke", "kinds", functions, "1", "inf", "1e300", "null"];
    const numbers = JSON.parse((await runCli(["run", "--json", ...beyond])).stdout) as unknown[];
    assert.deepEqual(numbers.slice(0, 3), ["1", "inf", 1e300]);
  });

  test("traps have the specification's words and the functions that were running", async () => {
    const trap = async (args: readonly string[], message: RegExp): Promise<void> => {
      const { code, stdout, stderr } = await runCli(["run", functions, ...args]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, message);
    };
    await trap(
      ["--invoke", "divide", "1", "0"],
      /^[^\n]*functions\.wat: error: trap: integer divide by zero\n {2}at inner \(function 2\) functions\.wat:10:46\n {2}at outer \(function 3\) functions\.wat:12:29\n$/,
    );
    await trap(
      ["--invoke", "read", "null"],
      /trap: null structure reference\n {2}at read \(function 4\) functions\.wat:13:70\n$/,
    );
    await trap(
      ["--invoke", "deep"],
      /trap: call stack exhausted\n {2}at deep \(function 0\) functions\.wat:8:\d+, \d+ times\n/,
    );
    await trap(
      ["--invoke", "fill", "--max-heap", "1m"],
      /trap: out of memory\n {2}at fill \(function 5\) functions\.wat:14:32\n$/,
    );
    await trap(["--invoke", "throw"], /error: uncaught exception: i32 7, (structref|\(ref null struct\))\n/);
  });

  test("what the engine says of calls by references and of calls through tables is told apart by the operator", async () => {
    const calls = file(
      "calls.wat",
      `(module
  (type $f (func (param i32) (result i32)))
  (type $g (func (result i64)))
  (table $t 3 funcref)
  (elem (i32.const 1) $one)
  (func $one (type $f) (local.get 0))
  (global $n (mut (ref null $f)) (ref.null $f))
  (func (export "null") (result i32) (call_ref $f (i32.const 1) (global.get $n)))
  (func (export "empty") (result i32) (call_indirect $t (type $f) (i32.const 1) (i32.const 0)))
  (func (export "past") (result i64) (call_indirect $t (type $g) (i32.const 7))))`,
    );
    const said: string[] = [];
    for (const name of ["null", "empty", "past"]) {
      const { stderr } = await runCli(["run", "--invoke", name, calls]);
      said.push(/trap: (.*)\n {2}at \w+ \(function \d+\) calls\.wat:\d+:\d+\n$/.exec(stderr)?.[1] ?? stderr);
    }
    assert.deepEqual(said, [
      "null function reference",
      "uninitialized element or indirect call type mismatch",
      "undefined element",
    ]);
  });

  test("--gc-stats counts", async () => {
    const args = ["--invoke", "churn", functions, "1000", "--gc-stats", "--json"];
    const { code, stderr } = await runCli(["run", ...args, "--gc-stress"]);
    assert.equal(code, 0, stderr);
    const { collections, bytesAllocated, liveBytes } = JSON.parse(stderr) as Record<string, number>;
    assert.ok(collections! >= 1000);
    assert.deepEqual([bytesAllocated, liveBytes], [8000, 8]);
    for (const collector of ["drc", "generational"]) {
      const other = await runCli(["run", ...args, "--gc-stress", "--collector", collector]);
      assert.equal(other.code, 0, other.stderr);
      assert.equal((JSON.parse(other.stderr) as Record<string, number>)["liveBytes"]! % 8, 0);
    }
    const { stderr: text } = await runCli(["run", "--invoke", "churn", functions, "1000", "--gc-stats"]);
    assert.match(
      text,
      /^collections +0\nbytes allocated +8,000\nbytes copied +0\nbytes live +8 {3}after one more collection[^\n]*\n$/,
    );
  });

  test("--heap-snapshot shows what is reached at the end, also after a trap", async () => {
    const path = join(folder, "heap.heapsnapshot");
    const take = async (...args: readonly string[]): Promise<readonly SnapshotNode[]> => {
      const { code, stderr } = await runCli(["run", functions, "--heap-snapshot", path, "--invoke", ...args]);
      assert.equal(code, args[0] === "churn" ? 0 : 1, stderr);
      return readSnapshot(readFileSync(path, "utf8"));
    };
    const nodes = await take("churn", "1000");
    const last = follow(rootGroup(nodes, "(globals)"), "last");
    assert.deepEqual([last.name, last.bytes, named(nodes, "cell").length], ["cell", 8, 1]);
    assert.equal(named(await take("divide", "1", "0"), "cell").length, 0);
    const wrong = await runCli([
      "run",
      functions,
      "--heap-snapshot",
      join(folder, "no", "x"),
      "--invoke",
      "churn",
      "1",
    ]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /cannot write .*\n {2}note: /);
  });

  test("what cannot be run is said by name", async () => {
    const says = async (args: readonly string[], message: RegExp): Promise<void> => {
      const { code, stderr } = await runCli(["run", ...args]);
      assert.equal(code, 1);
      assert.match(stderr, message);
    };
    const imports = file(
      "imports.wat",
      '(module (import "js" "log" (func (param i32))) (import "js" "t" (table 1 funcref)) (func (export "_start")))',
    );
    // Without them no export helps.
    const glued = file("glued.wat", '(module (import "js" "f" (func)) (func (export "main")))');
    await says([glued], /imports: function "js" "f"\n/);
    await says(
      [imports],
      /imports: function "js" "log", table "js" "t"\n {2}note: .*\n {2}note: .*--import spillway\/polyfill/,
    );
    await says([functions], /no `_start`.*\n {2}note: .*--invoke: deep, divide, /);
    const invalid = file("invalid.wat", '(module (func (export "f") (result i32) (i64.const 1)))');
    await says([invalid], /type mismatch/);
    await says([invalid, "--invoke", "f"], /type mismatch/);
    await says([functions, "--invoke", "frob"], /no function "frob"\n {2}note: it exports deep, /);
    await says([functions, "--invoke", "divide", "1"], /divide takes \(i32, i32\), and 1 were given/);
    await says(
      [functions, "--invoke", "divide", "1", "4294967296"],
      /the argument "4294967296" is no i32\n {2}note: /,
    );
    assert.equal((await runCli(["run", program, "--dir", "::x"])).code, 2);
    const missing = await runCli(["run", program, "--dir", join(folder, "nowhere")]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /error: --dir .*nowhere: there is no such folder\n {2}note: /);
  });
});
