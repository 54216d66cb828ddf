/**
 * The end of a store's shadow stack: what goes beyond it is told as such, and leaves what lies behind null zero, which code relies
 * on (`src/gc/layout.ts`).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCode } from "../../src/driver/compile.ts";
import { CoreStore, type FunctionExtern, guarded, instantiate, Store } from "../../src/embed/index.ts";
import { ZERO_BYTES } from "../../src/gc/layout.ts";
import { textToBinary } from "../../src/wast/index.ts";

/** Frames of 16, 32 and 48 bytes, so that the last one that fits ends in different places. */
const PROGRAM = `(module
  (type $cell (struct (field (mut i32)) (field (ref null $cell))))
  (type $sub (sub (struct (field i32))))
  (func $one (export "one") (param $n i32) (param $a (ref null $cell)) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (i32.add (call $one (i32.sub (local.get $n) (i32.const 1)) (struct.new $cell (local.get $n) (local.get $a)))
      (struct.get $cell 0 (local.get $a))))
  (func $many (export "many") (param $n i32) (param $a (ref null $cell)) (result i32)
    (local $b (ref null $cell)) (local $c (ref null $cell)) (local $d (ref null $cell)) (local $e (ref null $cell))
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (local.set $b (struct.new $cell (local.get $n) (local.get $a)))
    (local.set $c (struct.new $cell (local.get $n) (local.get $b)))
    (local.set $d (struct.new $cell (local.get $n) (local.get $c)))
    (local.set $e (struct.new $cell (local.get $n) (local.get $d)))
    (i32.add (call $many (i32.sub (local.get $n) (i32.const 1)) (local.get $e))
      (i32.add (i32.add (struct.get $cell 0 (local.get $a)) (struct.get $cell 0 (local.get $b)))
        (i32.add (struct.get $cell 0 (local.get $c)) (struct.get $cell 0 (local.get $d))))))
  (func (export "of-null") (param $i i32) (result i32)
    (local $a (ref null $cell))
    (struct.get $cell 0 (struct.get $cell 1 (local.get $a)))))`;

const DEEP = 1_000_000;

for (const stackBytes of [32, 48, 1024, 4096]) {
  test(`with ${stackBytes} bytes`, async () => {
    const store = new CoreStore({ stackBytes });
    const code = compileCode(await textToBinary(PROGRAM));
    const { exports } = guarded(store, () => store.instantiate(code, []));
    const call = (name: string, ...args: unknown[]): unknown =>
      guarded(store, () => (exports.get(name) as FunctionExtern).raw(...args));
    for (const name of ["one", "many"]) {
      assert.throws(() => call(name, DEEP, 0), /^RangeError: call stack exhausted$/);
      assert.equal(store.runtime.stack, store.runtime.stackEnd - ZERO_BYTES);
      assert.ok(store.memory.words.subarray(0, ZERO_BYTES / 4).every((word) => word === 0));
      assert.throws(() => call("of-null", 0), /^RuntimeError: null structure reference$/);
      assert.equal(call(name, 0, 0), 0);
    }
  });
}

/** Frames of more than 3,000 bytes, which leave the end of a stack unwritten when there is no room for another. */
const LARGE_FRAMES = ((): string => {
  const count = 800;
  const each = (text: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => text(i)).join("\n");
  return `(module
    (type $cell (struct (field (mut i32))))
    (func $deep (export "deep") (param $n i32) (result i32) (local $sum i32) ${each((i) => `(local $l${i} (ref null $cell))`)}
      (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
      ${each((i) => `(local.set $l${i} (struct.new $cell (i32.const ${i})))`)}
      (local.set $sum (call $deep (i32.sub (local.get $n) (i32.const 1))))
      ${each((i) => `(local.set $sum (i32.add (local.get $sum) (struct.get $cell 0 (local.get $l${i}))))`)}
      (local.get $sum)))`;
})();

for (const stackBytes of [32 << 10, 33 << 10, 34 << 10, 35 << 10]) {
  test(`with frames of 3 kB and ${stackBytes} bytes`, async () => {
    const { instance } = instantiate(
      await textToBinary(LARGE_FRAMES),
      {},
      { store: new Store({ stackBytes }) },
    );
    const { deep } = instance.exports as unknown as Record<string, (n: number) => number>;
    for (let round = 0; round < 2; round++) {
      assert.throws(() => deep!(1000), /^RangeError: call stack exhausted$/);
      assert.equal(deep!(3), (3 * 800 * 799) / 2);
    }
  });
}

/** Recursion by way of JavaScript, with a reference in each frame. */
const MUTUAL = `(module
  (import "m" "back" (func $back (param i32) (result i32)))
  (type $box (struct (field (mut i32))))
  (global $seen (mut (ref null $box)) (ref.null $box))
  (func (export "again") (param $n i32) (result i32) (local $a (ref null $box)) (local $r i32)
    (local.set $a (struct.new $box (local.get $n)))
    (global.set $seen (local.get $a))
    (local.set $r (call $back (i32.add (local.get $n) (i32.const 1))))
    (global.set $seen (struct.new $box (i32.const 77)))
    (i32.add (local.get $r) (struct.get $box 0 (local.get $a))))
  (func (export "divide") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0))))`;

for (const collector of ["copying", "stress"] as const) {
  test(`frames that are live at the end stay as they are, with collector ${collector}`, async () => {
    const store = new Store({ stackBytes: 2048, collector });
    let deepest = 0;
    const messages: string[] = [];
    const messageOf = (call: () => unknown): void => {
      try {
        call();
      } catch (error) {
        messages.push((error as Error).message);
      }
    };
    const back = (n: number): number => {
      deepest = Math.max(deepest, n);
      let result = 0;
      messageOf(() => {
        result = again!(n);
      });
      if (n === deepest) messageOf(() => divide!(0));
      return result;
    };
    const { instance } = instantiate(await textToBinary(MUTUAL), { m: { back } }, { store });
    const { again, divide } = instance.exports as unknown as Record<string, (n: number) => number>;
    assert.equal(again!(0), (deepest * (deepest - 1)) / 2);
    assert.ok(deepest > 10);
    assert.deepEqual(messages, ["call stack exhausted", "divide by zero"]);
  });
}
