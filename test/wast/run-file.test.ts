/**
 * The runner on scripts of our own, on both engines: what is right passes, what is wrong fails at its line, and
 * nothing but an `InputError` comes of bad input.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type EngineName, runFile, type ScriptReport } from "../../src/wast/index.ts";

function run(source: string, engine: EngineName = "native", features: string[] = []): Promise<ScriptReport> {
  return runFile({ name: "t.wast", bytes: new TextEncoder().encode(source) }, { engine, features });
}

/** `line: got` of each failure. */
function failures(report: ScriptReport): string[] {
  return report.failures.map(({ line, got }) => `${line}: ${got}`);
}

const VALUES = `(module
  (type $s (struct (field i32))) (type $a (array i8))
  (type $f (func (param f32 f64 v128) (result v128 f64 f32)))
  (func (export "swap") (type $f) (local.get 2) (local.get 1) (local.get 0))
  (func (export "extern") (param externref) (result externref) (local.get 0))
  (func (export "any") (param anyref) (result anyref) (local.get 0))
  (func (export "in") (param externref) (result anyref) (any.convert_extern (local.get 0)))
  (func (export "out") (param anyref) (result externref) (extern.convert_any (local.get 0)))
  (func (export "struct") (result (ref $s)) (struct.new $s (i32.const 1)))
  (func (export "array") (result (ref null $a)) (array.new $a (i32.const 1) (i32.const 1)))
  (func (export "i31") (result i31ref) (ref.i31 (i32.const 7)))
  (func $self (export "func") (result funcref) (ref.func $self))
  (func (export "null-func") (param (ref null $f)) (result funcref) (local.get 0))
  (func (export "exn") (result exnref) (block $b (result exnref)
    (try_table (catch_all_ref $b) (throw $t)) (unreachable)))
  (func (export "no-exn") (param exnref) (result exnref) (local.get 0))
  (tag $t) (func (export "throw") (throw $t))
  (global (export "nan") f32 (f32.const nan:0x200000)) (global (export "v") v128 (v128.const i64x2 1 2)))`;

test("values that JavaScript cannot hold are passed and judged exactly", async () => {
  const report = await run(`${VALUES}
    (assert_return (invoke "swap" (f32.const nan:0x200001) (f64.const -nan:0x1) (v128.const i64x2 1 -1))
      (v128.const i64x2 1 -1) (f64.const -nan:0x1) (f32.const nan:0x200001))
    (assert_return (invoke "extern" (ref.extern 3)) (ref.extern 3))
    (assert_return (invoke "extern" (ref.null extern)) (ref.null extern))
    (assert_return (invoke "any" (ref.host 3)) (ref.host 3))
    (assert_return (invoke "any" (ref.null any)) (ref.null none))
    (assert_return (invoke "in" (ref.extern 4)) (ref.host 4))
    (assert_return (invoke "out" (ref.host 5)) (ref.extern 5))
    (assert_return (invoke "struct") (ref.struct)) (assert_return (invoke "struct") (ref.eq))
    (assert_return (invoke "array") (ref.array)) (assert_return (invoke "i31") (ref.i31))
    (assert_return (invoke "func") (ref.func)) (assert_return (invoke "null-func" (ref.null func)) (ref.null))
    (assert_return (invoke "exn") (ref.exn)) (assert_return (invoke "no-exn" (ref.null exn)) (ref.null exn))
    (assert_exception (invoke "throw"))
    (assert_return (get "nan") (f32.const nan:0x200000)) (assert_return (get "v") (v128.const i64x2 1 2))`);
  assert.deepEqual(failures(report), []);
  assert.equal(report.total().passed, 19);
});

