/**
 * Exceptions in modules that stand alone, both dialects, and how they unwind on each target: as natively under every collector,
 * which moves payloads and handlers' values; and the shadow stack is as it was where an exception is caught.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";
import { projectRoot, systemNode } from "../support/project.ts";
import { agreesForTargets, agreesWithNative, binaryOf, type Program, results } from "./agreement.ts";

const assembled = new Map<string, Uint8Array>();

/** By binaryen: the only parser of both references and legacy exceptions. */
function assemble(wat: string): Uint8Array {
  const bytes = assembled.get(wat) ?? runAssembler(wat);
  assembled.set(wat, bytes);
  return bytes;
}

function runAssembler(wat: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "spillway-legacy-"));
  try {
    const tool = join(projectRoot, "node_modules", "binaryen", "bin", "wasm-as");
    const output = join(folder, "out.wasm");
    const flags = ["exception-handling", "gc", "reference-types", "multivalue"].map(
      (name) => `--enable-${name}`,
    );
    writeFileSync(join(folder, "in.wat"), wat);
    execFileSync(process.execPath, [tool, join(folder, "in.wat"), "-o", output, ...flags]);
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Boxes, a tag of one and a number, and garbage. */
const PRELUDE = `
  (type $box (struct (field (mut i32))))
  (tag $boxed (param (ref null $box) i64))
  (tag $other (param f64))
  (tag $plain)
  (global $garbage (mut (ref null $box)) (ref.null $box))
  (func $churn (local $i i32)
    (local.set $i (i32.const 50))
    (loop $again
      (global.set $garbage (struct.new $box (local.get $i)))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
  (func $get (param (ref null $box)) (result i32) (call $churn) (struct.get $box 0 (local.get 0)))
  ;; Throws $boxed for 1, $other for 2, $plain for 3, traps for 4; else gives a new box.
  (func $maybe (param i32) (result (ref null $box)) (local $kept (ref null $box))
    (local.set $kept (struct.new $box (local.get 0)))
    (call $churn)
    (if (i32.eq (local.get 0) (i32.const 1))
      (then (throw $boxed (struct.new $box (i32.const 40)) (i64.const 3000000000))))
    (if (i32.eq (local.get 0) (i32.const 2)) (then (throw $other (f64.const 2.5))))
    (if (i32.eq (local.get 0) (i32.const 3)) (then (throw $plain)))
    (if (i32.eq (local.get 0) (i32.const 4)) (then (unreachable)))
    (local.get $kept))`;

const PROGRAMS: readonly Program[] = [
  {
    name: "try_table with clauses of each kind",
    args: [0, 1, 2, 3, 4, 5],
    wat: `(module ${PRELUDE}
      (func (export "run") (param i32) (result i32)
        (local $before (ref null $box)) (local $x (ref null exn))
        (local.set $before (struct.new $box (i32.const 1000)))
        (block $all (result (ref null exn))
          (block $f (result f64)
            (block $b (result (ref null $box) i64)
              (return (i32.add
                (call $get (try_table (result (ref null $box))
                  (catch $boxed $b) (catch $other $f) (catch_all_ref $all)
                  (call $maybe (local.get 0))))
                (call $get (local.get $before)))))
            (drop)
            (return (i32.add (call $get) (call $get (local.get $before)))))
          (return (i32.trunc_f64_s)))
        (local.set $x)
        (call $churn)
        ;; What was caught by reference is thrown again, as the same.
        (block $again
          (try_table (catch $plain $again) (throw_ref (local.get $x)))
          (unreachable))
        (i32.add (i32.const 1) (call $get (local.get $before)))))`,
  },
  {
    name: "a payload behind a reference to its exception, over collections",
    args: [1, 2, 3],
    wat: `(module ${PRELUDE}
      (func $hold (param i32) (result exnref)
        (block $all (result exnref)
          (try_table (catch_all_ref $all) (drop (call $maybe (local.get 0))))
          (unreachable)))
      (func (export "run") (param i32) (result i32) (local $x exnref)
        (local.set $x (call $hold (local.get 0)))
        (call $churn)
        (block $b (result (ref null $box) i64)
          (try_table (catch $boxed $b)
            (block $other
              (try_table (catch $plain $other) (throw_ref (local.get $x))))
            (return (i32.const 77)))
          (unreachable))
        (drop)
        (call $get)))`,
  },
  {
    name: "locals and operands as they were when the call threw",
    args: [0, 1, 2, 3, 5],
    wat: `(module ${PRELUDE}
      (func (export "run") (param i32) (result i32) (local $a (ref null $box)) (local $n i32)
        (local.set $a (struct.new $box (i32.const 7)))
        (i32.const 10000)
        (block $caught
          (try_table (catch_all $caught)
            (local.set $a (call $maybe (i32.const 9)))
            (local.set $n (i32.const 100))
            (local.set $a (call $maybe (local.get 0)))
            (local.set $n (i32.const 200))
            (local.set $a (call $maybe (i32.const 3)))))
        (i32.add (i32.add (call $get (local.get $a)) (local.get $n)))))`,
  },
  {
    name: "legacy: nested try, catch and rethrow",
    assemble,
    args: [0, 1, 2, 3, 4, 5],
    wat: `(module ${PRELUDE}
      (func $inner (param i32) (result i32)
        (try (result i32)
          (do (call $get (call $maybe (local.get 0))))
          (catch $boxed (drop) (i32.add (call $get) (i32.const 1)))
          (catch $plain
            (try (result i32)
              (do (call $churn) (throw $other (f64.const 7)))
              ;; Not what was caught within, but what was caught around.
              (catch $other (drop) (call $churn) (rethrow 1))))))
      (func (export "run") (param i32) (result i32)
        (try (result i32)
          (do (call $inner (local.get 0)))
          (catch $other (i32.trunc_f64_s))
          (catch_all (i32.const 99)))))`,
  },
  {
    name: "legacy: delegate passes over what lies between",
    assemble,
    args: [0, 1, 2, 3, 5],
    wat: `(module ${PRELUDE}
      (func (export "run") (param i32) (result i32)
        (try $outer (result i32)
          (do
            (try (result i32)
              (do
                (try (result i32)
                  (do (call $get (call $maybe (local.get 0))))
                  (delegate $outer)))
              (catch_all (i32.const -1))))
          (catch $boxed (drop) (i32.add (call $get) (i32.const 5000)))
          (catch_all (i32.const -2)))))`,
  },
  {
    name: "a clause does not catch what is thrown in it, and loops go on behind a handler",
    assemble,
    args: [0, 1, 2, 3],
    wat: `(module ${PRELUDE}
      (func $twice (param i32) (result i32)
        (try (result i32)
          (do (call $get (call $maybe (local.get 0))))
          (catch $boxed (drop) (drop) (throw $plain))
          (catch $plain (i32.const 1))))
      (func (export "run") (param i32) (result i32) (local $sum i32) (local $k i32) (local $b (ref null $box))
        (local.set $k (i32.const 20))
        (local.set $b (struct.new $box (i32.const 0)))
        (loop $again
          (try
            (do (local.set $sum (i32.add (local.get $sum) (call $twice (local.get 0)))))
            (catch_all
              (struct.set $box 0 (local.get $b) (i32.add (i32.const 3) (call $get (local.get $b))))))
          (br_if $again (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (i32.add (local.get $sum) (call $get (local.get $b)))))`,
  },
  {
    name: "a tag thrown in many places: by one function, and in place within a region",
    args: [0, 1, 2],
    wat: `(module ${PRELUDE}
      (func $raise (param i32 (ref null $box)) (result i32)
        (if (i32.eqz (local.get 0)) (then (throw $boxed (local.get 1) (i64.const 1))))
        (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $boxed (local.get 1) (i64.const 2))))
        (block $b (result (ref null $box) i64)
          (try_table (result (ref null $box) i64) (catch $boxed $b)
            (call $churn)
            (throw $boxed (local.get 1) (i64.const 3))))
        (drop)
        (call $get))
      (func (export "run") (param i32) (result i32) (local $k (ref null $box)) (local $n i64)
        (local.set $k (struct.new $box (i32.const 7)))
        (block $b (result (ref null $box) i64)
          (return (i32.add (call $get (local.get $k))
            (try_table (result i32) (catch $boxed $b) (call $raise (local.get 0) (struct.new $box (i32.const 50)))))))
        (local.set $n)
        (call $get)
        (i32.add (i32.wrap_i64 (local.get $n)))
        (i32.add (call $get (local.get $k)))))`,
  },
  {
    name: "calls by reference and through tables, with results, within a region",
    args: [0, 1, 2, 3, 5],
    wat: `(module ${PRELUDE}
      (type $f (func (param i32) (result (ref null $box))))
      (table funcref (elem $maybe))
      (func (export "run") (param i32) (result i32) (local $f (ref null $f)) (local $n i32)
        (local.set $f (ref.func $maybe))
        (block $caught
          (try_table (catch_all $caught)
            (local.set $n (call $get (call_ref $f (i32.const 8) (local.get $f))))
            (local.set $n (i32.add (local.get $n)
              (call $get (call_indirect (type $f) (local.get 0) (i32.const 0)))))))
        (local.get $n)))`,
  },
];

for (const program of PROGRAMS) {
  agreesWithNative(program);
  agreesForTargets(program, ["mvp", "wasmi", "wasm3.0-nogc"]);
}

const DEEP = `(module
  (type $box (struct (field (mut i32))))
  (tag $found (param (ref $box)))
  (func $down (param i32) (result i32) (local $kept (ref null $box))
    (local.set $kept (struct.new $box (local.get 0)))
    (if (i32.eqz (local.get 0)) (then (throw $found (struct.new $box (i32.const 5)))))
    (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (struct.get $box 0 (local.get $kept))))
  ;; Unwinds that many frames again and again.
  (func (export "run") (param i32) (result i32) (local $times i32) (local $sum i32)
    (local.set $times (i32.const 20))
    (loop $again
      (local.set $sum (i32.add (local.get $sum)
        (struct.get $box 0 (block $caught (result (ref $box))
          (try_table (catch $found $caught) (drop (call $down (local.get 0))))
          (unreachable)))))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum)))`;

test("frames that an exception unwound are given back", async () => {
  const bytes = await textToBinary(DEEP);
  const depth = 10_000;
  for (const target of ["node20", "wasm3.0-nogc", "mvp"]) {
    const withStack = (stackBytes: number): ((depth: number) => number) =>
      exportsOf(compile(bytes, { stackBytes, target }))["run"] as (depth: number) => number;
    const run = withStack(16 * depth + 1024);
    assert.equal(run(depth), 100);
    assert.equal(run(depth), 100);
    // One time alone needs that much.
    assert.throws(() => withStack(15 * depth)(depth));
  }
});

test("the output has legacy instructions only, and runs on an engine without exnref", async (t) => {
  const node = systemNode(20);
  if (node === null) return t.skip("no Node 20 on the path");
  for (const program of PROGRAMS) {
    const native = await binaryOf(program);
    const script = `
      const output = Uint8Array.from(JSON.parse(process.argv[1]));
      const { run } = new WebAssembly.Instance(new WebAssembly.Module(output)).exports;
      const results = ${JSON.stringify(program.args)}.map((n) => { try { return run(n); } catch { return "trap"; } });
      console.log(JSON.stringify(results));`;
    const input = JSON.stringify([...compile(native, { collector: "stress" })]);
    const printed: string = execFileSync(node, ["-e", script, input], { encoding: "utf8" });
    assert.deepEqual(JSON.parse(printed), results(native, program.args), program.name);
  }
});
