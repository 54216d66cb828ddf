/** Which globals and segments become static objects, and their bytes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCode } from "../../src/driver/compile.ts";
import type { CompiledCode } from "../../src/link/compiled-code.ts";
import { linkForStore } from "../../src/link/link-store.ts";
import { StaticImage } from "../../src/link/static-image.ts";
import type { StaticLayout } from "../../src/link/static-layout.ts";
import { textToBinary } from "../../src/wast/index.ts";

const TYPES = `
  (type $node (struct (field i32) (field (mut (ref null $node)))))
  (type $mixed (struct (field i8) (field i64) (field i16) (field (ref null $node)) (field (mut funcref)) (field f32)))
  (type $bytes (array (mut i8)))
  (type $nodes (array (mut (ref null $node))))
  (type $fixed (array (ref null $node)))
  (type $text (struct (field externref)))
  (type $changing (struct (field (mut externref))))`;

async function compiled(fields: string): Promise<CompiledCode> {
  return compileCode(await textToBinary(`(module ${TYPES} ${fields})`), { prove: true });
}

const BASE = 0x1000;
const IMPORTED_CELL = 0x800;

function layoutOf(code: CompiledCode): StaticLayout {
  return linkForStore(code, {
    base: BASE,
    stackTop: BASE,
    firstFunction: 1,
    canonicalIds: code.plan.canonicalIds,
    descriptors: new Map(),
    importedCell: (cell) => IMPORTED_CELL + 4 * cell,
    functionTypes: 8,
    importedFunction: () => 9,
    importedTag: () => 0x940,
    importedEnd: () => "global",
    importedBits: () => null,
  }).layout;
}

/** The image of the objects alone, at address 0; a type's descriptor is at 1000 + 8 × type, a function has number 2000 + function. */
function imageOf({ plan }: CompiledCode): ReturnType<StaticImage["write"]> & { readonly offsets: number[] } {
  const image = new StaticImage({
    types: plan.types,
    objects: plan.staticObjects,
    moduleBytes: plan.module.bytes,
    descriptor: (type) => 1000 + 8 * type,
    functionNumber: (func) => 2000 + func,
  });
  return { ...image.write(0), offsets: [...image.offsets] };
}

function wordsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 2 }, (_, i) => view.getInt32(4 * i, true));
}

test("objects have the layout of the heap's, and mutable references are listed", async () => {
  const code = await compiled(`
    (func $f) (elem declare func $f)
    (global $node (ref $node) (struct.new $node (i32.const -2) (ref.null $node)))
    (global (ref $mixed) (struct.new $mixed (i32.const 0x1fe) (i64.const 0x1122334455667788) (i32.const 0x1fffd)
      (global.get $node) (ref.func $f) (f32.const 1.5)))
    (global (ref $bytes) (array.new_fixed $bytes 3 (i32.const 1) (i32.const 2) (i32.const 0x303)))
    (global (ref $nodes) (array.new $nodes (global.get $node) (i32.const 2)))
    (global (ref $fixed) (array.new_fixed $fixed 1 (struct.new_default $node)))`);
  const { bytes, roots, imports, offsets } = imageOf(code);
  assert.deepEqual(offsets, [0, 16, 48, 64, 80, 96]);
  assert.deepEqual(wordsOf(bytes), [
    ...[1000, -2, 0, 0],
    ...[1008, 0xfe, 0x55667788, 0x11223344, 0xfffd, 0, 2000, 0x3fc00000],
    ...[1016, 3, 0x030201, 0],
    ...[1024, 2, 0, 0],
    ...[1000, 0, 0, 0],
    ...[1032, 1, 80, 0],
  ]);
  // Of both nodes, and of the array of mutable elements; functions do not move.
  assert.deepEqual(roots, [8, 72, 76, 88]);
  assert.deepEqual(imports, []);
});

