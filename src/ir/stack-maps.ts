/**
 * User stack maps: at a safepoint, which stack slots hold live references.
 *
 * All maps of a function lie in one pool of words, in one of two forms; readers see no difference:
 *
 *     listed     three words an entry: type, slot, offset in bytes
 *     tabular    two words for up to 32 entries: a number and a bit set, which name entries of a table
 *
 * The spiller makes maps of the second form: a function with thousands of live references has as many maps, most of
 * them nearly equal and each with thousands of entries, which listed would be most of the function's memory and of the
 * time to spill it. Equal maps of a form are stored once: a loop's hundred calls that keep the same references alive
 * share one map.
 */
import { EMPTY_I32, grownCapacity, grownColumn } from "../base/column.ts";
import { NONE, type StackMap, type StackSlot } from "./entities.ts";
import type { Type } from "./types.ts";

const ENTRY_WORDS = 3;
const TABLE_WORDS = 2;
const HASH_SEED = 0x811c9dc5 | 0;

export class StackMapPool {
  /** Entries of all maps, then those of the map under construction. */
  private words: Int32Array;
  private wordCount: number;
  /** Where each map's words start; the next one's start ends it. */
  private starts: Int32Array;
  private counts: Int32Array;
  /** Where the map's table starts, or `NONE` for a listed map. */
  private tables: Int32Array;
  private count: number;
  /** Entries under construction. */
  private entries: number;
  /** The tables, one after another: type and slot by number. The newest is under construction. */
  private tableTypes: Int32Array;
  private tableSlots: Int32Array;
  private tableStart: number;
  private tableEnd: number;
  /** Where the reading of a tabular map stands: entries are read in order, mostly. */
  private readMap: number;
  private readIndex: number;
  private readNumber: number;
  private readAt: number;
  /** Bits of the word at `readAt` behind the entry read last. */
  private readBits: number;
  /** Hash of each map's entries, and of those of the map under construction, kept up to date entry by entry. */
  private hashes: Int32Array;
  private hash: number;
  /** Open-addressing table of map numbers + 1, by hash. */
  private buckets: Int32Array;

  constructor() {
    this.words = EMPTY_I32;
    this.wordCount = 0;
    this.starts = new Int32Array(1);
    this.counts = EMPTY_I32;
    this.tables = EMPTY_I32;
    this.count = 0;
    this.entries = 0;
    this.tableTypes = EMPTY_I32;
    this.tableSlots = EMPTY_I32;
    this.tableStart = 0;
    this.tableEnd = 0;
    this.readMap = NONE;
    this.readIndex = NONE;
    this.readNumber = NONE;
    this.readAt = 0;
    this.readBits = 0;
    this.hashes = EMPTY_I32;
    this.hash = HASH_SEED;
    this.buckets = EMPTY_I32;
  }

  clear(): void {
    this.clearBuckets();
    this.wordCount = 0;
    this.count = 0;
    this.entries = 0;
    this.tableStart = 0;
    this.tableEnd = 0;
    this.readMap = NONE;
    this.hash = HASH_SEED;
  }

  /** Map by map: the table is as large as any function needed. */
  private clearBuckets(): void {
    const mask = this.buckets.length - 1;
    for (let map = 0; map < this.count; map++) {
      let at = this.hashes[map]! & mask;
      while (this.buckets[at] !== map + 1) at = (at + 1) & mask;
      this.buckets[at] = 0;
    }
  }

  /** Distinct maps. */
  get length(): number {
    return this.count;
  }

  entryCount(map: StackMap): number {
    return this.counts[map]!;
  }

  entryType(map: StackMap, index: number): Type {
    const table = this.tables[map]!;
    if (table !== NONE) return this.tableTypes[table + this.numberAt(map, index)]! as Type;
    return this.words[this.starts[map]! + index * ENTRY_WORDS]! as Type;
  }

  entrySlot(map: StackMap, index: number): StackSlot {
    const table = this.tables[map]!;
    if (table !== NONE) return this.tableSlots[table + this.numberAt(map, index)]! as StackSlot;
    return this.words[this.starts[map]! + index * ENTRY_WORDS + 1]! as StackSlot;
  }

  entryOffset(map: StackMap, index: number): number {
    if (this.tables[map]! !== NONE) return 0;
    return this.words[this.starts[map]! + index * ENTRY_WORDS + 2]!;
  }

