/** Compiled code as bytes: what is read is what was written, anything else is nothing, and nothing throws. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { ByteWriter } from "../../src/base/byte-writer.ts";
import { compileCode } from "../../src/driver/compile.ts";
import { compileFunctions } from "../../src/driver/compile-functions.ts";
import { prepareModule } from "../../src/driver/prepare.ts";
import { settingsText } from "../../src/driver/recorded-settings.ts";
import { objectOf, restoredCode, storedCode } from "../../src/driver/stored-code.ts";
import { placeSymbol } from "../../src/object/code.ts";
import { mergeObjects, readObject, writeObject } from "../../src/object/object-code.ts";
import { IMPORT_STACK_ENDS } from "../../src/object/symbol-spaces.ts";
import { DEFAULT_FEATURES, withFeature } from "../../src/wasm/features.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { linked, manyFunctions } from "./many-functions.ts";

let bytes: Uint8Array;
let stored: Uint8Array;
let expected: Uint8Array;

before(async () => {
  bytes = await manyFunctions();
  const prepared = prepareModule(bytes, {}, "store");
  const code = compileFunctions(prepared.plan, prepared.options);
  stored = storedCode(prepared, code);
  expected = linked(compileCode(bytes));
});

test("code that was stored links to the same bytes", () => {
  const restored = restoredCode(bytes, {}, stored);
  assert.ok(restored !== null);
  assert.ok(restored.initializers.length > 0, "the module has no initializer, so nothing is tested of it");
  assert.deepEqual(linked(restored), expected);
});

test("with options that change the code", () => {
  for (const options of [
    { gcStress: true },
    { collector: "drc" },
    { collector: "generational" },
    { policy: "cranelift" },
  ] as const) {
    const prepared = prepareModule(bytes, options, "store");
    const code = compileFunctions(prepared.plan, prepared.options);
    const restored = restoredCode(bytes, options, storedCode(prepared, code));
    assert.deepEqual(linked(restored!), linked(compileCode(bytes, options)), JSON.stringify(options));
  }
});

test("what is cut off is nothing", () => {
  for (let length = 0; length < stored.length; length++) {
    assert.equal(restoredCode(bytes, {}, stored.subarray(0, length)), null, String(length));
  }
});

test("what is longer is nothing", () => {
  assert.equal(restoredCode(bytes, {}, Uint8Array.of(...stored, 0)), null);
});

test("changed bytes give nothing, or code, and never an error", () => {
  fc.assert(
    fc.property(fc.nat(stored.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = stored.slice();
      changed[at]! ^= change;
      const restored = restoredCode(bytes, {}, changed);
      assert.ok(restored === null || restored.bodies.length > 0);
    }),
    { numRuns: 500 },
  );
});

test("random bytes are nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
      assert.equal(restoredCode(bytes, {}, random), null);
    }),
  );
});

test("a module that is another is told apart", async () => {
  assert.equal(restoredCode(await textToBinary("(module (func))"), {}, stored), null);
});

test("object code is written as it is read", () => {
  const object = objectOf(compileCode(bytes));
  const first = new ByteWriter();
  writeObject(first, object);
  const second = new ByteWriter();
  writeObject(second, readObject(first.bytes())!);
  assert.deepEqual(second.bytes(), first.bytes());
});

/** Calls of what is not its own have symbols of their own. */
const CALLS_OTHERS = `(module
  (type $box (struct (field i32)))
  (type $f (func (param i32) (result i32)))
  (import "" "f" (func $f (type $f)))
  (table (export "t") 2 funcref)
  (func (export "run") (param i32) (result i32) (local $b (ref $box))
    (local.set $b (struct.new $box (local.get 0)))
    (i32.add (struct.get $box 0 (local.get $b))
      (i32.add (call $f (local.get 0)) (call_indirect (type $f) (i32.const 1) (local.get 0))))))`;

for (const mode of ["standalone", "store"] as const) {
  test(`and so is that of calls of others, ${mode}`, async () => {
    const prepared = prepareModule(await textToBinary(CALLS_OTHERS), {}, mode);
    const object = objectOf(compileFunctions(prepared.plan, prepared.options));
    const first = new ByteWriter();
    writeObject(first, object);
    const read = readObject(first.bytes());
    assert.ok(read !== null);
    const second = new ByteWriter();
    writeObject(second, mergeObjects([read]));
    assert.deepEqual(second.bytes(), first.bytes());
    assert.deepEqual(
      read.bodies.map(({ places }) => [...places]),
      object.bodies.map(({ places }) => [...places]),
    );
  });
}

test("a number where instructions belong, or instructions for a number, are no object code", async () => {
  const prepared = prepareModule(await textToBinary(CALLS_OTHERS), {}, "store");
  const object = objectOf(compileFunctions(prepared.plan, prepared.options));
  const { symbols, bodies } = object;
  const { bytes: body, places, positions } = bodies[0]!;
  const numbers = Array.from({ length: places.length / 2 }, (_, i) => 2 * i + 1);
  const spaces = numbers.map((i) => symbols.space(placeSymbol(places[i]!)));
  assert.ok(spaces.includes(IMPORT_STACK_ENDS) && spaces.some((space) => space !== IMPORT_STACK_ENDS));
  for (const i of numbers) {
    const kind = places[i]! & 3;
    const read = [0, 1, 2, 3].map((other) => {
      const changed = Int32Array.from(places);
      changed[i]! += other - kind;
      const out = new ByteWriter();
      writeObject(out, { ...object, bodies: [{ bytes: body, places: changed, positions }] });
      return readObject(out.bytes()) !== null;
    });
    const isCode = symbols.space(placeSymbol(places[i]!)) === IMPORT_STACK_ENDS;
    assert.deepEqual(read, isCode ? [false, false, true, false] : [true, true, false, false]);
  }
});

test("pieces are put together in order, however each numbers its symbols", () => {
  const { plan, options } = prepareModule(bytes, {}, "store");
  const count = plan.module.code.starts.length;
  const piece = (first: number, end: number, backwards = false) =>
    objectOf(compileFunctions(plan, { ...options, backwards, only: { first, end } }));
  const whole = new ByteWriter();
  writeObject(whole, mergeObjects([objectOf(compileFunctions(plan, options))]));
  for (const cut of [1, count >> 1, count - 1]) {
    for (const backwards of [false, true]) {
      const pieces = [piece(0, cut, backwards), piece(cut, count, backwards), piece(0, 0)];
      const merged = new ByteWriter();
      writeObject(merged, mergeObjects(pieces));
      assert.deepEqual(merged.bytes(), whole.bytes(), `cut at ${cut}, backwards: ${backwards}`);
    }
  }
});

test("settings say all that code depends on, and nothing else", () => {
  const plain = settingsText({});
  const same = [{ gcStress: false, prove: false }, { backwards: true }, { collector: "null" }] as const;
  for (const options of [...same, { observers: [{}] }, { features: DEFAULT_FEATURES }])
    assert.equal(settingsText(options), plain, JSON.stringify(options));
  const other = [{ gcStress: true }, { policy: "cranelift" }, { collector: "drc" }] as const;
  for (const options of [...other, { features: withFeature(DEFAULT_FEATURES, "simd", false) }])
    assert.notEqual(settingsText(options), plain, JSON.stringify(options));
});
