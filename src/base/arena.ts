/**
 * Room for pieces that live as long as each other, in shared buffers: a buffer of its own costs each some 300 bytes outside of its
 * contents, which is more than most hold.
 */

const CHUNK_BYTES = 1 << 16;
/** What is longer gets a buffer of its own, so that little of a chunk is wasted. */
const LONG_BYTES = CHUNK_BYTES / 8;

/** One buffer, as bytes and as words: a view of each piece would be larger than most pieces. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
}

export class Arena {
  private shared: Chunk;
  private used: number;
  /** Where what was taken last lies. */
  chunk: Chunk;

  constructor() {
    this.shared = chunkOf(0);
    this.used = 0;
    this.chunk = this.shared;
  }

  /** Takes so many bytes of `chunk`, which are zero; returns the offset of the first, a multiple of 4. */
  take(bytes: number): number {
    if (bytes > LONG_BYTES) {
      this.chunk = chunkOf(bytes);
      return 0;
    }
    let start = (this.used + 3) & ~3;
    if (start + bytes > this.shared.bytes.length) {
      this.shared = chunkOf(CHUNK_BYTES);
      start = 0;
    }
    this.used = start + bytes;
    this.chunk = this.shared;
    return start;
  }
}

function chunkOf(bytes: number): Chunk {
  const words = new Int32Array((bytes + 3) >> 2);
  return { bytes: new Uint8Array(words.buffer), words };
}
