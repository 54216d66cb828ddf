/**
 * Floating-point numbers of all widths in CLIF text: zero, `0x1.8p3`, `+Inf`, `+NaN`, `-NaN:0x…` (quiet, with a
 * payload) and `+sNaN:0x…` (signalling). Every bit pattern has exactly one printed form, and parsing never rounds:
 * what does not fit exactly is refused.
 *
 * Source: `cranelift/codegen/src/ir/immediates.rs` (`format_float`, `parse_float`).
 */
import type { TextWriter } from "./text-writer.ts";

/** A binary interchange format: bits of exponent and of trailing significand. */
export interface FloatFormat {
  readonly exponentBits: number;
  readonly trailingBits: number;
}

export const IEEE16: FloatFormat = { exponentBits: 5, trailingBits: 10 };
export const IEEE32: FloatFormat = { exponentBits: 8, trailingBits: 23 };
export const IEEE64: FloatFormat = { exponentBits: 11, trailingBits: 52 };
export const IEEE128: FloatFormat = { exponentBits: 15, trailingBits: 112 };

/** Writes the number whose bits are in `words`, least significant word first; `words` is overwritten. */
export function writeFloat(w: TextWriter, format: FloatFormat, words: Uint32Array): void {
  const { exponentBits, trailingBits } = format;
  const top = trailingBits >>> 5;
  const topBits = trailingBits & 31;
  const topWord = words[top]!;
  const maxExponent = (1 << exponentBits) - 1;
  const exponent = (topWord >>> topBits) & maxExponent;
  const negative = ((topWord >>> (topBits + exponentBits)) & 1) === 1;
  words[top] = topWord & ((1 << topBits) - 1);
  let trailing = 0;
  for (let i = 0; i <= top; i++) trailing |= words[i]!;
  if (exponent === maxExponent) {
    w.byte(negative ? 45 : 43);
    if (trailing === 0) w.ascii("Inf");
    else writeNan(w, words, top, topBits);
    return;
  }
  if (negative) w.byte(45);
  if (exponent === 0 && trailing === 0) {
    w.ascii("0.0");
    return;
  }
  w.ascii(exponent === 0 ? "0x0." : "0x1.");
  writeSignificand(w, words, trailingBits);
  const bias = maxExponent >>> 1;
  const power = exponent === 0 ? 1 - bias : exponent - bias;
  w.byte(112);
  if (power < 0) w.byte(45);
  w.decimal(Math.abs(power));
}

/** All digits of the trailing significand, aligned left. */
function writeSignificand(w: TextWriter, words: Uint32Array, trailingBits: number): void {
  const digits = (trailingBits + 3) >>> 2;
  // Only the one-word formats have a last digit of fewer than four bits.
  words[0] = words[0]! << (digits * 4 - trailingBits);
  for (let i = digits - 1; i >= 0; i--) w.hex(words[i >>> 3]! >>> ((i & 7) * 4), 1);
}

function writeNan(w: TextWriter, words: Uint32Array, top: number, topBits: number): void {
  const quietBit = 1 << (topBits - 1);
  const quiet = (words[top]! & quietBit) !== 0;
  words[top] = words[top]! & ~quietBit;
  let i = top * 8 + 7;
  while (i >= 0 && ((words[i >>> 3]! >>> ((i & 7) * 4)) & 0xf) === 0) i--;
  w.ascii(quiet ? "NaN" : "sNaN");
  if (quiet && i < 0) return;
  w.ascii(":0x");
  if (i < 0) w.byte(48);
  for (; i >= 0; i--) w.hex(words[i >>> 3]! >>> ((i & 7) * 4), 1);
}

/** Why a piece of text is not a number of the format. */
export type FloatError =
  | "not hexadecimal"
  | "no digits"
  | "too many digits"
  | "bad exponent"
  | "two radix points"
  | "bad character"
  | "bad payload"
  | "too precise"
  | "too large"
  | "too small";

