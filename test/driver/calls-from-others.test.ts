/**
 * A module that stands alone and that others call back, while frames with references are live, after traps, and after exceptions that JavaScript or the
 * module caught: what others call must never take for a frame what such a call left behind.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";

/** `$deep` leaves the shadow stack's end low, `$wide` puts references over what was a frame there, and traps at 0. */
const COMMON = `
  (type $box (struct (field (mut i32))))
  (type $call (func (param i32) (result i32)))
  (global $seen (mut (ref null $box)) (ref.null $box))
  (func $make (param i32) (result (ref null $box))
    (global.set $seen (struct.new $box (local.get 0)))
    (global.get $seen))
  (func $deep (param i32) (result i32) (local $a (ref null $box))
    (local.set $a (call $make (local.get 0)))
    (drop (call $make (i32.const 2)))
    (struct.get $box 0 (local.get $a)))
  (func $wide (export "wide") (param $n i32) (result i32)
    (call $spread (local.get $n) (ref.i31 (i32.const 123456789)) (ref.i31 (i32.const 123456789))
      (ref.i31 (i32.const 123456789)) (ref.i31 (i32.const 123456789)) (ref.i31 (i32.const 1)) (ref.i31 (i32.const 2))))
  (func $spread (param $n i32) (param i31ref i31ref i31ref i31ref i31ref i31ref) (result i32)
    (drop (i32.div_u (i32.const 1) (local.get $n)))
    (drop (call $deep (i32.const 3)))
    (i32.add (i32.add (i31.get_u (local.get 1)) (i31.get_u (local.get 2)))
      (i32.add (i32.add (i31.get_u (local.get 3)) (i31.get_u (local.get 4)))
        (i32.add (i31.get_u (local.get 5)) (i31.get_u (local.get 6))))))`;

/** `$leave` is what goes to JavaScript. */
const RUN = `
  (func $run (export "run") (param $n i32) (result i32) (local $a (ref null $box)) (local $b (ref null $box)) (local $c i32)
    (local.set $a (call $make (local.get $n)))
    (local.set $c (call $deep (local.get $n)))
    (local.set $b (call $make (i32.const 9)))
    (local.set $c (i32.add (local.get $c) (call $leave (local.get $n))))
    (local.set $c (i32.add (local.get $c) (call $wide (i32.rem_u (local.get $n) (i32.const 7)))))
    (i32.add (local.get $c) (i32.add (struct.get $box 0 (local.get $a)) (struct.get $box 0 (local.get $b)))))`;

const TAIL = `
  (func $tail (export "tail") (param $n i32) (result i32)
    (drop (call $deep (local.get $n)))
    (return_call $leave (local.get $n)))
  (func $around (export "around") (param $n i32) (result i32) (local $a (ref null $box))
    (local.set $a (call $make (local.get $n)))
    (i32.add (call $tail (local.get $n)) (i32.add (call $wide (i32.rem_u (local.get $n) (i32.const 5)))
      (struct.get $box 0 (local.get $a)))))`;

/** What JavaScript throws is not caught: a module that stands alone catches exceptions of its own. */
const CAUGHT = `
  (tag $thrown (param i32))
  (func (export "throw") (param $n i32) (result i32) (drop (call $deep (local.get $n))) (throw $thrown (local.get $n)))
  (func $caught (export "caught") (param $n i32) (result i32) (local $a (ref null $box))
    (local.set $a (call $make (local.get $n)))
    (drop (block $own (result i32)
      (try_table (result i32) (catch $thrown $own)
        (call $run (local.get $n))
        (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 3))) (then (throw $thrown (local.get $n)))))
      (return (i32.add (struct.get $box 0 (local.get $a))))))
    (drop (call $deep (i32.const 4)))
    (drop (call $wide (i32.rem_u (local.get $n) (i32.const 4))))
    (struct.get $box 0 (local.get $a)))`;