test("a known global is the address of its object: no cell, nothing to initialise", async () => {
  const code = await compiled(`
    (global $a (ref $node) (struct.new $node (i32.const 1) (ref.null $node)))
    (global $b (ref $node) (struct.new $node (i32.const 2) (global.get $a)))
    (global $none (ref null $node) (ref.null $node))
    (global $small (ref i31) (ref.i31 (i32.const 3)))
    (func (export "b") (result i32) (struct.get $node 0 (global.get $b)))`);
  assert.deepEqual(code.plan.cells, []);
  assert.deepEqual(code.initializers, []);
  assert.deepEqual(code.plan.knownReference(2), { kind: "word", word: 0 });
  assert.deepEqual(code.plan.knownReference(3), { kind: "word", word: 7 });
  const layout = layoutOf(code);
  assert.equal(layout.cellRegion, -1);
  const list = layout.rootAddressList;
  const [next, end, first, gaps] = wordsOf(layout.bytes()).slice((list - BASE) / 4);
  // One gap, of the four words between the objects' mutable fields.
  assert.deepEqual([next, end! - list, gaps], [0, 13, 4]);
  assert.ok(first! < list);
});

test("mutable globals and segments begin with their objects in their cells", async () => {
  const code = await compiled(`
    (global $a (mut (ref null $node)) (struct.new $node (i32.const 1) (ref.null $node)))
    (global $small (mut anyref) (ref.i31 (i32.const 3)))
    (elem $passive (ref null $node) (item (struct.new $node (i32.const 5) (ref.null $node))) (item (ref.null $node)))
    (func (export "f") (result (ref $nodes)) (global.set $a (global.get $a)) (global.set $small (global.get $small))
      (array.new_elem $nodes $passive (i32.const 0) (i32.const 2)))`);
  assert.deepEqual(code.initializers, []);
  const layout = layoutOf(code);
  const words = wordsOf(layout.bytes());
  assert.deepEqual(words.slice(0, 2), [0, 3]);
  const [a, small, elements] = words.slice(2, 5).map((address) => address!);
  assert.equal(small, 7);
  const at = (address: number): number[] => words.slice((address - BASE) / 4, (address - BASE) / 4 + 4);
  assert.equal(at(a!)[1], 1);
  const [, length, item, none] = at(elements!);
  assert.deepEqual([length, at(item!)[1], none], [2, 5, 0]);
});

test("what is imported is copied into immutable fields, and into no others", async () => {
  const code = await compiled(`
    (import "" "t" (global $t externref))
    (global $text (ref $text) (struct.new $text (global.get $t)))
    (global $changing (ref $changing) (struct.new $changing (global.get $t)))
    (global $alias externref (global.get $t))`);
  const { roots, imports } = imageOf(code);
  assert.deepEqual([roots, imports], [[4], [0, 4]]);
  assert.deepEqual(
    code.plan.cells.map(({ index }) => index),
    [0, 2, 3],
  );
  const layout = layoutOf(code);
  const { start, end } = layout.wordCopies!;
  const pairs = wordsOf(layout.bytes()).slice((start - BASE) / 4, (end - BASE) / 4);
  const region = wordsOf(layout.bytes()).slice((layout.rootAddressList - BASE) / 4);
  assert.deepEqual(pairs, [IMPORTED_CELL, region[2]]);
});

test("what would be much larger than the input is left to the initialiser", async () => {
  const many = (count: number): string => `(array.new_default $bytes (i32.const ${count}))`;
  const code = await compiled(`
    (global (ref $bytes) ${many(4000)})
    (global $large (ref $bytes) ${many(4096)})
    (global (ref $nodes) (array.new $nodes (struct.new_default $node) (i32.const 2000)))
    (global (ref $bytes) (global.get $large))
    (global (ref $bytes) ${many(-1)})`);
  assert.equal(code.plan.staticObjects.length, 1);
  assert.deepEqual(
    code.plan.cells.map(({ index }) => index),
    [1, 2, 3, 4],
  );
  // All together have a limit too.
  const all = await compiled(`(global (ref $bytes) ${many(4000)})`.repeat(5000));
  assert.equal(all.plan.staticObjects.length, Math.floor((1 << 24) / 4008));
});

test("initialisers are of bounded size and run in order", async () => {
  const globals = "(global (ref $bytes) (array.new_default $bytes (i32.const 5000)))".repeat(700);
  const code = await compiled(globals);
  assert.equal(code.initializers.length, 3);
  assert.ok(code.initializers.every(({ bytes }) => bytes.length < 32_000));
});