/** The bits of the number, or why there is none. */
export function parseFloatText(text: string, format: FloatFormat): bigint | FloatError {
  const { exponentBits, trailingBits } = format;
  const negative = text.startsWith("-");
  const unsigned = negative || text.startsWith("+") ? text.slice(1) : text;
  const sign = negative ? 1n << BigInt(exponentBits + trailingBits) : 0n;
  const bits = unsigned.startsWith("0x")
    ? hexadecimalBits(unsigned, exponentBits, trailingBits)
    : specialBits(unsigned, exponentBits, trailingBits);
  return typeof bits === "string" ? bits : sign | bits;
}

function specialBits(text: string, exponentBits: number, trailingBits: number): bigint | FloatError {
  const infinity = ((1n << BigInt(exponentBits)) - 1n) << BigInt(trailingBits);
  const quietBit = 1n << BigInt(trailingBits - 1);
  if (text === "0.0") return 0n;
  if (text === "Inf") return infinity;
  if (text === "NaN") return infinity | quietBit;
  const quiet = text.startsWith("NaN:0x");
  if (!quiet && !text.startsWith("sNaN:0x")) return "not hexadecimal";
  const digits = text.slice(quiet ? 6 : 7);
  if (!isHexadecimal(digits) || digits.length > 40) return "bad payload";
  const payload = BigInt(`0x${digits}`);
  if (payload >= quietBit || (payload === 0n && !quiet)) return "bad payload";
  return infinity | payload | (quiet ? quietBit : 0n);
}

function isHexadecimal(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (!isHexDigit(text.charCodeAt(i))) return false;
  }
  return text.length > 0;
}

function isHexDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

function hexadecimalBits(text: string, exponentBits: number, trailingBits: number): bigint | FloatError {
  const p = text.indexOf("p");
  const mantissa = text.slice(2, p < 0 ? text.length : p);
  const point = mantissa.indexOf(".");
  if (point !== mantissa.lastIndexOf(".")) return "two radix points";
  const digits = point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1);
  if (digits.length === 0) return "no digits";
  if (!isHexadecimal(digits)) return "bad character";
  if (digits.length > Math.max(16, (trailingBits >>> 2) + 2)) return "too many digits";
  const exponent = p < 0 ? 0 : parseExponent(text.slice(p + 1));
  if (Number.isNaN(exponent)) return "bad exponent";
  const significand = BigInt(`0x${digits}`);
  if (significand === 0n) return 0n;
  const scale = exponent - (point < 0 ? 0 : 4 * (mantissa.length - 1 - point));
  return assemble(significand, scale, exponentBits, trailingBits);
}

/** A decimal exponent of 16 bits, or NaN. */
function parseExponent(text: string): number {
  const digits = text.startsWith("-") || text.startsWith("+") ? text.slice(1) : text;
  if (digits.length === 0 || digits.length > 6) return Number.NaN;
  for (let i = 0; i < digits.length; i++) {
    if (digits.charCodeAt(i) < 48 || digits.charCodeAt(i) > 57) return Number.NaN;
  }
  const exponent = Number(text);
  return exponent >= -32768 && exponent <= 32767 ? exponent : Number.NaN;
}

/** `significand * 2^scale` exactly. */
function assemble(
  significand: bigint,
  scale: number,
  exponentBits: number,
  trailingBits: number,
): bigint | FloatError {
  const bias = (1 << (exponentBits - 1)) - 1;
  const width = significand.toString(2).length;
  const biased = scale + width - 1 + bias;
  if (biased > 2 * bias) return "too large";
  // A subnormal number has the scale of the smallest normal one and lacks the leading bit.
  const shift = biased > 0 ? trailingBits + 1 - width : trailingBits + scale + bias - 1;
  const fitted = shift >= 0 ? significand << BigInt(shift) : significand >> BigInt(-shift);
  if (shift < 0 && fitted << BigInt(-shift) !== significand)
    return fitted === 0n ? "too small" : "too precise";
  const trailing = fitted & ((1n << BigInt(trailingBits)) - 1n);
  return (BigInt(Math.max(biased, 0)) << BigInt(trailingBits)) | trailing;
}
