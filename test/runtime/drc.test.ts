/** Deferred reference counting: what it frees and when, that nothing moves, and how it uses memory again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RuntimeTrap } from "../../src/runtime/collectors.ts";
import { CollectedHeap, HEAP_BASE, POISON, ROOTS_START } from "./collected-heap.ts";
import { RandomProgram } from "./object-graph.ts";
import { OldToYoung } from "./old-to-young.ts";

const OUT_OF_MEMORY = { name: "RuntimeError", message: /unreachable/ };
const MEGABYTE = 1 << 20;

test("random programs without cycles keep their graphs, and nothing else", () => {
  for (let seed = 1; seed <= 25; seed++) {
    const program = new RandomProgram("drc", seed, 40_000, false);
    const { collector } = program.heap;
    for (let i = 0; i < 1200; i++) program.step();
    program.check();
    collector.collect();
    assert.equal(collector.liveBytes.value, program.check({ exact: true }), `seed ${seed}`);
    assert.equal(collector.bytesCopied.value, 0n);
  }
});

test("random programs with cycles keep their graphs", () => {
  for (let seed = 1; seed <= 15; seed++) {
    for (const [name, steps] of [
      ["drc", 1200],
      ["stress-drc", 300],
    ] as const) {
      const program = new RandomProgram(name, seed, 1000);
      for (let i = 0; i < steps; i++) program.step();
      program.heap.collector.collect();
      assert.ok(program.heap.collector.liveBytes.value >= program.check());
    }
  }
});

test("ranges of old arrays are counted", () => {
  for (const [name, steps] of [
    ["drc", 30_000],
    ["stress-drc", 1000],
  ] as const) {
    const program = new OldToYoung(name, 1);
    for (let i = 0; i < steps; i++) program.step();
    program.check();
  }
});

test("an object goes when the last that refers to it goes, a cycle never", () => {
  const heap = new CollectedHeap("stress-drc", { roots: 1 });
  const cell = heap.structType(16, [4]);
  const { collector } = heap;
  const first = heap.allocate(cell);
  heap.store(ROOTS_START, first);
  const second = heap.allocate(cell);
  heap.write(first, 4, second, "struct");
  collector.collect();
  assert.equal(collector.liveBytes.value, 32);
  heap.store(ROOTS_START, second);
  collector.collect();
  assert.equal(collector.liveBytes.value, 16);
  assert.deepEqual([heap.load(first), heap.load(second)], [POISON, cell.descriptor]);
  heap.write(second, 4, second, "struct");
  heap.store(ROOTS_START, 0);
  collector.collect();
  assert.equal(collector.liveBytes.value, 16);
  assert.equal(heap.load(second), cell.descriptor);
});

test("a list of a million nodes is freed without a deep stack", () => {
  const heap = new CollectedHeap("drc", { roots: 1 });
  const node = heap.structType(16, [4]);
  for (let i = 0; i < 1_000_000; i++) {
    const made = heap.allocate(node);
    heap.initialize(made + 4, heap.load(ROOTS_START));
    heap.store(ROOTS_START, made);
  }
  heap.collector.collect();
  assert.equal(heap.collector.liveBytes.value, 16_000_000);
  heap.store(ROOTS_START, 0);
  heap.collector.collect();
  assert.equal(heap.collector.liveBytes.value, 0);
});

test("memory is used again: for the same sizes at once, for others when the heap would grow", () => {
  const heap = new CollectedHeap("drc", { roots: 64 });
  const numbers = heap.numberArrayType(0);
  const sizes = [8, 100, 1000, 3000, 60_000];
  let most = 0;
  for (let round = 0; round < 400; round++) {
    const length = sizes[round % sizes.length]!;
    for (let i = 0; i < 400; i++) heap.store(ROOTS_START + 4 * (i % 64), heap.allocate(numbers, length));
    if (round === 50) most = heap.memory.buffer.byteLength;
  }
  assert.ok(heap.memory.buffer.byteLength <= most, "growth although the same is alive");
  assert.ok(most < 12 * MEGABYTE, `${most}`);
});

test("a heap at its limit sweeps, unites, and traps when what is alive does not fit", () => {
  const limit = 3 * MEGABYTE;
  const heap = new CollectedHeap("drc", { roots: 512, maxBytes: limit });
  const numbers = heap.numberArrayType(0);
  const keep = (i: number, length: number): void =>
    heap.store(ROOTS_START + 4 * i, heap.allocate(numbers, length));
  for (let round = 0; round < 5; round++) for (let i = 0; i < 200; i++) keep(i, 9_992);
  assert.throws(() => {
    for (let i = 200; i < 512; i++) keep(i, 9_992);
  }, OUT_OF_MEMORY);
  assert.equal(heap.collector.trapCode.value, RuntimeTrap.OutOfMemory);
  assert.ok(heap.memory.buffer.byteLength <= HEAP_BASE + limit);
  for (let i = 0; i < 512; i++) heap.store(ROOTS_START + 4 * i, 0);
  keep(0, 2 * MEGABYTE);
  heap.collector.collect();
  assert.equal(heap.collector.liveBytes.value, 2 * MEGABYTE + 8);
  for (const bytes of [0xfffffff8, 0x80000000, 0x7fffff00]) {
    assert.throws(() => heap.collector.allocSlow(bytes), OUT_OF_MEMORY);
  }
  const none = new CollectedHeap("drc", { maxBytes: 8 });
  assert.throws(() => none.collector.allocSlow(8), OUT_OF_MEMORY);
});
