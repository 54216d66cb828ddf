/**
 * Immutable maps from small integers to small integers, hash-consed: equal maps are one node, so that equality is a
 * comparison of numbers, a changed copy costs a path, and an intersection walks only where two maps differ.
 *
 * Big-endian Patricia trees after Okasaki and Gill, "Fast Mergeable Integer Maps" (1998); hash-consing after Filliâtre
 * and Conchon, "Type-Safe Modular Hash-Consing" (2006). A node is a row of columns:
 *
 *              key                          bit              left, right
 *     leaf     its key                      0                payload, 0
 *     branch   the bits above `bit`         the highest bit  the maps without and with that bit
 *              that all its keys share      they differ in
 *
 * Every node carries a summary: bits that its subclass gives each leaf, combined by `or`. A search for keys or payloads
 * that have a bit can pass over whole branches. Node 0 is the empty map; keys lie below 2^30, payloads are not 0. Nodes
 * are never freed one by one: `clear` forgets all.
 */
import { grownCapacity, grownColumn, type I32List } from "../base/column.ts";

/** The empty map. */
export const EMPTY = 0;

export abstract class PatriciaMaps {
  private keys: Int32Array;
  private bits: Int32Array;
  private lefts: Int32Array;
  private rights: Int32Array;
  private summaries: Int32Array;
  private nodes: number;
  /** Open-addressing table of node numbers, 0 where free. */
  private buckets: Int32Array;

  constructor() {
    this.keys = new Int32Array(16);
    this.bits = new Int32Array(16);
    this.lefts = new Int32Array(16);
    this.rights = new Int32Array(16);
    this.summaries = new Int32Array(16);
    this.nodes = 1;
    this.buckets = new Int32Array(32);
  }

  /** What a leaf adds to the summaries above it; a function of key and payload. */
  protected abstract leafSummary(key: number, payload: number): number;

  /** The payload of a key that two maps have, or 0 to leave the key out. Of equal payloads it is that payload. */
  protected abstract meetPayloads(a: number, b: number): number;

  clear(): void {
    this.nodes = 1;
    this.buckets.fill(0);
  }

  /** Node numbers are below this one. */
  get nodeLimit(): number {
    return this.nodes;
  }

  summary(map: number): number {
    return map === EMPTY ? 0 : this.summaries[map]!;
  }

  /** The payload of `key`, or 0. */
  get(map: number, key: number): number {
    const { keys, bits, lefts, rights } = this;
    let at = map;
    if (at === EMPTY) return 0;
    for (let bit = bits[at]!; bit !== 0; bit = bits[at]!) {
      // A key outside the branch's prefix ends at a leaf with another key.
      at = (key & bit) === 0 ? lefts[at]! : rights[at]!;
    }
    return keys[at] === key ? lefts[at]! : 0;
  }

  /** The map with `key` set to `payload`. */
  with(map: number, key: number, payload: number): number {
    if (map === EMPTY) return this.leaf(key, payload);
    const own = this.keys[map]!;
    const bit = this.bits[map]!;
    if (bit === 0) {
      const leaf = this.leaf(key, payload);
      return own === key ? leaf : this.join(key, leaf, own, map);
    }
    if (above(key, bit) !== own) return this.join(key, this.leaf(key, payload), own, map);
    const left = this.lefts[map]!;
    const right = this.rights[map]!;
    return (key & bit) === 0
      ? this.branch(own, bit, this.with(left, key, payload), right)
      : this.branch(own, bit, left, this.with(right, key, payload));
  }

  /** The map without `key`. */
  without(map: number, key: number): number {
    if (map === EMPTY) return EMPTY;
    const own = this.keys[map]!;
    const bit = this.bits[map]!;
    if (bit === 0) return own === key ? EMPTY : map;
    if (above(key, bit) !== own) return map;
    const left = this.lefts[map]!;
    const right = this.rights[map]!;
    return (key & bit) === 0
      ? this.branch(own, bit, this.without(left, key), right)
      : this.branch(own, bit, left, this.without(right, key));
  }

  /** The keys that both maps have, their payloads met. */
  meet(a: number, b: number): number {
    if (a === b) return a;
    if (a === EMPTY || b === EMPTY) return EMPTY;
    const bitA = this.bits[a]!;
    const bitB = this.bits[b]!;
    if (bitA === 0) return this.meetLeaf(a, this.get(b, this.keys[a]!));
    if (bitB === 0) return this.meetLeaf(b, this.get(a, this.keys[b]!));
    const keyA = this.keys[a]!;
    const keyB = this.keys[b]!;
    if (bitA > bitB) return above(keyB, bitA) === keyA ? this.meet(this.side(a, keyB), b) : EMPTY;
    if (bitB > bitA) return above(keyA, bitB) === keyB ? this.meet(a, this.side(b, keyA)) : EMPTY;
    if (keyA !== keyB) return EMPTY;
    const left = this.meet(this.lefts[a]!, this.lefts[b]!);
    return this.branch(keyA, bitA, left, this.meet(this.rights[a]!, this.rights[b]!));
  }

