/**
 * Number literals of the text format, to exact bits.
 *
 * Integers become two's complement of 8 to 64 bits; floats become the bits of the nearest value, ties to even,
 * NaN payloads kept. Decimal `f64` is what JavaScript's own conversion does. Decimal `f32` must not be rounded
 * twice: where the nearest double lies exactly between two singles, the literal is compared with it exactly.
 * Hexadecimal floats are rounded from an integer mantissa. Literals may be of any length: beyond the digits
 * that can matter only "something nonzero follows" is kept, so time is linear.
 */

// Of literals without underscores: patterns without nested repetition, which literals of megabytes would overflow.
const INTEGER = /^[+-]?(?:0x[0-9a-fA-F]+|[0-9]+)$/;
const DECIMAL_FLOAT = /^([0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?$/;
const HEX_FLOAT = /^0x([0-9a-fA-F]+)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?[0-9]+))?$/;
const NAN_PAYLOAD = /^nan:(0x[0-9a-fA-F]+)$/;

/** An underscore that does not stand between two digits. */
const STRAY_UNDERSCORE = /(?:^|[^0-9])_|_(?:[^0-9]|$)/;
const STRAY_UNDERSCORE_HEX = /(?:^|[^0-9a-fA-F])_|_(?:[^0-9a-fA-F]|$)/;

/** More digits than any finite `f32` or `f64`, or the middle between two of them, has. */
const DECIMAL_DIGITS = 800;
const HEX_DIGITS = 40;
/** Exponents beyond this give zero or infinity whatever the mantissa kept. */
const EXPONENT_LIMIT = 1e9;

/** One IEEE format: bits of precision and of the whole, and the exponent of the least subnormal. */
interface FloatFormat {
  readonly precision: number;
  readonly width: number;
  readonly leastExponent: number;
}

const F32: FloatFormat = { precision: 24, width: 32, leastExponent: -149 };
const F64: FloatFormat = { precision: 53, width: 64, leastExponent: -1074 };

const scratch = new DataView(new ArrayBuffer(8));

