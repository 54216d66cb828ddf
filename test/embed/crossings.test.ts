/**
 * What a program's functions get, give and throw is the same whether JavaScript stands between them and an instance or not: where the
 * engine has a tag for what JavaScript throws, it does not.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { compile, type Module, Store } from "../../src/embed/index.ts";
import { SMALL_NUMBERS } from "../../src/link/crossing-module.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { withoutTag } from "../support/without-tag.ts";

interface Host {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports?: object,
  ) => { readonly exports: Record<string, (...args: unknown[]) => unknown> };
  readonly JSTag?: object;
  readonly RuntimeError: new () => Error;
}

const host = (globalThis as unknown as { WebAssembly: Host }).WebAssembly;

const PROGRAM = `(module
  (import "m" "value" (func $value (param externref) (result externref)))
  (import "m" "any" (func $any (param anyref i32) (result anyref)))
  (import "m" "numbers" (func $numbers (param i32 i64 f32 f64) (result f64)))
  (import "m" "big" (func $big (param i64) (result i64)))
  (import "m" "nothing" (func $nothing))
  (import "m" "point" (func $point (param (ref null $point)) (result (ref $point))))
  (import "m" "jsTag" (tag $js (param externref)))
  (type $point (struct (field i32)))
  (global $caught (mut i32) (i32.const 0))
  (func (export "value") (param externref) (result externref) (call $value (local.get 0)))
  (func (export "any") (param anyref) (result anyref) (call $any (local.get 0) (i32.const 7)))
  (func (export "i31") (param i32) (result anyref) (call $any (ref.i31 (local.get 0)) (i32.const 7)))
  (func (export "numbers") (result f64) (call $numbers (i32.const -1) (i64.const -2) (f32.const 0.5) (f64.const 4)))
  (func (export "big") (param i64) (result i64) (call $big (local.get 0)))
  (func (export "make") (param i32) (result (ref $point)) (struct.new $point (local.get 0)))
  (func (export "point") (param (ref null $point)) (result i32) (struct.get $point 0 (call $point (local.get 0))))
  (func (export "caught") (result i32) (global.get $caught))
  (func (export "trap") (unreachable))
  (func (export "through") (call $nothing))
  (func (export "catchAll") (block $all (try_table (catch_all $all) (call $nothing)) (return))
    (global.set $caught (i32.add (global.get $caught) (i32.const 1))))
  (func (export "rethrowAll") (throw_ref (block $all (result exnref)
    (try_table (catch_all_ref $all) (call $nothing)) (return))))
  (func (export "catchValue") (result externref)
    (block $js (result externref) (try_table (catch $js $js) (call $nothing)) (return (ref.null extern)))))`;

/** Throws an exception of its own, which no tag of the store's is. */
const OTHER = `(module (tag $t (param i32)) (func (export "f") (throw $t (i32.const 1)))
  (func (export "wrong") (param f64) (result i32) (i32.const 5)))`;

let program: Module;
let other: Record<string, (...args: unknown[]) => unknown>;

before(async () => {
  program = compile(await textToBinary(PROGRAM));
  other = new host.Instance(new host.Module(await textToBinary(OTHER))).exports;
});

type Functions = Record<string, (...args: unknown[]) => unknown>;

interface Loaded {
  readonly store: Store;
  readonly exports: Functions;
  /** What was passed last. */
  readonly passed: unknown[];
}

