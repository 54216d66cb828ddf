/**
 * Sparse memory: 2^64 bytes of which only the 64-byte granules that were touched exist.
 *
 * What was never written reads as a deterministic function of seed and address (or as zero, for `; run:` tests), so
 * that two runs with one seed see the same bytes without any setup. A quarter of the words are small numbers: loaded
 * values are used as branch conditions, and uniform ones would never be zero.
 *
 * An address is two words, `hi` and `lo`. The hash table's keys are numbers, exact below 2^53: from address 2^59 on up to 32
 * neighbouring granules are one. Both sides of a comparison see that alike, and no test has addresses so high.
 */
import { mix } from "./hash.ts";
import { tooMuchMemory } from "./messages.ts";

const GRANULE_LOG2 = 6;
const GRANULE_BYTES = 1 << GRANULE_LOG2;
const GRANULE_MASK = GRANULE_BYTES - 1;
const GRANULE_WORDS = GRANULE_BYTES / 4;
/** A run may touch this many granules (256 MB); text can ask for slots of any size. */
const MAX_GRANULES = 1 << 22;

export class Memory {
  private bytes: Uint8Array;
  private words: Int32Array;
  private readonly granules: Map<number, number>;
  private used: number;
  private seed: number;
  private zeroed: boolean;
  /** The granule touched last. */
  private lastKey: number;
  private lastStart: number;

  constructor() {
    this.bytes = new Uint8Array(0);
    this.words = new Int32Array(0);
    this.granules = new Map();
    this.used = 0;
    this.seed = 0;
    this.zeroed = true;
    this.lastKey = -1;
    this.lastStart = 0;
    this.grow(64);
  }

  /** Forgets all writes. Untouched memory reads as a hash of `seed`, or as zero when it is null. */
  reset(seed: number | null): void {
    this.granules.clear();
    this.used = 0;
    this.seed = seed ?? 0;
    this.zeroed = seed === null;
    this.lastKey = -1;
  }

  private grow(granules: number): void {
    const bytes = new Uint8Array(granules * GRANULE_BYTES);
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.words = new Int32Array(bytes.buffer);
  }

  /** Where in `bytes` the granule of the address starts. */
  private granule(hi: number, lo: number): number {
    const key = (hi >>> 0) * 0x400_0000 + (lo >>> GRANULE_LOG2);
    if (key === this.lastKey) return this.lastStart;
    let start = this.granules.get(key);
    if (start === undefined) {
      start = this.used * GRANULE_BYTES;
      if (this.used >= MAX_GRANULES) throw tooMuchMemory();
      if (start === this.bytes.length) this.grow(this.used * 2);
      this.used++;
      this.granules.set(key, start);
      this.fill(start, hi, lo >>> GRANULE_LOG2);
    }
    this.lastKey = key;
    this.lastStart = start;
    return start;
  }

  private fill(start: number, hi: number, index: number): void {
    const from = start >>> 2;
    if (this.zeroed) {
      this.words.fill(0, from, from + GRANULE_WORDS);
      return;
    }
    let state = mix(this.seed ^ Math.imul(hi, 0x9e3779b1), index);
    for (let i = 0; i < GRANULE_WORDS; i++) {
      state = mix(state, i);
      this.words[from + i] = (state & 3) === 0 ? (state >>> 2) & 3 : state;
    }
  }

  /** Copies `count` bytes at the address to `into[at…]`. */
  read(hi: number, lo: number, count: number, into: Uint8Array, at: number): void {
    const offset = lo & GRANULE_MASK;
    if (offset + count <= GRANULE_BYTES) {
      const start = this.granule(hi, lo) + offset;
      const bytes = this.bytes;
      for (let i = 0; i < count; i++) into[at + i] = bytes[start + i]!;
      return;
    }
    this.each(hi, lo, count, (start, index, length) => {
      for (let i = 0; i < length; i++) into[at + index + i] = this.bytes[start + i]!;
    });
  }

  /** Copies `from[at…]`, `count` bytes, to the address. */
  write(hi: number, lo: number, count: number, from: Uint8Array, at: number): void {
    const offset = lo & GRANULE_MASK;
    if (offset + count <= GRANULE_BYTES) {
      const start = this.granule(hi, lo) + offset;
      const bytes = this.bytes;
      for (let i = 0; i < count; i++) bytes[start + i] = from[at + i]!;
      return;
    }
    this.each(hi, lo, count, (start, index, length) => {
      for (let i = 0; i < length; i++) this.bytes[start + i] = from[at + index + i]!;
    });
  }

  /** Visits the parts of an access that crosses granules; addresses wrap at 2^64. */
  private each(
    hi: number,
    lo: number,
    count: number,
    visit: (start: number, index: number, length: number) => void,
  ): void {
    let high = hi >>> 0;
    let low = lo >>> 0;
    for (let done = 0; done < count; ) {
      const offset = low & GRANULE_MASK;
      const length = Math.min(count - done, GRANULE_BYTES - offset);
      visit(this.granule(high, low) + offset, done, length);
      done += length;
      low += length;
      if (low >= 0x1_0000_0000) {
        low -= 0x1_0000_0000;
        high = (high + 1) >>> 0;
      }
    }
  }
}