  /** The number in its table of a tabular map's entry. Constant time from one entry to the next. */
  private numberAt(map: StackMap, index: number): number {
    if (map !== this.readMap || index < this.readIndex) {
      this.readMap = map;
      this.readIndex = NONE;
      this.readAt = this.starts[map]! - TABLE_WORDS;
      this.readBits = 0;
    }
    while (this.readIndex < index) {
      while (this.readBits === 0) {
        this.readAt += TABLE_WORDS;
        this.readBits = this.words[this.readAt + 1]!;
      }
      this.readNumber = this.words[this.readAt]! + 31 - Math.clz32(this.readBits & -this.readBits);
      this.readBits &= this.readBits - 1;
      this.readIndex++;
    }
    return this.readNumber;
  }

  /** Adds an entry to the map under construction. */
  push(type: Type, slot: StackSlot, offset: number): void {
    const at = this.room(ENTRY_WORDS);
    this.words[at] = type;
    this.words[at + 1] = slot;
    this.words[at + 2] = offset;
    this.entries++;
    // One multiplication waits for the entry before, not three: half the time of a function with large maps is here.
    const entry = slot + Math.imul(type, 0x9e3779b1) + Math.imul(offset, 0x85ebca6b);
    this.hash = Math.imul(this.hash ^ entry, 0x01000193);
  }

  /** Adds a copy of another map's entry to the map under construction. */
  pushCopy(map: StackMap, index: number): void {
    this.push(this.entryType(map, index), this.entrySlot(map, index), this.entryOffset(map, index));
  }

  /** Starts a new table of `count` entries, numbered from 0, for the tabular maps made from here on. */
  beginTable(count: number): void {
    this.tableStart = this.tableEnd;
    this.tableEnd += count;
    if (this.tableEnd <= this.tableTypes.length) return;
    const capacity = grownCapacity(this.tableTypes.length, this.tableEnd);
    this.tableTypes = grownColumn(this.tableTypes, capacity);
    this.tableSlots = grownColumn(this.tableSlots, capacity);
  }

  /** Says what an entry of the table is, at offset 0; final once a map has it. */
  setTableEntry(number: number, type: Type, slot: StackSlot): void {
    this.tableTypes[this.tableStart + number] = type;
    this.tableSlots[this.tableStart + number] = slot;
  }

  /** Adds the entries `base + i` of the table, for each bit i that is set, to the tabular map under construction. */
  pushTableWord(base: number, bits: number): void {
    if (bits === 0) return;
    const at = this.room(TABLE_WORDS);
    this.words[at] = base;
    this.words[at + 1] = bits;
    this.entries += bitCount(bits);
    this.hash = Math.imul(this.hash ^ (base + Math.imul(bits, 0x9e3779b1)), 0x01000193);
  }

  private room(words: number): number {
    const at = this.wordCount;
    this.wordCount = at + words;
    if (this.wordCount > this.words.length) {
      this.words = grownColumn(this.words, grownCapacity(this.words.length, this.wordCount));
    }
    return at;
  }

  /** Ends the listed map under construction; gives the number of an equal one that is there already. */
  finish(): StackMap {
    return this.intern(NONE);
  }

  /** The same for a tabular map of the newest table. */
  finishTabular(): StackMap {
    return this.intern(this.tableStart);
  }

  private intern(table: number): StackMap {
    if (this.count * 2 >= this.buckets.length) this.rehash();
    const start = this.starts[this.count]!;
    const mask = this.buckets.length - 1;
    const mixed = this.hash ^ Math.imul(table + 1, 0x9e3779b1);
    const hash = mixed ^ (mixed >>> 15);
    const entries = this.entries;
    this.hash = HASH_SEED;
    this.entries = 0;
    let bucket = hash & mask;
    for (;;) {
      const found = this.buckets[bucket]! - 1;
      if (found < 0) break;
      if (this.hashes[found] === hash && this.tables[found] === table && this.sameWords(found, start)) {
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
      this.counts = grownColumn(this.counts, this.starts.length);
      this.tables = grownColumn(this.tables, this.starts.length);
    }
    this.starts[this.count] = this.wordCount;
    this.hashes[map] = hash;
    this.counts[map] = entries;
    this.tables[map] = table;
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

function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
