/** The copying collector: what it keeps, what it moves, how it grows and how it gives up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RuntimeTrap } from "../../src/runtime/collectors.ts";
import { CollectedHeap, HEAP_BASE, ROOTS_START, STACK_TOP } from "./collected-heap.ts";
import { RandomProgram } from "./object-graph.ts";

const OUT_OF_MEMORY = { name: "RuntimeError", message: /unreachable/ };
const MEGABYTE = 1 << 20;

test("random programs keep their graphs, and nothing else", () => {
  let moved = 0n;
  for (let seed = 1; seed <= 30; seed++) {
    const program = new RandomProgram("copying", seed, 40_000);
    const { collector } = program.heap;
    for (let i = 0; i < 1500; i++) program.step();
    program.check();
    collector.collect();
    const reachable = program.check({ exact: true });
    assert.equal(collector.liveBytes.value, reachable, `seed ${seed}`);
    moved += collector.bytesCopied.value;
  }
  assert.ok(moved > 10_000_000n, `only ${moved} bytes were moved`);
});

test("regions of roots and weak words: what moved, what died, what is no object", () => {
  const heap = new CollectedHeap("copying", { roots: 1 });
  const cell = heap.structType(8, [4]);
  const constant = heap.addStatic([cell.descriptor, 0]);
  const more = heap.addRegion("roots", 2);
  heap.addRegion("roots", 0);
  const weak = heap.addRegion("weak", 6);
  const word = (i: number): number => weak + 8 + 4 * i;
  const [kept, keptToo, dropped] = [heap.allocate(cell), heap.allocate(cell), heap.allocate(cell)];
  heap.store(ROOTS_START, kept);
  heap.store(more + 12, keptToo);
  [kept, dropped, constant, 7, keptToo, 0].forEach((value, i) => {
    heap.store(word(i), value);
  });
  heap.collector.collect();
  assert.notEqual(heap.load(ROOTS_START), kept);
  const expected = [heap.load(ROOTS_START), 0, constant, 7, heap.load(more + 12), 0];
  assert.deepEqual(
    expected.map((_, i) => heap.load(word(i))),
    expected,
  );
  assert.equal(heap.collector.liveBytes.value, 16);
  // The last region alone is the weak one: no other word is written.
  const larger = heap.addRegion("weak", 1);
  heap.store(larger + 8, heap.load(ROOTS_START));
  heap.store(ROOTS_START, 0);
  heap.collector.collect();
  assert.deepEqual([heap.load(larger + 8), heap.load(word(0))], [0, expected[0]]);
});

test("shared and cyclic objects keep their identity", () => {
  const heap = new CollectedHeap("copying", { roots: 2 });
  const pair = heap.structType(16, [4, 8]);
  const a = heap.allocate(pair);
  const b = heap.allocate(pair);
  heap.store(a + 4, b);
  heap.store(a + 8, a);
  heap.store(b + 4, a);
  heap.store(b + 12, 42);
  heap.store(ROOTS_START, a);
  heap.store(ROOTS_START + 4, b);
  heap.collector.collect();
  const movedA = heap.load(ROOTS_START);
  const movedB = heap.load(ROOTS_START + 4);
  assert.notEqual(movedA, a);
  assert.deepEqual(
    [heap.load(movedA + 4), heap.load(movedA + 8), heap.load(movedB + 4), heap.load(movedB + 12)],
    [movedB, movedA, movedA, 42],
  );
  assert.equal(heap.collector.liveBytes.value, 32);
});

test("null, i31 and static objects stay as they are", () => {
  const heap = new CollectedHeap("copying", { roots: 4 });
  const cell = heap.structType(8, [4]);
  const constant = heap.addStatic([cell.descriptor, 0]);
  const words = [0, 1, 0x7fffffff, constant];
  words.forEach((word, i) => {
    heap.store(ROOTS_START + 4 * i, word);
  });
  heap.collector.collect();
  assert.deepEqual(
    words.map((_, i) => heap.load(ROOTS_START + 4 * i)),
    words,
  );
  assert.deepEqual([heap.load(constant), heap.load(constant + 4)], [cell.descriptor, 0]);
  assert.equal(heap.collector.liveBytes.value, 0);
});

test("frames are walked from the stack pointer to the stack's top, by their maps", () => {
  const heap = new CollectedHeap("copying");
  const cell = heap.structType(8, []);
  const object = heap.allocate(cell);
  const outer = heap.push(heap.stackMap(32, [28]));
  const empty = heap.push(heap.stackMap(4, []));
  const inner = heap.push(heap.stackMap(12, [4]));
  for (const address of [outer + 4, outer + 28, inner + 4, inner + 8]) heap.store(address, object);
  // Below the innermost frame and above the stack's top there are no frames.
  heap.store(inner - 4, object);
  assert.deepEqual([outer, empty], [STACK_TOP - 32, STACK_TOP - 36]);
  heap.collector.collect();
  const moved = heap.load(outer + 28);
  assert.notEqual(moved, object);
  assert.equal(heap.load(inner + 4), moved);
  assert.deepEqual(
    [outer + 4, inner + 8, inner - 4].map((address) => heap.load(address)),
    [object, object, object],
  );
  heap.pop();
  heap.pop();
  heap.pop();
  heap.collector.collect();
  assert.equal(heap.collector.liveBytes.value, 0);
});

test("a word that a map names twice is updated once", () => {
  const heap = new CollectedHeap("copying");
  const frame = heap.push(heap.stackMap(8, [4, 4]));
  const object = heap.allocate(heap.structType(16, []));
  heap.store(object + 4, 42);
  heap.store(frame + 4, object);
  heap.collector.collect();
  assert.equal(heap.load(heap.load(frame + 4) + 4), 42);
  assert.equal(heap.collector.liveBytes.value, 16);
});

test("what is not reachable makes room without growth", () => {
  const heap = new CollectedHeap("copying");
  const cell = heap.structType(64, []);
  const before = heap.memory.buffer.byteLength;
  for (let i = 0; i < 100_000; i++) heap.allocate(cell);
  assert.equal(heap.memory.buffer.byteLength, before);
  heap.collector.collect();
  assert.equal(heap.collector.bytesAllocated.value, 6_400_000n);
  assert.equal(heap.collector.bytesCopied.value, 0n);
  assert.ok(heap.collector.collections.value >= 10);
});

test("the heap grows with what is alive, and a large object fits at once", () => {
  const heap = new CollectedHeap("copying", { roots: 101 });
  const numbers = heap.numberArrayType(3);
  for (let i = 0; i < 100; i++) heap.store(ROOTS_START + 4 * i, heap.allocate(numbers, 10_000));
  heap.store(ROOTS_START + 400, heap.allocate(numbers, 3_000_000));
  heap.collector.collect();
  assert.equal(heap.collector.liveBytes.value, 100 * 80_008 + 24_000_008);
  // Each object was moved a few times at most on the way.
  assert.ok(
    heap.collector.bytesCopied.value < 200_000_000n,
    `${heap.collector.bytesCopied.value} bytes moved`,
  );
});

test("a heap at its limit still collects, and traps when what is alive does not fit", () => {
  const limit = 2 * MEGABYTE;
  const heap = new CollectedHeap("copying", { roots: 128, maxBytes: limit });
  const numbers = heap.numberArrayType(0);
  const keep = (i: number): void => heap.store(ROOTS_START + 4 * i, heap.allocate(numbers, 9_992));
  for (let round = 0; round < 5; round++) for (let i = 0; i < 100; i++) keep(i);
  assert.throws(() => {
    for (let i = 100; i < 128; i++) keep(i);
  }, OUT_OF_MEMORY);
  assert.ok(heap.memory.buffer.byteLength <= HEAP_BASE + limit);
  assert.equal(heap.collector.trapCode.value, RuntimeTrap.OutOfMemory);
  // The heap is whole after the trap: dropping something makes room again.
  for (let i = 0; i < 128; i++) heap.store(ROOTS_START + 4 * i, 0);
  keep(0);
  heap.collector.collect();
  assert.equal(heap.collector.liveBytes.value, 10_000);
});

test("a large heap grows to twice what is alive and 8 MB, and is given out in that proportion", () => {
  const heap = new CollectedHeap("copying", { roots: 64 });
  const numbers = heap.numberArrayType(0);
  const keep = (i: number): void => heap.store(ROOTS_START + 4 * i, heap.allocate(numbers, MEGABYTE - 8));
  const room = (): number => heap.collector.allocEnd.value - heap.collector.allocPtr.value;
  for (let i = 0; i < 40; i++) keep(i);
  const grown = heap.memory.buffer.byteLength - HEAP_BASE;
  assert.ok(grown >= 2 * 40 * MEGABYTE && grown <= 2 * (2 * 40 + 9) * MEGABYTE, String(grown));
  for (let i = 2; i < 40; i++) heap.store(ROOTS_START + 4 * i, 0);
  for (let i = 0; i < 2; i++) {
    heap.collector.collect();
    assert.equal(room(), 14 * MEGABYTE);
  }
  // One that takes more than is given out has room without a larger memory.
  heap.store(ROOTS_START + 4 * 2, heap.allocate(numbers, 20 * MEGABYTE - 8));
  assert.equal(heap.memory.buffer.byteLength - HEAP_BASE, grown);
  heap.collector.collect();
  assert.equal(heap.collector.liveBytes.value, 22 * MEGABYTE);
  assert.ok(room() <= (22 + 8) * MEGABYTE);
});

test("sizes that no heap has trap", () => {
  const heap = new CollectedHeap("copying");
  for (const bytes of [0xfffffff8, 0x80000000, 0x7fffff00]) {
    assert.throws(() => heap.collector.allocSlow(bytes), OUT_OF_MEMORY);
  }
  const small = new CollectedHeap("copying", { maxBytes: MEGABYTE });
  assert.throws(() => small.collector.allocSlow(MEGABYTE / 2 + 8), OUT_OF_MEMORY);
  assert.equal(small.collector.allocSlow(MEGABYTE / 2), HEAP_BASE);
  const none = new CollectedHeap("copying", { maxBytes: 8 });
  assert.throws(() => none.collector.allocSlow(8), OUT_OF_MEMORY);
});

test("a memory that cannot grow as far as wanted is used to its end", () => {
  const heap = new CollectedHeap("copying", { roots: 64, maxPages: 101 });
  const numbers = heap.numberArrayType(0);
  // The heap's 100 pages are two halves of 50: room for 32 objects of 100 kB.
  for (let i = 0; i < 30; i++) heap.store(ROOTS_START + 4 * i, heap.allocate(numbers, 99_992));
  assert.throws(() => {
    for (let i = 30; i < 64; i++) heap.store(ROOTS_START + 4 * i, heap.allocate(numbers, 99_992));
  }, OUT_OF_MEMORY);
});

test("a list of ten million nodes is moved without a deep stack", () => {
  const heap = new CollectedHeap("copying", { roots: 1, maxBytes: 400 * MEGABYTE });
  const node = heap.structType(16, [4]);
  const count = 10_000_000;
  for (let made = 0; made < count; ) {
    // The inline path, for as many nodes as there is room.
    const { allocPtr, allocEnd } = heap.collector;
    if (allocEnd.value - allocPtr.value < 16) {
      const first = heap.allocate(node);
      heap.store(first + 4, heap.load(ROOTS_START));
      heap.store(first + 8, made++);
      heap.store(ROOTS_START, first);
      continue;
    }
    const words = heap.view();
    let head = heap.load(ROOTS_START);
    let address = allocPtr.value;
    for (; made < count && allocEnd.value - address >= 16; address += 16, made++) {
      words[address / 4] = node.descriptor;
      words[address / 4 + 1] = head;
      words[address / 4 + 2] = made;
      head = address;
    }
    allocPtr.value = address;
    heap.store(ROOTS_START, head);
  }
  heap.collector.collect();
  assert.equal(heap.collector.liveBytes.value, 16 * count);
  const words = heap.view();
  let address = heap.load(ROOTS_START);
  let wrong = 0;
  for (let i = count - 1; i >= 0; i--, address = words[address / 4 + 1]!) {
    if (words[address / 4] !== node.descriptor || words[address / 4 + 2] !== i) wrong++;
  }
  assert.deepEqual([wrong, address], [0, 0]);
});
