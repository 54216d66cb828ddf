/** Number literals to exact bits: integers, decimal and hexadecimal floats, NaN payloads, ties, limits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  f32FromBits,
  f32ToBits,
  f64FromBits,
  f64ToBits,
  parseF32,
  parseF64,
  parseInteger,
} from "../../src/wast/literals.ts";

test("integers wrap to two's complement and are refused beyond their width", () => {
  assert.equal(parseInteger("-1", 32), 0xffffffffn);
  assert.equal(parseInteger("0xffff_ffff", 32), 0xffffffffn);
  assert.equal(parseInteger("-0x80000000", 32), 0x80000000n);
  assert.equal(parseInteger("-128", 8), 0x80n);
  assert.equal(parseInteger("-0", 32), 0n);
  assert.equal(parseInteger("+00000000000000000000000007", 64), 7n);
  for (const bad of [
    "4294967296",
    "-2147483649",
    "0x1_0000_0000",
    "1__0",
    "_1",
    "1_",
    "0x",
    "",
    "-",
    "1.0",
  ]) {
    assert.equal(parseInteger(bad, 32), null, bad);
  }
});

test("the shortest decimal of any double reads back as its bits", () => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(double, (value) => {
      assert.equal(parseF64(Object.is(value, -0) ? "-0" : String(value)), f64ToBits(value));
    }),
  );
});

test("a hexadecimal float reads as the bits that it spells", () => {
  const bits = fc.bigInt({ min: 0n, max: 0x7fefffffffffffffn });
  fc.assert(
    fc.property(bits, (value) => {
      const field = Number(value >> 52n);
      const fraction = (value & 0xfffffffffffffn).toString(16).padStart(13, "0");
      const literal = `0x${field === 0 ? 0 : 1}.${fraction}p${Math.max(field, 1) - 1023}`;
      assert.equal(parseF64(literal), value, literal);
    }),
  );
});

test("a single is rounded once, also where the nearest double is a tie between two singles", () => {
  // 1 + 2^-24 is halfway between two singles; what follows decides, and doubles cannot hold it.
  assert.equal(parseF32("1.00000005960464477539062500000000000"), 0x3f800000);
  assert.equal(parseF32("1.00000005960464477539062500000000001"), 0x3f800001);
  assert.equal(parseF32("1.00000005960464477539062499999999999"), 0x3f800000);
  assert.equal(parseF32("1.00000017881393432617187499"), 0x3f800001);
  assert.equal(parseF32("1.000000178813934326171875"), 0x3f800002);
  assert.equal(parseF32("0x1.000001p0"), 0x3f800000);
  assert.equal(parseF32("0x1.000001000000000000000000000000000000000000000000001p0"), 0x3f800001);
  assert.equal(parseF32(`0x1.000001${"0".repeat(1000)}1p0`), 0x3f800001);
  assert.equal(parseF32("0x1p-149"), 1);
  assert.equal(parseF32("0x1p-150"), 0);
  assert.equal(parseF32("0x1.8p-150"), 1);
  assert.equal(
    parseF32(`7.0064923216240853546186479164495806564013097093825788587853e-46${"0".repeat(0)}`),
    0,
  );
});

test("singles agree with rounding the exact double", () => {
  const single = fc.float({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(single, (value) => {
      const literal = Object.is(value, -0) ? "-0" : String(value);
      assert.equal(parseF32(literal), f32ToBits(value), literal);
    }),
  );
});

test("the border of infinity", () => {
  assert.equal(parseF32("340282356779733661637539395458142568447"), 0x7f7fffff);
  assert.equal(parseF32("340282356779733661637539395458142568448"), null);
  assert.equal(parseF32("0x1.fffffefp127"), 0x7f7fffff);
  assert.equal(parseF32("0x1.ffffffp127"), null);
  assert.equal(parseF64("1e309"), null);
  assert.equal(parseF64("1e-400"), 0n);
  assert.equal(parseF64("0x1p1024"), null);
  assert.equal(parseF64("0x1p99999999999999999999"), null);
  assert.equal(parseF64("-0x1p-99999999999999999999"), 1n << 63n);
  assert.equal(parseF64("0x0p99999999999999999999"), 0n);
});

test("infinities and NaN payloads keep sign and bits", () => {
  assert.equal(parseF32("-inf"), 0xff800000);
  assert.equal(parseF32("nan"), 0x7fc00000);
  assert.equal(parseF32("-nan:0x1"), 0xff800001);
  assert.equal(parseF64("nan:0xf_ffff_ffff_ffff"), 0x7fffffffffffffffn);
  for (const bad of ["nan:0x0", "nan:0x800000", "nan:1", "nan:0x", "Inf", "infinity", "nan:canonical"]) {
    assert.equal(parseF32(bad), null, bad);
  }
});

test("malformed floats", () => {
  for (const bad of [
    "",
    "+",
    ".5",
    "1e",
    "1e+",
    "0x",
    "0x.8",
    "1_.0",
    "1._0",
    "0x1p",
    "1p3",
    "0x1e+3",
    "--1",
  ]) {
    assert.equal(parseF64(bad), null, bad);
  }
  assert.equal(parseF64("1."), f64ToBits(1));
  assert.equal(parseF64("0x1.p3"), f64ToBits(8));
  assert.equal(parseF64("1_0.2_5e-1"), f64ToBits(1.025));
});

test("a literal of a million digits is read in linear time", () => {
  const digits = "1".repeat(1_000_000);
  assert.equal(parseF64(`0.${digits}`), f64ToBits(1 / 9));
  assert.equal(parseF32(`0x0.${digits}`), f32ToBits(1 / 15));
  assert.equal(parseInteger(digits, 64), null);
  const grouped = "1_".repeat(3_000_000);
  assert.equal(parseF64(`0.${grouped}1`), f64ToBits(1 / 9));
  assert.equal(parseF64(`0.${grouped}`), null);
  assert.equal(parseInteger(`0x${"0_".repeat(3_000_000)}7`, 32), 7n);
});

test("bits and values are inverse", () => {
  assert.equal(f32FromBits(0x3fc00000), 1.5);
  assert.equal(f64FromBits(0x3ff8000000000000n), 1.5);
});
