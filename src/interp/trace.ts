/**
 * What a program shows: the blocks it enters, its accesses to memory with addresses and stored values, its calls with
 * callees and arguments, and how it ends. Loaded values follow from addresses; values that nothing of this depends on cannot
 * be told apart from outside, and are not.
 *
 * An event is a header (kind, count of words that follow) and its words; a second list says which record made each event.
 */
import { I32List } from "../base/column.ts";
import type { Type } from "../ir/types.ts";
import type { Machine, Observer } from "./machine.ts";
import { STRIDE } from "./record.ts";
import { cellsOf, wordsOf } from "./type-sizes.ts";

export const EventKind = {
  Block: 0,
  Access: 1,
  Call: 2,
  Return: 3,
  Trap: 4,
  Unwound: 5,
  OutOfFuel: 6,
  Stuck: 7,
  BadSlot: 8,
} as const;
const KIND_BITS = 4;
/** Words of an access before the stored value: opcode, high and low word of the address. */
export const ACCESS_WORDS = 3;
/** Words of a call before the arguments: the callee, or the address called. */
export const CALL_WORDS = 2;

export class Trace implements Observer {
  private readonly words: I32List;
  /** Start of each event in `words`, and the record that made it. */
  private readonly starts: I32List;
  private readonly records: I32List;

  constructor() {
    this.words = new I32List(256);
    this.starts = new I32List(64);
    this.records = new I32List(64);
  }

  clear(): void {
    this.words.clear();
    this.starts.clear();
    this.records.clear();
  }

  get eventCount(): number {
    return this.starts.length;
  }

  kind(event: number): number {
    return this.words.get(this.starts.get(event)) & ((1 << KIND_BITS) - 1);
  }

  wordCount(event: number): number {
    return this.words.get(this.starts.get(event)) >> KIND_BITS;
  }

  word(event: number, index: number): number {
    return this.words.get(this.starts.get(event) + 1 + index);
  }

  /** The record that made the event, or -1. */
  record(event: number): number {
    return this.records.get(event);
  }

  private begin(kind: number, count: number, record: number): void {
    this.starts.push(this.words.length);
    this.records.push(record);
    this.words.push(kind | (count << KIND_BITS));
  }

  entered(block: number): void {
    this.begin(EventKind.Block, 1, -1);
    this.words.push(block);
  }

  accessed(m: Machine, kind: number, hi: number, lo: number, bytes: number, q: number): void {
    const words = q < 0 ? 0 : (bytes + 3) >>> 2;
    this.begin(EventKind.Access, ACCESS_WORDS + words, m.pc - STRIDE);
    this.words.push(kind);
    this.words.push(hi);
    this.words.push(lo);
    for (let i = 0; i < words; i++) {
      const word = m.i32[(q << 1) + i]!;
      this.words.push(bytes < 4 ? word & ((1 << (8 * bytes)) - 1) : word);
    }
  }

  /** A call of something outside; `low` and `high` say what is called. */
  called(m: Machine, low: number, high: number, types: readonly Type[]): void {
    this.beginValues(m, EventKind.Call, CALL_WORDS, types, m.callAt);
    this.words.push(low);
    this.words.push(high);
    this.pushTransfer(m, types);
  }

  returned(m: Machine, types: readonly Type[]): void {
    this.beginValues(m, EventKind.Return, 0, types, m.pc - STRIDE);
    this.pushTransfer(m, types);
  }

  ended(kind: number, detail: number, record: number): void {
    this.begin(kind, 1, record);
    this.words.push(detail);
  }

  private beginValues(
    m: Machine,
    kind: number,
    before: number,
    types: readonly Type[],
    record: number,
  ): void {
    let count = before;
    for (const type of types) count += wordsOf(type);
    m.reserveTransfer(count);
    this.begin(kind, count, record);
  }

  private pushTransfer(m: Machine, types: readonly Type[]): void {
    let cell = 0;
    for (const type of types) {
      for (let i = 0; i < wordsOf(type); i++) this.words.push(m.transfer[2 * cell + i]!);
      cell += cellsOf(type);
    }
  }

  /** The first event in which two traces differ, or -1. A trace that ends early differs where it ends. */
  firstDifference(other: Trace): number {
    const events = Math.min(this.eventCount, other.eventCount);
    for (let event = 0; event < events; event++) {
      const a = this.starts.get(event);
      const b = other.starts.get(event);
      const header = this.words.get(a);
      if (header !== other.words.get(b)) return event;
      for (let i = 1; i <= header >> KIND_BITS; i++) {
        if (this.words.get(a + i) !== other.words.get(b + i)) return event;
      }
    }
    return this.eventCount === other.eventCount ? -1 : events;
  }
}
