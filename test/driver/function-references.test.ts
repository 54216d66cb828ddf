/**
 * Function references are numbers. In these modules many of them are addresses of the heap, too, which begins low: a collector that saw
 * one would take it for an object, and go astray or change the number.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, compileCode } from "../../src/driver/compile.ts";
import { FunctionDump } from "../../src/driver/dump.ts";
import { COLLECTOR_NAMES } from "../../src/runtime/collectors.ts";
import { decodeModule } from "../../src/wasm/index.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { numberedFunctions } from "../support/numbered-functions.ts";
import { agreesForTargets, agreesWithNative, results } from "./agreement.ts";

const COUNT = 3500;
/** Far below `COUNT`: with what is static, the heap begins behind it. */
const STACK_BYTES = 1024;

/** Function `n`, wherever a reference may be, over many collections. */
const EVERYWHERE = `(module
  (type $get (func (result i32)))
  (type $box (struct (field (mut (ref null $get))) (field (mut (ref null $box)))))
  (type $list (array (mut (ref null $get))))
  (tag $thrown (param (ref null $get)))
  ${numberedFunctions(COUNT)}
  (table $table 4 (ref null $get))
  (global $global (mut (ref null $get)) (ref.null $get))
  (global $other (mut (ref null $box)) (ref.null $box))
  (global $static (ref $box) (struct.new $box (ref.null $get) (ref.null $box)))
  (func $churn (param i32)
    (loop $again
      (drop (struct.new $box (ref.null $get) (struct.new_default $box)))
      (br_if $again (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))))
  (func $throw (param (ref null $get)) (call $churn (i32.const 3)) (throw $thrown (local.get 0)))
  (func (export "run") (param $n i32) (result i32)
    (local $f (ref null $get)) (local $box (ref $box)) (local $list (ref $list)) (local $sum i32)
    (local.set $f (call $pick (local.get $n)))
    (global.set $global (local.get $f))
    (local.set $box (struct.new $box (local.get $f) (ref.null $box)))
    (global.set $other (local.get $box))
    (struct.set $box 1 (local.get $box) (local.get $box))
    (local.set $list (array.new $list (local.get $f) (i32.const 5)))
    (call $churn (i32.const 20))
    (array.set $list (local.get $list) (i32.const 2) (struct.get $box 0 (global.get $other)))
    (array.fill $list (local.get $list) (i32.const 3) (local.get $f) (i32.const 2))
    (table.set $table (i32.const 1) (array.get $list (local.get $list) (i32.const 2)))
    (drop (table.grow $table (local.get $f) (i32.const 2)))
    (struct.set $box 0 (global.get $static) (local.get $f))
    (call $churn (i32.const 20))
    (local.set $sum (call_ref $get (local.get $f)))
    (local.set $sum (i32.add (local.get $sum) (call_ref $get (global.get $global))))
    (local.set $sum (i32.add (local.get $sum) (call_ref $get (struct.get $box 0 (local.get $box)))))
    (local.set $sum (i32.add (local.get $sum) (call_ref $get (array.get $list (local.get $list) (i32.const 4)))))
    (local.set $sum (i32.add (local.get $sum) (call_ref $get (table.get $table (i32.const 1)))))
    (local.set $sum (i32.add (local.get $sum) (call_ref $get (struct.get $box 0 (global.get $static)))))
    (local.set $sum (i32.add (local.get $sum) (call_ref $get (block $catch (result (ref null $get))
      (try_table (catch $thrown $catch) (call $throw (local.get $f)))
      (unreachable)))))
    (i32.add (local.get $sum) (i32.mul (i32.const 100000) (table.size $table)))))`;

for (const collector of COLLECTOR_NAMES) {
  test(`numbers that are addresses of the heap, with collector ${collector}`, async () => {
    const native = await textToBinary(EVERYWHERE);
    // Even numbers look like addresses, odd ones like i31.
    const args = [COUNT - 2, COUNT - 9, COUNT - 20, COUNT - 21, 1];
    const output = compile(native, { collector, stackBytes: STACK_BYTES, prove: true });
    assert.deepEqual(results(output, args), results(native, args));
  });
}

/** The CLIF of function `index` after the spiller. */
async function spilled(wat: string, index: number): Promise<string> {
  let text = "";
  const dump = new FunctionDump(
    "spilled",
    (func) => func === index,
    (bytes) => {
      text += new TextDecoder().decode(bytes);
    },
  );
  compileCode(await textToBinary(wat), { observers: [dump] });
  return text;
}

test("a function reference that lives across a collection has no slot", async () => {
  const across = (type: string): string => `(module
    (type $get (func (result i32)))
    (type $box (struct (field ${type})))
    (func $collects (result anyref) (struct.new_default $box))
    (func (export "run") (param ${type}) (result ${type}) (drop (call $collects)) (local.get 0)))`;
  assert.match(await spilled(across("(ref null $box)"), 1), /explicit_slot/);
  for (const type of ["funcref", "(ref null $get)", "nullfuncref"]) {
    const text = await spilled(across(type), 1);
    assert.match(text, /call fn0/);
    assert.doesNotMatch(text, /explicit_slot|stack_store|stack_load/);
  }
});

/** Of all data segments of the output. */
async function dataBytes(wat: string): Promise<number> {
  const { data } = decodeModule(compile(await textToBinary(wat)));
  return data.reduce((sum, { data: { start, end } }) => sum + end - start, 0);
}

test("a module that stands alone has the types of functions if it asks for them", async () => {
  const asking = (body: string): string => `(module
    (type $get (func (result i32)))
    ${numberedFunctions(100)}
    (global $f (mut funcref) (ref.func $f99))
    (func (export "run") (result i32) ${body}))`;
  const without = await dataBytes(asking("(ref.is_null (global.get $f))"));
  const abstract = await dataBytes(asking("(ref.test (ref func) (global.get $f))"));
  const concrete = await dataBytes(asking("(ref.test (ref $get) (global.get $f))"));
  assert.equal(abstract, without);
  assert.ok(concrete > without);
});

