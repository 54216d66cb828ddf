/**
 * Reads bytes that nobody vouches for. What is not there, or is no number, makes the cursor malformed, for good: from then on it gives
 * zeros and nothing throws, so a reader checks once, at the end. `count` keeps what is allocated within what the bytes can hold.
 */
export class ByteCursor {
  private readonly bytes: Uint8Array;
  private at: number;
  private failed: boolean;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.at = 0;
    this.failed = false;
  }

  get isMalformed(): boolean {
    return this.failed;
  }

  /** Whether all was read, and rightly. */
  get isDone(): boolean {
    return !this.failed && this.at === this.bytes.length;
  }

  fail(): void {
    this.failed = true;
    this.at = this.bytes.length;
  }

  /** An unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let result = 0;
    for (let shift = 0; shift < 35 && this.at < this.bytes.length; shift += 7) {
      const byte = this.bytes[this.at++]!;
      if (shift === 28 && byte > 0x0f) break;
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
    this.fail();
    return 0;
  }

  /** A number of things that follow, of at least so many bytes each. */
  count(bytesEach = 1): number {
    const count = this.u32();
    if (count * bytesEach <= this.bytes.length - this.at) return count;
    this.fail();
    return 0;
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) this.fail();
    const start = this.at;
    if (!this.failed) this.at += length;
    return this.bytes.subarray(start, this.at);
  }

  /** A view of all that is left. */
  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at);
  }
}
