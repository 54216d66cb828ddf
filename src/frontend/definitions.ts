/**
 * Which value a variable has at the end of a block, as far as it is known: a sparse map from (variable, block) to value.
 *
 * Upstream keeps a dense table of blocks for each variable, so that a function with many of both needs their product.
 * Here each variable has pages of 16 consecutive blocks, and one open-addressing hash table leads to the pages:
 *
 *     row: variable, block / 16, page, epoch        page: value + 1 of each block, 0 for none
 *
 * A row of an older epoch is free, so clearing is counting the epoch up, whatever the table's size. The page that each
 * variable was last found in is kept beside the table: walks go from block to neighbouring block, and a table of single
 * entries spent four fifths of SSA construction waiting for memory (256 variables, 20,000 diamonds).
 */
import { fillWords, grownCapacity, grownColumn } from "../base/column.ts";
import { type Block, NONE, type Value } from "../ir/entities.ts";
import type { Variable } from "./variable.ts";

const ROW_WORDS = 4;
const MIN_ROWS = 64;
const PAGE_SHIFT = 4;
const PAGE_MASK = (1 << PAGE_SHIFT) - 1;

export class Definitions {
  private rows: Int32Array;
  private mask: number;
  private epoch: number;
  private pages: Int32Array;
  private pageCount: number;
  /** For each variable the page number of blocks it was last looked up in, and where that page starts. */
  private recentNumbers: Int32Array;
  private recentStarts: Int32Array;
  private variables: number;

  constructor() {
    this.rows = new Int32Array(MIN_ROWS * ROW_WORDS);
    this.mask = MIN_ROWS - 1;
    this.epoch = 1;
    this.pages = new Int32Array(0);
    this.pageCount = 0;
    this.recentNumbers = new Int32Array(0);
    this.recentStarts = new Int32Array(0);
    this.variables = 0;
  }

  clear(): void {
    this.pageCount = 0;
    this.variables = 0;
    if (this.epoch === 0x7fffffff) {
      this.rows.fill(0);
      this.epoch = 0;
    }
    this.epoch++;
  }

  /** The definition, or `NONE`. */
  get(variable: Variable, block: Block): Value | typeof NONE {
    if (variable >= this.variables) return NONE;
    const number = block >> PAGE_SHIFT;
    let start = this.recentStarts[variable]!;
    if (this.recentNumbers[variable] !== number) {
      const row = this.findRow(variable, number);
      if (this.rows[row + 3] !== this.epoch) return NONE;
      start = this.rows[row + 2]!;
      this.recentNumbers[variable] = number;
      this.recentStarts[variable] = start;
    }
    return (this.pages[start + (block & PAGE_MASK)]! - 1) as Value;
  }

  set(variable: Variable, block: Block, value: Value): void {
    if (variable >= this.variables) this.growVariables(variable + 1);
    const number = block >> PAGE_SHIFT;
    if (this.recentNumbers[variable] !== number) {
      const row = this.findRow(variable, number);
      const isThere = this.rows[row + 3] === this.epoch;
      const start = isThere ? this.rows[row + 2]! : this.addPage(row, variable, number);
      this.recentNumbers[variable] = number;
      this.recentStarts[variable] = start;
    }
    this.pages[this.recentStarts[variable]! + (block & PAGE_MASK)] = value + 1;
  }

  /** Whether the variable has been defined in any block. */
  isDefined(variable: Variable): boolean {
    return variable < this.variables && this.recentNumbers[variable] !== NONE;
  }

  /** Where the row of that page is, or the free row where it goes. */
  private findRow(variable: number, number: number): number {
    const { rows, mask, epoch } = this;
    for (let row = hash(variable, number) & mask; ; row = (row + 1) & mask) {
      const at = row * ROW_WORDS;
      if (rows[at + 3] !== epoch) return at;
      if (rows[at] === variable && rows[at + 1] === number) return at;
    }
  }

  private addPage(row: number, variable: number, number: number): number {
    const start = this.pageCount++ << PAGE_SHIFT;
    const end = start + PAGE_MASK + 1;
    if (end > this.pages.length) {
      this.pages = grownColumn(this.pages, grownCapacity(this.pages.length, end));
    }
    fillWords(this.pages, 0, start, end);
    this.writeRow(row, variable, number, start);
    if (this.pageCount * 2 > this.mask) this.growRows();
    return start;
  }

  private writeRow(row: number, variable: number, number: number, start: number): void {
    this.rows[row] = variable;
    this.rows[row + 1] = number;
    this.rows[row + 2] = start;
    this.rows[row + 3] = this.epoch;
  }

  private growRows(): void {
    const old = this.rows;
    this.rows = new Int32Array(old.length * 2);
    this.mask = this.rows.length / ROW_WORDS - 1;
    for (let at = 0; at < old.length; at += ROW_WORDS) {
      if (old[at + 3] !== this.epoch) continue;
      this.writeRow(this.findRow(old[at]!, old[at + 1]!), old[at]!, old[at + 1]!, old[at + 2]!);
    }
  }

  private growVariables(count: number): void {
    if (count > this.recentNumbers.length) {
      const capacity = grownCapacity(this.recentNumbers.length, count);
      this.recentNumbers = grownColumn(this.recentNumbers, capacity);
      this.recentStarts = grownColumn(this.recentStarts, capacity);
    }
    fillWords(this.recentNumbers, NONE, this.variables, count);
    this.variables = count;
  }
}

/** Murmur3's finaliser: the low bits of sums and products alone would cluster. */
function hash(variable: number, number: number): number {
  let mixed = (Math.imul(variable, 0x9e3779b1) + number) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
