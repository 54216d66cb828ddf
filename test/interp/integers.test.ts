/**
 * Integer operations on all widths and their vectors, against definitions on mathematical integers: random operands, and the
 * corners of each width.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type DataValue, Interpreter, intValue, unsignedOf } from "../../src/interp/index.ts";
import { typeOfName } from "../../src/ir/types.ts";
import { parseFunctions } from "../../src/text/index.ts";

/** Unsigned operands and the width; the result is taken modulo 2^bits, null is a trap. */
type Definition = (a: bigint, b: bigint, bits: bigint) => bigint | null;

const signed = (x: bigint, bits: bigint): bigint => BigInt.asIntN(Number(bits), x);
const clamp = (x: bigint, low: bigint, high: bigint): bigint => (x < low ? low : x > high ? high : x);
const clampSigned = (x: bigint, bits: bigint): bigint =>
  clamp(x, -(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n);
const bitsOf = (x: bigint, bits: bigint): string => x.toString(2).padStart(Number(bits), "0");
const fromBits = (text: string): bigint => BigInt(`0b${text}`);

const SCALAR_AND_VECTOR: Readonly<Record<string, Definition>> = {
  iadd: (a, b) => a + b,
  isub: (a, b) => a - b,
  imul: (a, b) => a * b,
  umulhi: (a, b, n) => (a * b) >> n,
  smulhi: (a, b, n) => (signed(a, n) * signed(b, n)) >> n,
  band: (a, b) => a & b,
  bor: (a, b) => a | b,
  bxor: (a, b) => a ^ b,
  smin: (a, b, n) => (signed(a, n) < signed(b, n) ? a : b),
  smax: (a, b, n) => (signed(a, n) > signed(b, n) ? a : b),
  umin: (a, b) => clamp(a, 0n, b),
  umax: (a, b, n) => clamp(a, b, (1n << n) - 1n),
};

const SCALAR: Readonly<Record<string, Definition>> = {
  udiv: (a, b) => (b === 0n ? null : a / b),
  urem: (a, b) => (b === 0n ? null : a % b),
  sdiv: (a, b, n) => {
    const quotient = b === 0n ? null : signed(a, n) / signed(b, n);
    return quotient === null || quotient > (1n << (n - 1n)) - 1n ? null : quotient;
  },
  srem: (a, b, n) => (b === 0n ? null : signed(a, n) % signed(b, n)),
};

const VECTOR: Readonly<Record<string, Definition>> = {
  uadd_sat: (a, b, n) => clamp(a + b, 0n, (1n << n) - 1n),
  usub_sat: (a, b) => clamp(a - b, 0n, a),
  sadd_sat: (a, b, n) => clampSigned(signed(a, n) + signed(b, n), n),
  ssub_sat: (a, b, n) => clampSigned(signed(a, n) - signed(b, n), n),
  avg_round: (a, b) => (a + b + 1n) / 2n,
};

const SHIFTS: Readonly<Record<string, Definition>> = {
  ishl: (a, b, n) => a << (b % n),
  ushr: (a, b, n) => a >> (b % n),
  sshr: (a, b, n) => signed(a, n) >> (b % n),
  rotl: (a, b, n) => (a << (b % n)) | (a >> (n - (b % n))),
  rotr: (a, b, n) => (a >> (b % n)) | (a << (n - (b % n))),
};

const UNARY: Readonly<Record<string, Definition>> = {
  ineg: (a) => -a,
  iabs: (a, _, n) => (signed(a, n) < 0n ? -signed(a, n) : a),
  bnot: (a) => ~a,
  popcnt: (a, _, n) => BigInt(bitsOf(a, n).replaceAll("0", "").length),
};

const UNARY_SCALAR: Readonly<Record<string, Definition>> = {
  clz: (a, _, n) => BigInt(/^0*/.exec(bitsOf(a, n))![0].length),
  ctz: (a, _, n) => BigInt(/0*$/.exec(bitsOf(a, n))![0].length),
  cls: (a, _, n) => BigInt(/^(0+|1+)/.exec(bitsOf(a, n))![0].length - 1),
  bitrev: (a, _, n) => fromBits([...bitsOf(a, n)].reverse().join("")),
};

const WIDTHS = [8, 16, 32, 64, 128] as const;
const VECTORS = ["i8x16", "i16x8", "i32x4", "i64x2", "i8x8", "i16x4", "i32x2"] as const;

interface Case {
  readonly op: string;
  readonly type: string;
  readonly bits: number;
  readonly definition: Definition;
  readonly shape: "binary" | "unary" | "shift";
}

function cases(): Case[] {
  const all: Case[] = [];
  const scalars = WIDTHS.map((bits) => ({ type: `i${bits}`, bits }));
  const vectors = VECTORS.map((type) => ({ type, bits: Number(/\d+/.exec(type)![0]) }));
  const add = (
    rows: Readonly<Record<string, Definition>>,
    types: readonly { type: string; bits: number }[],
    shape: Case["shape"],
  ): void => {
    for (const [op, definition] of Object.entries(rows)) {
      for (const { type, bits } of types) all.push({ op, type, bits, definition, shape });
    }
  };
  add(SCALAR_AND_VECTOR, [...scalars, ...vectors], "binary");
  add(SCALAR, scalars, "binary");
  add(VECTOR, vectors, "binary");
  add(SHIFTS, [...scalars, ...vectors], "shift");
  add(UNARY, [...scalars, ...vectors], "unary");
  add(UNARY_SCALAR, scalars, "unary");
  return all;
}

function functionText({ op, type, shape }: Case): string {
  const name = `%${op}_${type}`;
  if (shape === "unary")
    return `function ${name}(${type}) -> ${type} fast { block0(v0: ${type}): v1 = ${op} v0 return v1 }`;
  const second = shape === "shift" ? "i32" : type;
  return `function ${name}(${type}, ${second}) -> ${type} fast {
block0(v0: ${type}, v1: ${second}):
    v2 = ${op} v0, v1
    return v2
}`;
}

/** Integers of a width, corners among them. */
function integers(bits: number): fc.Arbitrary<bigint> {
  const n = BigInt(bits);
  const top = 1n << (n - 1n);
  const corners = [0n, 1n, 2n, top - 1n, top, top + 1n, 2n * top - 2n, 2n * top - 1n];
  return fc.oneof(fc.constantFrom(...corners), fc.bigInt(0n, 2n * top - 1n));
}

function lanesOf(value: DataValue, bits: number): bigint[] {
  const lanes: bigint[] = [];
  const whole = unsignedOf(value);
  for (let i = 0; i < (value.bytes.length * 8) / bits; i++) {
    lanes.push((whole >> BigInt(i * bits)) & ((1n << BigInt(bits)) - 1n));
  }
  return lanes;
}

function fromLanes(type: string, bits: number, lanes: readonly bigint[]): DataValue {
  let whole = 0n;
  lanes.forEach((lane, i) => {
    whole |= lane << BigInt(i * bits);
  });
  return intValue(typeOfName(type), whole);
}

const ALL = cases();
const interpreter = new Interpreter(parseFunctions(ALL.map(functionText).join("\n")));

function checkCase({ op, type, bits, definition, shape }: Case): void {
  const count = type.includes("x") ? Number(/x(\d+)/.exec(type)![1]) : 1;
  const operand = fc.array(integers(bits), { minLength: count, maxLength: count });
  const amount = fc.integer({ min: 0, max: 300 }).map(BigInt);
  const second = shape === "shift" ? amount.map((n) => new Array<bigint>(count).fill(n)) : operand;
  const property = fc.property(operand, second, (a, b) => {
    const args = [fromLanes(type, bits, a)];
    if (shape === "binary") args.push(fromLanes(type, bits, b));
    if (shape === "shift") args.push(intValue(typeOfName("i32"), b[0]!));
    const outcome = interpreter.call(`%${op}_${type}`, args);
    const wanted = a.map((lane, i) => definition(lane, b[i]!, BigInt(bits)));
    if (wanted[0] === null) {
      assert.equal(outcome.kind, "trapped");
      return;
    }
    assert.ok(outcome.kind === "returned");
    const expected = wanted.map((lane) => BigInt.asUintN(bits, lane!));
    assert.deepEqual(lanesOf(outcome.values[0]!, bits), expected, type);
  });
  fc.assert(property, { numRuns: 60, seed: 1 });
}

for (const op of new Set(ALL.map((one) => one.op))) {
  test(`${op} on all its types`, () => {
    for (const one of ALL) if (one.op === op) checkCase(one);
  });
}
