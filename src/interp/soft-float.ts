/**
 * IEEE 754 arithmetic on the formats that JavaScript lacks, f16 and f128, by exact integers: a finite number is a sign, a
 * magnitude and an exponent of two; operations are exact, or keep one bit that says whether something is missing (`sticky`),
 * and `round` rounds once, ties to even. Slow and short.
 */

export interface FloatFormat {
  readonly bits: number;
  /** Significant bits, the hidden one included. */
  readonly precision: number;
  readonly bias: number;
}

export const HALF: FloatFormat = { bits: 16, precision: 11, bias: 15 };
export const SINGLE: FloatFormat = { bits: 32, precision: 24, bias: 127 };
export const DOUBLE: FloatFormat = { bits: 64, precision: 53, bias: 1023 };
export const QUADRUPLE: FloatFormat = { bits: 128, precision: 113, bias: 16383 };

export type SoftFloat =
  /** `payload` is aligned to the top of 112 bits, quiet bit included. */
  | { readonly kind: "nan"; readonly negative: boolean; readonly payload: bigint }
  | { readonly kind: "infinite"; readonly negative: boolean }
  /** `magnitude * 2^exponent`; zero has a sign. */
  | {
      readonly kind: "finite";
      readonly negative: boolean;
      readonly magnitude: bigint;
      readonly exponent: number;
    };

const PAYLOAD_BITS = 112;
const QUIET = 1n << BigInt(PAYLOAD_BITS - 1);
const DEFAULT_NAN: SoftFloat = { kind: "nan", negative: false, payload: QUIET };

export function finite(negative: boolean, magnitude: bigint, exponent: number): SoftFloat {
  return { kind: "finite", negative, magnitude, exponent };
}

function bitLength(x: bigint): number {
  return x === 0n ? 0 : x.toString(2).length;
}

export function unpack(bits: bigint, format: FloatFormat): SoftFloat {
  const trailingBits = format.precision - 1;
  const negative = bits >> BigInt(format.bits - 1) !== 0n;
  const trailing = bits & ((1n << BigInt(trailingBits)) - 1n);
  const biased = Number((bits >> BigInt(trailingBits)) & BigInt(2 * format.bias + 1));
  if (biased === 2 * format.bias + 1) {
    if (trailing === 0n) return { kind: "infinite", negative };
    return { kind: "nan", negative, payload: trailing << BigInt(PAYLOAD_BITS - trailingBits) };
  }
  const hidden = biased === 0 ? 0n : 1n << BigInt(trailingBits);
  return finite(negative, trailing | hidden, Math.max(biased, 1) - format.bias - trailingBits);
}

/** The bits of the number in a format, rounded once. NaNs become quiet. */
export function pack(x: SoftFloat, format: FloatFormat): bigint {
  const trailingBits = format.precision - 1;
  const sign = x.negative ? 1n << BigInt(format.bits - 1) : 0n;
  const infinity = BigInt(2 * format.bias + 1) << BigInt(trailingBits);
  if (x.kind === "nan") {
    return sign | infinity | ((x.payload | QUIET) >> BigInt(PAYLOAD_BITS - trailingBits));
  }
  if (x.kind === "infinite") return sign | infinity;
  if (x.magnitude === 0n) return sign;
  const { magnitude, exponent } = round(x.magnitude, x.exponent, format);
  if (bitLength(magnitude) < format.precision) return sign | magnitude;
  const biased = exponent + trailingBits + format.bias;
  if (biased > 2 * format.bias) return sign | infinity;
  return sign | (BigInt(biased) << BigInt(trailingBits)) | (magnitude & ((1n << BigInt(trailingBits)) - 1n));
}

/** A magnitude of `precision` bits, or fewer at the smallest exponent that the format has. */
function round(
  magnitude: bigint,
  exponent: number,
  format: FloatFormat,
): { magnitude: bigint; exponent: number } {
  const smallest = 1 - format.bias - (format.precision - 1);
  const drop = Math.max(bitLength(magnitude) - format.precision, smallest - exponent);
  if (drop <= 0) return { magnitude: magnitude << BigInt(-drop), exponent: exponent + drop };
  const n = BigInt(drop);
  const rest = magnitude & ((1n << n) - 1n);
  const half = 1n << (n - 1n);
  let rounded = magnitude >> n;
  if (rest > half || (rest === half && (rounded & 1n) === 1n)) rounded += 1n;
  if (bitLength(rounded) > format.precision)
    return { magnitude: rounded >> 1n, exponent: exponent + drop + 1 };
  return { magnitude: rounded, exponent: exponent + drop };
}

/** The first NaN of the operands, or null. */
function firstNan(...operands: readonly SoftFloat[]): SoftFloat | null {
  return operands.find((x) => x.kind === "nan") ?? null;
}

function isZero(x: SoftFloat): boolean {
  return x.kind === "finite" && x.magnitude === 0n;
}

