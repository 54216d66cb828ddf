/**
 * Functions on references: what they become is valid CLIF, and the spilled form is proven against what went in. The
 * runtime is not needed for that.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSafepoints } from "../../src/check/index.ts";
import { FunctionBuilderContext } from "../../src/frontend/context.ts";
import { Function } from "../../src/ir/function.ts";
import { OutputPlan } from "../../src/link/plan.ts";
import { functionText } from "../../src/text/index.ts";
import { FunctionTranslator } from "../../src/translate/translate-function.ts";
import { verifyFunction } from "../../src/verify/index.ts";
import {
  DEFAULT_FEATURES,
  decodeModule,
  featureMask,
  TypeStore,
  validateModule,
} from "../../src/wasm/index.ts";
import { textToBinary } from "../../src/wast/index.ts";

/** The functions of a module in text, before and after the spiller. */
async function translate(wat: string): Promise<{ readonly before: Function; readonly after: Function }[]> {
  const module = decodeModule(await textToBinary(wat));
  validateModule(module);
  const plan = new OutputPlan(module, new TypeStore(), {
    mode: "store",
    collectsOnEntry: false,
    target: DEFAULT_FEATURES,
    barrier: "none",
  });
  return Array.from({ length: module.code.starts.length }, (_, i) => {
    const [before, after] = [false, true].map((spill) => {
      const func = new Function();
      const context = new FunctionBuilderContext();
      new FunctionTranslator(module, featureMask(DEFAULT_FEATURES), func, context, plan).run(i, { spill });
      return func;
    });
    return { before: before!, after: after! };
  });
}

async function proven(wat: string): Promise<string[]> {
  const functions = await translate(wat);
  for (const { before, after } of functions) {
    assert.deepEqual(verifyFunction(before, {}), [], functionText(before));
    assert.deepEqual(verifyFunction(after, {}), [], functionText(after));
    assert.deepEqual(checkSafepoints(before, after), [], functionText(after));
  }
  return functions.map(({ after }) => functionText(after));
}

test("a struct that lives across a call is in the call's map, and read from its slot after", async () => {
  const [text] = await proven(`(module
    (type $pair (struct (field (mut i32)) (field i64)))
    (import "host" "f" (func $f))
    (func (export "run") (param i32) (result i32) (local $p (ref null $pair))
      (local.set $p (struct.new $pair (local.get 0) (i64.const 7)))
      (call $f)
      (struct.get $pair 0 (local.get $p))))`);
  assert.match(text!, /call fn\d+\(\), stack_map=\[i32 @ ss0\+0\]/);
  assert.match(text!, /explicit_slot 4/);
});

test("allocation is a bump with a cold call behind it", async () => {
  const [text] = await proven(`(module
    (type $box (struct (field i32)))
    (func (result i32) (struct.get $box 0 (struct.new $box (i32.const 3)))))`);
  assert.match(text!, /block\d+ cold:\n(.*\n)*? +v\d+ = call fn\d+\(v\d+\)/);
  assert.doesNotMatch(text!, /stack_map/);
});

test("loops, casts, arrays and i31 come out valid and proven", async () => {
  await proven(`(module
    (type $node (sub (struct (field $next (mut (ref null $node))) (field i32))))
    (type $leaf (sub final $node (struct (field $next (mut (ref null $node))) (field i32) (field f64))))
    (type $words (array (mut i32)))
    (type $nodes (array (mut (ref null $node))))
    (type $bytes (array (mut i8)))
    (func $build (param i32) (result (ref null $node)) (local $head (ref null $node))
      (loop $again
        (local.set $head (struct.new $node (local.get $head) (local.get 0)))
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get $head))
    (func $sum (param (ref null $node)) (result i32) (local $total i32)
      (block $done
        (loop $again
          (br_if $done (ref.is_null (local.get 0)))
          (local.set $total (i32.add (local.get $total) (struct.get $node 1 (local.get 0))))
          (local.set 0 (struct.get $node $next (local.get 0)))
          (br $again)))
      (local.get $total))
    (func (param (ref null $node)) (result f64)
      (block $other (result (ref null $node))
        (br_on_cast_fail $other (ref null $node) (ref $leaf) (local.get 0))
        (return (struct.get $leaf 2)))
      (drop) (f64.const 0))
    (func (param i32) (result i32) (local $a (ref null $words)) (local $n (ref null $nodes))
      (local.set $a (array.new $words (i32.const 9) (local.get 0)))
      (local.set $n (array.new_fixed $nodes 2 (call $build (i32.const 3)) (ref.null $node)))
      (array.set $words (local.get $a) (i32.const 1) (i32.const 5))
      (drop (call $sum (array.get $nodes (local.get $n) (i32.const 0))))
      (i32.add (array.len (local.get $a)) (array.get $words (local.get $a) (i32.const 1))))
    (func (param anyref) (result i32)
      (if (result i32) (ref.test (ref i31) (local.get 0))
        (then (i31.get_s (ref.cast (ref i31) (local.get 0))))
        (else (ref.test (ref null $node) (local.get 0)))))
    (func (param i32) (result (ref $bytes)) (array.new_default $bytes (local.get 0))))`);
});

test("globals that hold references are words of memory, loaded anew after what may collect", async () => {
  const [text] = await proven(`(module
    (import "host" "f" (func $f))
    (global $g (mut anyref) (ref.null any))
    (func (result i32)
      (call $f)
      (global.set $g (global.get $g))
      (call $f)
      (ref.is_null (global.get $g))))`);
  assert.equal(text!.match(/load\.i32/g)?.length, 2);
});
