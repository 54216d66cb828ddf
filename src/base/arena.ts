/**
 * Small typed arrays that live as long as each other, cut from shared buffers: a buffer of its own costs each some 300 bytes
 * outside of its contents, which is more than most hold.
 */
import { EMPTY_I32, EMPTY_U8 } from "./column.ts";

const CHUNK_BYTES = 1 << 16;
/** What is longer gets a buffer of its own, so that little of a chunk is wasted. */
const LONG_BYTES = CHUNK_BYTES / 8;

export class Arena {
  private chunk: ArrayBuffer;
  private used: number;

  constructor() {
    this.chunk = EMPTY_U8.buffer as ArrayBuffer;
    this.used = 0;
  }

  /** A copy. */
  bytes(source: Uint8Array): Uint8Array {
    const { length } = source;
    if (length > LONG_BYTES) return source.slice();
    const start = this.take(length, 1);
    const copy = new Uint8Array(this.chunk, start, length);
    copy.set(source);
    return copy;
  }

  /** All zero. */
  words(length: number): Int32Array {
    if (length === 0) return EMPTY_I32;
    if (length * 4 > LONG_BYTES) return new Int32Array(length);
    const start = this.take(length * 4, 4);
    return new Int32Array(this.chunk, start, length);
  }

  private take(bytes: number, align: number): number {
    let start = (this.used + align - 1) & -align;
    if (start + bytes > this.chunk.byteLength) {
      this.chunk = new ArrayBuffer(CHUNK_BYTES);
      start = 0;
    }
    this.used = start + bytes;
    return start;
  }
}
