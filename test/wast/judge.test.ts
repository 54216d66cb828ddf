/** Results against expectations: bit-exact numbers, NaN classes, kinds and identity of references. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResultValue } from "../../src/wast/engine.ts";
import { describeExpected, describeOutcome, matchesAll } from "../../src/wast/judge.ts";
import { parseScript } from "../../src/wast/parse-script.ts";
import type { Expectation } from "../../src/wast/script.ts";

function expectations(text: string): readonly Expectation[] {
  const body = parseScript(`(assert_return (invoke "f") ${text})`)[0]!.body;
  assert.ok(body.kind === "assert-return");
  return body.results;
}

function matches(text: string, ...values: ResultValue[]): boolean {
  return matchesAll(expectations(text), values);
}

const reference = (
  hierarchy: "any" | "extern" | "func" | "exn",
  kind: (ResultValue & { type: "ref" })["kind"],
  host?: number,
): ResultValue =>
  host === undefined ? { type: "ref", hierarchy, kind } : { type: "ref", hierarchy, kind, host };

test("numbers are compared by type and bits", () => {
  assert.ok(matches("(i32.const -1)", { type: "i32", bits: 0xffffffffn }));
  assert.ok(!matches("(i32.const 1)", { type: "i64", bits: 1n }));
  assert.ok(!matches("(f32.const 0)", { type: "f32", bits: 0x80000000n }));
  assert.ok(matches("(f32.const nan:0x200001)", { type: "f32", bits: 0x7fa00001n }));
  assert.ok(!matches("(f32.const nan:0x200001)", { type: "f32", bits: 0x7fe00001n }));
  assert.ok(!matches("", { type: "i32", bits: 0n }));
  assert.ok(!matches("(i32.const 0)"));
});

test("canonical and arithmetic NaNs", () => {
  const f32 = (bits: bigint): ResultValue => ({ type: "f32", bits });
  const f64 = (bits: bigint): ResultValue => ({ type: "f64", bits });
  assert.ok(matches("(f32.const nan:canonical)", f32(0x7fc00000n)));
  assert.ok(matches("(f32.const nan:canonical)", f32(0xffc00000n)));
  assert.ok(!matches("(f32.const nan:canonical)", f32(0x7fc00001n)));
  assert.ok(matches("(f32.const nan:arithmetic)", f32(0xffc00001n)));
  assert.ok(!matches("(f32.const nan:arithmetic)", f32(0x7f800001n)));
  assert.ok(!matches("(f32.const nan:arithmetic)", f32(0x7f800000n)));
  assert.ok(matches("(f64.const nan:canonical)", f64(0xfff8000000000000n)));
  assert.ok(!matches("(f64.const nan:canonical)", f64(0x7ff8000000000001n)));
  assert.ok(!matches("(f64.const nan:arithmetic)", f64(0x7ff0000000000001n)));
});

test("vectors lane by lane", () => {
  const vector: ResultValue = { type: "v128", low: 0x7fc00000_3f800000n, high: 0x7fc00001_80000000n };
  assert.ok(matches("(v128.const f32x4 1 nan:canonical -0 nan:arithmetic)", vector));
  assert.ok(!matches("(v128.const f32x4 1 nan:canonical -0 nan:canonical)", vector));
  assert.ok(!matches("(v128.const f32x4 1 nan:canonical 0 nan:arithmetic)", vector));
  assert.ok(matches("(v128.const i64x2 0x7fc000003f800000 0x7fc0000180000000)", vector));
});

test("either of several", () => {
  assert.ok(matches("(either (i32.const 1) (i32.const 2))", { type: "i32", bits: 2n }));
  assert.ok(!matches("(either (i32.const 1) (i32.const 2))", { type: "i32", bits: 3n }));
});

test("nulls belong to a hierarchy", () => {
  assert.ok(matches("(ref.null)", reference("func", "null")));
  assert.ok(matches("(ref.null none)", reference("any", "null")));
  assert.ok(!matches("(ref.null extern)", reference("any", "null")));
  assert.ok(!matches("(ref.null func)", reference("func", "func")));
  assert.ok(matches("(ref.null 3)", reference("func", "null")));
  assert.ok(!matches("(ref.null 3)", reference("extern", "null")));
});

test("kinds of references", () => {
  assert.ok(matches("(ref.eq)", reference("any", "i31")));
  assert.ok(matches("(ref.eq)", reference("any", "array")));
  assert.ok(!matches("(ref.eq)", reference("any", "host", 1)));
  assert.ok(!matches("(ref.eq)", reference("any", "null")));
  assert.ok(!matches("(ref.struct)", reference("any", "array")));
  assert.ok(matches("(ref.any)", reference("any", "host", 1)));
  assert.ok(!matches("(ref.any)", reference("extern", "host", 1)));
  assert.ok(matches("(ref.func)", reference("func", "func")));
  assert.ok(!matches("(ref.func)", reference("func", "null")));
});

test("host references have an identity", () => {
  assert.ok(matches("(ref.extern 1)", reference("extern", "host", 1)));
  assert.ok(!matches("(ref.extern 1)", reference("extern", "host", 2)));
  assert.ok(!matches("(ref.extern 1)", reference("extern", "other")));
  assert.ok(matches("(ref.extern)", reference("extern", "other")));
  assert.ok(matches("(ref.host 1)", reference("any", "host", 1)));
  assert.ok(!matches("(ref.host 1)", reference("extern", "host", 1)));
});

test("both sides are written as a script would", () => {
  const text =
    "(i32.const -1) (f32.const -nan:0x1) (f64.const -0) (v128.const i8x16 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1) " +
    "(either (i64.const 1) (f32.const nan:canonical)) (ref.null) (ref.null any) (ref.extern 2) (ref.host 3) (ref.i31)";
  assert.equal(describeExpected(expectations(text)), text);
  const values: ResultValue[] = [
    { type: "i32", bits: 0xffffffffn },
    { type: "f32", bits: 0xff800000n },
    { type: "v128", low: 1n, high: 2n },
    reference("extern", "host", 2),
    reference("any", "struct"),
    reference("func", "null"),
  ];
  assert.equal(
    describeOutcome({ kind: "values", values }),
    "(i32.const -1) (f32.const -inf) (v128.const i32x4 0x1 0x0 0x2 0x0) (ref.extern 2) (ref.struct) (ref.null func)",
  );
  assert.equal(describeOutcome({ kind: "trap", message: "unreachable" }), "trap: unreachable");
});
