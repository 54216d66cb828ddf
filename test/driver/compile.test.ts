/**
 * Modules with references, compiled to core Wasm with a collector: they give what the engine's own garbage collector gives,
 * with every collector, also when each allocation collects and moves everything; and they run on an engine that has none.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { compile, compileCode } from "../../src/driver/compile.ts";
import { instantiate } from "../../src/embed/index.ts";
import { POLICY_NAMES } from "../../src/frontend/index.ts";
import { linkForStore } from "../../src/link/link-store.ts";
import type { CollectorName } from "../../src/runtime/collectors.ts";
import { decodeModule, readNames, TypeStore } from "../../src/wasm/index.ts";
import { binaryToText, textToBinary } from "../../src/wast/index.ts";
import { systemNode } from "../support/project.ts";
import { agreesWithNative, type Program, results } from "./agreement.ts";

const PROGRAMS: readonly Program[] = [
  {
    name: "a struct kept across a call",
    args: [3, -8],
    wat: `(module
      (type $pair (struct (field (mut i32)) (field i64)))
      (func $churn (param i32)
        (loop $again
          (drop (struct.new $pair (local.get 0) (i64.const 1)))
          (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
      (func (export "run") (param i32) (result i32) (local $p (ref null $pair))
        (local.set $p (struct.new $pair (local.get 0) (i64.const 7)))
        (call $churn (i32.const 1000))
        (i32.add (struct.get $pair 0 (local.get $p))
          (i32.wrap_i64 (struct.get $pair 1 (local.get $p))))))`,
  },
  {
    name: "a list built, reversed and summed",
    args: [1, 10, 300],
    wat: `(module
      (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))
      (func $build (param i32) (result (ref null $node)) (local $head (ref null $node))
        (loop $again
          (local.set $head (struct.new $node (local.get 0) (local.get $head)))
          (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get $head))
      (func $reverse (param (ref null $node)) (result (ref null $node)) (local $out (ref null $node))
        (loop $again
          (if (ref.is_null (local.get 0)) (then (return (local.get $out))))
          (local.set $out (struct.new $node (struct.get $node $value (local.get 0)) (local.get $out)))
          (local.set 0 (struct.get $node $next (local.get 0)))
          (br $again))
        (unreachable))
      (func (export "run") (param i32) (result i32) (local $l (ref null $node)) (local $sum i32) (local $k i32)
        (local.set $l (call $reverse (call $build (local.get 0))))
        (local.set $k (i32.const 1))
        (loop $again
          (if (i32.eqz (ref.is_null (local.get $l)))
            (then
              (local.set $sum (i32.add (local.get $sum)
                (i32.mul (local.get $k) (struct.get $node $value (local.get $l)))))
              (local.set $k (i32.add (local.get $k) (i32.const 1)))
              (local.set $l (struct.get $node $next (local.get $l)))
              (br $again))))
        (local.get $sum)))`,
  },
  {
    name: "trees by recursion",
    args: [1, 5, 8],
    wat: `(module
      (type $tree (struct (field (ref null $tree)) (field (ref null $tree))))
      (func $make (param i32) (result (ref $tree))
        (if (result (ref $tree)) (i32.eqz (local.get 0))
          (then (struct.new $tree (ref.null $tree) (ref.null $tree)))
          (else (struct.new $tree
            (call $make (i32.sub (local.get 0) (i32.const 1)))
            (call $make (i32.sub (local.get 0) (i32.const 1)))))))
      (func $count (param (ref null $tree)) (result i32)
        (if (result i32) (ref.is_null (local.get 0))
          (then (i32.const 0))
          (else (i32.add (i32.const 1)
            (i32.add (call $count (struct.get $tree 0 (local.get 0)))
              (call $count (struct.get $tree 1 (local.get 0))))))))
      (func (export "run") (param i32) (result i32) (call $count (call $make (local.get 0)))))`,
  },
  {
    name: "arrays of references and of bytes, casts and i31",
    args: [1, 7, 60],
    wat: `(module
      (type $shape (sub (struct (field i32))))
      (type $square (sub $shape (struct (field i32) (field i32))))
      (type $circle (sub final $shape (struct (field i32) (field f64))))
      (type $shapes (array (mut anyref)))
      (type $bytes (array (mut i8)))
      (func $area (param anyref) (result i32)
        (if (ref.test (ref i31) (local.get 0))
          (then (return (i31.get_s (ref.cast (ref i31) (local.get 0))))))
        (block $other (result anyref)
          (br_on_cast_fail $other anyref (ref $circle) (local.get 0))
          (return (i32.trunc_f64_s (struct.get $circle 1))))
        (drop)
        (if (ref.test (ref $square) (local.get 0))
          (then (return (struct.get $square 1 (ref.cast (ref $square) (local.get 0))))))
        (struct.get $shape 0 (ref.cast (ref $shape) (local.get 0))))
      (func (export "run") (param $n i32) (result i32) (local $a (ref null $shapes)) (local $b (ref null $bytes))
        (local $i i32) (local $sum i32)
        (local.set $a (array.new $shapes (ref.null any) (local.get $n)))
        (local.set $b (array.new_default $bytes (local.get $n)))
        (loop $fill
          (array.set $bytes (local.get $b) (local.get $i) (i32.sub (i32.const 0) (local.get $i)))
          (array.set $shapes (local.get $a) (local.get $i)
            (if (result anyref) (i32.eqz (i32.rem_u (local.get $i) (i32.const 3)))
              (then (struct.new $circle (i32.const 1) (f64.convert_i32_s (local.get $i))))
              (else (if (result anyref) (i32.eqz (i32.rem_u (local.get $i) (i32.const 4)))
                (then (ref.i31 (local.get $i)))
                (else (if (result anyref) (i32.eqz (i32.rem_u (local.get $i) (i32.const 5)))
                  (then (struct.new $shape (local.get $i)))
                  (else (struct.new $square (i32.const 2) (i32.mul (local.get $i) (local.get $i))))))))))
          (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (local.set $i (i32.const 0))
        (loop $sum
          (local.set $sum (i32.add (local.get $sum) (i32.add
            (call $area (array.get $shapes (local.get $a) (local.get $i)))
            (array.get_s $bytes (local.get $b) (local.get $i)))))
          (br_if $sum (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
            (array.len (local.get $a)))))
        (local.get $sum)))`,
  },
  {
    name: "traps: null, bounds, casts",
    args: [0, 1, 2, 3],
    wat: `(module
      (type $a (struct (field i32)))
      (type $b (sub (struct (field i64))))
      (type $words (array (mut i32)))
      (func (export "run") (param i32) (result i32)
        (if (i32.eq (local.get 0) (i32.const 0)) (then (return (struct.get $a 0 (ref.null $a)))))
        (if (i32.eq (local.get 0) (i32.const 1))
          (then (return (array.get $words (array.new $words (i32.const 1) (i32.const 2)) (i32.const 2)))))
        (if (i32.eq (local.get 0) (i32.const 2))
          (then (drop (ref.cast (ref $b) (struct.new $a (i32.const 1))))))
        (i32.const 5)))`,
  },
];

for (const program of PROGRAMS) agreesWithNative(program);

/** What upstream's #13461 broke: `$p` is live around the loop, over the definition of a reference used only after it. */
const LOOP_INVARIANT = `(module
  (type $box (struct (field i32)))
  (func $make (param i32) (result (ref null $box)) (struct.new $box (local.get 0)))
  (func (export "run") (param $n i32) (result i32) (local $sum i32) (local $p (ref null $box)) (local $q (ref null $box))
    (local.set $p (call $make (i32.const 1000)))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (struct.get $box 0 (local.get $p))))
      (local.set $q (call $make (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (drop (call $make (i32.const 5)))
    (i32.add (local.get $sum) (struct.get $box 0 (local.get $q)))))`;