test("every wrong expectation fails", async () => {
  const report = await run(`${VALUES.replaceAll("\n", " ")}
(assert_return (get "nan") (f32.const nan:0x600000))
(assert_return (get "nan") (f32.const nan:canonical))
(assert_return (get "v") (v128.const i64x2 2 1))
(assert_return (invoke "extern" (ref.extern 3)) (ref.extern 4))
(assert_return (invoke "struct") (ref.array))
(assert_return (invoke "i31") (ref.struct))
(assert_return (invoke "func") (ref.null func))
(assert_return (invoke "throw"))
(assert_exception (invoke "i31"))
(assert_trap (invoke "i31") "unreachable")
(assert_trap (invoke "throw") "unreachable")
(assert_return (invoke "nothing"))
(assert_return (invoke "extern" (i32.const 0)) (ref.extern 0))
(assert_return (invoke $other "extern"))
(assert_invalid (module) "type mismatch")
(assert_malformed (module quote "(func)") "unexpected token")
(assert_unlinkable (module) "unknown import")
(module (func (result i32)))
(assert_trap (module (func)) "unreachable")
(register "m" $none)`);
  assert.deepEqual(
    report.failures.map(({ line }) => line),
    Array.from({ length: 20 }, (_, i) => i + 2),
  );
});

test("a trap of another kind is a failure", async () => {
  const report = await run(`(module (memory 1)
    (func (export "load") (drop (i32.load (i32.const -1))))
    (func (export "divide") (drop (i32.div_u (i32.const 1) (i32.const 0))))
    (func $deep (export "deep") (call $deep)))
    (assert_trap (invoke "load") "out of bounds memory access")
    (assert_trap (invoke "load") "out of bounds")
    (assert_exhaustion (invoke "deep") "call stack exhausted")
    (assert_trap (invoke "load") "out of bounds table access")
    (assert_trap (invoke "divide") "integer overflow")
    (assert_trap (invoke "deep") "unreachable")
    (assert_exhaustion (invoke "load") "call stack exhausted")`);
  assert.deepEqual(
    report.failures.map(({ line }) => line),
    [8, 9, 10, 11],
  );
});

test("what depends on a module that failed is skipped: one defect, one failure", async () => {
  const source = `(module $m (func (export "f") (result i32)))
    (invoke "f") (register "m" $m) (module (import "m" "f" (func))) (invoke $m "f")
    (module $m (func (export "f"))) (invoke $m "f")`;
  for (const engine of ["native", "none"] as const) {
    const report = await run(source, engine);
    assert.equal(report.failures.length, 1, engine);
    assert.equal(report.failures[0]!.line, 1);
  }
});

test("without execution: validity, malformedness and linking are judged, the rest skipped", async () => {
  const report = await run(
    `(module $m (memory (export "m") 1 3) (func (export "f") (param i32)) (global (export "g") i32 (i32.const 0)))
(register "m" $m)
(module (import "m" "m" (memory 1)) (import "spectest" "print_i32" (func (param i32))))
(module (import "wasmtime" "gc" (func)))
(assert_unlinkable (module (import "m" "m" (memory 2))) "incompatible import type")
(assert_unlinkable (module (import "m" "f" (func))) "incompatible import type")
(assert_unlinkable (module (import "m" "x" (func))) "unknown import")
(assert_unlinkable (module (import "m" "g" (global i32))) "incompatible import type")
(module (import "m" "g" (global (mut i32))))
(assert_return (invoke $m "f" (i32.const 1)))
(assert_unlinkable (module (import "m" "m" (memory 2))) "incompatible import type")
(assert_unlinkable (module (import "m" "m" (memory 4))) "incompatible import type")`,
    "none",
  );
  // Line 8 does link, and line 9 does not; after the action of line 10 the memory may have grown to 2, not to 4.
  assert.deepEqual(
    report.failures.map(({ line }) => line),
    [8, 9],
  );
  assert.deepEqual(report.total(), { passed: 8, failed: 2, skipped: 2 });
});

test("an imported function that is exported again keeps its own type", async () => {
  const report = await run(
    `(module $a (type $t (sub (func))) (type $u (sub $t (func))) (func (export "f") (type $u)))
    (register "a")
    (module (type $t (sub (func))) (import "a" "f" (func $f (type $t))) (export "f" (func $f)))
    (register "b")
    (module (type $t (sub (func))) (type $u (sub $t (func))) (import "b" "f" (func (type $u))))`,
    "none",
  );
  assert.deepEqual(failures(report), []);
});