const TESTS = {
  name: "tests of functions' types",
  args: [0, 1, 2, 3, 4, 5, 6, 7, 8],
  wat: `(module
    (type $top (sub (func (result anyref))))
    (type $low (sub $top (func (result eqref))))
    (type $last (sub final $low (func (result i31ref))))
    (type $other (func (param i32)))
    (table $t 6 funcref)
    (elem (table $t) (i32.const 0) func $top $low $last $other $late)
    (func $top (type $top) (ref.null any))
    (func $low (type $low) (ref.null eq))
    (func $last (type $last) (ref.i31 (i32.const 7)))
    (func $other (type $other))
    (func $late (type $last) (ref.i31 (i32.const 8)))
    (func $kind (param $f funcref) (result i32)
      (i32.add
        (i32.add (ref.test (ref $top) (local.get $f)) (i32.shl (ref.test (ref null $low) (local.get $f)) (i32.const 1)))
        (i32.add (i32.shl (ref.test (ref $last) (local.get $f)) (i32.const 2))
          (i32.add (i32.shl (ref.test (ref nofunc) (local.get $f)) (i32.const 3))
            (i32.shl (ref.test nullfuncref (local.get $f)) (i32.const 4))))))
    (func (export "run") (param i32) (result i32) (local $f funcref)
      (if (i32.lt_u (local.get 0) (i32.const 6))
        (then (return (call $kind (table.get $t (local.get 0))))))
      (if (i32.eq (local.get 0) (i32.const 6)) ;; the type of what is called is a supertype of the function's
        (then (return (i31.get_s (ref.cast (ref i31) (call_indirect $t (type $top) (i32.const 4)))))))
      (if (i32.eq (local.get 0) (i32.const 7)) ;; a mismatch
        (then (return (ref.is_null (call_indirect $t (type $last) (i32.const 0))))))
      (drop (call_ref $low (ref.cast (ref null $low) (table.get $t (i32.const 5))))) ;; null
      (i32.const 1)))`,
};

agreesWithNative(TESTS);
agreesForTargets(TESTS, ["mvp", "wasm2", "node20"]);

/**
 * A private table with gaps. Types of references all become the same in the output, so a call tells them apart by what is known of the table;
 * `$other` is filled by code, so nothing is known of it.
 */
const CONFUSABLE = {
  name: "indirect calls whose types the engine confuses",
  args: Array.from({ length: 64 }, (_, i) => i),
  wat: `(module
    (type $a (struct (field i32)))
    (type $b (sub (struct (field i64))))
    (type $ofA (func (param (ref null $a)) (result i32)))
    (type $ofB (func (param (ref null $b)) (result i32)))
    (type $open (sub (func (param (ref null $b)) (result i32))))
    (type $deep (sub $open (func (param anyref) (result i32))))
    (table $fixed 8 funcref)
    (table $other 8 funcref)
    (elem (table $fixed) (i32.const 1) func $inA $inB $inOpen)
    (elem (table $fixed) (i32.const 5) func $inDeep $inOpen)
    (elem (table $fixed) (i32.const 6) func $inA)
    (elem $late func $inA $inB $inOpen $inDeep)
    (func $inA (type $ofA) (i32.const 1))
    (func $inB (type $ofB) (i32.const 2))
    (func $inOpen (type $open) (i32.const 3))
    (func $inDeep (type $deep) (i32.const 4))
    (func $start (table.init $other $late (i32.const 2) (i32.const 0) (i32.const 4)))
    (start $start)
    (func $tail (param i32) (result i32)
      (return_call_indirect $fixed (type $ofB) (ref.null $b) (local.get 0)))
    (func (export "run") (param i32) (result i32) (local $i i32)
      ;; Beyond the table, also so far that four times the index is within.
      (local.set $i (select
        (i32.add (i32.and (local.get 0) (i32.const 7)) (i32.const 0x40000000))
        (i32.rem_u (local.get 0) (i32.const 9))
        (i32.gt_u (local.get 0) (i32.const 60))))
      (if (i32.lt_u (local.get 0) (i32.const 9))
        (then (return (call_indirect $fixed (type $ofA) (ref.null $a) (local.get $i)))))
      (if (i32.lt_u (local.get 0) (i32.const 18))
        (then (return (call_indirect $fixed (type $open) (ref.null $b) (local.get $i)))))
      (if (i32.lt_u (local.get 0) (i32.const 27))
        (then (return (call_indirect $fixed (type $deep) (ref.null any) (local.get $i)))))
      (if (i32.lt_u (local.get 0) (i32.const 36)) (then (return (call $tail (local.get $i)))))
      (if (i32.lt_u (local.get 0) (i32.const 45))
        (then (return (call_indirect $other (type $ofB) (ref.null $b) (local.get $i)))))
      (if (i32.lt_u (local.get 0) (i32.const 54))
        (then (return (call_indirect $other (type $open) (ref.null $b) (local.get $i)))))
      (call_indirect $fixed (type $ofA) (ref.null $a) (local.get $i))))`,
};

agreesWithNative(CONFUSABLE);
agreesForTargets(CONFUSABLE, ["mvp", "wasm2", "node20"]);

test("a table that is known stays the engine's, others with such calls do not", async () => {
  const { plan } = compileCode(await textToBinary(CONFUSABLE.wat));
  assert.deepEqual(plan.nativeTables, [0]);
  const calls = [...plan.native.checked].map((call) => call % plan.types.length).sort();
  assert.deepEqual(calls, [2, 3, 4, 5]);
});