export function add(a: SoftFloat, b: SoftFloat): SoftFloat {
  const nan = firstNan(a, b);
  if (nan !== null) return nan;
  if (a.kind === "infinite") {
    return b.kind === "infinite" && a.negative !== b.negative ? DEFAULT_NAN : a;
  }
  if (a.kind !== "finite" || b.kind !== "finite") return b;
  if (isZero(a) && isZero(b)) return finite(a.negative && b.negative, 0n, 0);
  const exponent = Math.min(a.exponent, b.exponent);
  const x = a.magnitude << BigInt(a.exponent - exponent);
  const y = b.magnitude << BigInt(b.exponent - exponent);
  const sum = (a.negative ? -x : x) + (b.negative ? -y : y);
  return finite(sum < 0n, sum < 0n ? -sum : sum, exponent);
}

export function negate(x: SoftFloat): SoftFloat {
  return { ...x, negative: !x.negative };
}

/** A subtracted NaN keeps its sign. */
export function subtract(a: SoftFloat, b: SoftFloat): SoftFloat {
  return add(a, b.kind === "nan" ? b : negate(b));
}

export function multiply(a: SoftFloat, b: SoftFloat): SoftFloat {
  const nan = firstNan(a, b);
  if (nan !== null) return nan;
  const negative = a.negative !== b.negative;
  if (a.kind !== "finite" || b.kind !== "finite") {
    return isZero(a) || isZero(b) ? DEFAULT_NAN : { kind: "infinite", negative };
  }
  return finite(negative, a.magnitude * b.magnitude, a.exponent + b.exponent);
}

/** Bits of a quotient or root beyond any format's precision. */
const EXTRA_BITS = 256;

export function divide(a: SoftFloat, b: SoftFloat): SoftFloat {
  const nan = firstNan(a, b);
  if (nan !== null) return nan;
  const negative = a.negative !== b.negative;
  if (a.kind === "infinite") return b.kind === "infinite" ? DEFAULT_NAN : { kind: "infinite", negative };
  if (b.kind === "infinite") return finite(negative, 0n, 0);
  if (a.kind !== "finite" || b.kind !== "finite") return DEFAULT_NAN;
  if (b.magnitude === 0n) return a.magnitude === 0n ? DEFAULT_NAN : { kind: "infinite", negative };
  const shifted = a.magnitude << BigInt(EXTRA_BITS);
  const quotient = shifted / b.magnitude;
  const sticky = quotient * b.magnitude === shifted ? 0n : 1n;
  return finite(negative, (quotient << 1n) | sticky, a.exponent - b.exponent - EXTRA_BITS - 1);
}

export function squareRoot(a: SoftFloat): SoftFloat {
  if (a.kind === "nan" || isZero(a)) return a;
  if (a.negative) return DEFAULT_NAN;
  if (a.kind !== "finite") return a;
  const odd = a.exponent & 1;
  const shifted = a.magnitude << BigInt(2 * EXTRA_BITS + odd);
  const root = integerRoot(shifted);
  const sticky = root * root === shifted ? 0n : 1n;
  return finite(false, (root << 1n) | sticky, (a.exponent - odd) / 2 - EXTRA_BITS - 1);
}

/** The largest integer whose square is no larger, by Newton's method from above. */
function integerRoot(x: bigint): bigint {
  let root = 1n << BigInt((bitLength(x) >> 1) + 1);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

export function multiplyAdd(a: SoftFloat, b: SoftFloat, c: SoftFloat): SoftFloat {
  return firstNan(a, b, c) ?? add(multiply(a, b), c);
}

/** -1, 0 or 1, or NaN when they are unordered. */
export function compare(a: SoftFloat, b: SoftFloat): number {
  if (firstNan(a, b) !== null) return Number.NaN;
  const difference = a.kind === "infinite" && b.kind === "infinite" && a.negative === b.negative;
  if (difference) return 0;
  const d = subtract(a, b);
  if (isZero(d)) return 0;
  return d.negative ? -1 : 1;
}

export function minimum(a: SoftFloat, b: SoftFloat): SoftFloat {
  const nan = firstNan(a, b);
  if (nan !== null) return nan;
  const order = compare(a, b);
  return order < 0 || (order === 0 && a.negative) ? a : b;
}

export function maximum(a: SoftFloat, b: SoftFloat): SoftFloat {
  const nan = firstNan(a, b);
  if (nan !== null) return nan;
  const order = compare(a, b);
  return order > 0 || (order === 0 && !a.negative) ? a : b;
}

export type Rounding = "up" | "down" | "zero" | "nearest";

/** The integer next to it in that direction, as a float. */
export function toIntegral(x: SoftFloat, rounding: Rounding): SoftFloat {
  if (x.kind !== "finite" || x.exponent >= 0) return x;
  const n = BigInt(-x.exponent);
  const whole = x.magnitude >> n;
  const rest = x.magnitude - (whole << n);
  const half = 1n << (n - 1n);
  let away = false;
  if (rounding === "nearest") away = rest > half || (rest === half && (whole & 1n) === 1n);
  else if (rounding !== "zero") away = rest > 0n && (rounding === "down") === x.negative;
  return finite(x.negative, away ? whole + 1n : whole, 0);
}

/** The integer that is left without the fraction; only of finite numbers. */
export function truncated(x: SoftFloat): bigint {
  if (x.kind !== "finite") return 0n;
  const whole = x.exponent >= 0 ? x.magnitude << BigInt(x.exponent) : x.magnitude >> BigInt(-x.exponent);
  return x.negative ? -whole : whole;
}