const THROUGH_IMPORT = `(func $leave (param i32) (result i32) (call $back (local.get 0)))`;
const TAIL_IMPORT = `(func $leave (param i32) (result i32) (return_call $back (local.get 0)))`;
const THROUGH_TABLE = `
  (table (export "table") 2 funcref) (elem (i32.const 0) $back) (elem (i32.const 1) $wide)
  (func $leave (param i32) (result i32) (call_indirect (type $call) (local.get 0) (i32.const 0)))`;
const TAIL_TABLE = `
  (table (export "table") 2 funcref) (elem (i32.const 0) $back)
  (func $leave (param i32) (result i32) (return_call_indirect (type $call) (local.get 0) (i32.const 0)))`;
const THROUGH_REFERENCE = `
  (elem declare func $back)
  (func $leave (param i32) (result i32) (return_call_ref $call (local.get 0) (ref.func $back)))`;

const NAMES = ["run", "tail", "around", "caught", "wide", "throw"];

class Thrown extends Error {}

/** What the module and JavaScript do to each other, as text. */
function trace(bytes: Uint8Array, count: number): string[] {
  const lines: string[] = [];
  let depth = 0;
  const call = (name: string, n: number): number => {
    const func = exports[name] ?? exports["run"]!;
    try {
      return func(n);
    } catch (error) {
      lines.push(error instanceof Thrown ? error.message : "no result");
      return 1;
    }
  };
  const back = (n: number): number => {
    if (depth > 4) return n;
    depth++;
    try {
      switch (n % 6) {
        case 0:
          return n;
        case 1:
          throw new Thrown(`thrown ${n}`);
        case 2:
          call("wide", 0);
          return call(NAMES[(n >> 2) % NAMES.length]!, n >> 1);
        case 3:
          return (exports[NAMES[(n >> 3) % NAMES.length]!] ?? exports["run"]!)(n >> 1);
        default:
          return call(NAMES[n % NAMES.length]!, n >> 1) + call("wide", n % 2) + call("run", n >> 2);
      }
    } finally {
      depth--;
    }
  };
  const exports = exportsOf(bytes, { m: { back } }) as Record<string, (n: number) => number>;
  for (let n = 0; n < count; n++)
    lines.push(`${n}: ${call(NAMES[n % NAMES.length]!, Math.floor(n / NAMES.length))}`);
  return lines;
}

const WAYS = {
  "an import": THROUGH_IMPORT,
  "an import by a tail call": TAIL_IMPORT,
  "a table": THROUGH_TABLE,
  "a table by a tail call": TAIL_TABLE,
  "a reference": THROUGH_REFERENCE,
};
const TARGETS = ["node20", "wasm3.0-nogc", "mvp"];

for (const [way, leave] of Object.entries(WAYS)) {
  for (const target of TARGETS) {
    const isSeen = way.startsWith("a table");
    if (isSeen && target === "mvp") continue;
    test(`through ${way}, for ${target}`, async () => {
      // The first version has no exceptions that others may see pass.
      const parts = [COMMON, leave, RUN, TAIL, target === "mvp" ? "" : CAUGHT];
      const native = await textToBinary(
        `(module (import "m" "back" (func $back (param i32) (result i32))) ${parts.join("")})`,
      );
      const expected = trace(native, 1200);
      assert.ok(expected.includes("no result") && expected.some((line) => line.startsWith("thrown")));
      for (const collector of ["stress", "stress-generational", "copying"] as const) {
        const output = compile(native, { collector, target, prove: true });
        assert.deepEqual(trace(output, 1200), expected, collector);
      }
    });
  }
}

test("tail calls through a table that others see take no room", async () => {
  const native = await textToBinary(`(module
    (type $box (struct (field i32)))
    (type $call (func (param i32) (result i32)))
    (table (export "table") 1 funcref)
    (elem (i32.const 0) $again)
    (global $seen (mut (ref null $box)) (ref.null $box))
    (func $again (export "again") (param i32) (result i32)
      (global.set $seen (struct.new $box (local.get 0)))
      (if (i32.eqz (local.get 0)) (then (return (struct.get $box 0 (global.get $seen)))))
      (return_call_indirect (type $call) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))`);
  const { again } = exportsOf(compile(native)) as Record<string, (n: number) => number>;
  assert.equal(again!(1_000_000), 0);
});