/** The bits of an `f32`, as an unsigned number. */
export function f32ToBits(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

export function f32FromBits(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

/** The bits of an `f64`, unsigned. */
export function f64ToBits(value: number): bigint {
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0);
}

export function f64FromBits(bits: bigint): number {
  scratch.setBigUint64(0, bits);
  return scratch.getFloat64(0);
}

/** The literal as an unsigned integer of `width` bits; `null` when it is malformed or does not fit. */
export function parseInteger(literal: string, width: number): bigint | null {
  const plain = withoutUnderscores(literal, literal.includes("0x"));
  if (plain === null || !INTEGER.test(plain)) return null;
  const negative = plain.startsWith("-");
  let digits = /^[+-]/.test(plain) ? plain.slice(1) : plain;
  const hex = digits.startsWith("0x");
  digits = (hex ? digits.slice(2) : digits).replace(/^0+(?=.)/, "");
  if (digits.length > 20) return null;
  const magnitude = BigInt(hex ? `0x${digits}` : digits);
  const range = 1n << BigInt(width);
  if (magnitude >= range || (negative && magnitude > range >> 1n)) return null;
  return negative && magnitude !== 0n ? range - magnitude : magnitude;
}

/** `digits` without the underscores between them; `null` where one stands elsewhere. */
export function withoutUnderscores(digits: string, hex: boolean): string | null {
  if (!digits.includes("_")) return digits;
  return (hex ? STRAY_UNDERSCORE_HEX : STRAY_UNDERSCORE).test(digits) ? null : digits.replaceAll("_", "");
}

/** The bits of the `f32` literal; `null` when it is malformed or too large. */
export function parseF32(literal: string): number | null {
  const bits = parseFloatBits(literal, F32);
  return bits === null ? null : Number(bits);
}

/** The bits of the `f64` literal; `null` when it is malformed or too large. */
export function parseF64(literal: string): bigint | null {
  return parseFloatBits(literal, F64);
}

function parseFloatBits(literal: string, format: FloatFormat): bigint | null {
  const plain = withoutUnderscores(literal, literal.includes("0x"));
  if (plain === null) return null;
  const negative = plain.startsWith("-");
  const magnitude = parseMagnitude(negative || plain.startsWith("+") ? plain.slice(1) : plain, format);
  if (magnitude === null) return null;
  return negative ? magnitude | (1n << BigInt(format.width - 1)) : magnitude;
}

function parseMagnitude(literal: string, format: FloatFormat): bigint | null {
  const infinity = infinityBits(format);
  if (literal === "inf") return infinity;
  if (literal === "nan") return infinity | (1n << BigInt(format.precision - 2));
  const payload = NAN_PAYLOAD.exec(literal);
  if (payload !== null) {
    const bits = parseInteger(payload[1]!, format.precision - 1);
    return bits === null || bits === 0n ? null : infinity | bits;
  }
  const hex = HEX_FLOAT.exec(literal);
  if (hex !== null) return roundHex(hex, format);
  const decimal = DECIMAL_FLOAT.exec(literal);
  if (decimal === null) return null;
  const nearest = Number(literal);
  const bits = format === F64 ? f64ToBits(nearest) : BigInt(f32ToBits(roundToSingle(nearest, decimal)));
  return bits >= infinity ? null : bits;
}

function infinityBits(format: FloatFormat): bigint {
  const exponentBits = BigInt(format.width - format.precision);
  return ((1n << exponentBits) - 1n) << BigInt(format.precision - 1);
}

/** An integer and an exponent, `sticky` when nonzero digits were dropped behind it. */
interface Digits {
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly sticky: boolean;
}

/** The digits of `match` as mantissa × radix^exponent (hex: 2^exponent), cut after `most` of them. */
function significantDigits(match: RegExpExecArray, hex: boolean, most: number): Digits {
  const fraction = match[2] ?? "";
  const all = (match[1]! + fraction).replace(/^0+/, "");
  const kept = all.slice(0, most);
  const dropped = all.length - kept.length;
  const perDigit = hex ? 4 : 1;
  const written = Number(match[3] ?? "0");
  const bounded = Math.max(-EXPONENT_LIMIT, Math.min(EXPONENT_LIMIT, written));
  return {
    mantissa: kept === "" ? 0n : BigInt(hex ? `0x${kept}` : kept),
    exponent: bounded + perDigit * (dropped - fraction.length),
    sticky: dropped > 0 && /[^0]/.test(all.slice(most)),
  };
}

function roundHex(match: RegExpExecArray, format: FloatFormat): bigint | null {
  const { mantissa, exponent, sticky } = significantDigits(match, true, HEX_DIGITS);
  if (mantissa === 0n) return 0n;
  const length = mantissa.toString(2).length;
  const leading = exponent + length - 1;
  if (leading > 1100) return null;
  // The exponent of the last place of the result; subnormals all share the least one.
  const last = Math.max(leading - (format.precision - 1), format.leastExponent);
  const shift = last - exponent;
  if (shift > length + 1) return 0n;
  let rounded = shift > 0 ? mantissa >> BigInt(shift) : mantissa << BigInt(-shift);
  if (shift > 0) {
    const rest = mantissa - (rounded << BigInt(shift));
    const half = 1n << BigInt(shift - 1);
    if (rest > half || (rest === half && (sticky || (rounded & 1n) === 1n))) rounded += 1n;
  }
  // The implicit bit of a normal number adds one to the exponent field by itself.
  const bits = (BigInt(last - format.leastExponent) << BigInt(format.precision - 1)) + rounded;
  return bits >= infinityBits(format) ? null : bits;
}

/** The halfway point between the largest single and what would be the next. */
const SINGLE_OVERFLOW = 2 ** 128 - 2 ** 103;

/** `nearest` is the double next to the literal `match`; answers the single next to the literal. */
function roundToSingle(nearest: number, match: RegExpExecArray): number {
  const single = Math.fround(nearest);
  if (single === nearest) return single;
  let low = single;
  let high = single;
  if (single === Number.POSITIVE_INFINITY) {
    if (nearest !== SINGLE_OVERFLOW) return single;
    low = f32FromBits(0x7f7fffff);
  } else if (single < nearest) high = f32FromBits(f32ToBits(single) + 1);
  else low = f32FromBits(f32ToBits(single) - 1);
  const halfway = high === Number.POSITIVE_INFINITY || nearest - low === high - nearest;
  if (!halfway) return single;
  const order = compareWithDouble(significantDigits(match, false, DECIMAL_DIGITS), nearest);
  return order < 0 ? low : order > 0 ? high : single;
}

/** The sign of `digits` (decimal) minus `double`, which is positive, finite and near. */
function compareWithDouble(digits: Digits, double: number): number {
  const bits = f64ToBits(double);
  const field = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  let right = field === 0 ? fraction : fraction | (1n << 52n);
  const binary = Math.max(field, 1) - 1075;
  let left = digits.mantissa;
  if (digits.exponent >= 0) left *= 10n ** BigInt(digits.exponent);
  else right *= 10n ** BigInt(-digits.exponent);
  if (binary >= 0) right <<= BigInt(binary);
  else left <<= BigInt(-binary);
  if (left === right) return digits.sticky ? 1 : 0;
  return left < right ? -1 : 1;
}
