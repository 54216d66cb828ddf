/**
 * What JavaScript numbers cannot do with floats: NaNs with payloads, fused multiply-add, one rounding from wide integers.
 *
 * The NaN that an operation gives is the first NaN operand made quiet, or the positive default NaN when none is one: what
 * x86 and most others do, and one of the choices that Wasm allows.
 */

const scratch = new DataView(new ArrayBuffer(8));

export const DEFAULT_NAN32 = 0x7fc0_0000;
export const DEFAULT_NAN64_HIGH = 0x7ff8_0000;
const QUIET32 = 0x0040_0000;
const QUIET64_HIGH = 0x0008_0000;

export function isNan32(bits: number): boolean {
  return (bits & 0x7fff_ffff) > 0x7f80_0000;
}

export function isNan64(low: number, high: number): boolean {
  const magnitude = high & 0x7fff_ffff;
  return magnitude > 0x7ff0_0000 || (magnitude === 0x7ff0_0000 && low !== 0);
}

/** The NaN made of up to three operands' bits. */
export function resultNan32(a: number, b: number, c: number): number {
  if (isNan32(a)) return a | QUIET32;
  if (isNan32(b)) return b | QUIET32;
  return isNan32(c) ? c | QUIET32 : DEFAULT_NAN32;
}

export function quiet64High(high: number): number {
  return high | QUIET64_HIGH;
}

/** A NaN of 32 bits as one of 64, its payload at the top, and quiet. */
export function promoteNan(bits: number): { low: number; high: number } {
  const payload = bits & 0x7f_ffff;
  return {
    low: (payload & 7) << 29,
    high: (bits & 0x8000_0000) | 0x7ff0_0000 | QUIET64_HIGH | (payload >>> 3),
  };
}

/** The inverse; low payload bits are lost. */
export function demoteNan(low: number, high: number): number {
  return (high & 0x8000_0000) | 0x7f80_0000 | QUIET32 | ((high & 0xf_ffff) << 3) | (low >>> 29);
}

/** The integer nearest to `x`, ties to even. */
export function nearest(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (!Number.isFinite(x) || rest === 0) return x;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  const value = up ? floor + 1 : floor;
  return value === 0 && x < 0 ? -0 : value;
}

/** A finite number as an integer times a power of two. */
function split(x: number): { mantissa: bigint; exponent: number } {
  scratch.setFloat64(0, x);
  const bits = scratch.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const magnitude = biased === 0 ? fraction : fraction | 0x10_0000_0000_0000n;
  return { mantissa: x < 0 ? -magnitude : magnitude, exponent: Math.max(biased, 1) - 1075 };
}

/**
 * The exact `mantissa * 2^exponent` rounded once, ties to even, to a format of `precision` bits whose smallest step is
 * `2^minExponent`: 53 and -1074, or 24 and -149.
 */
export function roundExact(
  mantissa: bigint,
  exponent: number,
  precision: number,
  minExponent: number,
): number {
  const negative = mantissa < 0n;
  let m = negative ? -mantissa : mantissa;
  let e = exponent;
  const drop = Math.max(m.toString(2).length - precision, minExponent - e);
  if (drop > 0) {
    const n = BigInt(drop);
    const rest = m & ((1n << n) - 1n);
    const half = 1n << (n - 1n);
    m >>= n;
    if (rest > half || (rest === half && (m & 1n) === 1n)) m += 1n;
    e += drop;
  }
  // Two steps, as 2^e alone may be out of range where the product is not.
  const value = e < -1000 ? Number(m) * 2 ** (e + 200) * 2 ** -200 : Number(m) * 2 ** e;
  return negative ? -value : value;
}

/** `a * b + c` with one rounding. Operands of the narrower format must be exact in it. */
export function fusedMultiplyAdd(a: number, b: number, c: number, single: boolean): number {
  const plain = a * b + c;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return plain;
  // The plain product may overflow where the exact one is finite.
  if (!Number.isFinite(c)) return c;
  if (a === 0 || b === 0) return plain;
  const x = split(a);
  const y = split(b);
  const z = split(c);
  const product = x.mantissa * y.mantissa;
  const e = x.exponent + y.exponent;
  const low = Math.min(e, z.exponent);
  const sum = (product << BigInt(e - low)) + (z.mantissa << BigInt(z.exponent - low));
  // An exact zero of a nonzero product comes from cancelling: plus zero. The plain sum may have another sign.
  if (sum === 0n) return 0;
  const rounded = single ? roundExact(sum, low, 24, -149) : roundExact(sum, low, 53, -1074);
  return single ? Math.fround(rounded) : rounded;
}

/** An integer as the nearest f32. */
export function integerToF32(value: bigint): number {
  return Math.fround(roundExact(value, 0, 24, -149));
}
