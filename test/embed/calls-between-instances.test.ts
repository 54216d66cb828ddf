/**
 * Calls between the instances of a store, with frames of both on the shadow stack: what is in them is found, and whatever ends them, where
 * the stack ends is right for who goes on.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCode } from "../../src/driver/compile.ts";
import {
  CoreStore,
  type Extern,
  type FunctionExtern,
  guarded,
  StoreException,
} from "../../src/embed/index.ts";
import { ZERO_BYTES } from "../../src/gc/layout.ts";
import { externTypeOfImport } from "../../src/wasm/extern-types.ts";
import { textToBinary } from "../../src/wast/index.ts";

type Raw = (...args: number[]) => unknown;

const TYPES = `(type $cell (struct (field (mut i32)))) (type $down (func (param i32 i32) (result i32)))`;

/** What the innermost call does, by number. */
const End = { Sum: 0, Trap: 1, Throw: 2, ThrowToSecond: 3, CallOut: 4 } as const;

/** Its frames hold one reference, and the innermost does what the second parameter says. */
const FIRST = `(module ${TYPES}
  (import "" "out" (func $out (result i32)))
  (tag $t (export "t") (param (ref null $cell)))
  (table $t (export "table") 1 funcref)
  (func (export "quiet") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "first") (param $n i32) (param $end i32) (result i32) (local $a (ref $cell)) (local $r i32)
    (local.set $a (struct.new $cell (local.get $n)))
    (if (i32.eqz (local.get $n)) (then
      (if (i32.eq (local.get $end) (i32.const ${End.Trap})) (then (unreachable)))
      (if (i32.lt_u (i32.sub (local.get $end) (i32.const ${End.Throw})) (i32.const 2)) (then (throw $t (local.get $a))))
      (if (i32.eq (local.get $end) (i32.const ${End.CallOut})) (then
        (return (i32.add (call $out) (struct.get $cell 0 (local.get $a))))))
      (return (i32.const 0))))
    (local.set $r (call_indirect (type $down) (i32.sub (local.get $n) (i32.const 1)) (local.get $end) (i32.const 0)))
    (i32.add (local.get $r) (struct.get $cell 0 (local.get $a)))))`;

/** Two references, of which one is written after each call; half the way down it catches what is thrown to it. */
const SECOND = `(module ${TYPES}
  (import "" "first" (func $first (type $down)))
  (import "" "quiet" (func $double (param i32) (result i32)))
  (import "" "t" (tag $t (param (ref null $cell))))
  (import "" "table" (table $t 1 funcref))
  (elem (i32.const 0) func $second)
  (func $second (export "second") (type $down) (param $n i32) (param $end i32) (result i32)
    (local $a (ref $cell)) (local $b (ref $cell)) (local $c (ref null $cell)) (local $r i32)
    (local.set $a (struct.new $cell (call $double (local.get $n))))
    (local.set $b (struct.new $cell (i32.const 0)))
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (if (i32.and (i32.eq (local.get $n) (i32.const 11)) (i32.eq (local.get $end) (i32.const ${End.ThrowToSecond}))) (then
      (block $caught (result (ref null $cell))
        (try_table (catch $t $caught)
          (drop (call $first (i32.sub (local.get $n) (i32.const 1)) (local.get $end))))
        (unreachable))
      (local.set $c)
      (drop (struct.new $cell (i32.const 5)))
      (return (i32.add (i32.const 1000)
        (i32.add (struct.get $cell 0 (local.get $c)) (struct.get $cell 0 (local.get $a)))))))
    (local.set $r (call $first (i32.sub (local.get $n) (i32.const 1)) (local.get $end)))
    (struct.set $cell 0 (local.get $b) (local.get $r))
    (i32.add (struct.get $cell 0 (local.get $b))
      (i32.sub (struct.get $cell 0 (local.get $a)) (local.get $n)))))`;

/** Two instances that call each other. */
class Pair {
  readonly store: CoreStore;
  readonly end: () => number;
  private readonly call: Raw;

  private constructor(store: CoreStore, second: FunctionExtern) {
    this.store = store;
    this.end = () => store.runtime.stack;
    this.call = (n, end) => guarded(store, () => second.raw(n, end));
  }

