/**
 * Room for pieces that live as long as each other, in shared buffers: a buffer of its own costs each some 300 bytes outside of its
 * contents, which is more than most hold.
 */
import { EMPTY_U8 } from "./column.ts";

const CHUNK_BYTES = 1 << 16;
/** What is longer gets a buffer of its own, so that little of a chunk is wasted. */
const LONG_BYTES = CHUNK_BYTES / 8;

export class Arena {
  private chunk: ArrayBuffer;
  private used: number;
  /** Where what was taken last lies. */
  buffer: ArrayBuffer;

  constructor() {
    this.chunk = EMPTY_U8.buffer as ArrayBuffer;
    this.used = 0;
    this.buffer = this.chunk;
  }

  /** Takes so many bytes of `buffer`, which are zero; returns the offset of the first, a multiple of 4. */
  take(bytes: number): number {
    if (bytes > LONG_BYTES) {
      this.buffer = new ArrayBuffer(bytes);
      return 0;
    }
    let start = (this.used + 3) & ~3;
    if (start + bytes > this.chunk.byteLength) {
      this.chunk = new ArrayBuffer(CHUNK_BYTES);
      start = 0;
    }
    this.used = start + bytes;
    this.buffer = this.chunk;
    return start;
  }
}
