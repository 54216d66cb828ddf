/** Patricia maps against plain maps, under random operations. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { I32List } from "../../src/base/column.ts";
import { EMPTY, PatriciaMaps } from "../../src/check/patricia.ts";

/** Payloads that meet are or-ed, so that it shows which side they come from. */
class OrMaps extends PatriciaMaps {
  protected override leafSummary(key: number, payload: number): number {
    return payload | (1 << (key & 15));
  }

  protected override meetPayloads(a: number, b: number): number {
    return a & b;
  }
}

type Plain = ReadonlyMap<number, number>;

const key = fc.oneof(
  fc.nat(20),
  fc.nat(2 ** 30 - 1),
  fc.nat(600).map((n) => n + 2 ** 29),
);
const entries = fc.array(fc.tuple(key, fc.integer({ min: 1, max: 7 })), { maxLength: 40 });

function build(maps: OrMaps, plain: Plain): number {
  let map = EMPTY;
  for (const [k, payload] of plain) map = maps.with(map, k, payload);
  return map;
}

function sortedKeys(maps: OrMaps, map: number): number[] {
  const out = new I32List();
  maps.collectKeys(map, out);
  return Array.from({ length: out.length }, (_, i) => out.get(i));
}

test("a map holds what was put in, and equal maps are one node however they were made", () => {
  fc.assert(
    fc.property(entries, (list) => {
      const maps = new OrMaps();
      const plain = new Map(list);
      const map = build(maps, plain);
      assert.deepEqual(
        sortedKeys(maps, map),
        [...plain.keys()].sort((a, b) => a - b),
      );
      for (const [k, payload] of plain) assert.equal(maps.get(map, k), payload);
      assert.equal(build(maps, new Map([...plain].reverse())), map);
      let summary = 0;
      for (const [k, payload] of plain) summary |= payload | (1 << (k & 15));
      assert.equal(maps.summary(map), summary);
    }),
  );
});

test("taking a key out gives the node that never had it", () => {
  fc.assert(
    fc.property(entries, key, (list, gone) => {
      const maps = new OrMaps();
      const plain = new Map(list);
      const map = maps.without(build(maps, plain), gone);
      assert.equal(maps.get(map, gone), 0);
      plain.delete(gone);
      assert.equal(map, build(maps, plain));
    }),
  );
});

test("the meet has the keys of both, their payloads met, and leaves out what meets to nothing", () => {
  fc.assert(
    fc.property(entries, entries, (listA, listB) => {
      const maps = new OrMaps();
      const [a, b] = [new Map(listA), new Map(listB)];
      const expected = new Map<number, number>();
      for (const [k, payload] of a) {
        const met = payload & (b.get(k) ?? 0);
        if (met !== 0) expected.set(k, met);
      }
      const met = maps.meet(build(maps, a), build(maps, b));
      assert.equal(met, build(maps, expected));
      assert.equal(maps.meet(build(maps, b), build(maps, a)), met);
    }),
  );
});

test("the part of a map under a prefix", () => {
  fc.assert(
    fc.property(entries, key, fc.nat(29), (list, at, log2) => {
      const maps = new OrMaps();
      const plain = new Map(list);
      const bit = 2 ** log2;
      const inside = [...plain].filter(([k]) => Math.floor(k / bit) === Math.floor(at / bit));
      assert.equal(maps.part(build(maps, plain), at, bit), build(maps, new Map(inside)));
    }),
  );
});
