/** Soft floats in the formats that the machine has too, against the machine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fusedMultiplyAdd } from "../../src/interp/float-bits.ts";
import {
  add,
  compare,
  DOUBLE,
  divide,
  maximum,
  minimum,
  multiply,
  multiplyAdd,
  pack,
  SINGLE,
  type SoftFloat,
  squareRoot,
  subtract,
  toIntegral,
  truncated,
  unpack,
} from "../../src/interp/soft-float.ts";

const view = new DataView(new ArrayBuffer(8));

function bitsOf(x: number): bigint {
  view.setFloat64(0, x);
  return view.getBigUint64(0);
}

function numberOf(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

function singleBits(x: number): bigint {
  view.setFloat32(0, x);
  return BigInt(view.getUint32(0));
}

/** Any bits, and numbers near each other, so that sums cancel and round. */
const doubles = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n).map(numberOf),
  fc.double({ min: -8, max: 8 }),
  fc.integer({ min: -40, max: 40 }),
  fc.constantFrom(0, -0, Infinity, -Infinity, NaN, 5e-324, 2.5e-308, 1.7976931348623157e308),
);

const soft = (x: number): SoftFloat => unpack(bitsOf(x), DOUBLE);
const asDouble = (x: SoftFloat): number => numberOf(pack(x, DOUBLE));

function agrees(
  name: string,
  ours: (a: number, b: number) => number,
  theirs: (a: number, b: number) => number,
): void {
  test(`${name} of doubles`, () => {
    const property = fc.property(doubles, doubles, (a, b) => {
      assert.ok(Object.is(ours(a, b), theirs(a, b)), `${a}, ${b}: ${ours(a, b)}, not ${theirs(a, b)}`);
    });
    fc.assert(property, { numRuns: 500, seed: 1 });
  });
}

agrees(
  "sum",
  (a, b) => asDouble(add(soft(a), soft(b))),
  (a, b) => a + b,
);
agrees(
  "difference",
  (a, b) => asDouble(subtract(soft(a), soft(b))),
  (a, b) => a - b,
);
agrees(
  "product",
  (a, b) => asDouble(multiply(soft(a), soft(b))),
  (a, b) => a * b,
);
agrees(
  "quotient",
  (a, b) => asDouble(divide(soft(a), soft(b))),
  (a, b) => a / b,
);
agrees(
  "square root",
  (a) => asDouble(squareRoot(soft(a))),
  (a) => Math.sqrt(a),
);
agrees(
  "minimum",
  (a, b) => asDouble(minimum(soft(a), soft(b))),
  (a, b) => Math.min(a, b),
);
agrees(
  "maximum",
  (a, b) => asDouble(maximum(soft(a), soft(b))),
  (a, b) => Math.max(a, b),
);
agrees(
  "ceiling",
  (a) => asDouble(toIntegral(soft(a), "up")),
  (a) => Math.ceil(a),
);
agrees(
  "floor",
  (a) => asDouble(toIntegral(soft(a), "down")),
  (a) => Math.floor(a),
);
agrees(
  "truncation",
  (a) => asDouble(toIntegral(soft(a), "zero")),
  (a) => Math.trunc(a),
);
agrees(
  "rounding to f32",
  (a) => Number(pack(soft(a), SINGLE) & 0x7fff_ffffn),
  (a) => Number(singleBits(a) & 0x7fff_ffffn),
);
agrees(
  "order",
  (a, b) => compare(soft(a), soft(b)),
  (a, b) => (a < b ? -1 : a > b ? 1 : a === b ? 0 : NaN),
);

test("fused multiply-add, two ways", () => {
  const property = fc.property(doubles, doubles, doubles, (a, b, c) => {
    const exact = asDouble(multiplyAdd(soft(a), soft(b), soft(c)));
    assert.ok(Object.is(exact, fusedMultiplyAdd(a, b, c, false)), `${a}, ${b}, ${c}`);
  });
  fc.assert(property, { numRuns: 1000, seed: 1 });
});

test("integers of any size", () => {
  const property = fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (a) => {
    assert.equal(truncated(soft(a)), BigInt(Math.trunc(a)));
  });
  fc.assert(property, { numRuns: 300, seed: 1 });
});
