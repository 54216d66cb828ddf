/** The collector that never frees. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BarrierKind,
  barrierOf,
  COLLECTOR_NAMES,
  type CollectorName,
  collectorBytes,
  collectorModule,
  RuntimeTrap,
} from "../../src/runtime/collectors.ts";
import { CollectedHeap, HEAP_BASE, ROOTS_START } from "./collected-heap.ts";
import { RandomProgram } from "./object-graph.ts";

const OUT_OF_MEMORY = { name: "RuntimeError", message: /unreachable/ };
const MEGABYTE = 1 << 20;

test("random programs keep their graphs, and every object its place", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const program = new RandomProgram("null", seed, 40_000);
    for (let i = 0; i < 1000; i++) program.step();
    assert.ok(program.check() > 0);
    const { collector } = program.heap;
    assert.equal(collector.collections.value, 0);
    assert.equal(collector.bytesCopied.value, 0n);
  }
});

test("objects stay where they are, and are counted", () => {
  const heap = new CollectedHeap("null", { roots: 1 });
  const cell = heap.structType(24, []);
  const first = heap.allocate(cell);
  assert.equal(first, HEAP_BASE);
  heap.store(ROOTS_START, first);
  for (let i = 1; i < 200_000; i++) assert.equal(heap.allocate(cell), HEAP_BASE + 24 * i);
  const weak = heap.addRegion("weak", 1);
  heap.store(weak + 8, first + 24);
  heap.collector.collect();
  assert.deepEqual([heap.load(ROOTS_START), heap.load(weak + 8)], [first, first + 24]);
  assert.equal(heap.collector.bytesAllocated.value, 4_800_000n);
  assert.equal(heap.collector.liveBytes.value, 4_800_000);
});

test("the limit is used to its last byte, then allocation traps", () => {
  const heap = new CollectedHeap("null", { maxBytes: 3 * MEGABYTE });
  const cell = heap.structType(1024, []);
  for (let i = 0; i < 3 * 1024; i++) heap.allocate(cell);
  assert.equal(heap.collector.trapCode.value, 0);
  assert.throws(() => heap.allocate(cell), OUT_OF_MEMORY);
  assert.throws(() => heap.collector.allocSlow(8), OUT_OF_MEMORY);
  assert.equal(heap.collector.trapCode.value, RuntimeTrap.OutOfMemory);
  assert.equal(heap.memory.buffer.byteLength, HEAP_BASE + 3 * MEGABYTE);
});

test("a memory that cannot grow as far as wanted is used to its end", () => {
  const heap = new CollectedHeap("null", { maxPages: 21 });
  const cell = heap.structType(65536, []);
  for (let i = 0; i < 20; i++) heap.allocate(cell);
  assert.throws(() => heap.allocate(cell), OUT_OF_MEMORY);
  assert.throws(() => heap.collector.allocSlow(0xfffffff8), OUT_OF_MEMORY);
});

test("collectors are small, import a memory only and have no static data", () => {
  const sizeLimits: Readonly<Record<CollectorName, number>> = {
    copying: 3000,
    generational: 3000,
    drc: 4000,
    null: 1000,
    stress: 3000,
    "stress-generational": 3000,
    "stress-drc": 4000,
  };
  const barriers: Readonly<Record<BarrierKind, readonly string[]>> = {
    none: [],
    cards: ["cardBase", "markCards"],
    counts: ["copyReferences", "fillReferences", "increment", "incrementRange", "writeReference"],
  };
  for (const name of COLLECTOR_NAMES) {
    assert.ok(
      collectorBytes(name).length <= sizeLimits[name],
      `${name}: ${collectorBytes(name).length} bytes`,
    );
    const module = collectorModule(name);
    assert.deepEqual(
      module.imports.map((imported) => [imported.module, imported.name]),
      [["env", "memory"]],
    );
    assert.deepEqual([module.data.length, module.elements.length, module.start], [0, 0, -1]);
    const names = [
      ...[
        "addRootAddresses",
        "addRoots",
        "allocEnd",
        "allocPtr",
        "allocSlow",
        "bytesAllocated",
        "bytesCopied",
        "collect",
      ],
      ...["collections", "init", "liveBytes", "setWeak", "stackPointer", "trapCode"],
      ...barriers[barrierOf(name)],
      ...(name === "stress" ? ["stressPeriod"] : []),
    ];
    assert.deepEqual(module.exports.map((exported) => exported.name).sort(), names.sort());
  }
});
