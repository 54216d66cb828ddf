/**
 * A set of ranks with cheap membership changes and ordered iteration: one word for 32 ranks, and a list of the words
 * that may be non-zero, so that a set of three references costs three, however many references the function has.
 */
import { grownCapacity, I32List } from "../../base/column.ts";

export class LiveSet {
  private words: Int32Array;
  /** Whether a word is in `active`. */
  private listed: Uint8Array;
  private readonly active: I32List;
  private sorted: boolean;

  constructor() {
    this.words = new Int32Array(0);
    this.listed = new Uint8Array(0);
    this.active = new I32List();
    this.sorted = true;
  }

  /** Empties the set and makes room for `ranks` ranks. */
  reset(ranks: number): void {
    this.clear();
    const groups = (ranks + 31) >> 5;
    if (this.words.length < groups) {
      const capacity = grownCapacity(this.words.length, groups);
      this.words = new Int32Array(capacity);
      this.listed = new Uint8Array(capacity);
    }
  }

  clear(): void {
    for (let i = 0; i < this.active.length; i++) {
      const group = this.active.get(i);
      this.words[group] = 0;
      this.listed[group] = 0;
    }
    this.active.clear();
    this.sorted = true;
  }

  /** Adds the ranks `32 * group + bit` of the word's bits. */
  addWord(group: number, word: number): void {
    if (word === 0) return;
    this.words[group]! |= word;
    if (this.listed[group] !== 0) return;
    this.listed[group] = 1;
    const count = this.active.length;
    if (count > 0 && this.active.get(count - 1) > group) this.sorted = false;
    this.active.push(group);
  }

  /** Whether the set changed. */
  add(rank: number): boolean {
    const group = rank >> 5;
    const bit = 1 << (rank & 31);
    if ((this.words[group]! & bit) !== 0) return false;
    this.addWord(group, bit);
    return true;
  }

  /** Whether the set changed. */
  delete(rank: number): boolean {
    const group = rank >> 5;
    const bit = 1 << (rank & 31);
    if ((this.words[group]! & bit) === 0) return false;
    this.words[group]! &= ~bit;
    return true;
  }

  // Iteration in rank order: for i below `groupCount()`, the bits of `wordAt(i)` stand for ranks from `baseAt(i)`.

  groupCount(): number {
    if (!this.sorted) {
      this.active.sort();
      this.sorted = true;
    }
    return this.active.length;
  }

  wordAt(index: number): number {
    return this.words[this.active.get(index)]!;
  }

  /** The rank of bit 0 of `wordAt(index)`. */
  baseAt(index: number): number {
    return this.active.get(index) << 5;
  }
}
