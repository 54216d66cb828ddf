/**
 * Numbers by address: a hash table in one typed array, as a `Map` ends at 2²⁴ entries and takes several times the memory.
 *
 * Open addressing with linear probing, never more than half full. Address 0 marks what is free.
 */
const FIRST_LOG2 = 10;
/** 2³² divided by the golden ratio (Knuth, volume 3, section 6.4): neighbours, which objects are, come to lie apart. */
const MULTIPLIER = 0x9e3779b1;

export class AddressNumbers {
  private log2: number;
  /** Pairs of address and number. */
  private pairs: Int32Array;
  private count: number;

  constructor() {
    this.log2 = FIRST_LOG2;
    this.pairs = new Int32Array(2 << FIRST_LOG2);
    this.count = 0;
  }

  /** The number of an address; `next` if it has had none, which is its number from now on. */
  of(address: number, next: number): number {
    const at = this.find(address);
    if (this.pairs[at] !== 0) return this.pairs[at + 1]!;
    this.pairs[at] = address;
    this.pairs[at + 1] = next;
    this.count++;
    if (this.count > 1 << (this.log2 - 1)) this.grow();
    return next;
  }

  /** The number of an address, or -1. */
  get(address: number): number {
    const at = this.find(address);
    return this.pairs[at] === 0 ? -1 : this.pairs[at + 1]!;
  }

  /** Gives an address a number, instead of the one that it may have had. */
  set(address: number, number: number): void {
    const at = this.find(address);
    const isNew = this.pairs[at] === 0;
    this.pairs[at] = address;
    this.pairs[at + 1] = number;
    if (isNew && ++this.count > 1 << (this.log2 - 1)) this.grow();
  }

  /** Forgets all; about so many will come. */
  clear(expected: number): void {
    this.count = 0;
    if (this.log2 > FIRST_LOG2 && expected < 1 << (this.log2 - 3)) {
      this.log2--;
      this.pairs = new Int32Array(2 << this.log2);
    } else this.pairs.fill(0);
  }

  /** Where the pair of an address stands, or is to stand. */
  private find(address: number): number {
    const { pairs } = this;
    const mask = pairs.length - 1;
    let at = (Math.imul(address, MULTIPLIER) >>> (32 - this.log2)) << 1;
    while (pairs[at] !== 0 && pairs[at] !== (address | 0)) at = (at + 2) & mask;
    return at;
  }

  private grow(): void {
    const old = this.pairs;
    this.log2++;
    this.pairs = new Int32Array(2 << this.log2);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0) continue;
      const at = this.find(old[i]!);
      this.pairs[at] = old[i]!;
      this.pairs[at + 1] = old[i + 1]!;
    }
  }
}
