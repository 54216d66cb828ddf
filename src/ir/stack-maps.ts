/**
 * User stack maps: at a safepoint, which stack slots hold live references.
 *
 * All maps of a function lie in one pool of words, three an entry: type, slot, offset in bytes. Equal maps are
 * stored once: a loop's hundred calls that keep the same references alive share one map.
 */
import { EMPTY_I32, grownCapacity, grownColumn } from "../base/column.ts";
import type { StackMap, StackSlot } from "./entities.ts";
import type { Type } from "./types.ts";

const ENTRY_WORDS = 3;
const HASH_SEED = 0x811c9dc5 | 0;

export class StackMapPool {
  /** Entries of all maps, then those of the map under construction. */
  private words: Int32Array;
  private wordCount: number;
  /** Where each map's words start; the next one's start ends it. */
  private starts: Int32Array;
  private count: number;
  /** Hash of each map's entries, and of those of the map under construction, kept up to date entry by entry. */
  private hashes: Int32Array;
  private hash: number;
  /** Open-addressing table of map numbers + 1, by hash. */
  private buckets: Int32Array;

  constructor() {
    this.words = EMPTY_I32;
    this.wordCount = 0;
    this.starts = new Int32Array(1);
    this.count = 0;
    this.hashes = EMPTY_I32;
    this.hash = HASH_SEED;
    this.buckets = EMPTY_I32;
  }

  clear(): void {
    this.wordCount = 0;
    this.count = 0;
    this.hash = HASH_SEED;
    this.buckets.fill(0);
  }

  /** Distinct maps. */
  get length(): number {
    return this.count;
  }

  entryCount(map: StackMap): number {
    return (this.starts[map + 1]! - this.starts[map]!) / ENTRY_WORDS;
  }

  entryType(map: StackMap, index: number): Type {
    return this.words[this.starts[map]! + index * ENTRY_WORDS]! as Type;
  }

  entrySlot(map: StackMap, index: number): StackSlot {
    return this.words[this.starts[map]! + index * ENTRY_WORDS + 1]! as StackSlot;
  }

  entryOffset(map: StackMap, index: number): number {
    return this.words[this.starts[map]! + index * ENTRY_WORDS + 2]!;
  }

  /** Adds an entry to the map under construction. */
  push(type: Type, slot: StackSlot, offset: number): void {
    const at = this.wordCount;
    if (at + ENTRY_WORDS > this.words.length) {
      this.words = grownColumn(this.words, grownCapacity(this.words.length, at + ENTRY_WORDS));
    }
    this.words[at] = type;
    this.words[at + 1] = slot;
    this.words[at + 2] = offset;
    this.wordCount = at + ENTRY_WORDS;
    // One multiplication waits for the entry before, not three: half the time of a function with large maps is here.
    const entry = slot + Math.imul(type, 0x9e3779b1) + Math.imul(offset, 0x85ebca6b);
    this.hash = Math.imul(this.hash ^ entry, 0x01000193);
  }

  /** Adds a copy of another map's entry to the map under construction. */
  pushCopy(map: StackMap, index: number): void {
    this.push(this.entryType(map, index), this.entrySlot(map, index), this.entryOffset(map, index));
  }

  /** Ends the map under construction; gives the number of an equal one that is there already. */
  finish(): StackMap {
    if (this.count * 2 >= this.buckets.length) this.rehash();
    const start = this.starts[this.count]!;
    const mask = this.buckets.length - 1;
    const hash = this.hash ^ (this.hash >>> 15);
    this.hash = HASH_SEED;
    let bucket = hash & mask;
    for (;;) {
      const found = this.buckets[bucket]! - 1;
      if (found < 0) break;
      if (this.hashes[found] === hash && this.sameWords(found, start)) {
        this.wordCount = start;
        return found as StackMap;
      }
      bucket = (bucket + 1) & mask;
    }
    const map = this.count++;
    this.buckets[bucket] = map + 1;
    if (this.count === this.starts.length) {
      this.starts = grownColumn(this.starts, grownCapacity(this.starts.length, this.count + 1));
      this.hashes = grownColumn(this.hashes, this.starts.length);
    }
    this.starts[this.count] = this.wordCount;
    this.hashes[map] = hash;
    return map as StackMap;
  }

  private sameWords(map: number, start: number): boolean {
    const other = this.starts[map]!;
    const length = this.starts[map + 1]! - other;
    if (length !== this.wordCount - start) return false;
    for (let i = 0; i < length; i++) {
      if (this.words[other + i] !== this.words[start + i]) return false;
    }
    return true;
  }

  private rehash(): void {
    this.buckets = new Int32Array(Math.max(16, this.buckets.length * 2));
    const mask = this.buckets.length - 1;
    for (let map = 0; map < this.count; map++) {
      let bucket = this.hashes[map]! & mask;
      while (this.buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
      this.buckets[bucket] = map + 1;
    }
  }
}
