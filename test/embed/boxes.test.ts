/**
 * Values of JavaScript that functions of its own give: each becomes what it has to be, stays itself while the program holds it, through
 * collections and however many there are, and is let go of when the program does not. It is the same where the engine's tag lets Wasm make the
 * boxes, and where JavaScript makes them.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { InputError } from "../../src/base/diagnostics.ts";
import { compile, Store, type StoreOptions } from "../../src/embed/index.ts";
import type { CollectorName } from "../../src/runtime/collectors.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { withoutTag } from "../support/without-tag.ts";

type Functions = Record<string, (...args: unknown[]) => unknown>;

const PROGRAM = `(module
  (type $point (struct (field i32)))
  (type $values (array (mut externref)))
  (import "m" "give" (func $give (param i32) (result externref)))
  (import "m" "giveAny" (func $giveAny (param i32) (result anyref)))
  (import "m" "giveSome" (func $giveSome (param i32) (result (ref extern))))
  (import "m" "givePoint" (func $givePoint (param i32) (result (ref null $point))))
  (import "m" "two" (func $two (param externref externref) (result externref)))
  (global $values (mut (ref null $values)) (ref.null $values))
  (func (export "room") (param i32)
    (global.set $values (array.new_default $values (local.get 0))))
  (func (export "clear") (global.set $values (ref.null $values)))
  (func (export "fill") (param i32 i32 i32)
    (loop $again
      (array.set $values (global.get $values) (local.get 0) (call $give (local.get 2)))
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (local.set 2 (i32.add (local.get 2) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get 0) (local.get 1)))))
  (func (export "get") (param i32) (result externref)
    (array.get $values (global.get $values) (local.get 0)))
  (func (export "drop") (param i32)
    (loop $again
      (drop (call $give (local.get 0)))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "point") (param i32) (result (ref $point)) (struct.new $point (local.get 0)))
  (func (export "kind") (result i32) (local anyref)
    (local.set 0 (call $giveAny (i32.const 0)))
    (if (ref.is_null (local.get 0)) (then (return (i32.const 0))))
    (if (ref.test (ref i31) (local.get 0))
      (then (return (i32.add (i32.const 1000) (i31.get_s (ref.cast (ref i31) (local.get 0)))))))
    (if (ref.test (ref $point) (local.get 0))
      (then (return (i32.add (i32.const 2000) (struct.get $point 0 (ref.cast (ref $point) (local.get 0)))))))
    (if (ref.test (ref eq) (local.get 0)) (then (return (i32.const 2))))
    (i32.const 3))
  (func (export "same") (result i32)
    (ref.eq (ref.cast eqref (call $giveAny (i32.const 0))) (ref.cast eqref (call $giveAny (i32.const 1)))))
  (func (export "both") (param i32) (result externref) (local externref externref)
    (local.set 1 (call $give (local.get 0)))
    (local.set 2 (call $give (i32.add (local.get 0) (i32.const 1))))
    (drop (call $give (i32.const -1)))
    (call $two (local.get 1) (local.get 2)))
  (func (export "some") (param i32) (result externref) (call $giveSome (local.get 0)))
  (func (export "somePoint") (param i32) (result i32) (struct.get $point 0 (call $givePoint (local.get 0)))))`;

let bytes: Uint8Array;

before(async () => {
  bytes = await textToBinary(PROGRAM);
});

interface Loaded {
  readonly store: Store;
  readonly exports: Functions;
}

function load(give: (i: number) => unknown, options: StoreOptions = {}): Loaded {
  const { collector = "copying" } = options;
  const store = new Store(options);
  const m = { give, giveAny: give, giveSome: give, givePoint: give, two: (a: unknown, b: unknown) => [a, b] };
  const { exports } = store.instantiate(compile(bytes, { collector }), { m });
  return { store, exports: exports as Functions };
}

const COLLECTORS: readonly CollectorName[] = ["copying", "generational", "drc", "null", "stress"];

for (const [title, within] of [
  ["by Wasm", (run: () => void) => run()],
  ["by JavaScript", withoutTag],
] as const) {
  describe(title, () => {
    for (const collector of COLLECTORS) {
      test(`many values stay what they are, and numbers are given out again (${collector})`, () => {
        within(() => {
          const count = collector === "stress" ? 300 : 3000;
          const objects = Array.from({ length: count }, (_, i) => ({ i }));
          const { store, exports } = load((i) => (i % 3 === 0 ? objects[i % count] : `text ${i}`), {
            collector,
          });
          const expected = (i: number): unknown => (i % 3 === 0 ? objects[i % count] : `text ${i}`);
          exports["room"]!(count);
          const held = new Array<number>(count).fill(0);
          const fill = (from: number, to: number, first: number): void => {
            exports["fill"]!(from, to, first);
            for (let i = from; i < to; i++) held[i] = first + i - from;
          };
          fill(0, count, 0);
          for (let round = 1; round <= 6; round++) {
            store.collect();
            fill(count / 10, count / 2, 7 * round);
            store.collect();
            exports["drop"]!(100);
            fill(0, count / 20, 11 * round);
            for (let i = 0; i < count; i++) assert.equal(exports["get"]!(i), expected(held[i]!));
          }
          store.collect();
          if (collector !== "null") assert.equal(store.heldValues, count);
          exports["room"]!(0);
          store.collect();
          if (collector !== "null") assert.equal(store.heldValues, 0);
        });
      });

      test(`what is given first stays while more is boxed (${collector})`, () => {
        within(() => {
          const { exports } = load((i) => `text ${i}`, { collector });
          for (let i = 0; i < 500; i++) assert.deepEqual(exports["both"]!(i), [`text ${i}`, `text ${i + 1}`]);
        });
      });
    }

    test("a result is null, an i31, an object of the store's or a value", () => {
      within(() => {
        let given: unknown;
        const { exports } = load(() => given);
        const kindOf = (value: unknown): unknown => {
          given = value;
          return exports["kind"]!();
        };
        const point = exports["point"]!(77);
        assert.equal(kindOf(null), 0);
        assert.equal(kindOf(5), 1005);
        assert.equal(kindOf(-1), 999);
        assert.equal(kindOf(point), 2077);
        const values = [undefined, "", "text", -0, 2 ** 30, 0.5, Number.NaN, true, 5n, Symbol("s"), {}, []];
        for (const value of [...values, Object.freeze(Object.create(null)), () => 1])
          assert.equal(kindOf(value), 3, String(typeof value));
      });
    });

    test("an object of the store's is one reference, an object of JavaScript's one object", () => {
      within(() => {
        const points: unknown[] = [];
        const { store, exports } = load((i) => points[i]);
        points.push(exports["point"]!(1), exports["point"]!(1));
        assert.equal(exports["same"]!(), 0);
        points[1] = points[0];
        assert.equal(exports["same"]!(), 1);
        store.collect();
        assert.equal(exports["same"]!(), 1);
        const [first, second] = [{}, Symbol("s")];
        points.splice(0, 2, first, second);
        assert.deepEqual(exports["both"]!(0), [first, second]);
        points[1] = first;
        const [a, b] = exports["both"]!(0) as [unknown, unknown];
        assert.ok(a === first && b === first);
      });
    });

    test("a result that is not of the type is a TypeError, and strings are of that of all but null", () => {
      within(() => {
        let given: unknown;
        const { exports } = load(() => given);
        for (const value of ["text", "", undefined, {}, 5]) {
          given = value;
          assert.equal(exports["some"]!(0), value);
        }
        for (const value of ["text", undefined, {}, 5]) {
          given = value;
          assert.throws(() => exports["somePoint"]!(0), TypeError);
        }
        given = null;
        assert.throws(() => exports["some"]!(0), TypeError);
        given = exports["point"]!(9);
        assert.equal(exports["somePoint"]!(0), 9);
      });
    });

    test("without room for numbers boxing throws, and goes on when values are let go of", () => {
      within(() => {
        const { store, exports } = load((i) => `text ${i}`, { staticBytes: 1 << 16 });
        exports["room"]!(40_000);
        assert.throws(() => exports["fill"]!(0, 40_000, 0), InputError);
        for (let i = 0; i < 1000; i++) assert.equal(exports["get"]!(i), `text ${i}`);
        exports["room"]!(100);
        store.collect();
        assert.equal(store.heldValues, 0);
        exports["fill"]!(0, 100, 5);
        for (let i = 0; i < 100; i++) assert.equal(exports["get"]!(i), `text ${i + 5}`);
      });
    });

    test("without room in the heap boxing traps, and goes on when values are let go of", () => {
      within(() => {
        const { store, exports } = load((i) => `text ${i}`, { maxHeapBytes: 1 << 20 });
        exports["room"]!(60_000);
        assert.throws(() => exports["fill"]!(0, 60_000, 0), { name: "RuntimeError", message: /memory/ });
        exports["clear"]!();
        exports["room"]!(100);
        store.collect();
        assert.equal(store.heldValues, 0);
        exports["fill"]!(0, 100, 5);
        for (let i = 0; i < 100; i++) assert.equal(exports["get"]!(i), `text ${i + 5}`);
      });
    });

    test("with many numbers a collection comes before there are more", () => {
      within(() => {
        const { store, exports } = load((i) => ({ i }), { staticBytes: 1 << 20 });
        exports["drop"]!(500_000);
        store.collect();
        assert.equal(store.heldValues, 0);
      });
    });
  });
}

/** Whether an object that a program has dropped can be collected once something else has been boxed. */
async function isReleased(within: (run: () => void) => void): Promise<boolean> {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  let dropped!: WeakRef<object>;
  let loaded!: Loaded;
  within(() => {
    loaded = load((i) => (i === 3 ? make() : "text"));
    loaded.exports["room"]!(4);
    loaded.exports["fill"]!(0, 4, 0);
  });
  function make(): object {
    const object = {};
    dropped = new WeakRef(object);
    return object;
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
  gc();
  assert.notEqual(dropped.deref(), undefined, "the program holds it");
  await new Promise((resolve) => setTimeout(resolve, 1));
  loaded.exports["room"]!(1);
  loaded.store.collect();
  // It does not take the number of the one that is looked for.
  loaded.exports["fill"]!(0, 1, 0);
  gc();
  return dropped.deref() === undefined;
}

test("what the program drops can be collected once something else is boxed", async () => {
  assert.ok(await isReleased((run) => run()));
  assert.ok(await isReleased(withoutTag));
});
