/** What options of a store and of compiling may be, and what is said of others; how objects of the API show themselves in a console. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import type { AsyncOptions } from "../../src/driver/compile-async.ts";
import { createWebAssembly } from "../../src/embed/create-web-assembly.ts";
import { compile, compileAsync, instantiate, Store, type StoreOptions } from "../../src/embed/index.ts";
import { textToBinary } from "../../src/wast/index.ts";

/** Keeps a boxed number in a global. */
const KEEP = await textToBinary(`(module
  (type $box (struct (field i32)))
  (global $kept (export "kept") (mut (ref null $box)) (ref.null $box))
  (table (export "table") 3 anyref)
  (tag (export "tag") (param i32 anyref))
  (func (export "keep") (param i32) (global.set $kept (struct.new $box (local.get 0))))
  (func (export "throw") (throw 0 (i32.const 1) (ref.null any)))
  (func (export "read") (result i32) (struct.get $box 0 (global.get $kept))))`);

type Exports = Record<string, (...args: unknown[]) => unknown>;

function keep(store: Store, n: number): unknown {
  const { keep, read } = store.instantiate(KEEP).exports as Exports;
  keep!(n);
  return read!();
}

const NAMES = '"copying", "generational", "drc", "null"';
const WRONG: readonly [unknown, string][] = [
  [null, "TypeError: options must be an object, not null"],
  ["drc", 'TypeError: options must be an object, not "drc"'],
  [{ collector: "foo" }, `TypeError: collector must be one of ${NAMES}, not "foo"`],
  [{ collector: "toString" }, `TypeError: collector must be one of ${NAMES}, not "toString"`],
  [{ collector: null }, `TypeError: collector must be one of ${NAMES}, not null`],
  [{ maxHeapBytes: "64m" }, 'TypeError: maxHeapBytes must be a number, not "64m"'],
  [{ maxHeapBytes: [1] }, "TypeError: maxHeapBytes must be a number, not an array"],
  [{ maxHeapBytes: -1 }, "RangeError: maxHeapBytes must be a whole number from 0 to 4294967296, not -1"],
  [{ maxHeapBytes: 0.5 }, "RangeError: maxHeapBytes must be a whole number from 0 to 4294967296, not 0.5"],
  [{ stackBytes: 100 }, "RangeError: stackBytes must be a multiple of 16 from 16 to 1073741824, not 100"],
  [{ stackBytes: 0 }, "RangeError: stackBytes must be a multiple of 16 from 16 to 1073741824, not 0"],
  [
    { stackBytes: 2 ** 31 },
    "RangeError: stackBytes must be a multiple of 16 from 16 to 1073741824, not 2147483648",
  ],
  [
    { staticBytes: Number.NaN },
    "RangeError: staticBytes must be a multiple of 16 from 16 to 1073741824, not NaN",
  ],
  [
    { collector: "stress", stressPeriod: 0 },
    "RangeError: stressPeriod must be a whole number from 1 to 4294967295, not 0",
  ],
  [{ stressPeriod: 7 }, "TypeError: stressPeriod is for the collector stress, and the store has copying"],
];

for (const [options, message] of WRONG) {
  test(message, () => {
    const thrown = (error: unknown): boolean => String(error) === message;
    assert.throws(() => new Store(options as StoreOptions), thrown);
    if (typeof options !== "object" || options === null || !("collector" in options)) return;
    if (options.collector === "stress" || options.collector === null) return;
    assert.throws(() => compile(KEEP, options as StoreOptions), thrown);
  });
}

test("a number of threads that is none is refused, before any is made", async () => {
  const compileIn = (jobs: unknown) => compileAsync(KEEP, { jobs } as AsyncOptions);
  await assert.rejects(compileIn("2"), /^TypeError: jobs must be a number, not "2"$/);
  for (const jobs of [0, -1, 1.5, Number.NaN, 65, Number.POSITIVE_INFINITY])
    await assert.rejects(compileIn(jobs), {
      name: "RangeError",
      message: `jobs must be a whole number from 1 to 64, not ${jobs}`,
    });
});

test("options at their bounds are taken", () => {
  const all: readonly StoreOptions[] = [
    {},
    { maxHeapBytes: 0 },
    { maxHeapBytes: 2 ** 32 },
    { stackBytes: 16 },
    { stackBytes: 2 ** 30 },
    { staticBytes: 2 ** 16 },
    { staticBytes: 2 ** 26 },
    { collector: "stress", stressPeriod: 2 ** 32 - 1 },
  ];
  for (const options of all) assert.equal(keep(new Store(options), 7), 7, JSON.stringify(options));
});

test("a module in a store with another write barrier: both collectors are named, and what to do", () => {
  const generational = compile(KEEP, { collector: "generational" });
  assert.throws(() => new Store().instantiate(generational), {
    name: "TypeError",
    message:
      "the module is compiled for the collector generational, and the store has copying, which needs another write barrier: " +
      'compile it with { collector: "copying" }, or make the store with { collector: "generational" }',
  });
  assert.throws(() => new Store({ collector: "stress-drc" }).instantiate(compile(KEEP)), {
    name: "TypeError",
    message:
      /for the collector copying or null, and the store has stress-drc, .*make the store with \{ collector: "copying" \}/,
  });
  assert.ok(new Store({ collector: "null" }).instantiate(compile(KEEP)));
});

test("a binary for a store that is there is compiled for the store's collector", () => {
  const store = new Store({ collector: "drc" });
  const { instance } = instantiate(KEEP, {}, { store });
  (instance.exports as Exports)["keep"]!(9);
  assert.equal((instance.exports as Exports)["read"]!(), 9);
});

test("objects show themselves in a line, not all that they hold", () => {
  const store = new Store();
  const module = compile(KEEP);
  const { exports } = store.instantiate(module) as { exports: Exports };
  assert.match(inspect(store), /^Store \{ collector: copying, collections: 0, .*heldValues: 0 \}$/);
  assert.equal(inspect(module), "Module { imports: 0, exports: 6 }");
  // The number is the store's.
  assert.match(inspect(exports["kept"]), /^WebAssembly\.Global \{ type: \(ref null \d+\), mutable: true \}$/);
  assert.equal(inspect(exports["table"]), "WebAssembly.Table { element: anyref, length: 3 }");
  assert.match(inspect(store.heapSnapshot()), /^HeapSnapshot \{ nodes: \d+, edges: \d+ \}$/);
  assert.equal(inspect(exports["tag"]), "WebAssembly.Tag { payload: [i32 anyref] }");
  assert.throws(
    exports["throw"]!,
    (error) => inspect(error) === "WebAssembly.Exception { payload: [i32 anyref] }",
  );
  assert.ok(inspect({ exports }).split("\n").length < 12);
  const namespace = createWebAssembly({ force: true, store }) as Record<
    string,
    new (
      ...args: unknown[]
    ) => unknown
  >;
  const polyfilled = new namespace["Module"]!(KEEP);
  assert.equal(inspect(polyfilled), "Module { imports: 0, exports: 6 }");
  assert.ok(inspect(new namespace["Instance"]!(polyfilled)).split("\n").length < 12);
});