  static async make(
    collector: "copying" | "stress",
    stackBytes: number,
    out: (pair: Pair) => number,
  ): Promise<Pair> {
    const store = new CoreStore({ collector, stackBytes });
    const known: Record<string, Extern> = {};
    for (const wat of [FIRST, SECOND]) {
      const code = compileCode(await textToBinary(wat), {
        collector,
        gcStress: collector === "stress",
        prove: true,
      });
      const imports = code.plan.module.imports.map(({ name }, i): Extern => {
        const wanted = externTypeOfImport(store.types, code.plan.module, i);
        if (name !== "out" || wanted.kind !== "func") return known[name]!;
        return {
          kind: "func",
          type: wanted.type,
          raw: () => out(pair),
          isHost: true,
          isPlain: false,
          reference: 0,
        };
      });
      const { exports } = guarded(store, () => store.instantiate(code, imports));
      for (const [name, extern] of exports) known[name] = extern;
    }
    const pair = new Pair(store, known["second"] as FunctionExtern);
    return pair;
  }

  down(n: number, end: number): unknown {
    return this.call(n, end);
  }

  thrown(n: number, end: number): unknown {
    try {
      this.down(n, end);
    } catch (error) {
      return error;
    }
    return assert.fail("nothing was thrown");
  }
}

const never = (): never => assert.fail("nobody calls out");
const sum = (n: number): number => (n * (n + 1)) / 2;

for (const collector of ["copying", "stress"] as const) {
  test(`references in frames of both, with collector ${collector}`, async () => {
    const pair = await Pair.make(collector, 4096, never);
    for (const n of [0, 1, 2, 3, 50]) assert.equal(pair.down(n, End.Sum), sum(n));
  });

  test(`a trap and an exception leave the stack where it was, with collector ${collector}`, async () => {
    const pair = await Pair.make(collector, 4096, never);
    const top = pair.store.runtime.stackEnd - ZERO_BYTES;
    for (let i = 0; i < 100; i++) {
      assert.match(String(pair.thrown(31, End.Trap)), /^RuntimeError: unreachable/);
      assert.equal(pair.end(), top);
      assert.ok(pair.thrown(31, End.Throw) instanceof StoreException);
      assert.equal(pair.end(), top);
    }
    assert.equal(pair.down(40, End.Sum), sum(40));
    assert.equal(pair.end(), top);
  });

  test(`an exception that the other instance catches, with collector ${collector}`, async () => {
    const pair = await Pair.make(collector, 4096, never);
    // From 11 on it is as the innermost call's cell, 0, and twice 11, and 1000 make it.
    assert.equal(pair.down(21, End.ThrowToSecond), 1022 + sum(21) - sum(11));
  });

  test(`JavaScript that is called with frames of both calls back, with collector ${collector}`, async () => {
    let depth = 0;
    const ends: number[] = [];
    const pair = await Pair.make(collector, 4096, (inner) => {
      const before = inner.end();
      ends.push(before);
      assert.match(String(inner.thrown(9, End.Trap)), /^RuntimeError: unreachable/);
      const result = depth++ < 3 ? inner.down(5, End.CallOut) : inner.down(7, End.Sum);
      inner.store.runtime.collect();
      assert.equal(inner.end(), before);
      return result as number;
    });
    assert.equal(pair.down(11, End.CallOut), sum(11) + 3 * sum(5) + sum(7));
    assert.equal(pair.end(), pair.store.runtime.stackEnd - ZERO_BYTES);
    assert.equal(new Set(ends).size, 4);
    assert.deepEqual(
      ends,
      ends.toSorted((a, b) => b - a),
    );
  });
}

test("the end of the stack, by calls of both", async () => {
  for (const stackBytes of [48, 1024, 1040]) {
    const pair = await Pair.make("copying", stackBytes, never);
    for (const n of [10_000, 10_001]) {
      assert.match(String(pair.thrown(n, End.Sum)), /^RangeError: call stack exhausted$/);
      assert.equal(pair.end(), pair.store.runtime.stackEnd - ZERO_BYTES);
      assert.ok(pair.store.memory.words.subarray(0, ZERO_BYTES / 4).every((word) => word === 0));
      assert.equal(pair.down(1, End.Sum), 1);
    }
  }
});
