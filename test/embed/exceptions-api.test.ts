/** Exceptions in the JavaScript API: tags as objects, payloads, exceptions that JavaScript makes, what cannot cross. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate, Store, StoreException, Tag } from "../../src/embed/index.ts";
import { textToBinary } from "../../src/wast/index.ts";

type Exports = Record<string, (...args: unknown[]) => unknown>;

const THROWER = `(module
  (type $box (struct (field i32)))
  (tag $t (export "t") (param i32 i64 externref (ref null $box) funcref))
  (tag $v (export "v") (param v128))
  (func $make (export "make") (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
  (func (export "throw") (param i32 externref)
    (throw $t (local.get 0) (i64.const 5) (local.get 1) (call $make (local.get 0)) (ref.func $make)))
  (func (export "throw-v") (throw $v (v128.const i64x2 1 2)))
  (func (export "unbox") (param (ref null $box)) (result i32) (struct.get $box 0 (local.get 0))))`;

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

test("a tag that is exported tells its exceptions from others, and reads them", async () => {
  const { instance } = instantiate(await textToBinary(THROWER), {}, { gcStress: true, prove: true });
  const { throw: throws, unbox, make } = instance.exports as Exports;
  const { t, v } = instance.exports as unknown as Record<string, Tag>;
  const payload = {};
  const error = thrownBy(() => throws!(3, payload));
  assert.ok(error instanceof StoreException);
  assert.ok(t instanceof Tag && error.is(t) && !error.is(v!));
  assert.deepEqual([t.getArg(error, 0), t.getArg(error, 1)], [3, 5n]);
  assert.equal(t.getArg(error, 2), payload);
  assert.equal(unbox!(t.getArg(error, 3)), 3);
  assert.equal(t.getArg(error, 4), make);
  assert.throws(() => t.getArg(error, 5), RangeError);
  assert.throws(() => v!.getArg(error, 0), TypeError);
  const vector = thrownBy(() => (instance.exports as Exports)["throw-v"]!());
  assert.throws(() => v!.getArg(vector as StoreException, 0), /a v128 cannot cross/);
});

test("a function of JavaScript's own throws what its exported tag makes", async () => {
  const store = new Store({ collector: "stress" });
  const { exports } = store.instantiate(new Uint8Array(await textToBinary(THROWER)));
  const { make } = exports as Exports;
  const t = exports["t"] as unknown as Tag;
  const f = (): never => {
    throw t.create([7, 8n, "text", make!(9), make]);
  };
  assert.throws(() => t.create([7]), /expected 5 values, not 1/);
  assert.throws(() => t.create([7, 8n, "text", {}, null]), TypeError);
  const catcher = store.instantiate(
    new Uint8Array(
      await textToBinary(`(module
        (type $box (struct (field i32)))
        (import "" "t" (tag $t (param i32 i64 externref (ref null $box) funcref)))
        (import "" "js" (tag $js (param externref)))
        (import "" "f" (func $f))
        (func (export "run") (result i32 i64 externref (ref null $box) funcref)
          (block $caught (result i32 i64 externref (ref null $box) funcref)
            (try_table (catch $t $caught) (call $f))
            (unreachable)))
        (func (export "value") (result externref)
          (block $caught (result externref)
            (try_table (catch $js $caught) (call $f))
            (unreachable)))
        (func (export "exception") (result exnref) (ref.null exn)))`),
    ),
    { "": { t, f, js: store.jsTag } },
  );
  const { run, value, exception } = catcher.exports as Exports;
  const [number, long, text, box, func] = run!() as unknown[];
  assert.deepEqual([number, long, text, func], [7, 8n, "text", make]);
  assert.equal((exports as Exports)["unbox"]!(box), 9);
  // Not a value of JavaScript's, so it goes on its way.
  assert.ok(thrownBy(() => value!()) instanceof StoreException);
  assert.throws(() => exception!(), /exnref cannot cross/);
});

test("an import that is no tag of the store is a link error", async () => {
  const bytes = await textToBinary(`(module (import "" "t" (tag (param i32))))`);
  assert.throws(() => instantiate(bytes, { "": { t: {} } }), /expected a tag of the store/);
  const { instance } = instantiate(await textToBinary(`(module (tag (export "t") (param i32)))`));
  // Of another store.
  assert.throws(
    () => instantiate(bytes, { "": { t: instance.exports["t"] } }),
    /expected a tag of the store/,
  );
});
