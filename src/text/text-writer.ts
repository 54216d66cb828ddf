/**
 * Writes text as bytes into one reused buffer that is handed to a sink whenever it is nearly full, so that the text
 * of a function may be larger than any string. Nothing is allocated while writing.
 *
 * To save a bounds check for every byte, short pieces are written unchecked: whoever writes calls `checkpoint` once
 * a line and once for each item of a list, and writes at most `SLACK` bytes until the next call. Names and
 * descriptions, which may have any length, go through `text`, which checks for itself.
 */

/** Takes a piece of text as UTF-8. The bytes are overwritten after the call: copy what is to be kept. */
export type TextSink = (chunk: Uint8Array) => void;

const CAPACITY = 1 << 16;
const SLACK = 1024;
const LIMIT = CAPACITY - SLACK;
const ENCODER = new TextEncoder();
const HEX_DIGITS = "0123456789abcdef";

export class TextWriter {
  private readonly buffer: Uint8Array;
  private at: number;
  private sink: TextSink;

  constructor() {
    this.buffer = new Uint8Array(CAPACITY);
    this.at = 0;
    this.sink = discard;
  }

  /** Starts a text that goes to `sink`. */
  begin(sink: TextSink): void {
    this.at = 0;
    this.sink = sink;
  }

  /** Hands over what is left. */
  end(): void {
    this.flush();
    this.sink = discard;
  }

  private flush(): void {
    if (this.at === 0) return;
    const length = this.at;
    this.at = 0;
    this.sink(this.buffer.subarray(0, length));
  }

  /** Makes room for the next `SLACK` bytes. */
  checkpoint(): void {
    if (this.at > LIMIT) this.flush();
  }

  byte(code: number): void {
    this.buffer[this.at++] = code;
  }

  /** A short ASCII string. */
  ascii(text: string): void {
    const { buffer } = this;
    let at = this.at;
    for (let i = 0; i < text.length; i++) buffer[at++] = text.charCodeAt(i);
    this.at = at;
  }

  /** A string of any length and any characters. */
  text(text: string): void {
    let rest = text;
    while (rest.length > 0) {
      this.checkpoint();
      const { read, written } = ENCODER.encodeInto(rest, this.buffer.subarray(this.at));
      this.at += written;
      rest = rest.slice(read);
      if (rest.length > 0) this.flush();
    }
  }

  /** `count` copies of one byte, at most a line's worth. */
  fill(code: number, count: number): void {
    for (let i = 0; i < count; i++) this.buffer[this.at++] = code;
  }

  /** An unsigned number below 2^53. */
  decimal(value: number): void {
    if (value < 10) {
      this.buffer[this.at++] = 48 + value;
      return;
    }
    let digits = 2;
    for (let limit = 100; value >= limit; limit *= 10) digits++;
    let at = this.at + digits;
    this.at = at;
    let rest = value;
    // Division by 10 is several times faster on 32-bit integers.
    while (rest > 0x7fffffff) {
      const tens = Math.floor(rest / 10);
      this.buffer[--at] = 48 + (rest - tens * 10);
      rest = tens;
    }
    while (rest > 0) {
      const tens = (rest / 10) | 0;
      this.buffer[--at] = 48 + (rest - tens * 10);
      rest = tens;
    }
  }

  /** `prefix` and a number: the name of an entity. */
  entity(prefix: string, index: number): void {
    this.ascii(prefix);
    this.decimal(index);
  }

  value(index: number): void {
    this.buffer[this.at++] = 118;
    this.decimal(index);
  }

  /** The low `digits` hexadecimal digits of a 32-bit word. */
  hex(word: number, digits: number): void {
    for (let shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
      this.buffer[this.at++] = HEX_DIGITS.charCodeAt((word >>> shift) & 0xf);
    }
  }

  /** An unsigned 64-bit number as `0x`, in groups of four digits with `_` between, the first group padded. */
  groupedHex(low: number, high: number): void {
    this.ascii("0x");
    let started = false;
    for (let group = 3; group >= 0; group--) {
      const word = group >= 2 ? high : low;
      const digits = (word >>> ((group & 1) * 16)) & 0xffff;
      if (!started && digits === 0 && group > 0) continue;
      if (started) this.byte(95);
      this.hex(digits, 4);
      started = true;
    }
  }

  /** A signed 64-bit immediate: decimal when negative or small, grouped hexadecimal otherwise. */
  imm64(low: number, high: number): void {
    if (high === 0 && low >= 0 && low < 10_000) {
      this.decimal(low);
    } else if (high >= 0) {
      this.groupedHex(low, high);
    } else if (high >= -0x20_0000) {
      this.byte(45);
      this.decimal(-(high * 0x1_0000_0000 + (low >>> 0)));
    } else {
      this.ascii(((BigInt(high) << 32n) | BigInt(low >>> 0)).toString());
    }
  }

  /** A signed offset: nothing for 0, otherwise always with its sign. */
  offset32(offset: number): void {
    if (offset === 0) return;
    this.byte(offset < 0 ? 45 : 43);
    const size = Math.abs(offset);
    if (size < 10_000) this.decimal(size);
    else this.groupedHex(size | 0, 0);
  }
}

function discard(): void {}