test("the mistakes of the spiller's history show when every allocation collects", async () => {
  const native = await textToBinary(LOOP_INVARIANT);
  const expected = results(native, [1, 2, 9]);
  for (const policy of ["spillway", "cranelift"] as const) {
    assert.deepEqual(results(compile(native, { policy, collector: "stress" }), [1, 2, 9]), expected, policy);
  }
  const wrong = compile(native, { policy: "wrong:freed-before-map", collector: "stress" });
  assert.notDeepEqual(results(wrong, [1, 2, 9]), expected);
});

test("every policy compiles a function whose calls cannot collect: to some a call is a safepoint all the same", async () => {
  const native = await textToBinary(`(module
    (type $box (struct (field i32)))
    (func $read (param (ref null $box)) (result i32) (struct.get $box 0 (local.get 0)))
    (func (export "run") (param $n i32) (result i32) (local $box (ref null $box)) (local $sum i32)
      (local.set $box (struct.new $box (i32.const 3)))
      (call $add (local.get $box) (local.get $n)))
    (func $add (param $box (ref null $box)) (param $n i32) (result i32) (local $sum i32)
      (loop $again
        (local.set $sum (i32.add (local.get $sum) (call $read (local.get $box))))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum)))`);
  for (const policy of POLICY_NAMES) assert.deepEqual(results(compile(native, { policy }), [1, 9]), [3, 27]);
});

