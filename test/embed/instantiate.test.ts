/** The JavaScript API: values and references in and out, identity, objects shared by modules, errors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compile, hostWebAssembly, type Imports, instantiate, Store } from "../../src/embed/index.ts";
import { textToBinary } from "../../src/wast/index.ts";

type Exports = Record<string, (...args: unknown[]) => unknown>;

async function run(wat: string, imports?: Imports): Promise<Exports> {
  const { instance } = instantiate(await textToBinary(wat), imports, { gcStress: true, prove: true });
  return instance.exports as Exports;
}

test("numbers, and several results", async () => {
  const { swap } = await run(`(module
    (func (export "swap") (param i32 i64) (result i64 i32 f64) local.get 1 local.get 0 f64.const 0.5))`);
  assert.deepEqual(swap!(3, 4n), [4n, 3, 0.5]);
  assert.equal(swap!.length, 2);
});

const BOXES = `(module
  (type $box (struct (field (mut anyref))))
  (func (export "make") (param anyref) (result (ref $box)) (struct.new $box (local.get 0)))
  (func (export "get") (param (ref null $box)) (result anyref) (struct.get $box 0 (local.get 0)))
  (func (export "set") (param (ref $box) anyref) (struct.set $box 0 (local.get 0) (local.get 1)))
  (func (export "same") (param eqref eqref) (result i32) (ref.eq (local.get 0) (local.get 1))))`;

test("structs are opaque objects with identity; values of JavaScript pass through", async () => {
  const { make, get, set, same } = await run(BOXES);
  const object = { a: 1 };
  const box = make!(object) as object;
  assert.equal(Object.getPrototypeOf(box), null);
  assert.ok(Object.isFrozen(box));
  assert.equal(get!(box), object);
  const outer = make!(box);
  assert.equal(get!(outer), box);
  assert.equal(same!(box, box), 1);
  assert.equal(same!(box, outer), 0);
  for (const value of [
    null,
    17,
    -(2 ** 30),
    2 ** 30,
    0.5,
    -0,
    "text",
    undefined,
    true,
    Symbol.iterator,
    12n,
  ]) {
    set!(box, value);
    assert.ok(Object.is(get!(box), value), String(value));
  }
});

test("arguments of the wrong type are type errors", async () => {
  const { get, set, make } = await run(BOXES);
  const box = make!(1);
  for (const wrong of [1, {}, undefined, "x", make]) assert.throws(() => get!(wrong), TypeError);
  assert.throws(() => set!(null, 1), TypeError);
  assert.throws(() => get!(null), { name: "RuntimeError", message: "null structure reference" });
  assert.equal(get!(box), 1);
});

test("what JavaScript drops is released, and what the program drops too", async () => {
  const store = new Store();
  const { exports } = store.instantiate(await textToBinary(BOXES)) as { exports: Exports };
  for (let i = 0; i < 1000; i++) exports["make"]!({ i });
  assert.ok(store.heldValues > 0);
  store.collect();
  // Handles that nobody holds are still roots until the host has collected; the values in them are held as long.
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  for (let i = 0; i < 10 && store.heldValues > 0; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
    store.collect();
  }
  assert.equal(store.heldValues, 0);
});

test("what JavaScript keeps stays itself while those made beside it go", async () => {
  const store = new Store();
  const { exports } = store.instantiate(await textToBinary(BOXES)) as { exports: Exports };
  const outers: unknown[] = [];
  const kept: unknown[] = [];
  for (let i = 0; i < 640; i++) {
    const box = exports["make"]!({ i });
    if (i % 64 === 0) kept.push(box);
    if (i % 64 === 0) outers.push(exports["make"]!(box));
  }
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  for (let i = 0; i < 10 && store.heldValues > 320; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
    store.collect();
  }
  assert.ok(store.heldValues >= 10 && store.heldValues <= 320, String(store.heldValues));
  for (const [i, box] of kept.entries()) {
    assert.deepEqual(exports["get"]!(box), { i: 64 * i });
    assert.equal(exports["get"]!(outers[i]), box);
  }
});

test("host functions of any number of parameters convert each, and what they throw is the value", async () => {
  const counts = [0, 1, 2, 3, 4, 5];
  const types = ["externref", "i32", "anyref", "f64", "externref"];
  const values = ["a", 7, { b: 1 }, 0.5, null];
  const functions = counts.map((n) => {
    const params = `(param ${types.slice(0, n).join(" ")})`;
    const gets = Array.from({ length: n }, (_, i) => `(local.get ${i})`).join(" ");
    return [
      `(import "host" "${n}" (func $${n} ${params} (result externref)))`,
      `(func (export "${n}") ${params} (result externref) (call $${n} ${gets}))`,
    ] as const;
  });
  let thrown: object | null = null;
  const host = (...args: unknown[]): unknown => {
    if (thrown !== null) throw thrown;
    return args;
  };
  const wat = `(module ${functions.map(([one]) => one).join("\n")} ${functions.map(([, one]) => one).join("\n")})`;
  const exports = await run(wat, { host: Object.fromEntries(counts.map((n) => [n, host])) });
  for (const n of counts) assert.deepEqual(exports[n]!(...values), values.slice(0, n));
  thrown = { thrown: true };
  for (const n of counts)
    assert.throws(
      () => exports[n]!(...values),
      (error) => error === thrown,
    );
});

test("strings of one character are themselves after any number of collections", async () => {
  for (const collector of ["copying", "stress", "generational", "drc"] as const) {
    const host = { at: (text: string, index: number) => text.charAt(index) };
    const bytes = await textToBinary(`(module
      (import "host" "at" (func $at (param externref i32) (result externref)))
      (func (export "at") (param externref i32) (result externref) (call $at (local.get 0) (local.get 1))))`);
    const store = new Store({ collector });
    const { exports } = store.instantiate(bytes, { host }) as { exports: Exports };
    const text = "ab\u00ff\u0100a";
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i <= text.length; i++) assert.equal(exports["at"]!(text, i), text.charAt(i));
      for (let i = 0; i < 20; i++) exports["at"]!(`${i} other`, 0);
      store.collect();
    }
  }
});

test("host functions take and give references, and may call back", async () => {
  const seen: unknown[] = [];
  const exports: Exports = await run(
    `(module
      (type $box (struct (field (mut i32))))
      (import "host" "visit" (func $visit (param (ref $box) externref i32) (result externref (ref null $box))))
      (func (export "make") (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
      (func (export "value") (param (ref $box)) (result i32) (struct.get $box 0 (local.get 0)))
      (func (export "run") (param externref) (result externref i32) (local $kept (ref null $box)) (local $got (ref null $box))
        (local.set $kept (struct.new $box (i32.const 5)))
        (call $visit (struct.new $box (i32.const 7)) (local.get 0) (i32.const 9))
        (local.set $got)
        (i32.add (struct.get $box 0 (local.get $kept)) (struct.get $box 0 (local.get $got)))))`,
    {
      host: {
        visit: (box: unknown, external: unknown, number: unknown) => {
          seen.push(exports["value"]!(box), external, number);
          return [external, exports["make"]!(exports["value"]!(box) as number)];
        },
      },
    } as Imports,
  );
  const object = {};
  assert.deepEqual(exports["run"]!(object), [object, 12]);
  assert.deepEqual(seen, [7, object, 9]);
});

test("function references keep their identity, whichever way they come", async () => {
  const exports = await run(`(module
    (type $f (func (param i32) (result i32)))
    (func $inc (export "inc") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func $hidden (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (table (export "table") 2 funcref)
    (elem (i32.const 0) $inc $hidden)
    (func (export "get") (param i32) (result funcref) (table.get 0 (local.get 0)))
    (func (export "apply") (param (ref null $f) i32) (result i32) (call_ref $f (local.get 1) (local.get 0))))`);
  const { inc, get, apply } = exports;
  const table = exports["table"] as unknown as {
    get(i: number): unknown;
    set(i: number, f: unknown): void;
    grow(n: number): number;
  };
  assert.equal(get!(0), inc);
  assert.equal(table.get(0), inc);
  const hidden = get!(1) as (x: number) => number;
  assert.equal(hidden(21), 42);
  assert.equal(get!(1), hidden);
  assert.equal(apply!(inc, 4), 5);
  assert.equal(apply!(hidden, 4), 8);
  assert.throws(() => apply!(() => 1, 4), TypeError);
  assert.throws(() => apply!(get, 4), TypeError);
  assert.throws(() => apply!(null, 4), { name: "RuntimeError", message: "null function reference" });
  table.set(0, hidden);
  assert.equal(get!(0), hidden);
  assert.equal(table.grow(2), 2);
  assert.equal(get!(3), null);
  assert.throws(() => get!(4), { message: "out of bounds table access" });
});

const REFERS = `(module (import "m" "f" (func $f (param i32) (result i32)))
  (func (export "get") (result funcref) (ref.func $f))
  (export "again" (func $f))
  (global (export "global") funcref (ref.func $f))
  (table (export "table") 1 funcref) (elem (i32.const 0) $f))`;

test("a function that another module refers to is the one that was exported", async () => {
  const refers = compile(await textToBinary(REFERS));
  const store = new Store();
  const instance = (f: unknown): Exports => store.instantiate<Exports>(refers, { m: { f } }).exports;
  const exported = store.instantiate<Exports>(
    await textToBinary(`(module
      (type $box (struct (field i32)))
      (func (export "makes") (param i32) (result i32) (struct.get $box 0 (struct.new $box (local.get 0))))
      (func (export "quiet") (param i32) (result i32) (local.get 0)))`),
  ).exports;
  const ofNumbers = await textToBinary(
    '(module (func (export "plain") (param i32) (result i32) (local.get 0)))',
  );
  const { plain } = store.instantiate<Exports>(ofNumbers).exports;
  const host = instance((x: number) => x)["again"]!;
  for (const f of [exported["makes"]!, exported["quiet"]!, plain!, host]) {
    const first = instance(f);
    for (const { get, again, global, table } of [first, instance(first["get"]!())]) {
      assert.equal(get!(), f);
      assert.equal(again, f);
      assert.equal((global as unknown as { value: unknown }).value, f);
      assert.equal((table as unknown as { get(i: number): unknown }).get(0), f);
      assert.equal((get!() as (x: number) => unknown)(7), 7);
    }
  }
});

test("a function that JavaScript gets while its instance starts is the one that it will export", async () => {
  const seen: unknown[] = [];
  const exports = await run(
    `(module (import "m" "see" (func $see (param funcref)))
      (func $f (export "f")) (func $start (call $see (ref.func $f))) (start $start))`,
    { m: { see: (f: unknown) => void seen.push(f) } },
  );
  assert.deepEqual(seen, [exports["f"]]);
  assert.equal(seen[0], exports["f"]);
});

test("a function of JavaScript's own that is exported again takes and gives what its type says", async () => {
  const seen: unknown[] = [];
  const { again, both } = await run(
    `(module (import "m" "f" (func (param i32) (result i32))) (export "again" (func 0))
      (import "m" "both" (func (param i64 externref) (result f32 externref))) (export "both" (func 1)))`,
    {
      m: {
        f: (x: unknown) => {
          seen.push(x);
          return "1.7";
        },
        both: (x: unknown, y: unknown) => {
          seen.push(x, y);
          return [0.1, y];
        },
      },
    },
  );
  assert.equal(again!("3.9"), 1);
  assert.deepEqual(both!(2n ** 64n + 5n, "text"), [Math.fround(0.1), "text"]);
  assert.deepEqual(seen, [3, 5n, "text"]);
});

test("modules of a store share functions, globals, tables, memories and types", async () => {
  const store = new Store();
  const first = store.instantiate(
    await textToBinary(`(module
      (type $box (struct (field (mut i32))))
      (global (export "global") (mut (ref null $box)) (struct.new $box (i32.const 11)))
      (table (export "table") 4 (ref null $box))
      (memory (export "memory") 1)
      (func (export "make") (param i32) (result (ref $box)) (struct.new $box (local.get 0))))`),
  );
  const second = store.instantiate(
    await textToBinary(`(module
      (type $box (struct (field (mut i32))))
      (import "first" "global" (global $global (mut (ref null $box))))
      (import "first" "table" (table 4 (ref null $box)))
      (import "first" "memory" (memory 1))
      (import "first" "make" (func $make (param i32) (result (ref $box))))
      (func (export "run") (result i32)
        (table.set (i32.const 2) (call $make (i32.const 20)))
        (i32.store (i32.const 8) (i32.const 300))
        (struct.set $box 0 (global.get $global) (i32.const 12))
        (i32.add (i32.load (i32.const 8)) (struct.get $box 0 (table.get (i32.const 2))))))`),
    { first: first.exports as Record<string, unknown> },
  );
  const { run: again } = second.exports as Exports;
  assert.equal(again!(), 320);
  const memory = first.exports["memory"] as { buffer: ArrayBuffer };
  assert.equal(new Int32Array(memory.buffer)[2], 300);
  const table = first.exports["table"] as { get(i: number): unknown };
  assert.notEqual(table.get(2), null);
  const global = first.exports["global"] as { value: unknown };
  assert.notEqual(global.value, null);
  global.value = null;
  assert.throws(() => again!(), { message: "null structure reference" });
});

test("errors have the classes of the engine, and say what is wrong", async () => {
  assert.throws(() => compile(new Uint8Array([0, 1, 2])), hostWebAssembly.CompileError);
  const bytes = await textToBinary(`(module (import "m" "f" (func)) (import "m" "g" (global i32)))`);
  const store = new Store();
  assert.throws(() => store.instantiate(bytes), TypeError);
  assert.throws(() => store.instantiate(bytes, { m: {} }), hostWebAssembly.LinkError);
  assert.throws(() => store.instantiate(bytes, { m: { f: () => {}, g: "x" } }), hostWebAssembly.LinkError);
  const { exports } = store.instantiate(await textToBinary(`(module (func (export "f") (param i32)))`));
  const other = await textToBinary(`(module (import "m" "f" (func (param i64))))`);
  assert.throws(
    () => store.instantiate(other, { m: exports as Record<string, unknown> }),
    hostWebAssembly.LinkError,
  );
});

test("imports are an object of any kind, or none where none are needed", async () => {
  const module = compile(
    await textToBinary(`(module (import "env" "f" (func $f (result anyref)))
    (func (export "f") (result anyref) (call $f)))`),
  );
  const nothing = compile(await textToBinary("(module)"));
  const given: unknown[] = [null, 5, "env", Symbol("env")];
  for (const wrong of given) {
    for (const one of [module, nothing])
      assert.throws(() => new Store().instantiate(one, wrong as Imports), {
        name: "TypeError",
        message: "the imports argument must be an object",
      });
  }
  assert.throws(() => new Store().instantiate(module), { name: "TypeError", message: /must be present/ });
  new Store().instantiate(nothing);
  const imports = Object.assign(() => {}, { env: { f: () => 7 } });
  const { f } = new Store().instantiate<{ f(): unknown }>(module, imports as unknown as Imports).exports;
  assert.equal(f(), 7);
});

test("an exception of JavaScript's own passes through, and the stack is as before", async () => {
  const error = new Error("mine");
  const exports = await run(
    `(module
      (type $box (struct (field (mut i32))))
      (import "host" "fail" (func $fail (param i32)))
      (func $deep (param i32) (local $kept (ref null $box))
        (local.set $kept (struct.new $box (local.get 0)))
        (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $fail (local.get 0))))
        (drop (struct.get $box 0 (local.get $kept))))
      (func (export "run") (call $deep (i32.const 100))))`,
    {
      host: {
        fail: () => {
          throw error;
        },
      },
    },
  );
  for (let i = 0; i < 10_000; i++)
    assert.throws(
      () => exports["run"]!(),
      (thrown) => thrown === error,
    );
});

test("running out of stack is a RangeError, and the store goes on", async () => {
  const bytes = await textToBinary(`(module
    (type $box (struct (field (mut i32))))
    (func $forever (export "forever") (result i32) (local $kept (ref null $box))
      (local.set $kept (struct.new $box (i32.const 1)))
      (drop (call $forever))
      (struct.get $box 0 (local.get $kept)))
    (func (export "make") (result i32) (struct.get $box 0 (struct.new $box (i32.const 6)))))`);
  const exports = instantiate(bytes).instance.exports as Exports;
  assert.throws(() => exports["forever"]!(), RangeError);
  assert.equal(exports["make"]!(), 6);
});
