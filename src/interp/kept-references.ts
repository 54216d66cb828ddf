/**
 * What the mapped slots held after the last safepoint. A mapped slot may hold a reference that no declared value of the
 * original function has any more, its variable having been given another: moved by every map since, it misleads no collector,
 * it only keeps garbage alive. Such a reference was in a mapped slot at the safepoint before, where it was found good; so
 * remembering one safepoint is enough.
 */
import { I32List } from "../base/column.ts";
import type { Type } from "../ir/types.ts";
import { wordsOf } from "./type-sizes.ts";

export class KeptReferences {
  /** Type and words of each reference. */
  private readonly words: I32List;

  constructor() {
    this.words = new I32List();
  }

  clear(): void {
    this.words.clear();
  }

  add(frame: Int32Array, at: number, type: Type): void {
    this.words.push(type);
    for (let w = 0; w < wordsOf(type); w++) this.words.push(frame[at + w]!);
  }

  has(frame: Int32Array, at: number, type: Type): boolean {
    const { words } = this;
    let next = 0;
    while (next < words.length) {
      const own = words.get(next) as Type;
      const count = wordsOf(own);
      let w = own === type ? 0 : count + 1;
      while (w < count && words.get(next + 1 + w) === frame[at + w]) w++;
      if (w === count) return true;
      next += 1 + count;
    }
    return false;
  }
}