  private meetLeaf(leaf: number, other: number): number {
    const own = this.lefts[leaf]!;
    if (own === other) return leaf;
    const payload = other === 0 ? 0 : this.meetPayloads(own, other);
    return payload === 0 ? EMPTY : this.leaf(this.keys[leaf]!, payload);
  }

  /** The keys of `map` that agree with `key` in `bit` and in all bits above it. */
  part(map: number, key: number, bit: number): number {
    let at = map;
    while (at !== EMPTY) {
      const own = this.bits[at]!;
      const inside = above(this.keys[at]!, bit) === above(key, bit) && (this.keys[at]! & bit) === (key & bit);
      if (own < bit) return inside ? at : EMPTY;
      // The branch is at `bit` or above it: only one of its sides can agree.
      if (above(key, own) !== this.keys[at]) return EMPTY;
      at = this.side(at, key);
    }
    return EMPTY;
  }

  /** Appends the keys to `out`, smallest first. */
  collectKeys(map: number, out: I32List): void {
    if (map === EMPTY) return;
    if (this.bits[map] === 0) {
      out.push(this.keys[map]!);
      return;
    }
    this.collectKeys(this.lefts[map]!, out);
    this.collectKeys(this.rights[map]!, out);
  }

  // The shape of trees, for the walks of subclasses.

  protected isLeaf(map: number): boolean {
    return this.bits[map] === 0;
  }

  /** A leaf's key, or the bits that all keys of a branch share. */
  protected keyOf(map: number): number {
    return this.keys[map]!;
  }

  protected bitOf(map: number): number {
    return this.bits[map]!;
  }

  protected payloadOf(leaf: number): number {
    return this.lefts[leaf]!;
  }

  protected leftOf(branch: number): number {
    return this.lefts[branch]!;
  }

  protected rightOf(branch: number): number {
    return this.rights[branch]!;
  }

  protected leaf(key: number, payload: number): number {
    return this.cons(key, 0, payload, 0, this.leafSummary(key, payload));
  }

  protected branch(key: number, bit: number, left: number, right: number): number {
    if (left === EMPTY) return right;
    if (right === EMPTY) return left;
    return this.cons(key, bit, left, right, this.summaries[left]! | this.summaries[right]!);
  }

  /** The part of a branch that keys which begin like `key` lie in. */
  private side(branch: number, key: number): number {
    return (key & this.bits[branch]!) === 0 ? this.lefts[branch]! : this.rights[branch]!;
  }

  private join(keyA: number, a: number, keyB: number, b: number): number {
    const bit = 1 << (31 - Math.clz32(keyA ^ keyB));
    const key = above(keyA, bit);
    return (keyA & bit) === 0 ? this.branch(key, bit, a, b) : this.branch(key, bit, b, a);
  }

  private cons(key: number, bit: number, left: number, right: number, summary: number): number {
    if (this.nodes * 2 >= this.buckets.length) this.rehash();
    const { keys, bits, lefts, rights, buckets } = this;
    const mask = buckets.length - 1;
    let bucket = hash(key, bit, left, right) & mask;
    for (let found = buckets[bucket]!; found !== 0; found = buckets[bucket]!) {
      if (keys[found] === key && bits[found] === bit && lefts[found] === left && rights[found] === right)
        return found;
      bucket = (bucket + 1) & mask;
    }
    const node = this.nodes++;
    buckets[bucket] = node;
    if (node === keys.length) this.grow();
    this.keys[node] = key;
    this.bits[node] = bit;
    this.lefts[node] = left;
    this.rights[node] = right;
    this.summaries[node] = summary;
    return node;
  }

  private grow(): void {
    const capacity = grownCapacity(this.keys.length, this.nodes);
    this.keys = grownColumn(this.keys, capacity);
    this.bits = grownColumn(this.bits, capacity);
    this.lefts = grownColumn(this.lefts, capacity);
    this.rights = grownColumn(this.rights, capacity);
    this.summaries = grownColumn(this.summaries, capacity);
  }

  private rehash(): void {
    const { keys, bits, lefts, rights } = this;
    const buckets = new Int32Array(this.buckets.length * 2);
    const mask = buckets.length - 1;
    for (let node = 1; node < this.nodes; node++) {
      let bucket = hash(keys[node]!, bits[node]!, lefts[node]!, rights[node]!) & mask;
      while (buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
      buckets[bucket] = node;
    }
    this.buckets = buckets;
  }
}

/** The bits of `key` above `bit`. */
function above(key: number, bit: number): number {
  return key & ~((bit << 1) - 1);
}

function hash(key: number, bit: number, left: number, right: number): number {
  let mixed = Math.imul(key ^ Math.imul(bit, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul((mixed ^ (mixed >>> 15)) + left, 0xc2b2ae35);
  mixed = Math.imul((mixed ^ (mixed >>> 13)) + right, 0x27d4eb2f);
  return mixed ^ (mixed >>> 16);
}
