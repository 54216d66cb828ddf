/**
 * Where collectors find roots, at the edges of how that is written down: lists of addresses with gaps of any length, and maps of
 * frames that need several words of bits. Words beside the roots look like references, and stay as they are.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gapsOf } from "../../src/link/address-gaps.ts";
import { COLLECTOR_NAMES, type CollectorName } from "../../src/runtime/collectors.ts";
import { CollectedHeap } from "./collected-heap.ts";

const MOVING: ReadonlySet<CollectorName> = new Set([
  "copying",
  "stress",
  "generational",
  "stress-generational",
]);
const GAPS = [1, 63, 64, 65, 254, 255, 256, 257, 510, 511, 1];
const FRAME_BYTES = 272;
/** Offsets in a frame. */
const MAPPED = [4, 8, 31 * 4, 32 * 4, 33 * 4, 63 * 4, 64 * 4, 67 * 4];

/** Gives each place an object with a number, and looks at what is there after collections. */
function check(
  heap: CollectedHeap,
  moves: boolean,
  places: readonly number[],
  beside: readonly number[],
): void {
  const type = heap.structType(16, [8]);
  places.forEach((place, i) => {
    const object = heap.allocate(type);
    heap.store(object + 4, 1000 + i);
    heap.store(place, object);
  });
  const first = heap.load(places[0]!);
  for (const word of beside) heap.store(word, first);
  let moved = false;
  for (let round = 0; round < 2; round++) {
    heap.collector.collect();
    places.forEach((place, i) => {
      const object = heap.load(place);
      assert.deepEqual([heap.load(object), heap.load(object + 4)], [type.descriptor, 1000 + i], `place ${i}`);
    });
    moved ||= heap.load(places[0]!) !== first;
    for (const word of beside) assert.equal(heap.load(word), first, "a word that is no root changed");
  }
  assert.equal(moved, moves);
}

for (const name of COLLECTOR_NAMES) {
  test(`${name} finds roots by lists of addresses`, () => {
    const heap = new CollectedHeap(name);
    const total = GAPS.reduce((sum, gap) => sum + gap, 0) + 1;
    const start = heap.addStatic(new Array<number>(total).fill(0));
    const addresses = [start];
    for (const gap of GAPS) addresses.push(addresses.at(-1)! + 4 * gap);
    const gaps = gapsOf(addresses);
    const bytes = [...gaps, ...new Array<number>(-gaps.length & 3).fill(0)];
    const words = bytes.flatMap((_, i) =>
      i % 4 === 0 ? [bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)] : [],
    );
    const list = heap.addStatic([0, 0, start, ...words.map((word) => word >>> 0)]);
    heap.store(list + 4, list + 12 + gaps.length);
    heap.collector.addRootAddresses(list);
    const isRoot = new Set(addresses);
    const beside = Array.from({ length: total }, (_, i) => start + 4 * i).filter((word) => !isRoot.has(word));
    check(heap, MOVING.has(name), addresses, beside);
  });

  test(`${name} finds roots in a frame of many words`, () => {
    const heap = new CollectedHeap(name);
    const map = heap.stackMap(FRAME_BYTES, MAPPED);
    const frame = heap.push(map);
    const places = MAPPED.map((offset) => frame + offset);
    for (let word = 4; word < FRAME_BYTES; word += 4) heap.store(frame + word, 0);
    const isRoot = new Set(places);
    const beside = Array.from({ length: FRAME_BYTES / 4 - 1 }, (_, i) => frame + 4 * (i + 1)).filter(
      (word) => !isRoot.has(word),
    );
    check(heap, MOVING.has(name), places, beside);
  });
}
