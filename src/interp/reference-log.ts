/**
 * What the declared values held at each safepoint of a run. A mapped slot may hold a reference that no declared value of
 * the original function has any more, its variable having been given another: kept up to date by every map since,
 * it misleads no collector, it only keeps garbage alive. So such a slot is looked up in the past: its content is moved back,
 * safepoint by safepoint (moves undo themselves), until it is what a declared value held.
 */
import { I32List } from "../base/column.ts";
import type { Type } from "../ir/types.ts";
import type { Environment } from "./environment.ts";
import { wordsOf } from "./type-sizes.ts";

/** A declared value: the cell of the frame that holds it. */
export interface DeclaredCell {
  readonly q: number;
  readonly type: number;
}

const MAX_WORDS = 64;

export class ReferenceLog {
  /** All declared values' words, safepoint after safepoint. */
  private readonly words: I32List;
  private safepoints: number;
  private readonly scratch: Int32Array;

  constructor() {
    this.words = new I32List();
    this.safepoints = 0;
    this.scratch = new Int32Array(MAX_WORDS);
  }

  start(): void {
    this.words.clear();
    this.safepoints = 0;
  }

  /** Notes what the values hold before the next safepoint moves them. */
  add(declared: readonly DeclaredCell[], frame: Int32Array): void {
    for (const { q, type } of declared) {
      for (let w = 0; w < wordsOf(type as Type); w++) this.words.push(frame[2 * q + w]!);
    }
    this.safepoints++;
  }

  /** Whether the words were those of a declared value at some safepoint, and have been moved at each since. */
  has(
    declared: readonly DeclaredCell[],
    frame: Int32Array,
    at: number,
    type: Type,
    environment: Environment,
  ): boolean {
    const { scratch, words } = this;
    const count = wordsOf(type);
    if (count > MAX_WORDS || this.safepoints === 0) return false;
    for (let w = 0; w < count; w++) scratch[w] = frame[at + w]!;
    const stride = words.length / this.safepoints;
    for (let ordinal = this.safepoints - 1; ordinal >= 0; ordinal--) {
      environment.move(scratch, 0, type, ordinal);
      let start = ordinal * stride;
      for (const own of declared) {
        if (own.type === type && this.isSame(start, count)) return true;
        start += wordsOf(own.type as Type);
      }
    }
    return false;
  }

  private isSame(start: number, count: number): boolean {
    for (let w = 0; w < count; w++) {
      if (this.words.get(start + w) !== this.scratch[w]) return false;
    }
    return true;
  }
}
