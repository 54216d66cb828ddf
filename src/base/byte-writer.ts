/**
 * A growable buffer of bytes with LEB128 and little-endian writers.
 *
 * Integers that do not fit in a JavaScript number travel as two 32-bit halves, `lo` and `hi`: writing a
 * BigInt digit by digit is an order of magnitude slower. `bytes()` gives a view, not a copy.
 */

/** Up to here a loop is as fast as a view of the source, which is garbage, and copying that. */
const SHORT_COPY = 128;

export class ByteWriter {
  private buffer: Uint8Array;
  private count: number;

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity);
    this.count = 0;
  }

  get length(): number {
    return this.count;
  }

  /** A view of what was written; it is overwritten by later use of the writer after `clear`. */
  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.count);
  }

  clear(): void {
    this.count = 0;
  }

  truncate(length: number): void {
    if (length < this.count) this.count = length;
  }

  /** Makes room for `more` bytes beyond what was written. */
  private reserve(more: number): void {
    const needed = this.count + more;
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.count));
    this.buffer = grown;
  }

  /** Replaces a byte that was written. */
  setByte(at: number, value: number): void {
    this.buffer[at] = value;
  }

  byte(value: number): void {
    if (this.count === this.buffer.length) this.reserve(1);
    this.buffer[this.count++] = value;
  }

  /** Copies `source[start..end)`. */
  range(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    if (end - start <= SHORT_COPY) {
      for (let i = start; i < end; i++) this.buffer[this.count++] = source[i]!;
      return;
    }
    this.buffer.set(source.subarray(start, end), this.count);
    this.count += end - start;
  }

  /** Copies what was written to a place elsewhere. */
  copyTo(target: Uint8Array, start: number): void {
    if (this.count > SHORT_COPY) target.set(this.bytes(), start);
    else for (let i = 0; i < this.count; i++) target[start + i] = this.buffer[i]!;
  }

  /** Copies all of `source`. */
  append(source: Uint8Array): void {
    this.range(source, 0, source.length);
  }

  /** Unsigned LEB128 of a 32-bit integer. */
  u32(value: number): void {
    let rest = value >>> 0;
    this.reserve(5);
    while (rest >= 0x80) {
      this.buffer[this.count++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.count++] = rest;
  }

  /** Signed LEB128 of a 32-bit integer. */
  s32(value: number): void {
    let rest = value | 0;
    this.reserve(5);
    while (rest < -64 || rest > 63) {
      this.buffer[this.count++] = (rest & 0x7f) | 0x80;
      rest >>= 7;
    }
    this.buffer[this.count++] = rest & 0x7f;
  }

  /** Unsigned LEB128 of the 64-bit integer `hi:lo`. */
  u64(lo: number, hi: number): void {
    let low = lo >>> 0;
    let high = hi >>> 0;
    this.reserve(10);
    while (high !== 0 || low >= 0x80) {
      this.buffer[this.count++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.buffer[this.count++] = low;
  }

  /** Signed LEB128 of the 64-bit integer `hi:lo`. */
  s64(lo: number, hi: number): void {
    let low = lo | 0;
    let high = hi | 0;
    this.reserve(10);
    while (!((high === 0 && low >= 0 && low < 64) || (high === -1 && low < 0 && low >= -64))) {
      this.buffer[this.count++] = (low & 0x7f) | 0x80;
      low = (low >>> 7) | (high << 25);
      high >>= 7;
    }
    this.buffer[this.count++] = low & 0x7f;
  }

  /** Signed LEB128 with 33 bits, as block types and heap types have; `value` is any number in that range. */
  s33(value: number): void {
    this.s64(value | 0, value < 0 ? -1 : Math.floor(value / 0x1_0000_0000));
  }

  /** Four bytes, little-endian. */
  u32le(value: number): void {
    this.reserve(4);
    this.buffer[this.count++] = value & 0xff;
    this.buffer[this.count++] = (value >>> 8) & 0xff;
    this.buffer[this.count++] = (value >>> 16) & 0xff;
    this.buffer[this.count++] = value >>> 24;
  }
}