test("instances of one definition are distinct; Wasmtime's scripts import by a module's name", async () => {
  const report = await run(`
    (module definition $D (global (export "g") (mut i32) (i32.const 0))
      (func (export "set") (global.set 0 (i32.const 1))))
    (module instance $A $D) (module instance $B $D)
    (invoke $A "set")
    (assert_return (get $A "g") (i32.const 1)) (assert_return (get $B "g") (i32.const 0))
    (module (import "A" "g" (global (mut i32))) (func (export "get") (result i32) (global.get 0)))
    (assert_return (invoke "get") (i32.const 1))`);
  assert.deepEqual(failures(report), []);
});

test("-W and the file's header switch proposals; the command line has the last word", async () => {
  const module = "(module (type (struct)))";
  assert.deepEqual(failures(await run(module, "none")), []);
  assert.equal((await run(module, "none", ["-gc"])).failures.length, 1);
  assert.equal((await run(module, "native", ["gc=n"])).failures.length, 1);
  assert.equal((await run(`;;! gc = false\n${module}`, "none")).failures.length, 1);
  assert.equal((await run(`;;! gc = false\n${module}`, "none", ["gc"])).failures.length, 0);
  assert.equal((await run(`;;! gc = true\n${module}`, "none", ["-all"])).failures.length, 1);
  const skipped = await run(`;;! component_model = true\n(component)`, "none");
  assert.deepEqual(skipped.total(), { passed: 0, failed: 0, skipped: 1 });
});

test("threads share memories, wait for one another, and their failures count", async () => {
  const report = await run(`(module $M (memory (export "m") 1 1 shared))
    (thread $T (shared (module $M))
      (register "mem" $M)
      (module (import "mem" "m" (memory 1 1 shared))
        (func (export "wait") (result i32)
          (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
      (assert_return (invoke "wait") (either (i32.const 0) (i32.const 1)))
      (assert_return (invoke "wait") (i32.const 7)))
    (register "mem" $M)
    (module (import "mem" "m" (memory 1 1 shared))
      (func (export "wake") (i32.atomic.store (i32.const 0) (i32.const 1))
        (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))))
    (invoke "wake")
    (wait $T) (wait $U)`);
  assert.deepEqual(failures(report), ["8: (i32.const 1)", "14: no thread $U"]);
});

test("places in module text are places in the script", async () => {
  const report = await run("\n  (module\n    (func i32.frob))\n  (module (func frob))", "none");
  assert.deepEqual(failures(report), [
    "2: malformed text: unknown operator or unexpected token (at 3:11)",
    "4: malformed text: unknown operator or unexpected token (at 4:17)",
  ]);
});

test("a file that is no script is one failure", async () => {
  assert.deepEqual((await run("(module", "none")).failures, [
    {
      file: "t.wast",
      line: 1,
      directive: "script",
      expected: "a script",
      got: "t.wast:1:1: error: this ( is never closed",
    },
  ]);
  const report = await runFile(
    { name: "t.wast", bytes: new Uint8Array([0x28, 0xff]) },
    { engine: "none", features: [] },
  );
  assert.equal(report.failures.length, 1);
});

test("mutated scripts never break the runner", async () => {
  const seed = `(module $m (memory (export "m") 1) (func (export "f") (param f32) (result i32) (i32.const 1)))
    (assert_return (invoke $m "f" (f32.const 0x1.8p1)) (either (i32.const 1) (i32.const 2)))
    (register "m" $m) (module binary "\\00asm\\01\\00\\00\\00") (thread $t (shared (module $m)) (get "g"))
    (assert_malformed (module quote "(func" ")") "x") (module definition $d) (module instance $i $d) (wait $t)`;
  const pieces = [
    "(",
    ")",
    '"',
    ";;",
    "(;",
    ";)",
    "\\",
    "\u0000",
    "$",
    "@",
    "module",
    "quote",
    "v128.const",
    "é",
  ];
  const edit = fc.record({
    at: fc.nat(seed.length),
    remove: fc.nat(12),
    insert: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 6 })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
      let text = seed;
      for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove);
      await run(text, "none");
    }),
    { numRuns: 500 },
  );
});
