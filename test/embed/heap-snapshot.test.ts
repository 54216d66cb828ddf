/** Heap snapshots: the graph of the objects under every collector, with the modules' names for them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, hostWebAssembly, type Imports, Store } from "../../src/embed/index.ts";
import { COLLECTOR_NAMES, type CollectorName } from "../../src/runtime/collectors.ts";
import { EXTERNREF } from "../../src/wasm/types.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { follow, named, readSnapshot, rootGroup, type SnapshotNode } from "../support/heap-snapshot.ts";

type Exports = Record<string, (...args: unknown[]) => unknown>;

interface Loaded {
  readonly store: Store;
  readonly exports: Exports;
  readonly nodes: () => readonly SnapshotNode[];
}

async function load(
  wat: string,
  collector: CollectorName = "copying",
  imports?: Imports,
  store: Store = new Store({ collector }),
): Promise<Loaded> {
  const module = compile(await textToBinary(wat), { collector });
  const { exports } = store.instantiate(module, imports);
  return {
    store,
    exports: exports as Exports,
    nodes: () => readSnapshot(store.heapSnapshot().toString()),
  };
}

const GRAPH = `(module
  (type $leaf (struct (field $number i64)))
  (type $tree (sub (struct (field $left (mut anyref)) (field $size i32) (field $right (mut anyref)))))
  (type $wide (sub $tree (struct
    (field $left (mut anyref)) (field $size i32) (field $right (mut anyref)) (field $more (mut anyref)))))
  (type $trees (array (mut (ref null $tree))))
  (type $bytes (array (mut i8)))
  (global $top (mut anyref) (ref.null any))
  (global $fixed (ref $wide) (struct.new $wide (ref.null any) (i32.const 0) (ref.null any) (ref.null any)))
  (table $table 3 (ref null $leaf))
  (func $make (param $left anyref) (param $right anyref) (result (ref $tree))
    (struct.new $tree (local.get $left) (i32.const 3) (local.get $right)))
  (func (export "build") (param externref) (local $shared (ref null $leaf)) (local $trees (ref null $trees))
    (local.set $shared (struct.new $leaf (i64.const 5)))
    (drop (struct.new $leaf (i64.const 9)))
    (local.set $trees (array.new $trees (ref.null $tree) (i32.const 5)))
    (array.set $trees (local.get $trees) (i32.const 1) (call $make (local.get $shared) (ref.i31 (i32.const 4))))
    (array.set $trees (local.get $trees) (i32.const 4)
      (call $make (array.new $bytes (i32.const 1) (i32.const 13)) (any.convert_extern (local.get 0))))
    (struct.set $tree $right (array.get $trees (local.get $trees) (i32.const 4)) (local.get $trees))
    (struct.set $wide $more (global.get $fixed) (any.convert_extern (local.get 0)))
    (table.set $table (i32.const 2) (local.get $shared))
    (global.set $top (local.get $trees)))
  (func (export "leaf") (result (ref $leaf)) (struct.new $leaf (i64.const 7)))
  (func (export "drop") (global.set $top (ref.null any))))`;

for (const collector of COLLECTOR_NAMES) {
  test(`the graph is the program's, with collector ${collector}`, async () => {
    const { store, exports, nodes: take } = await load(GRAPH, collector);
    exports["build"]!({ name: "a value" });
    const before = take();
    store.collect();
    for (const nodes of [before, take()]) {
      const trees = follow(rootGroup(nodes, "(globals)"), "top");
      assert.deepEqual([trees.type, trees.name, trees.bytes], ["object", "trees", 8 + 5 * 4 + 4]);
      assert.deepEqual(
        trees.edges.map(({ type, name }) => [type, name]),
        [
          ["element", 1],
          ["element", 4],
        ],
      );
      const [first, last] = [follow(trees, 1), follow(trees, 4)];
      // An i31 is no object.
      assert.deepEqual([first.name, first.bytes, first.edges.length], ["tree", 16, 1]);
      const leaf = follow(first, "left");
      assert.deepEqual([leaf.name, leaf.bytes, leaf.edges.length], ["leaf", 16, 0]);
      const bytes = follow(last, "left");
      assert.deepEqual([bytes.name, bytes.bytes], ["bytes", 24]);
      assert.equal(follow(last, "right"), trees);
      const table = follow(rootGroup(nodes, "(tables)"), "table");
      assert.deepEqual([table.name, table.bytes], ["array of references", 24]);
      assert.equal(follow(table, 2), leaf);
      const fixed = follow(rootGroup(nodes, "(globals)"), "fixed");
      assert.deepEqual([fixed.name, fixed.bytes], ["wide", 24]);
      const value = follow(fixed, "more");
      assert.deepEqual([value.type, value.name, value.bytes], ["native", "value of JavaScript", 8]);
      assert.equal(follow(rootGroup(nodes, "(static objects)"), 0), fixed);
      // What nothing reaches is not in it, collected or not.
      assert.equal(named(nodes, "leaf").length, 1);
      assert.equal(named(nodes, "tree").length, 2);
    }
    exports["drop"]!();
    assert.equal(named(take(), "tree").length, 0);
  });
}

test("ids are addresses: they stay until an object moves", async () => {
  const { store, exports, nodes } = await load(GRAPH);
  exports["build"]!(null);
  const ids = (list: readonly SnapshotNode[]): readonly number[] => list.map(({ id }) => id);
  const first = nodes();
  assert.deepEqual(ids(nodes()), ids(first));
  store.collect();
  assert.notDeepEqual(ids(nodes()), ids(first));
  assert.equal(nodes().length, first.length);
});

test("what JavaScript holds is a root of its own: objects, globals, tables, exceptions", async () => {
  const { store, exports, nodes } = await load(GRAPH);
  const leaf = exports["leaf"]!();
  const held = rootGroup(nodes(), "(held by JavaScript)");
  assert.deepEqual(
    held.edges.map(({ to }) => to.name),
    ["leaf"],
  );
  const global = store.createGlobal(EXTERNREF, true, leaf);
  const table = store.createTable(EXTERNREF, 2, 2, "text");
  const list = nodes();
  assert.equal(follow(rootGroup(list, "(globals)"), "global of JavaScript").name, "leaf");
  assert.equal(follow(rootGroup(list, "(tables)"), "table of JavaScript", 1).name, "value of JavaScript");
  assert.deepEqual([global.value === leaf, table.length], [true, 2]);
});

test("frames are roots while they are there", async () => {
  const seen: (readonly SnapshotNode[])[] = [];
  const { exports, nodes } = await load(
    `(module (type $cell (struct (field $value i32)))
      (import "host" "look" (func $look))
      (global $given (mut (ref null $cell)) (ref.null $cell))
      (func (export "give") (global.set $given (struct.new $cell (i32.const 3))))
      (func (export "run") (result i32) (local $cell (ref null $cell))
        (local.set $cell (global.get $given))
        (global.set $given (ref.null $cell))
        (call $look)
        (struct.get $cell 0 (local.get $cell))))`,
    "copying",
    { host: { look: () => void seen.push(nodes()) } },
  );
  exports["give"]!();
  assert.equal(exports["run"]!(), 3);
  const during = rootGroup(seen[0]!, "(stack)");
  assert.deepEqual(
    during.edges.map(({ to }) => to.name),
    ["cell"],
  );
  assert.equal(rootGroup(nodes(), "(stack)").edges.length, 0);
  assert.equal(named(nodes(), "cell").length, 0);
});

test("element segments hold their items until they are dropped", async () => {
  const { exports, nodes } = await load(
    `(module (type $cell (struct (field $value externref)))
      (type $cells (array (ref null $cell)))
      (type $values (array externref))
      (import "host" "value" (global $value externref))
      (elem $kept (ref null $cell) (item (struct.new $cell (global.get $value))) (item (ref.null $cell)))
      (elem $plain externref (item (global.get $value)))
      (func (export "cells") (result (ref $cells)) (array.new_elem $cells $kept (i32.const 0) (i32.const 2)))
      (func (export "values") (result (ref $values)) (array.new_elem $values $plain (i32.const 0) (i32.const 1)))
      (func (export "drop") (elem.drop $kept) (elem.drop $plain)))`,
    "copying",
    { host: { value: { some: "value" } } },
  );
  const before = nodes();
  const segments = rootGroup(before, "(element segments)");
  // Items that are known beforehand are static objects, which are roots themselves.
  assert.equal(follow(segments, "kept").name, "array of words");
  const value = follow(segments, "plain", 0);
  assert.equal(follow(named(before, "cell")[0]!, "value"), value);
  assert.equal(follow(rootGroup(before, "(globals)"), "value"), value);
  exports["drop"]!();
  const after = nodes();
  assert.equal(rootGroup(after, "(element segments)").edges.length, 0);
  assert.equal(named(after, "array of references").length, 0);
  assert.equal(named(after, "cell").length, 1);
});

test("an exception has its payload", { skip: typeof hostWebAssembly.Tag !== "function" }, async () => {
  const { exports, nodes } = await load(`(module (type $cell (struct (field i32)))
    (tag $problem (param i32 anyref))
    (func (export "fail") (throw $problem (i32.const 1) (struct.new $cell (i32.const 2)))))`);
  let caught: unknown;
  try {
    exports["fail"]!();
  } catch (error) {
    caught = error;
  }
  const [exception] = named(nodes(), "exception");
  assert.ok(caught !== undefined && exception !== undefined);
  assert.deepEqual([exception.bytes, follow(exception, "payload 1").name], [16, "cell"]);
});

test("without names, types and fields have their numbers; the first instance's names count", async () => {
  const source = (type: string, field: string, global: string): string => `(module
    (type (func)) (type ${type} (struct (field i32) (field ${field} (mut eqref))))
    (global ${global} (export "it") (mut eqref) (ref.null eq))
    (func (export "run") (global.set 0 (struct.new 1 (i32.const 1) (struct.new 1 (i32.const 2) (ref.null eq))))))`;
  const plain = await load(source("", "", ""));
  plain.exports["run"]!();
  const it = follow(rootGroup(plain.nodes(), "(globals)"), "it");
  assert.deepEqual([it.name, follow(it, "field 1").name], ["struct 1", "struct 1"]);
  const { store, exports } = await load(source("$first", "$next", "$one"));
  exports["run"]!();
  const second = await load(source("$second", "$other", "$two"), "copying", undefined, store);
  second.exports["run"]!();
  const globals = rootGroup(second.nodes(), "(globals)");
  for (const name of ["one (instance 0)", "two (instance 1)"]) {
    const object = follow(globals, name);
    assert.deepEqual([object.name, follow(object, "next").name], ["first", "first"]);
  }
});

const LIST = `(module
  (type $bytes (array i8))
  (type $cell (struct (field $next (ref null $cell)) (field $data (ref null $bytes))))
  (global $list (mut (ref null $cell)) (ref.null $cell))
  (func (export "grow") (param $count i32)
    (loop $again
      (global.set $list (struct.new $cell (global.get $list) (ref.null $bytes)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))`;

for (const collector of COLLECTOR_NAMES.filter((name) => !name.startsWith("stress"))) {
  test(`after memory has run out, what took it is seen, with collector ${collector}`, async () => {
    const store = new Store({ collector, maxHeapBytes: 1 << 20 });
    const { exports, nodes } = await load(LIST, collector, undefined, store);
    assert.throws(() => exports["grow"]!(100_000), { message: "out of memory" });
    assert.ok(named(nodes(), "cell").length > 20_000);
  });
}

test("a list of a million nodes", async () => {
  const { store, exports } = await load(LIST);
  exports["grow"]!(1_000_000);
  const snapshot = store.heapSnapshot();
  exports["grow"]!(1);
  assert.deepEqual([snapshot.nodeCount, snapshot.edgeCount], [1_000_007, 1_000_006]);
  const chunks: string[] = [];
  for await (const chunk of snapshot) chunks.push(chunk);
  assert.ok(chunks.length > 100 && chunks.every(({ length }) => length < 1 << 17));
  const { nodes, edges } = JSON.parse(chunks.join("")) as Readonly<Record<"nodes" | "edges", number[]>>;
  assert.deepEqual([nodes.length, edges.length], [7 * 1_000_007, 3 * 1_000_006]);
  // Each cell's one edge leads to the next cell; the last has none.
  const firstCell = 7;
  for (let cell = firstCell; cell < 1_000_006; cell++) {
    if (nodes[7 * cell + 4] !== 1 || edges[3 * cell + 2] !== 7 * (cell + 1)) assert.fail(`cell ${cell}`);
  }
  assert.equal(nodes.at(-3), 0);
});
