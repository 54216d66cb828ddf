/**
 * Integers of CLIF text: decimal or `0x` hexadecimal, with `_` anywhere between digits and an optional sign. As
 * 64-bit numbers they go from -2^63 to 2^64 - 1; what does not fit is refused, never wrapped.
 *
 * Source: `cranelift/codegen/src/ir/immediates.rs` (`parse_i64`).
 */

/** What went wrong, in words for a message; "" is fine. */
export type IntegerError = string;

const TOO_LARGE: IntegerError = "the number does not fit into 64 bits";
const BAD_DIGIT: IntegerError = "the number has a character that is no digit";
const NO_DIGITS: IntegerError = "the number has no digits";

export class IntegerReader {
  /** The number read, as two's complement halves. */
  low: number;
  high: number;
  /** Whether it was written with `-` and is not 0. */
  negative: boolean;

  constructor() {
    this.low = 0;
    this.high = 0;
    this.negative = false;
  }

  /** Reads `source[start..stop)`. */
  read(source: Uint8Array, start: number, stop: number): IntegerError {
    const sign = source[start]!;
    const minus = sign === 45;
    const at = minus || sign === 43 ? start + 1 : start;
    const hexadecimal =
      stop - at > 2 && source[at] === 48 && (source[at + 1] === 120 || source[at + 1] === 88);
    const error = hexadecimal ? this.readHex(source, at + 2, stop) : this.readDecimal(source, at, stop);
    if (error !== "") return error;
    this.negative = minus && (this.low | this.high) !== 0;
    if (!this.negative) return "";
    if (this.high < 0 && (this.high !== -0x8000_0000 || this.low !== 0)) return TOO_LARGE;
    this.high = this.low === 0 ? -this.high | 0 : ~this.high;
    this.low = -this.low | 0;
    return "";
  }

  private readHex(source: Uint8Array, from: number, stop: number): IntegerError {
    let low = 0;
    let high = 0;
    let digits = 0;
    for (let at = from; at < stop; at++) {
      const c = source[at]!;
      if (c === 95) continue;
      const digit = hexDigit(c);
      if (digit < 0) return BAD_DIGIT;
      if (digits++ === 16) return TOO_LARGE;
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
    }
    if (digits === 0) return NO_DIGITS;
    this.low = low;
    this.high = high;
    return "";
  }

  private readDecimal(source: Uint8Array, from: number, stop: number): IntegerError {
    let value = 0;
    let any = false;
    for (let at = from; at < stop; at++) {
      const c = source[at]!;
      if (c === 95) continue;
      if (c < 48 || c > 57) return BAD_DIGIT;
      any = true;
      value = value * 10 + (c - 48);
    }
    if (!any) return NO_DIGITS;
    if (value > Number.MAX_SAFE_INTEGER) return this.readLongDecimal(source, from, stop);
    this.low = value | 0;
    this.high = (value / 2 ** 32) | 0;
    return "";
  }

  /** Digits that a JavaScript number does not hold exactly. */
  private readLongDecimal(source: Uint8Array, from: number, stop: number): IntegerError {
    let value = 0n;
    for (let at = from; at < stop; at++) {
      if (source[at] !== 95) value = value * 10n + BigInt(source[at]! - 48);
      if (value >= 1n << 64n) return TOO_LARGE;
    }
    this.low = Number(BigInt.asIntN(32, value));
    this.high = Number(BigInt.asIntN(32, value >> 32n));
    return "";
  }
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const letter = c | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
