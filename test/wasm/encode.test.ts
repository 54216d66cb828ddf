/** Decoding and encoding gives the same bytes when they were canonical, and the canonical ones when not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteWriter } from "../../src/base/byte-writer.ts";
import { decodeAndValidate, decodeModule, encodeModule } from "../../src/wasm/index.ts";
import { BinaryReader } from "../../src/wasm/reader.ts";
import { CORPUS } from "./corpus.ts";
import { wat } from "./wat.ts";

CORPUS.forEach((text, i) => {
  test(`corpus module ${i} comes back byte for byte`, async () => {
    const bytes = await wat(text);
    assert.deepEqual(encodeModule(decodeAndValidate(bytes)), bytes);
  });
});

test("custom sections stay where they were", () => {
  const custom = (name: string): number[] => [0, name.length + 2, name.length, ...Buffer.from(name), 42];
  const bytes = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...custom("first"),
    ...[1, 4, 1, 0x60, 0, 0],
    ...custom("second"),
    ...custom("third"),
    ...[3, 2, 1, 0],
    ...[10, 4, 1, 2, 0, 0x0b],
    ...custom("last"),
  ]);
  assert.deepEqual(encodeModule(decodeModule(bytes)), bytes);
});

test("padded integers and long forms become short", () => {
  const padded = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    // A type section with a padded size and count, and (ref null func) for funcref.
    ...[1, 0x87, 0x80, 0, 0x81, 0, 0x60, 1, 0x63, 0x70, 0],
  ]);
  assert.deepEqual([...encodeModule(decodeModule(padded))].slice(8), [1, 5, 1, 0x60, 1, 0x70, 0]);
});

test("LEB128 written is LEB128 read", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (lo, hi) => {
      const w = new ByteWriter(4);
      w.u32(lo);
      w.s32(lo);
      w.u64(lo, hi);
      w.s64(lo, hi);
      const reader = new BinaryReader(w.bytes(), 0, w.length, -1);
      assert.equal(reader.u32(), lo >>> 0);
      assert.equal(reader.s32(), lo);
      reader.u64();
      assert.deepEqual([reader.lo, reader.hi], [lo, hi]);
      reader.s64();
      assert.deepEqual([reader.lo, reader.hi], [lo, hi]);
      assert.equal(reader.pos, w.length);
    }),
  );
});

test("33-bit integers keep their sign", () => {
  for (const value of [0, 63, 64, -1, -64, -65, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, -0x1_0000_0000]) {
    const w = new ByteWriter();
    w.s33(value);
    assert.equal(new BinaryReader(w.bytes(), 0, w.length, -1).s33(), value);
  }
});
