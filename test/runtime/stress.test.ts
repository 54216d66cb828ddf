/** The stress build of the copying collector: every allocation moves everything and poisons what it left. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CollectedHeap, HEAP_BASE, POISON, ROOTS_START } from "./collected-heap.ts";
import { RandomProgram } from "./object-graph.ts";

test("random programs keep their graphs, and all other memory is poisoned", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const program = new RandomProgram("stress", seed, 100);
    const { collector } = program.heap;
    for (let i = 0; i < 400; i++) {
      program.step();
      // The object just made is where the last collection ended, so only a collection leaves the exact picture.
      if (i % 40 !== 0) continue;
      collector.collect();
      assert.equal(program.check({ poisoned: true, exact: true }), collector.liveBytes.value);
    }
    assert.ok(collector.collections.value > 120);
  }
});

test("random programs that grow keep their graphs", () => {
  for (let seed = 1; seed <= 3; seed++) {
    const program = new RandomProgram("stress", seed, 40_000);
    for (let i = 0; i < 300; i++) program.step();
    program.heap.collector.collect();
    assert.equal(program.check({ exact: true }), program.heap.collector.liveBytes.value);
  }
});

test("each allocation collects, moves every object and leaves no copy", () => {
  const heap = new CollectedHeap("stress", { roots: 1 });
  const cell = heap.structType(8, [4]);
  const { allocPtr, allocEnd, collections } = heap.collector;
  heap.store(ROOTS_START, heap.allocate(cell));
  for (let i = 1; i < 50; i++) {
    const before = heap.load(ROOTS_START);
    assert.equal(collections.value, i);
    assert.ok(allocPtr.value > allocEnd.value, "compiled code sees no room");
    const made = heap.allocateBytes(8);
    assert.equal(heap.load(made), POISON, "the contents of new memory are no zeros to rely on");
    heap.store(made, cell.descriptor);
    heap.store(made + 4, 0);
    assert.notEqual(heap.load(ROOTS_START), before);
    assert.equal(heap.load(before), POISON);
    assert.equal(heap.load(heap.load(ROOTS_START)), cell.descriptor);
  }
});

test("memory that the heap grows into is poisoned as well", () => {
  const heap = new CollectedHeap("stress");
  const bytes = 3 << 20;
  const object = heap.allocateBytes(bytes);
  const words = heap.view().subarray(object / 4, (object + bytes) / 4);
  assert.ok(words.every((word) => word === POISON));
  assert.ok(object >= HEAP_BASE);
});
