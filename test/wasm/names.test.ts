/** The custom sections that tools agree on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeAndValidate,
  encodeModule,
  readBranchHints,
  readNames,
  readProducers,
  readSourceMappingUrl,
  validateCustomSections,
} from "../../src/wasm/index.ts";
import { accept, wat } from "./wat.ts";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module that is one custom section. */
function custom(name: string, payload: readonly number[]): Uint8Array {
  const section = [name.length, ...Buffer.from(name), ...payload];
  return Uint8Array.from([...HEADER, 0, section.length, ...section]);
}

const NAMED = `(module $m (type $s (struct (field $a i32) (field $b i64))) (memory $mem 1) (table $t 1 funcref) (tag $e)
  (global $g i32 (i32.const 0)) (data $d "x") (elem $el func $f)
  (func $f (param $x i32) (local $y i64) block $inner end))`;

test("names of everything", async () => {
  const names = readNames(await accept(NAMED));
  assert.equal(names.module, "m");
  assert.deepEqual([...names.functions], [[0, "f"]]);
  assert.deepEqual(
    [...names.locals.get(0)!],
    [
      [0, "x"],
      [1, "y"],
    ],
  );
  assert.equal(names.labels.get(0)?.get(0), "inner");
  assert.deepEqual(
    [...names.fields.get(0)!],
    [
      [0, "a"],
      [1, "b"],
    ],
  );
  for (const [space, name] of [
    ["types", "s"],
    ["memories", "mem"],
    ["tables", "t"],
    ["tags", "e"],
    ["globals", "g"],
    ["data", "d"],
    ["elements", "el"],
  ] as const) {
    assert.equal(names[space].get(0), name, space);
  }
});

test("names survive the encoder", async () => {
  const module = await accept(NAMED);
  assert.deepEqual(readNames(decodeAndValidate(encodeModule(module))), readNames(module));
});

test("a broken name section says what it can and harms nothing", () => {
  // Function names: one good entry, then a length beyond the end.
  const module = decodeAndValidate(custom("name", [1, 6, 2, 0, 1, 0x66, 1, 9]));
  assert.deepEqual([...readNames(module).functions], [[0, "f"]]);
  assert.deepEqual([...readNames(decodeAndValidate(custom("name", [1, 99]))).functions], []);
});

test("sourceMappingURL and producers", () => {
  assert.equal(
    readSourceMappingUrl(decodeAndValidate(custom("sourceMappingURL", [5, ...Buffer.from("a.map")]))),
    "a.map",
  );
  assert.equal(readSourceMappingUrl(decodeAndValidate(custom("other", []))), null);
  const entry = [1, 8, ...Buffer.from("language"), 1, 4, ...Buffer.from("Rust"), 1, ...Buffer.from("2")];
  assert.deepEqual(readProducers(decodeAndValidate(custom("producers", entry))), [
    { field: "language", name: "Rust", version: "2" },
  ]);
});

test("branch hints are read, and checked only when asked", async () => {
  const hinted = (instruction: string): Promise<Uint8Array> =>
    wat(
      `(module (func (param i32) block local.get 0 (@metadata.code.branch_hint "\\01") ${instruction} end))`,
    );
  const good = decodeAndValidate(await hinted("br_if 0"));
  assert.deepEqual(readBranchHints(good), [{ func: 0, offset: 5, likely: true }]);
  validateCustomSections(good);
  const misplaced = decodeAndValidate(await hinted("i32.eqz drop"));
  assert.throws(() => validateCustomSections(misplaced), /branch_hint annotation: invalid target/);
});
