/**
 * Objects that exist before a program runs, as far as they are known when it is compiled: what they are of and what is in them, but
 * not where they will lie (`static-image.ts`).
 *
 * An object names only objects with lower numbers, since a constant expression makes the inner ones first. Columns, for there are
 * tens of thousands:
 *
 *     object   type, length (of an array; 0 for a struct), values from … to
 *     value    kind, two words: see `ValueKind`
 *
 * Of an object's values there are as many as it has fields or elements; or one, for an array of equal elements; or none, where all
 * are zero.
 */
import { I32List } from "../base/column.ts";

/** What a row of values is, and what its words are. */
export const StaticValue = {
  /** A number, i31 or null: the low and the high half of its bits. */
  Bits: 0,
  /** A vector: where its bytes stand in the module. */
  Vector: 1,
  /** A reference to a function, by its index in the input. */
  Function: 2,
  /** A reference to a static object, by its number. */
  Object: 3,
  /** What an imported global holds when an instance is made, by the global's index; in immutable fields and elements only. */
  Import: 4,
} as const;

/** Rows of values, which serve as a stack too. */
export class StaticValues {
  private readonly kinds: I32List;
  private readonly lows: I32List;
  private readonly highs: I32List;

  /** With room for so many at first: outgrown columns of tens of thousands would be much of what planning throws away. */
  constructor(capacity = 16) {
    this.kinds = new I32List(capacity);
    this.lows = new I32List(capacity);
    this.highs = new I32List(capacity);
  }

  get length(): number {
    return this.kinds.length;
  }

  push(kind: number, low: number, high = 0): void {
    this.kinds.push(kind);
    this.lows.push(low);
    this.highs.push(high);
  }

  /** Drops all rows from `length` on. */
  truncate(length: number): void {
    this.kinds.truncate(length);
    this.lows.truncate(length);
    this.highs.truncate(length);
  }

  copy(from: StaticValues, row: number): void {
    this.push(from.kind(row), from.low(row), from.high(row));
  }

  kind(row: number): number {
    return this.kinds.get(row);
  }

  low(row: number): number {
    return this.lows.get(row);
  }

  high(row: number): number {
    return this.highs.get(row);
  }
}

export class StaticObjects {
  readonly values: StaticValues;
  private readonly types: I32List;
  private readonly lengths: I32List;
  private readonly starts: I32List;

  /** With room for so many values at first. */
  constructor(capacity: number) {
    this.values = new StaticValues(capacity);
    this.types = new I32List();
    this.lengths = new I32List();
    this.starts = new I32List();
  }

  get length(): number {
    return this.types.length;
  }

  /** Adds an object whose values are the rows of `from` from `start` on; returns its number. */
  add(type: number, length: number, from: StaticValues, start: number): number {
    this.types.push(type);
    this.lengths.push(length);
    this.starts.push(this.values.length);
    for (let row = start; row < from.length; row++) this.values.copy(from, row);
    return this.types.length - 1;
  }

  /** Takes back all objects from number `length` on. */
  truncate(length: number): void {
    if (length === this.length) return;
    this.values.truncate(this.starts.get(length));
    for (const column of [this.types, this.lengths, this.starts]) column.truncate(length);
  }

  /** A type of the module, or behind these a built-in one (`object/symbol-spaces.ts`). */
  type(object: number): number {
    return this.types.get(object);
  }

  /** The elements of an array. */
  arrayLength(object: number): number {
    return this.lengths.get(object);
  }

  valuesStart(object: number): number {
    return this.starts.get(object);
  }

  valuesEnd(object: number): number {
    return object + 1 < this.length ? this.starts.get(object + 1) : this.values.length;
  }
}
