/**
 * Growable typed-array columns.
 *
 * The IR keeps one typed array per field ("struct of arrays"): no object per instruction, and clearing a
 * function for reuse is setting lengths to zero. Owners hold the arrays in private fields and grow all the
 * columns of one table together; `grownCapacity` is the one growth policy.
 */

/** The typed arrays a column can be made of. */
export type Column =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float64Array;

/**
 * The capacity to grow to so that `needed` elements fit: twice the old one. Room that is not yet used costs no memory (the
 * system gives out pages when they are touched), while every outgrown copy stays until the collector comes: growing by
 * half took up to a third more memory at the peak and a third more time where the columns are large.
 */
export function grownCapacity(capacity: number, needed: number): number {
  return Math.max(needed, capacity * 2, 16);
}

/**
 * Columns without elements, for what has not grown yet. They are shared: a function has dozens of columns, most
 * functions are small, and typed arrays are slow to make.
 */
export const EMPTY_U8: Uint8Array = new Uint8Array(0);
export const EMPTY_U16: Uint16Array = new Uint16Array(0);
export const EMPTY_I32: Int32Array = new Int32Array(0);

/** Empties a list that will be filled again: setting its length would give its memory back. */
export function removeAll(list: unknown[]): void {
  while (list.length > 0) list.pop();
}

/** Up to here a loop is faster than the call of `fill`, which takes some 50 ns however little there is to do. */
const SHORT_FILL = 64;

/** Sets the words from `start` on, up to `end`. */
export function fillWords(column: Int32Array, item: number, start: number, end: number): void {
  if (end - start > SHORT_FILL) column.fill(item, start, end);
  else for (let i = start; i < end; i++) column[i] = item;
}

/** Sets the bytes from `start` on, up to `end`. */
export function fillBytes(column: Uint8Array, item: number, start: number, end: number): void {
  if (end - start > SHORT_FILL) column.fill(item, start, end);
  else for (let i = start; i < end; i++) column[i] = item;
}

/** A copy of `column` with room for `capacity` elements; new elements are 0. */
export function grownColumn<T extends Column>(column: T, capacity: number): T {
  const grown = new (column.constructor as new (length: number) => T)(capacity);
  grown.set(column as never);
  return grown;
}

/**
 * A growable list of 32-bit integers, for worklists and scratch lists that live across functions. `clear` keeps
 * the storage.
 */
export class I32List {
  private items: Int32Array;
  private count: number;

  constructor(capacity = 16) {
    this.items = new Int32Array(capacity);
    this.count = 0;
  }

  get length(): number {
    return this.count;
  }

  get(index: number): number {
    return this.items[index]!;
  }

  set(index: number, item: number): void {
    this.items[index] = item;
  }

  push(item: number): void {
    if (this.count === this.items.length) {
      this.items = grownColumn(this.items, grownCapacity(this.items.length, this.count + 1));
    }
    this.items[this.count++] = item;
  }

  /** Removes and returns the last item; the list must not be empty. */
  pop(): number {
    return this.items[--this.count]!;
  }

  truncate(length: number): void {
    if (length < this.count) this.count = length;
  }

  /** Sorts the items upwards. */
  sort(): void {
    let sorted = 1;
    while (sorted < this.count && this.items[sorted - 1]! <= this.items[sorted]!) sorted++;
    // Lists are mostly made in order, and the call costs more than looking.
    if (sorted < this.count) this.items.subarray(0, this.count).sort();
  }

  clear(): void {
    this.count = 0;
  }
}
