/** Links that a cache keeps: taken where they fit, made anew where they do not, and the same to the program in both cases. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { CacheEntry, CodeCache } from "../../src/driver/code-cache.ts";
import { compile, type Module, Store } from "../../src/embed/index.ts";
import type { KeptBytes } from "../../src/link/compiled-code.ts";
import { textToBinary } from "../../src/wast/index.ts";

/** One of everything that a store asks a layout for: cells, static objects, descriptors, functions by number, tags, tables, imports. */
const EVERYTHING = `(module
  (type $pair (struct (field $left (mut anyref)) (field $right i32)))
  (type $list (array (mut anyref)))
  (type $unary (func (param i32) (result i32)))
  (import "env" "first" (global $first anyref))
  (import "env" "number" (global $number i32))
  (import "env" "double" (func $double (type $unary)))
  (import "env" "error" (tag $error))
  (tag $own (export "own") (param i32))
  (global $known (export "known") (ref $pair) (struct.new $pair (ref.i31 (i32.const 7)) (i32.const 3)))
  (global $changing (export "changing") (mut anyref) (ref.null any))
  (table $functions (export "functions") 2 funcref)
  (elem (table $functions) (i32.const 0) func $double $inc)
  (elem $kept anyref (item (global.get $known)) (item (ref.i31 (i32.const 5))))
  (func $inc (export "inc") (type $unary) (i32.add (local.get 0) (global.get $number)))
  (func (export "call") (param i32 i32) (result i32)
    (call_indirect $functions (type $unary) (local.get 1) (local.get 0)))
  (func (export "reference") (result funcref) (ref.func $inc))
  (func (export "items") (result i32) (array.len (array.new_elem $list $kept (i32.const 0) (i32.const 2))))
  (func (export "churn") (param $n i32) (result i32)
    (local $last (ref null $pair))
    (loop $again
      (local.set $last (struct.new $pair (local.get $last) (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.add (struct.get $pair $right (ref.as_non_null (local.get $last)))
      (struct.get $pair $right (global.get $known))))
  (func (export "first") (result anyref) (global.get $first))
  (func (export "throw") (throw $own (i32.const 4))))`;

const ANOTHER = `(module (type $s (struct (field i64)))
  (global (export "g") (ref $s) (struct.new $s (i64.const 1))))`;

let bytes: Uint8Array;
let another: Uint8Array;

before(async () => {
  bytes = await textToBinary(EVERYTHING);
  another = await textToBinary(ANOTHER);
});

/** A cache of one module, in memory. */
class OneModule implements CodeCache {
  code: Uint8Array | null = null;
  link: Uint8Array | null = null;
  /** How often a link was found, and saved. */
  readonly links = { found: 0, saved: 0 };

  entry(): CacheEntry {
    const link: KeptBytes = {
      load: () => {
        if (this.link !== null) this.links.found++;
        return this.link;
      },
      save: (saved) => {
        this.links.saved++;
        this.link = saved.slice();
      },
    };
    return {
      load: () => this.code,
      save: (saved) => {
        this.code = saved.slice();
      },
      link,
    };
  }
}

type Exports = Record<string, (...args: unknown[]) => unknown> & {
  readonly known: { readonly value: unknown };
  readonly changing: { value: unknown };
  readonly functions: { get(index: number): unknown };
};

/** All that a program sees of an instance in the store. */
function seen(store: Store, module: Module, number = 10): unknown[] {
  const { exports } = store.instantiate<Exports>(module, {
    env: { first: "one", number, double: (n: number) => 2 * n, error: store.createTag([]) },
  });
  exports.changing.value = exports.known.value;
  const calls = [0, 1].map((index) => exports["call"]!(index, 21));
  return [
    ...calls,
    exports["items"]!(),
    exports["first"]!(),
    exports["churn"]!(100_000),
    exports["reference"]!() === exports["inc"],
    exports.functions.get(1) === exports["inc"],
    exports.changing.value === exports.known.value,
    thrownBy(exports["throw"]!),
  ];
}

function thrownBy(call: () => unknown): string {
  try {
    return String(call());
  } catch (error) {
    return (error as object).constructor.name;
  }
}

const EXPECTED = [42, 31, 2, "one", 4, true, true, true, "Exception"];

test("a link that was kept is taken, without reading the code, and does what a new one does", () => {
  const cache = new OneModule();
  assert.deepEqual(seen(new Store(), compile(bytes, { cache })), EXPECTED);
  assert.deepEqual(cache.links, { found: 0, saved: 1 });
  // Facts are at the beginning; of bodies without an end nothing can be linked.
  cache.code = cache.code!.subarray(0, cache.code!.length - 1);
  for (let i = 0; i < 2; i++) assert.deepEqual(seen(new Store(), compile(bytes, { cache })), EXPECTED);
  assert.deepEqual(cache.links, { found: 2, saved: 1 });
});

test("objects of a kept link have their names and types in a heap snapshot, and other instances share them", async () => {
  const cache = new OneModule();
  const shapes = (): string[] => {
    const store = new Store();
    seen(store, compile(bytes, { cache }));
    store.instantiate(compile(another));
    const { strings } = JSON.parse([...store.heapSnapshot()].join("")) as { strings: string[] };
    return strings.toSorted();
  };
  assert.deepEqual(shapes(), shapes());
  assert.equal(cache.links.saved, 1);
});

test("of a module that is instantiated twice, the first instance counts", () => {
  const cache = new OneModule();
  for (let i = 0; i < 2; i++) {
    const module = compile(bytes, { cache });
    const store = new Store();
    for (const number of [10, 20]) assert.equal(seen(store, module, number)[1], 21 + number);
    assert.deepEqual(seen(new Store(), module), EXPECTED);
  }
  assert.deepEqual(cache.links, { found: 1, saved: 1 });
});

test("where anything lies elsewhere, it is linked anew", () => {
  const cache = new OneModule();
  const places: (() => Store)[] = [
    () => new Store(),
    () => new Store({ stackBytes: 1 << 16 }),
    () => {
      const store = new Store();
      store.instantiate(compile(another));
      return store;
    },
  ];
  for (const [i, place] of places.entries()) {
    assert.deepEqual(seen(place(), compile(bytes, { cache })), EXPECTED);
    assert.equal(cache.links.saved, i + 1);
  }
  assert.equal(seen(new Store(), compile(bytes, { cache }), 30)[1], 51);
  assert.equal(cache.links.saved, places.length + 1);
});

test("a link that is cut off is none, and is replaced", () => {
  const cache = new OneModule();
  seen(new Store(), compile(bytes, { cache }));
  const whole = cache.link!;
  for (let length = 0; length < whole.length; length += 1 + (length >> 5)) {
    cache.link = whole.subarray(0, length);
    assert.deepEqual(seen(new Store(), compile(bytes, { cache })), EXPECTED);
    assert.deepEqual(cache.link, whole, String(length));
  }
});

test("code that cannot be read is compiled again when it is linked", () => {
  const cache = new OneModule();
  seen(new Store(), compile(bytes, { cache }));
  cache.code = cache.code!.subarray(0, cache.code!.length - 1);
  cache.link = null;
  assert.deepEqual(seen(new Store(), compile(bytes, { cache })), EXPECTED);
});

test("with positions nothing is kept of a link", () => {
  const cache = new OneModule();
  for (let i = 0; i < 2; i++)
    assert.deepEqual(seen(new Store(), compile(bytes, { cache, positions: true })), EXPECTED);
  assert.deepEqual(cache.links, { found: 0, saved: 0 });
});
