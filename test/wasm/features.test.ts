/** `-W`: every feature can be switched off, and then what needs it is refused by its name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import {
  DEFAULT_FEATURES,
  FEATURE_NAMES,
  type FeatureName,
  MVP_FEATURES,
  parseFeatures,
  withFeature,
} from "../../src/wasm/index.ts";
import { accept, refusal, wat } from "./wat.ts";

/** A module that needs the feature and nothing that depends on it. */
const NEEDS: Partial<Record<FeatureName, string>> = {
  "mutable-global": '(module (global (export "g") (mut i32) (i32.const 0)))',
  "saturating-float-to-int": "(module (func (param f32) local.get 0 i32.trunc_sat_f32_s drop))",
  "sign-extension": "(module (func (param i32) local.get 0 i32.extend8_s drop))",
  "multi-value": "(module (func (result i32 i32) i32.const 0 i32.const 0))",
  "reference-types": "(module (func (param externref)))",
  "bulk-memory": "(module (memory 1) (func i32.const 0 i32.const 0 i32.const 0 memory.fill))",
  simd: "(module (func (param v128)))",
  "relaxed-simd": "(module (func (param v128) local.get 0 i32x4.relaxed_trunc_f32x4_s drop))",
  "extended-const": "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))",
  "tail-call": "(module (func $f return_call $f))",
  memory64: "(module (memory i64 1))",
  "function-references": "(module (type $f (func)) (func (param (ref $f)) local.get 0 call_ref $f))",
  gc: "(module (type (struct)))",
  exceptions: "(module (func (param exnref) local.get 0 throw_ref))",
  threads: "(module (memory 1 1 shared))",
  "wide-arithmetic": "(module (func (param i64) local.get 0 local.get 0 i64.mul_wide_u drop drop))",
  "custom-page-sizes": "(module (memory 1 (pagesize 1)))",
};

for (const [name, text] of Object.entries(NEEDS) as [FeatureName, string][]) {
  test(`without ${name}`, async () => {
    await accept(text);
    const error = refusal(await wat(text), withFeature(DEFAULT_FEATURES, name, false));
    assert.ok(error.message.includes(name), error.message);
  });
}

test("without multi-memory a second memory is invalid", async () => {
  const bytes = await wat("(module (memory 1) (memory 1))");
  assert.match(
    refusal(bytes, parseFeatures("-multi-memory")).message,
    /^multiple memories need the feature multi-memory/,
  );
});

test("legacy exceptions can be switched off by themselves", () => {
  // (func try end)
  const body = [0x00, 0x06, 0x40, 0x0b, 0x0b];
  const bytes = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[10, body.length + 2, 1, body.length, ...body],
  ]);
  const error = refusal(bytes, parseFeatures("-legacy-exceptions"));
  assert.equal(error.diagnostic.code, "wasm-feature");
  assert.match(
    error.message,
    /^try needs the feature legacy-exceptions, which is switched off in function 0/,
  );
  assert.deepEqual(error.diagnostic.notes, ["switch it on with -W legacy-exceptions"]);
});

test("the first version still takes its own modules", async () => {
  await accept(
    '(module (table 1 funcref) (memory 1) (func (export "f") (param i32) (result i32) local.get 0))',
    MVP_FEATURES,
  );
});

test("lists are applied from left to right", () => {
  assert.deepEqual([...parseFeatures("-all,simd")].sort(), ["mvp", "simd"]);
  assert.equal(parseFeatures("simd=n").has("simd"), false);
  assert.equal(parseFeatures("-simd,simd=y").has("simd"), true);
  assert.equal(parseFeatures("all", MVP_FEATURES).size, FEATURE_NAMES.length);
  assert.equal(parseFeatures("function_references", MVP_FEATURES).has("function-references"), true);
});

test("a feature brings what it builds on and takes along what builds on it", () => {
  assert.deepEqual([...parseFeatures("gc", MVP_FEATURES)].sort(), [
    "function-references",
    "gc",
    "mvp",
    "reference-types",
  ]);
  assert.equal(parseFeatures("-reference-types").has("gc"), false);
  assert.equal(parseFeatures("-gc").has("reference-types"), true);
});

test("an unknown name or value is an error", () => {
  for (const list of ["garbage", "gc=maybe", "mvp"]) {
    assert.throws(
      () => parseFeatures(list),
      (error: unknown) => error instanceof InputError && error.diagnostic.code === "wasm-unknown-feature",
    );
  }
});
