/**
 * The pool of operand lists: instruction arguments, results of instructions with several, block parameters and
 * branch arguments are all runs of one word array, named by start and count.
 *
 * Lists that grow (block parameters and branch arguments, to which SSA construction appends) have the capacity
 * `listCapacity(count)`, so the count alone tells when a list is full. A list that outgrows its place moves to the
 * end of the pool; the old place is lost until `clear`, less than the list's own size in all.
 */
import { EMPTY_I32, grownCapacity, grownColumn } from "../base/column.ts";

function listCapacity(count: number): number {
  return count <= 2 ? 2 : 1 << (32 - Math.clz32(count - 1));
}

export class ValuePool {
  private words: Int32Array;
  private used: number;

  constructor() {
    this.words = EMPTY_I32;
    this.used = 0;
  }

  clear(): void {
    this.used = 0;
  }

  get(at: number): number {
    return this.words[at]!;
  }

  set(at: number, word: number): void {
    this.words[at] = word;
  }

  /** Where the next allocation will start. */
  get end(): number {
    return this.used;
  }

  /** Adds one word at the end. */
  push(word: number): void {
    const at = this.used;
    if (at === this.words.length) this.grow(at + 1);
    this.words[at] = word;
    this.used = at + 1;
  }

  /** Room for exactly `count` words. */
  allocate(count: number): number {
    const start = this.used;
    if (start + count > this.words.length) this.grow(start + count);
    this.used = start + count;
    return start;
  }

  /** Room for a list that may grow, of `count` words now. */
  allocateList(count: number): number {
    return count === 0 ? this.used : this.allocate(listCapacity(count));
  }

  /** Appends to a list made by `allocateList`; the list may move, its start is returned. */
  append(start: number, count: number, word: number): number {
    let at = start;
    if (count === 0) {
      at = this.allocate(listCapacity(1));
    } else if (count === listCapacity(count)) {
      at = this.allocate(listCapacity(count + 1));
      this.words.copyWithin(at, start, start + count);
    }
    this.words[at + count] = word;
    return at;
  }

  /** Takes out the item at `index`, moving those behind it up. */
  remove(start: number, count: number, index: number): void {
    this.words.copyWithin(start + index, start + index + 1, start + count);
  }

  private grow(needed: number): void {
    this.words = grownColumn(this.words, grownCapacity(this.words.length, needed));
  }
}
