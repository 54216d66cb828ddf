/** The generational collector: what it promotes, what it finds by cards, how it grows and how it gives up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RuntimeTrap } from "../../src/runtime/collectors.ts";
import { CollectedHeap, HEAP_BASE, ROOTS_START } from "./collected-heap.ts";
import { RandomProgram } from "./object-graph.ts";
import { OldToYoung } from "./old-to-young.ts";

const OUT_OF_MEMORY = { name: "RuntimeError", message: /unreachable/ };
const MEGABYTE = 1 << 20;

test("random programs keep their graphs, and nothing else", () => {
  for (let seed = 1; seed <= 25; seed++) {
    const program = new RandomProgram("generational", seed, 40_000);
    const { collector } = program.heap;
    for (let i = 0; i < 1200; i++) program.step();
    program.check();
    collector.collect();
    assert.equal(collector.liveBytes.value, program.check({ exact: true }), `seed ${seed}`);
  }
});

test("random programs keep their graphs under stress, and all other memory is poisoned", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const program = new RandomProgram("stress-generational", seed, 100);
    const { collector } = program.heap;
    for (let i = 0; i < 400; i++) {
      program.step();
      if (i % 40 !== 0) continue;
      collector.collect();
      assert.equal(program.check({ poisoned: true, exact: true }), collector.liveBytes.value);
    }
    assert.ok(collector.collections.value > 120);
  }
});

test("young objects in old ones of all sizes are found by their cards", () => {
  const program = new OldToYoung("generational", 1);
  for (let i = 1; i <= 60_000; i++) {
    program.step();
    if (i % 4000 === 0) program.check();
  }
  assert.ok(program.heap.collector.collections.value > 5);
  const stressed = new OldToYoung("stress-generational", 2);
  for (let i = 1; i <= 1500; i++) {
    stressed.step();
    if (i % 100 === 0) stressed.check();
  }
});

test("without the card's mark, a young object in an old one is lost", () => {
  const heap = new CollectedHeap("stress-generational", { roots: 1 });
  const cell = heap.structType(8, [4]);
  heap.store(ROOTS_START, heap.allocate(cell));
  const young = heap.allocate(cell);
  const old = heap.load(ROOTS_START);
  assert.deepEqual([old, young], [HEAP_BASE, heap.collector.allocEnd.value]);
  heap.store(old + 4, young);
  heap.allocate(cell);
  assert.equal(heap.load(old + 4), young, "nobody looked at the old object");
  heap.write(old, 4, heap.allocate(cell), "struct");
  heap.allocate(cell);
  assert.equal(heap.load(old + 4), HEAP_BASE + 8);
});

test("what dies young costs nothing but minor collections of an empty nursery", () => {
  const heap = new CollectedHeap("generational");
  const cell = heap.structType(64, []);
  const before = heap.memory.buffer.byteLength;
  for (let i = 0; i < 100_000; i++) heap.allocate(cell);
  assert.equal(heap.memory.buffer.byteLength, before);
  heap.collector.collect();
  assert.equal(heap.collector.bytesAllocated.value, 6_400_000n);
  assert.equal(heap.collector.bytesCopied.value, 0n);
  assert.ok(heap.collector.collections.value >= 10);
});

test("what lives long is copied a few times at most", () => {
  const heap = new CollectedHeap("generational", { roots: 1 });
  const node = heap.structType(16, [4]);
  for (let i = 0; i < 2_000_000; i++) {
    const made = heap.allocate(node);
    heap.initialize(made + 4, heap.load(ROOTS_START));
    heap.store(ROOTS_START, made);
  }
  const { bytesCopied, liveBytes } = heap.collector;
  heap.collector.collect();
  assert.equal(liveBytes.value, 32_000_000);
  assert.ok(bytesCopied.value < 32_000_000n * 6n, `${bytesCopied.value} bytes moved`);
});

test("a large array's first elements need no barrier", () => {
  const heap = new CollectedHeap("generational", { roots: 3 });
  const cell = heap.structType(8, []);
  const array = heap.referenceArrayType();
  const indices = [0, 700_000, 1_399_999];
  heap.store(ROOTS_START + 8, heap.allocate(heap.numberArrayType(0), 8 * MEGABYTE));
  heap.collector.collect();
  const young = heap.allocate(cell);
  heap.store(ROOTS_START + 4, young);
  // Larger than a nursery; there is room beside the old objects.
  const { value } = heap.collector.collections;
  const large = heap.allocate(array, 1_400_000);
  assert.equal(heap.collector.collections.value, value);
  for (const i of indices) heap.store(large + 8 + 4 * i, young);
  heap.store(ROOTS_START, large);
  while (heap.collector.collections.value === value) heap.allocate(cell);
  assert.equal(heap.load(ROOTS_START), large, "it was old from the start");
  const moved = heap.load(ROOTS_START + 4);
  assert.notEqual(moved, young);
  const words = heap.view();
  for (const i of indices) assert.equal(words[large / 4 + 2 + i], moved);
});

test("a heap at its limit still collects, and traps when what is alive does not fit", () => {
  const limit = 4 * MEGABYTE;
  const heap = new CollectedHeap("generational", { roots: 256, maxBytes: limit });
  const numbers = heap.numberArrayType(0);
  const keep = (i: number): void => heap.store(ROOTS_START + 4 * i, heap.allocate(numbers, 9_992));
  for (let round = 0; round < 5; round++) for (let i = 0; i < 150; i++) keep(i);
  assert.throws(() => {
    for (let i = 150; i < 256; i++) keep(i);
  }, OUT_OF_MEMORY);
  assert.equal(heap.collector.trapCode.value, RuntimeTrap.OutOfMemory);
  assert.ok(heap.memory.buffer.byteLength <= HEAP_BASE + limit);
  for (let i = 0; i < 256; i++) heap.store(ROOTS_START + 4 * i, 0);
  keep(0);
  heap.collector.collect();
  assert.equal(heap.collector.liveBytes.value, 10_000);
});

test("limits and memories of all sizes are kept to, and small ones trap", () => {
  for (let bytes = 8; bytes <= 4 * MEGABYTE; bytes = bytes * 2 + 8) {
    const heap = new CollectedHeap("generational", { maxBytes: bytes });
    const cell = heap.structType(1024, []);
    const use = (): void => {
      for (let i = 0; i < 2000; i++) heap.allocate(cell);
    };
    if (bytes < 2048) assert.throws(use, OUT_OF_MEMORY);
    else if (bytes > 16_384) use();
    const end = HEAP_BASE + Math.ceil(bytes / 65_536) * 65_536;
    assert.ok(heap.memory.buffer.byteLength <= end, `${bytes}`);
  }
  const small = new CollectedHeap("generational", { roots: 64, maxPages: 101 });
  const numbers = small.numberArrayType(0);
  for (let i = 0; i < 26; i++) small.store(ROOTS_START + 4 * i, small.allocate(numbers, 99_992));
  assert.throws(() => {
    for (let i = 26; i < 64; i++) small.store(ROOTS_START + 4 * i, small.allocate(numbers, 99_992));
  }, OUT_OF_MEMORY);
  for (const bytes of [0xfffffff8, 0x80000000, 0x7fffff00]) {
    assert.throws(() => small.collector.allocSlow(bytes), OUT_OF_MEMORY);
  }
});
