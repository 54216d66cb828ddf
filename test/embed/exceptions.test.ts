/**
 * Exceptions between JavaScript and a store: what either throws is an exception in the other, and comes back as what it was; traps
 * and exhaustion are none.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { compileCode } from "../../src/driver/compile.ts";
import {
  CoreStore,
  type Extern,
  type FunctionExtern,
  guarded,
  StoreException,
  type StoreInstance,
  type TagExtern,
} from "../../src/embed/index.ts";
import { COLLECTOR_NAMES, type CollectorName } from "../../src/runtime/collectors.ts";
import { externTypeOfImport } from "../../src/wasm/extern-types.ts";
import { textToBinary } from "../../src/wast/index.ts";

type Raw = (...args: unknown[]) => unknown;

/** A store whose modules import functions of JavaScript's own and each other's exports, by name. */
class TestStore {
  readonly store: CoreStore;
  private readonly gcStress: boolean;
  private readonly collector: CollectorName;

  constructor(collector: CollectorName = "copying", stackBytes = 1 << 16) {
    this.store = new CoreStore({ collector, stackBytes });
    this.gcStress = collector.startsWith("stress");
    this.collector = collector;
  }

  async instantiate(wat: string, given: Readonly<Record<string, Extern | Raw>> = {}): Promise<StoreInstance> {
    const { collector, gcStress } = this;
    const code = compileCode(await textToBinary(wat), { prove: true, collector, gcStress });
    const { module } = code.plan;
    const imports = module.imports.map(({ name }, i): Extern => {
      const thing = given[name]!;
      if (typeof thing !== "function") return thing;
      const wanted = externTypeOfImport(this.store.types, module, i);
      assert.ok(wanted.kind === "func");
      return { kind: "func", type: wanted.type, raw: thing, isHost: true, isPlain: false, reference: 0 };
    });
    return guarded(this.store, () => this.store.instantiate(code, imports));
  }

  call({ exports }: StoreInstance, name: string, ...args: unknown[]): unknown {
    return guarded(this.store, () => (exports.get(name) as FunctionExtern).raw(...args));
  }

  thrownBy(instance: StoreInstance, name: string, ...args: unknown[]): unknown {
    try {
      this.call(instance, name, ...args);
    } catch (error) {
      return error;
    }
    return assert.fail("nothing was thrown");
  }
}

test("who prints one sees what it carries, and nothing of the store", async () => {
  const host = new TestStore();
  const thrower = await host.instantiate(THROWER);
  const thrown = host.thrownBy(thrower, "throw-u") as object;
  assert.deepEqual(Reflect.ownKeys(thrown), []);
  assert.equal(JSON.stringify(thrown), "{}");
  assert.ok(inspect(thrown, { customInspect: false }).length < 100);
});

const THROWER = `(module
  (type $box (struct (field i32)))
  (tag $t (export "t") (param i32 i64 f32 f64 (ref null $box)))
  (tag $u (export "u"))
  (func (export "throw") (param i32)
    (throw $t (local.get 0) (i64.const -5000000000) (f32.const 1.5) (f64.const 0.1)
      (struct.new $box (i32.add (local.get 0) (i32.const 1)))))
  (func (export "throw-u") (throw $u))
  (func (export "unbox") (param (ref null $box)) (result i32) (struct.get $box 0 (local.get 0))))`;

for (const collector of COLLECTOR_NAMES) {
  test(`an exception leaves with its tag and payload, with collector ${collector}`, async () => {
    const host = new TestStore(collector);
    const instance = await host.instantiate(THROWER);
    const error = host.thrownBy(instance, "throw", 41);
    assert.ok(error instanceof StoreException);
    host.store.runtime.collect();
    assert.ok(error.is(instance.exports.get("t") as TagExtern));
    assert.ok(!error.is(instance.exports.get("u") as TagExtern));
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => error.value(index)),
      [41, -5_000_000_000n, 1.5, 0.1],
    );
    assert.equal(host.call(instance, "unbox", error.value(4)), 42);
  });

  test(`an exception goes through JavaScript and stays the same, with collector ${collector}`, async () => {
    const host = new TestStore(collector);
    const thrower = await host.instantiate(THROWER);
    const seen: unknown[] = [];
    const between = (argument: unknown): void => {
      try {
        host.call(thrower, "throw", argument);
      } catch (error) {
        seen.push(error);
        // Another one in between, which is caught here, does not get mixed up with it.
        host.thrownBy(thrower, "throw", 7);
        host.store.runtime.collect();
        throw error;
      }
    };
    const catcher = await host.instantiate(
      `(module
        (type $box (struct (field i32)))
        (import "" "between" (func $between (param i32)))
        (import "" "t" (tag $alias (param i32 i64 f32 f64 (ref null $box))))
        (global $kept (mut exnref) (ref.null exn))
        (func (export "run") (param i32) (result i32)
          (block $caught (result i32 i64 f32 f64 (ref null $box) exnref)
            (try_table (catch_ref $alias $caught) (call $between (local.get 0)))
            (return (i32.const -1)))
          (global.set $kept)
          (struct.get $box 0)
          (return))
        (func (export "again") (throw_ref (global.get $kept))))`,
      { between, t: thrower.exports.get("t")! },
    );
    assert.equal(host.call(catcher, "run", 20), 21);
    assert.equal(host.thrownBy(catcher, "again"), seen[0]);
    assert.equal(host.thrownBy(catcher, "again"), seen[0]);
  });
}

