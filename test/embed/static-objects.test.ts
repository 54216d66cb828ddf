/**
 * Static objects in a store, under every collector: seen by other modules and by JavaScript, and with what is imported, such as
 * strings, in fields that never change.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, type Instance, Store } from "../../src/embed/index.ts";
import { COLLECTOR_NAMES, type CollectorName } from "../../src/runtime/collectors.ts";
import { textToBinary } from "../../src/wast/index.ts";

type Exports = Record<string, (...args: unknown[]) => unknown>;

const BOX = `(type $box (sub (struct (field $value i32) (field $held (mut anyref)))))`;

const OWNER = `(module ${BOX} (type $f (func (result i32)))
  (global $box (export "box") (ref $box) (struct.new $box (i32.const 11) (ref.null any)))
  (global (export "again") (ref $box) (global.get $box))
  (global (export "any") anyref (global.get $box))
  (global (export "small") (ref i31) (ref.i31 (i32.const -5)))
  (global (export "none") (ref null $box) (ref.null $box))
  (global (export "func") (ref $f) (ref.func $seven))
  (func $seven (export "seven") (result i32) (i32.const 7))
  (func (export "hold") (param i32)
    (struct.set $box $held (global.get $box) (struct.new $box (local.get 0) (global.get $box))))
  (func (export "held") (result i32)
    (struct.get $box $value (ref.cast (ref $box) (struct.get $box $held (global.get $box))))))`;

const USER = `(module ${BOX} (type $f (func (result i32)))
  (import "owner" "box" (global $box (ref $box)))
  (import "owner" "again" (global $again (ref $box)))
  (import "owner" "any" (global $any anyref))
  (import "owner" "small" (global $small (ref i31)))
  (import "owner" "none" (global $none (ref null $box)))
  (import "owner" "func" (global $func (ref $f)))
  (import "owner" "held" (func $held (result i32)))
  (global $outer (ref $box) (struct.new $box (i32.const 12) (global.get $box)))
  (func (export "same") (result i32)
    (i32.add (ref.eq (global.get $box) (global.get $again))
      (i32.add (ref.eq (global.get $box) (ref.cast eqref (global.get $any)))
        (ref.eq (global.get $box) (ref.cast eqref (struct.get $box $held (global.get $outer)))))))
  (func (export "numbers") (result i32)
    (i32.add (i32.mul (i31.get_s (global.get $small)) (i32.const 100))
      (i32.add (ref.is_null (global.get $none)) (call_ref $f (global.get $func)))))
  (func (export "replace") (param i32) (result i32)
    (struct.set $box $held (global.get $box) (struct.new $box (local.get 0) (ref.null any)))
    (call $held)))`;

async function instantiate(
  store: Store,
  collector: CollectorName,
  wat: string,
  imports: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Promise<Instance["exports"]> {
  const module = compile(await textToBinary(wat), { collector, prove: true });
  return store.instantiate(module, imports).exports;
}

for (const collector of COLLECTOR_NAMES) {
  test(`exported static objects are what other modules and JavaScript see, with collector ${collector}`, async () => {
    const store = new Store({ collector });
    const owner = await instantiate(store, collector, OWNER);
    const { hold, held } = owner as Exports;
    hold!(70);
    store.collect();
    assert.equal(held!(), 70);
    const user = (await instantiate(store, collector, USER, { owner })) as Exports;
    store.collect();
    assert.equal(user["same"]!(), 3);
    assert.equal(user["numbers"]!(), -500 + 1 + 7);
    assert.equal(user["replace"]!(71), 71);
    for (let i = 0; i < 50; i++) hold!(i);
    store.collect();
    assert.equal(held!(), 49);
    const valueOf = (name: string): unknown => (owner[name] as { readonly value: unknown }).value;
    assert.equal(valueOf("box"), valueOf("any"));
    assert.equal(store.kindOf(valueOf("box")), "struct");
    assert.deepEqual([valueOf("small"), valueOf("none"), valueOf("func")], [-5, null, owner["seven"]]);
  });

  test(`what is imported stays in fields that never change, with collector ${collector}`, async () => {
    const store = new Store({ collector });
    const texts = Array.from({ length: 20 }, (_, i) => ({ text: `text ${i}` }));
    const imported = texts.map((_, i) => `(import "texts" "${i}" (global $t${i} externref))`);
    const globals = texts.map(
      (_, i) => `(global $s${i} (ref $string) (struct.new $string (global.get $t${i}) (i32.const ${i})))`,
    );
    const items = texts.map((_, i) => `(global.get $s${i})`);
    const exports = (await instantiate(
      store,
      collector,
      `(module
        (type $string (struct (field externref) (field (mut i32))))
        (type $changing (struct (field (mut externref))))
        (type $strings (array (ref $string)))
        (type $texts (array externref))
        ${imported.join("\n")} ${globals.join("\n")}
        (global $all (ref $strings) (array.new_fixed $strings ${items.length} ${items.join(" ")}))
        (global $texts (ref $texts) (array.new $texts (global.get $t7) (i32.const 3)))
        (global $changing (ref $changing) (struct.new $changing (global.get $t5)))
        (global $any anyref (any.convert_extern (global.get $t6)))
        (func (export "get") (param i32) (result externref)
          (struct.get $string 0 (array.get $strings (global.get $all) (local.get 0))))
        (func (export "text") (param i32) (result externref) (array.get $texts (global.get $texts) (local.get 0)))
        (func (export "any") (result externref) (extern.convert_any (global.get $any)))
        (func (export "change") (param externref) (result externref)
          (struct.get $changing 0 (global.get $changing))
          (struct.set $changing 0 (global.get $changing) (local.get 0)))
        (func (export "churn") (param i32)
          (loop $again
            (drop (struct.new $changing (ref.null extern)))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`,
      { texts: Object.fromEntries(texts.map((value, i) => [String(i), value])) },
    )) as Exports;
    for (let round = 0; round < 3; round++) {
      texts.forEach((value, i) => void assert.equal(exports["get"]!(i), value));
      assert.deepEqual(
        [0, 1, 2].map((i) => exports["text"]!(i)),
        [texts[7], texts[7], texts[7]],
      );
      assert.equal(exports["any"]!(), texts[6]);
      assert.equal(exports["change"]!(texts[round]), texts[round === 0 ? 5 : round - 1]);
      exports["churn"]!(300);
      store.collect();
    }
  });
}
