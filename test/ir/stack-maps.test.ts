import assert from "node:assert/strict";
import { test } from "node:test";
import type { StackMap, StackSlot } from "../../src/ir/entities.ts";
import { StackMapPool } from "../../src/ir/stack-maps.ts";
import { I32, I64, type Type } from "../../src/ir/types.ts";

type Entry = readonly [Type, number, number];

function entriesOf(pool: StackMapPool, map: StackMap): Entry[] {
  const count = pool.entryCount(map);
  return Array.from({ length: count }, (_, i) => [
    pool.entryType(map, i),
    pool.entrySlot(map, i),
    pool.entryOffset(map, i),
  ]);
}

function slot(index: number): StackSlot {
  return index as StackSlot;
}

test("equal listed maps are one, different ones keep their entries", () => {
  const pool = new StackMapPool();
  pool.push(I32, slot(1), 0);
  pool.push(I64, slot(2), 8);
  const first = pool.finish();
  pool.push(I32, slot(1), 0);
  const second = pool.finish();
  pool.push(I32, slot(1), 0);
  pool.push(I64, slot(2), 8);
  assert.equal(pool.finish(), first);
  assert.notEqual(second, first);
  assert.equal(pool.length, 2);
  assert.deepEqual(entriesOf(pool, first), [
    [I32, 1, 0],
    [I64, 2, 8],
  ]);
  assert.deepEqual(entriesOf(pool, second), [[I32, 1, 0]]);
});

test("a tabular map reads like a listed one, in any order", () => {
  const pool = new StackMapPool();
  pool.beginTable(100);
  for (let i = 0; i < 100; i++) pool.setTableEntry(i, i % 2 === 0 ? I32 : I64, slot(1000 - i));
  pool.pushTableWord(0, 0b1001);
  pool.pushTableWord(32, 0);
  pool.pushTableWord(64, 0x8000_0001 | 0);
  const map = pool.finishTabular();
  const expected: Entry[] = [
    [I32, 1000, 0],
    [I64, 997, 0],
    [I32, 936, 0],
    [I64, 905, 0],
  ];
  assert.deepEqual(entriesOf(pool, map), expected);
  for (const index of [3, 0, 2, 2, 1, 3]) assert.equal(pool.entrySlot(map, index), expected[index]![1]);
  pool.pushTableWord(0, 0b1001);
  pool.pushTableWord(64, 0x8000_0001 | 0);
  assert.equal(pool.finishTabular(), map);
});

test("each table has its own entries, and the forms live side by side", () => {
  const pool = new StackMapPool();
  const maps: StackMap[] = [];
  for (let round = 0; round < 3; round++) {
    pool.beginTable(2);
    pool.setTableEntry(0, I32, slot(round));
    pool.setTableEntry(1, I64, slot(10 + round));
    pool.pushTableWord(0, 0b11);
    maps.push(pool.finishTabular());
    // A copy of an entry, as when a map is extended, makes a listed map.
    pool.pushCopy(maps[round]!, 1);
    assert.deepEqual(entriesOf(pool, pool.finish()), [[I64, 10 + round, 0]]);
  }
  maps.forEach((map, round) => {
    assert.deepEqual(entriesOf(pool, map), [
      [I32, round, 0],
      [I64, 10 + round, 0],
    ]);
  });
  pool.clear();
  assert.equal(pool.length, 0);
  pool.push(I32, slot(7), 4);
  assert.deepEqual(entriesOf(pool, pool.finish()), [[I32, 7, 4]]);
});

test("many maps, most of them nearly equal", () => {
  const pool = new StackMapPool();
  const count = 700;
  pool.beginTable(count);
  for (let i = 0; i < count; i++) pool.setTableEntry(i, I64, slot(i));
  const maps: StackMap[] = [];
  for (let live = 1; live <= count; live++) {
    for (let base = 0; base < live; base += 32) {
      pool.pushTableWord(base, live - base >= 32 ? -1 : (1 << (live - base)) - 1);
    }
    maps.push(pool.finishTabular());
  }
  assert.equal(pool.length, count);
  maps.forEach((map, i) => {
    assert.equal(pool.entryCount(map), i + 1);
    assert.equal(pool.entrySlot(map, i), i);
  });
});