function load(given: Functions = {}): Loaded {
  const store = new Store();
  const passed: unknown[] = [];
  const keep = (...args: unknown[]): unknown => {
    passed.splice(0, passed.length, ...args);
    return args[0];
  };
  const jsTag = host.JSTag ?? store.jsTag;
  const m = { value: keep, any: keep, numbers: keep, big: keep, point: keep, nothing: keep, jsTag, ...given };
  return { store, passed, exports: store.instantiate(program, { m }).exports as Functions };
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

const thrower = (value: unknown) => (): never => {
  throw value;
};

for (const [name, within] of [
  ["without JavaScript in between", (run: () => void) => run()],
  ["with JavaScript in between", withoutTag],
] as const) {
  describe(name, () => {
    test("values and references cross as they are", () => {
      within(() => {
        const { exports, passed, store } = load();
        for (const value of [
          null,
          undefined,
          5,
          -0,
          2 ** 40,
          "text",
          "",
          Symbol("s"),
          {},
          () => 1,
          3n,
          true,
        ]) {
          assert.ok(Object.is(exports["value"]!(value), value));
          assert.ok(Object.is(passed[0], value));
          assert.equal(passed.length, 1);
        }
        assert.equal(exports["i31"]!(-9), -9);
        assert.deepEqual(passed, [-9, 7]);
        const point = exports["make"]!(3);
        assert.equal(exports["any"]!(point), point);
        assert.equal(passed[0], point);
        store.collect();
        assert.equal(exports["value"]!(point), point);
        assert.equal(exports["point"]!(point), 3);
      });
    });

    test("numbers cross as they are", () => {
      within(() => {
        const { exports, passed } = load();
        assert.equal(exports["numbers"]!(), -1);
        assert.deepEqual(passed, [-1, -2n, 0.5, 4]);
        assert.equal(exports["big"]!(-5n), -5n);
      });
    });

    test("an i31 crosses as its number, the first time and later, small or not", () => {
      within(() => {
        const { exports, passed } = load();
        const { least, count } = SMALL_NUMBERS;
        const edges = [0, least, least + count, -(2 ** 30), 2 ** 30 - 1];
        for (const edge of edges) {
          for (const number of [edge - 1, edge, edge + 1, edge - 1, edge, edge + 1]) {
            const wrapped = (number << 1) >> 1;
            assert.equal(exports["i31"]!(number), wrapped);
            assert.deepEqual(passed, [wrapped, 7]);
          }
        }
      });
    });

    test("what a function gives may be a string after anything else, and anything else after a string", () => {
      within(() => {
        const { exports, passed, store } = load();
        const values = ["text", 1, null, {}, 0.5, exports["make"]!(3), undefined, ""];
        for (const first of values) {
          for (const second of values) {
            for (const value of [first, second, second, first]) {
              assert.equal(exports["value"]!(value), value);
              assert.equal(exports["any"]!(value), value);
              assert.equal(passed[0], value);
            }
          }
          store.collect();
        }
      });
    });

    test("a result of another type is a TypeError", () => {
      within(() => {
        const { exports } = load({ point: () => "no point", big: () => 1 });
        assert.ok(thrownBy(() => exports["point"]!(null)) instanceof TypeError);
        assert.ok(thrownBy(() => exports["big"]!(1n)) instanceof TypeError);
      });
    });

    test("what JavaScript throws is caught, by its tag or by any, and comes out as it was", () => {
      within(() => {
        for (const value of [new Error("one"), "text", undefined, null, 7]) {
          const { exports } = load({ nothing: thrower(value) });
          assert.equal(
            thrownBy(() => exports["through"]!()),
            value,
          );
          assert.equal(
            thrownBy(() => exports["rethrowAll"]!()),
            value,
          );
          assert.equal(exports["catchValue"]!(), value);
          exports["catchAll"]!();
          assert.equal(exports["caught"]!(), 1);
        }
      });
    });

    test("an exception of another module is caught by any, and comes out as it was", () => {
      within(() => {
        const thrown = thrownBy(() => other["f"]!());
        for (const nothing of [thrower(thrown), () => other["f"]!(), other["f"]!]) {
          const { exports } = load({ nothing });
          const out = thrownBy(() => exports["rethrowAll"]!());
          assert.equal((out as object).constructor, (thrown as object).constructor);
          exports["catchAll"]!();
          assert.equal(exports["caught"]!(), 1);
        }
      });
    });

    test("a trap and the end of the stack are not caught", () => {
      within(() => {
        const { exports } = load({ nothing: () => exports["trap"]!() });
        assert.ok(thrownBy(() => exports["catchAll"]!()) instanceof host.RuntimeError);
        assert.equal(exports["caught"]!(), 0);
        const deep = load({ nothing: () => deep.exports["catchAll"]!() });
        assert.ok(thrownBy(() => deep.exports["catchAll"]!()) instanceof RangeError);
        assert.equal(deep.exports["caught"]!(), 0);
      });
    });

    test("a function of the engine's of another type is called as JavaScript would", () => {
      within(() => {
        const { exports } = load({ value: other["wrong"]! });
        assert.equal(exports["value"]!({}), 5);
      });
    });

    test("values are let go of when nothing reaches them", () => {
      within(() => {
        const { exports, store } = load();
        for (let i = 0; i < 100_000; i++) exports["value"]!(i % 2 === 0 ? `text ${i}` : { i });
        store.collect();
        assert.equal(store.heldValues, 0);
        const kept = {};
        assert.equal(exports["value"]!(kept), kept);
      });
    });
  });
}
