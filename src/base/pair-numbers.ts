/**
 * Numbers for pairs of 32-bit integers, from 0 in the order in which they came; equal pairs have one number.
 *
 * Columns, and a table of the numbers by hash. A `Map` would take an object or a string for a pair, makes its tables anew when it grows,
 * and also each time that it is cleared, which functions are by the thousand.
 */
import { EMPTY_I32, I32List } from "./column.ts";

const LEAST_BUCKETS = 32;

export class PairNumbers {
  private readonly firsts: I32List;
  private readonly seconds: I32List;
  /** Open-addressing table of numbers + 1, by hash; at most half full. */
  private buckets: Int32Array;

  constructor() {
    this.firsts = new I32List();
    this.seconds = new I32List();
    this.buckets = EMPTY_I32;
  }

  /** Pair by pair: the table is as large as ever was needed. */
  clear(): void {
    for (let number = 0; number < this.length; number++) this.free(number);
    this.firsts.clear();
    this.seconds.clear();
  }

  get length(): number {
    return this.firsts.length;
  }

  /** Unsigned; of a number that was given. */
  first(number: number): number {
    return this.firsts.get(number) >>> 0;
  }

  second(number: number): number {
    return this.seconds.get(number) >>> 0;
  }

  /** The number of that pair, a new one if it has none. */
  of(first: number, second: number): number {
    if (2 * this.length >= this.buckets.length) this.growBuckets();
    const bucket = this.find(first | 0, second | 0);
    const found = this.buckets[bucket]!;
    if (found > 0) return found - 1;
    this.firsts.push(first);
    this.seconds.push(second);
    this.buckets[bucket] = this.length;
    return this.length - 1;
  }

  /** Where the pair is in the table, or a free place for it. */
  private find(first: number, second: number): number {
    const mask = this.buckets.length - 1;
    let at = hashOf(first, second) & mask;
    for (let number = this.buckets[at]!; number > 0; number = this.buckets[at]!) {
      if (this.firsts.get(number - 1) === first && this.seconds.get(number - 1) === second) break;
      at = (at + 1) & mask;
    }
    return at;
  }

  /** Takes a pair out of the table. Places before its own may be free already. */
  private free(number: number): void {
    const mask = this.buckets.length - 1;
    let at = hashOf(this.firsts.get(number), this.seconds.get(number)) & mask;
    while (this.buckets[at] !== number + 1) at = (at + 1) & mask;
    this.buckets[at] = 0;
  }

  private growBuckets(): void {
    this.buckets = new Int32Array(Math.max(LEAST_BUCKETS, this.buckets.length * 2));
    for (let number = 0; number < this.length; number++)
      this.buckets[this.find(this.firsts.get(number), this.seconds.get(number))] = number + 1;
  }
}

function hashOf(first: number, second: number): number {
  const hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