const CATCHER = `(module
  (import "" "f" (func $f))
  (import "" "js" (tag $js (param externref)))
  (func (export "pass") (call $f))
  (func (export "catch-all") (result i32)
    (block $caught (try_table (catch_all $caught) (call $f)) (return (i32.const 0)))
    (i32.const 1))
  (func (export "again")
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (call $f))
      (return))
    (throw_ref))
  (func (export "value") (result externref)
    (block $caught (result externref)
      (try_table (catch $js $caught) (call $f))
      (ref.null extern))))`;

test("what JavaScript throws is caught by catch_all, and leaves as the same value", async () => {
  let thrown: unknown;
  const f = (): never => {
    throw thrown;
  };
  const host = new TestStore();
  const instance = await host.instantiate(CATCHER, { f, js: host.store.exceptions.valueTag });
  for (thrown of [
    new Error("mine"),
    { an: "object" },
    "text",
    7,
    1.5,
    null,
    undefined,
    new RangeError("x"),
  ]) {
    assert.equal(host.thrownBy(instance, "pass"), thrown);
    assert.equal(host.call(instance, "catch-all"), 1);
    assert.equal(host.thrownBy(instance, "again"), thrown);
    const value = host.store.references.toJavaScript(host.call(instance, "value") as number);
    assert.equal(value, thrown);
  }
});

test("traps, also of other modules behind JavaScript, are not caught", async () => {
  const host = new TestStore();
  const trapping = await host.instantiate(`(module
    (type $box (struct (field (mut i32))))
    (func (export "trap") (drop (struct.get $box 0 (ref.null $box))))
    (func $deep (export "deep") (param i32) (local $b (ref null $box))
      (local.set $b (struct.new $box (i32.const 1)))
      (call $deep (local.get 0))
      (drop (struct.get $box 0 (local.get $b)))))`);
  for (const name of ["trap", "deep"]) {
    const f = (): unknown => host.call(trapping, name, 0);
    const instance = await host.instantiate(CATCHER, { f, js: host.store.exceptions.valueTag });
    const expected = name === "trap" ? /^RuntimeError: null structure reference$/ : /call stack/i;
    assert.match(String(host.thrownBy(instance, "catch-all")), expected);
    // And nothing is left in the way of the next call.
    assert.match(String(host.thrownBy(instance, "pass")), expected);
  }
});

test("JavaScript makes exceptions, and those of another store are values", async () => {
  const host = new TestStore("stress");
  const other = new TestStore();
  const tags = await host.instantiate(`(module (tag (export "t") (param i64 externref v128)))`);
  const t = tags.exports.get("t") as TagExtern;
  const { references, exceptions } = host.store;
  const word = references.keep("payload");
  const vector = (1n << 127n) | 5n;
  const made = exceptions.create(t, [-9n, () => references.kept(word), vector]);
  references.release(word);
  assert.equal(made.value(0), -9n);
  assert.equal(BigInt.asUintN(128, made.value(2) as bigint), vector);
  const catching = await host.instantiate(
    `(module
      (import "" "t" (tag $t (param i64 externref v128)))
      (import "" "js" (tag $js (param externref)))
      (import "" "f" (func $f))
      (func (export "run") (result i64 externref) (local $x externref)
        (block $value (result externref)
          (block $caught (result i64 externref v128)
            (try_table (catch $t $caught) (catch $js $value) (call $f))
            (unreachable))
          (drop)
          (return))
        (local.set $x)
        (i64.const 0)
        (local.get $x)))`,
    {
      t,
      js: exceptions.valueTag,
      f: () => {
        throw thrown;
      },
    },
  );
  let thrown: unknown = made;
  const run = (): unknown[] => {
    const [number, reference] = host.call(catching, "run") as [bigint, number];
    return [number, references.toJavaScript(reference)];
  };
  assert.deepEqual(run(), [-9n, "payload"]);
  thrown = other.store.exceptions.create(other.store.exceptions.valueTag, [() => 0]);
  assert.deepEqual(run(), [0n, thrown]);
});

test("instances that throw to each other share a tag by whatever name", async () => {
  const host = new TestStore();
  const first = await host.instantiate(`(module
    (tag $a (export "a") (export "b") (param i32))
    (func (export "throw") (param i32) (throw $a (local.get 0))))`);
  assert.equal(first.exports.get("a"), first.exports.get("b"));
  const second = await host.instantiate(
    `(module
      (import "" "a" (tag $x (param i32)))
      (import "" "b" (tag $y (param i32)))
      (import "" "throw" (func $throw (param i32)))
      (tag $own (param i32))
      (export "y" (tag $y))
      (func (export "run") (param i32) (result i32)
        (block $other (result i32)
          (block $same (result i32)
            (try_table (catch $own $other) (catch $y $same) (catch $x $other) (call $throw (local.get 0)))
            (unreachable))
          (i32.const 100)
          (i32.add)
          (return))))`,
    Object.fromEntries(first.exports),
  );
  assert.equal(second.exports.get("y"), first.exports.get("a"));
  assert.equal(host.call(second, "run", 3), 103);
});

test("unwound frames are given back where JavaScript catches", async () => {
  const host = new TestStore("copying", 16 * 3000);
  const instance = await host.instantiate(`(module
    (type $box (struct (field (mut i32))))
    (tag $t)
    (func $down (export "down") (param i32) (result i32) (local $b (ref null $box))
      (local.set $b (struct.new $box (local.get 0)))
      (if (i32.eqz (local.get 0)) (then (throw $t)))
      (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (struct.get $box 0 (local.get $b)))))`);
  for (let i = 0; i < 10; i++) assert.ok(host.thrownBy(instance, "down", 2000) instanceof StoreException);
});
