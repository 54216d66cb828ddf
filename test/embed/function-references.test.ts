/**
 * Function references in a store: what they are is the same for all its instances, whenever they come; and what JavaScript does with
 * them shows them to no collector, though numbers are addresses of the heap here.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../../src/embed/index.ts";
import { COLLECTOR_NAMES } from "../../src/runtime/collectors.ts";
import { FUNCREF } from "../../src/wasm/types.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { numberedFunctions } from "../support/numbered-functions.ts";

type Callable = (...args: unknown[]) => unknown;

/** Tests before and after it calls out, so that what is known from the first test must not serve the second. */
const TESTER = `(module
  (type $top (sub (func (result anyref))))
  (type $low (sub $top (func (result eqref))))
  (import "js" "next" (func $next (result (ref func))))
  (func $kind (param funcref) (result i32)
    (i32.add (ref.test (ref $top) (local.get 0)) (ref.test (ref $low) (local.get 0))))
  (func (export "kind") (param funcref) (result i32) (call $kind (local.get 0)))
  (func (export "twice") (param (ref func)) (result i32) (local $other (ref func))
    (i32.add
      (i32.mul (i32.const 10)
        (i32.add (ref.test (ref $top) (local.get 0)) (ref.test (ref $low) (local.get 0))))
      (block (result i32)
        (local.set $other (call $next))
        (i32.add (ref.test (ref $top) (local.get $other)) (ref.test (ref $low) (local.get $other))))))
  (func (export "cast") (param funcref) (result i32) (ref.is_null (ref.cast (ref $low) (local.get 0)))))`;

/** Three functions of its own; `count` others besides take numbers. */
function other(count: number): string {
  const more = Array.from({ length: count }, (_, i) => `(func $f${i})`);
  return `(module
    (type $top (sub (func (result anyref))))
    (type $low (sub $top (func (result eqref))))
    (type $plain (func))
    ${more.join("\n")}
    (elem declare func ${more.map((_, i) => `$f${i}`).join(" ")})
    (table (export "table") ${count} funcref)
    (elem (i32.const 0) func ${more.map((_, i) => `$f${i}`).join(" ")})
    (func (export "top") (type $top) (ref.null any))
    (func (export "low") (type $low) (ref.null eq))
    (func (export "plain") (type $plain)))`;
}

test("types of functions are found after those of later instances took other room", async () => {
  const store = new Store();
  const later = await Promise.all([1, 50, 500, 3000].map(async (count) => textToBinary(other(count))));
  let next: () => unknown = () => null;
  const { kind, twice, cast } = store.instantiate<Record<string, Callable>>(await textToBinary(TESTER), {
    js: { next: () => next() },
  }).exports;
  assert.equal(kind!(null), 0);
  const known: [unknown, number][] = [[kind, 0]];
  for (const bytes of later) {
    // While `twice` runs, an instance is added.
    next = () => {
      const { top, low, plain } = store.instantiate<Record<string, Callable>>(bytes).exports;
      known.push([top, 1], [low, 2], [plain, 0]);
      return low;
    };
    const [func, expected] = known.at(-1)!;
    assert.equal(twice!(func), 10 * expected + 2);
    assert.deepEqual(
      known.map(([one]) => kind!(one)),
      known.map(([, wanted]) => wanted),
    );
    assert.equal(cast!(known.at(-2)![0]), 0);
    assert.throws(() => cast!(known.at(-3)![0]), { name: "RuntimeError", message: "cast failure" });
  }
});

