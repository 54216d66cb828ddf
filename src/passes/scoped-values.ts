/**
 * What value numbering has found so far on the way from the entry to the block at hand: operations with their results, what
 * fields hold, and which values are zero or are not. Everything found in a block is forgotten when the walk leaves the blocks
 * that it dominates.
 *
 * What fields hold is ended by stores and calls. Time is counted in *clock ticks*; each field offset, modulo 16 words, has the
 * tick of its last store, and an entry counts only if it is younger. Going back to a dominator puts its ticks back.
 */
import { fillBytes, fillWords, grownCapacity, grownColumn, I32List } from "../base/column.ts";

export const Known = { Nothing: 0, NonZero: 1, Zero: 2 } as const;

const CLASSES = 16;
/** One more, for what ends all fields at once. */
const ALL = CLASSES;
const TICKS = CLASSES + 1;

export class ScopedValues {
  private heads: Int32Array;
  private mask: number;
  /** Entries, the youngest last: what they were put under, the next with its hash, and their age. */
  private readonly items: I32List;
  private readonly nexts: I32List;
  private readonly buckets: I32List;
  private readonly births: I32List;
  private clock: number;
  private readonly ticks: Int32Array;
  /** The ticks at the end of each open block. */
  private readonly savedTicks: I32List;
  private known: Uint8Array;
  /** Values that `known` is about; what lies behind them is of other functions. */
  private values: number;
  private readonly learned: I32List;
  /** Of each open block: how many entries and facts there were when it was entered. */
  private readonly marks: I32List;

  constructor() {
    this.heads = new Int32Array(64);
    this.mask = 63;
    this.items = new I32List();
    this.nexts = new I32List();
    this.buckets = new I32List();
    this.births = new I32List();
    this.clock = 0;
    this.ticks = new Int32Array(TICKS);
    this.savedTicks = new I32List();
    this.known = new Uint8Array(0);
    this.values = 0;
    this.learned = new I32List();
    this.marks = new I32List();
  }

  begin(values: number, insts: number): void {
    let size = 64;
    while (size < insts) size *= 2;
    if (this.heads.length < size) this.heads = new Int32Array(size);
    this.mask = size - 1;
    fillWords(this.heads, -1, 0, size);
    this.items.clear();
    this.nexts.clear();
    this.buckets.clear();
    this.births.clear();
    this.savedTicks.clear();
    this.learned.clear();
    this.marks.clear();
    this.clock = 1;
    this.ticks.fill(0);
    this.values = 0;
    this.reserve(values);
  }

  /** Makes room for values that were made since, of which nothing is known. */
  reserve(values: number): void {
    if (this.known.length < values) {
      this.known = grownColumn(this.known, grownCapacity(this.known.length, values));
    }
    fillBytes(this.known, Known.Nothing, this.values, values);
    this.values = values;
  }

  // Scopes.

  get depth(): number {
    return this.marks.length >> 1;
  }

  /** Enters a block below the one entered last; `keepsFields` when control comes straight from there. */
  enter(keepsFields: boolean): void {
    const saved = this.savedTicks.length - TICKS;
    if (saved >= 0) for (let i = 0; i < TICKS; i++) this.ticks[i] = this.savedTicks.get(saved + i);
    this.marks.push(this.items.length);
    this.marks.push(this.learned.length);
    if (!keepsFields) this.endAllFields();
  }

  /** The instructions of the block entered last are done; what it dominates comes next. */
  finish(): void {
    for (let i = 0; i < TICKS; i++) this.savedTicks.push(this.ticks[i]!);
  }

  leave(): void {
    const facts = this.marks.pop();
    const entries = this.marks.pop();
    this.savedTicks.truncate(this.savedTicks.length - TICKS);
    while (this.learned.length > facts) this.known[this.learned.pop()] = Known.Nothing;
    for (let i = this.items.length - 1; i >= entries; i--)
      this.heads[this.buckets.get(i)] = this.nexts.get(i);
    this.items.truncate(entries);
    this.nexts.truncate(entries);
    this.buckets.truncate(entries);
    this.births.truncate(entries);
  }

  // Zero and not zero.

  knownOf(value: number): number {
    return this.known[value]!;
  }

  /** Notes that a value of which nothing was known is zero, or is not. */
  learn(value: number, known: number): void {
    this.known[value] = known;
    this.learned.push(value);
  }

  // Entries.

  /** The youngest entry under the hash, or -1. */
  first(hash: number): number {
    return this.heads[hash & this.mask]!;
  }

  next(entry: number): number {
    return this.nexts.get(entry);
  }

  item(entry: number): number {
    return this.items.get(entry);
  }

  add(hash: number, item: number): void {
    const bucket = hash & this.mask;
    this.nexts.push(this.heads[bucket]!);
    this.heads[bucket] = this.items.length;
    this.items.push(item);
    this.buckets.push(bucket);
    this.births.push(++this.clock);
  }

  // Fields.

  /** Whether nothing was stored since the entry that could have changed a field at that offset. */
  isCurrent(entry: number, offset: number): boolean {
    const birth = this.births.get(entry);
    return birth > this.ticks[ALL]! && birth > this.ticks[classOf(offset)]!;
  }

  endFieldsAt(offset: number): void {
    this.ticks[classOf(offset)] = ++this.clock;
  }

  endAllFields(): void {
    this.ticks[ALL] = ++this.clock;
  }
}

function classOf(offset: number): number {
  return (offset >>> 2) % CLASSES;
}
