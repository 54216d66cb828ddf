/**
 * The names in the user's name spaces that a function mentions, each once and numbered in the order in which they came.
 *
 * Columns, and a table of numbers by hash: functions are cleared by the thousand, and a `Map` makes new tables each time that it is
 * cleared, which was the largest part of what compiling threw away.
 */
import { EMPTY_I32, I32List } from "../base/column.ts";
import type { UserExternalNameRef } from "./entities.ts";
import type { UserExternalName } from "./names.ts";

const LEAST_BUCKETS = 32;

export class UserNames {
  private readonly namespaces: I32List;
  private readonly indices: I32List;
  /** Open-addressing table of numbers + 1, by hash; at most half full. */
  private buckets: Int32Array;

  constructor() {
    this.namespaces = new I32List();
    this.indices = new I32List();
    this.buckets = EMPTY_I32;
  }

  /** Name by name: the table is as large as any function needed. */
  clear(): void {
    for (let ref = 0; ref < this.length; ref++) this.free(ref);
    this.namespaces.clear();
    this.indices.clear();
  }

  get length(): number {
    return this.namespaces.length;
  }

  /** Of a name that is there. */
  namespace(ref: UserExternalNameRef): number {
    return this.namespaces.get(ref) >>> 0;
  }

  /** Of a name that is there. */
  index(ref: UserExternalNameRef): number {
    return this.indices.get(ref) >>> 0;
  }

  /** The name of that number, which need not be there: text may mention any. */
  get(ref: UserExternalNameRef): UserExternalName | undefined {
    return ref < this.length ? { namespace: this.namespace(ref), index: this.index(ref) } : undefined;
  }

  /** The number of that name. */
  declare(namespace: number, index: number): UserExternalNameRef {
    if (2 * this.length >= this.buckets.length) this.growBuckets();
    const bucket = this.find(namespace | 0, index | 0);
    const found = this.buckets[bucket]!;
    if (found > 0) return (found - 1) as UserExternalNameRef;
    this.namespaces.push(namespace);
    this.indices.push(index);
    this.buckets[bucket] = this.length;
    return (this.length - 1) as UserExternalNameRef;
  }

  /** Where the name is in the table, or a free place for it. */
  private find(namespace: number, index: number): number {
    const mask = this.buckets.length - 1;
    let at = hashOf(namespace, index) & mask;
    for (let number = this.buckets[at]!; number > 0; number = this.buckets[at]!) {
      if (this.namespaces.get(number - 1) === namespace && this.indices.get(number - 1) === index) break;
      at = (at + 1) & mask;
    }
    return at;
  }

  /** Takes a name out of the table. Places before its own may be free already. */
  private free(ref: number): void {
    const mask = this.buckets.length - 1;
    let at = hashOf(this.namespaces.get(ref), this.indices.get(ref)) & mask;
    while (this.buckets[at] !== ref + 1) at = (at + 1) & mask;
    this.buckets[at] = 0;
  }

  private growBuckets(): void {
    this.buckets = new Int32Array(Math.max(LEAST_BUCKETS, this.buckets.length * 2));
    for (let ref = 0; ref < this.length; ref++)
      this.buckets[this.find(this.namespaces.get(ref), this.indices.get(ref))] = ref + 1;
  }
}

function hashOf(namespace: number, index: number): number {
  const hash = Math.imul(namespace, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