test("a call of null is reported as one, unless it may be another call's trap", async () => {
  const calls = (more: string): string => `(module
    (type $f (func))
    (func (export "call") (param (ref null $f)) (call_ref $f (local.get 0)))
    (func (export "tail") (param (ref null $f)) (return_call_ref $f (local.get 0)))
    (func (export "default") (call_ref $f (ref.null $f)))
    ${more})`;
  const report = { name: "RuntimeError", message: "null function reference" };
  const store = new Store();
  const {
    call,
    tail,
    default: byDefault,
  } = store.instantiate<Record<string, Callable>>(await textToBinary(calls(""))).exports;
  for (const trap of [() => call!(null), () => tail!(null), () => byDefault!()]) assert.throws(trap, report);
  const ofEngine = await textToBinary(
    calls(`(table 2 funcref) (elem (i32.const 0) $g) (func $g)
      (func (export "indirect") (param i32) (call_indirect (type $f) (local.get 0)))`),
  );
  const { indirect } = store.instantiate<Record<string, Callable>>(ofEngine).exports;
  indirect!(0);
  const words = { name: "RuntimeError", message: /null function|signature/ };
  assert.throws(() => indirect!(1), words);
  assert.throws(() => call!(null), words);
});

test("what an indirect call traps for is told where code makes the check", async () => {
  const store = new Store();
  const { call } = store.instantiate<Record<string, Callable>>(
    await textToBinary(`(module
      (type $a (func (param (ref null struct))))
      (type $b (func (param (ref null array))))
      (table 4 funcref)
      (elem (i32.const 1) func $f $g)
      (func $f (type $a))
      (func $g (type $b))
      (func (export "call") (param i32) (call_indirect (type $a) (ref.null struct) (local.get 0))))`),
  ).exports;
  call!(1);
  const messages = [
    [0, "uninitialized element or indirect call type mismatch"],
    [2, "uninitialized element or indirect call type mismatch"],
    [4, "undefined element"],
    [-1, "undefined element"],
  ] as const;
  for (const [index, message] of messages)
    assert.throws(() => call!(index), { name: "RuntimeError", message });
});

/** The heap begins below the numbers of most functions. */
const COUNT = 9000;
const SMALL = { stackBytes: 1024, staticBytes: 4096 } as const;

const NUMBERED = `(module
  (type $get (func (result i32)))
  (type $box (struct (field (mut anyref))))
  (import "js" "mutable" (global $mutable (mut funcref)))
  (import "js" "table" (table $table 1 funcref))
  ${numberedFunctions(COUNT)}
  (global $own (mut funcref) (ref.null func))
  (func (export "get") (param i32) (result funcref) (call $pick (local.get 0)))
  (func (export "setOwn") (param funcref) (global.set $own (local.get 0)))
  (func (export "getOwn") (result funcref) (global.get $own))
  (func (export "churn") (param i32)
    (loop $again
      (drop (struct.new $box (struct.new_default $box)))
      (br_if $again (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))))
  (func (export "swap") (param funcref) (result funcref)
    (global.get $mutable) (global.set $mutable (local.get 0))))`;

for (const collector of COLLECTOR_NAMES) {
  test(`JavaScript's globals and tables of functions, with collector ${collector}`, async () => {
    const store = new Store({ ...SMALL, collector });
    const table = store.createTable(FUNCREF, 1);
    const mutable = store.createGlobal(FUNCREF, true);
    const { get, swap, setOwn, getOwn, churn } = store.instantiate<Record<string, Callable>>(
      await textToBinary(NUMBERED),
      { js: { mutable, table } },
    ).exports;
    // Even numbers look like addresses, odd ones like i31.
    for (let n = COUNT - 21; n < COUNT - 19; n++) {
      const at = (i: number): unknown => get!(n - 2 * i);
      const filled = store.createTable(FUNCREF, 3, 20, at(0));
      const global = store.createGlobal(FUNCREF, false, at(1));
      table.set(0, at(2));
      const length = table.grow(2, at(3));
      mutable.value = at(4);
      setOwn!(at(5));
      churn!(30);
      // The element has held two functions before.
      table.set(0, at(6));
      table.set(0, at(2));
      churn!(30);
      const held = [
        filled.get(2),
        global.value,
        table.get(0),
        table.get(length + 1),
        mutable.value,
        getOwn!(),
      ];
      assert.deepEqual(held, [0, 1, 2, 3, 4, 5].map(at));
      assert.equal(swap!(at(6)), at(4));
      assert.equal(mutable.value, at(6));
      assert.equal((mutable.value as Callable)(), n - 12);
    }
  });
}