test("functions keep their names; what has other numbers now has none", async () => {
  const native = await textToBinary(`(module $app
    (type $pair (struct (field $first i32)))
    (func $helper (param $x i32) (result i32) (struct.get $pair $first (struct.new $pair (local.get $x))))
    (func $run (export "run") (param i32) (result i32) (block $label (result i32) (call $helper (local.get 0)))))`);
  const names = readNames(decodeModule(compile(native)));
  assert.equal(names.module, "app");
  assert.equal(names.functions.get(0), "helper");
  assert.equal(names.functions.get(1), "run");
  const text = await binaryToText(compile(native));
  assert.doesNotMatch(text, /\$pair|\$x|\$label|\$first/);
});

test("compiling twice gives the same bytes", async () => {
  const native = await textToBinary(PROGRAMS[1]!.wat);
  assert.deepEqual(compile(native), compile(native));
});

test("an engine without garbage collection runs what it refuses uncompiled", async (t) => {
  const node = systemNode(20);
  if (node === null) return t.skip("no Node 20 on the path");
  for (const { name, wat, args } of PROGRAMS) {
    const native = await textToBinary(wat);
    const script = `
      const [input, output] = JSON.parse(process.argv[1]).map((bytes) => Uint8Array.from(bytes));
      const { run } = new WebAssembly.Instance(new WebAssembly.Module(output)).exports;
      const results = ${JSON.stringify(args)}.map((n) => { try { return run(n); } catch { return "trap"; } });
      console.log(JSON.stringify([WebAssembly.validate(input), results]));`;
    const inputs = JSON.stringify([[...native], [...compile(native, { collector: "stress" })]]);
    const printed: string = execFileSync(node, ["-e", script, inputs], { encoding: "utf8" });
    assert.deepEqual(JSON.parse(printed), [false, results(native, args)], name);
  }
});

test("what cannot be in a module that stands alone is refused by name", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["(module (memory 1) (memory 1))", /a second memory needs multi-memory, which the target does not have/],
    ["(module (memory i64 1))", /a 64-bit memory needs memory64, which the target does not have/],
    [`(module (global (export "g") anyref (ref.null any)))`, /the exported global "g" of type anyref/],
    [`(module (import "a" "b" (global anyref)))`, /the imported global "a" "b" of type anyref/],
    [`(module (table (export "t") 1 externref))`, /a table that others see/],
    [`(module (tag (export "t")))`, /the exported tag "t"/],
    [`(module (import "a" "b" (func (param anyref))))`, /the imported function "a" "b" with references/],
    [
      `(module (func (export "f") (result anyref) (ref.null any)))`,
      /the exported function "f" with references/,
    ],
    ["(module (table 10000001 externref))", /a table of more than 10000000 elements/],
  ];
  for (const [wat, message] of cases) {
    const bytes = await textToBinary(wat);
    assert.throws(() => compile(bytes), message, wat);
  }
});

const ALLOCATING = `(module (type $t (struct (field i32))) (type $a (array i32))
  (func (export "f") (result (ref $t)) (drop (struct.new $t (i32.const 1))) (struct.new $t (i32.const 2)))
  (func (export "g") (result (ref $a)) (array.new_default $a (i32.const 3))))`;

/** Whether code looks at the room that there is, without asking the runtime. */
async function bumpsPointer(collector: CollectorName): Promise<boolean> {
  const code = compileCode(await textToBinary(ALLOCATING), { collector });
  const { bytes } = linkForStore(code, {
    base: 1024,
    stackTop: 1024,
    firstFunction: 1,
    canonicalIds: new TypeStore().canonicalize(code.plan.module.types),
    descriptors: new Map(),
    importedCell: () => 16,
    functionTypes: 8,
    importedFunction: () => 0,
    importedTag: () => 8,
    importedEnd: () => "global",
    importedBits: () => null,
  });
  const globals = decodeModule(bytes).imports.filter(({ type }) => type.kind === "global");
  const index = globals.findIndex(({ name }) => name === "allocPtr");
  const text = await binaryToText(bytes);
  assert.match(text, /^ +call \d+/m);
  return new RegExp(`global\\.(?:get|set) ${index}\\b`).test(text);
}

test("code looks for room itself, but not where the collector leaves none", async () => {
  assert.deepEqual(
    await Promise.all((["copying", "generational", "null", "drc"] as const).map(bumpsPointer)),
    [true, true, true, false],
  );
});

test("the collector that never frees is not stressed", async () => {
  const bytes = await textToBinary(ALLOCATING);
  assert.throws(() => instantiate(bytes, {}, { collector: "null", gcStress: true }), /null never frees/);
  const alone = await textToBinary("(module (func (drop (ref.i31 (i32.const 1)))))");
  assert.throws(() => compile(alone, { collector: "null", gcStress: true }), /null never frees/);
});
