/**
 * Which value a variable has at the end of a block, as far as it is known: a sparse map from (variable, block) to value.
 *
 * Upstream keeps a dense table of blocks for each variable, so that a function with many of both needs their product.
 * Here it is one open-addressing hash table whose rows are four words: variable, block, value, epoch. A row of an older
 * epoch is free, so clearing is counting the epoch up, whatever the table's size. The definition that each variable got
 * last is kept beside the table: straight-line code reads little else.
 */
import { grownCapacity, grownColumn } from "../base/column.ts";
import { type Block, NONE, type Value } from "../ir/entities.ts";
import type { Variable } from "./variable.ts";

const ROW_WORDS = 4;
const MIN_ROWS = 64;

export class Definitions {
  private rows: Int32Array;
  private mask: number;
  private count: number;
  private epoch: number;
  private recentBlocks: Int32Array;
  private recentValues: Int32Array;
  private variables: number;

  constructor() {
    this.rows = new Int32Array(MIN_ROWS * ROW_WORDS);
    this.mask = MIN_ROWS - 1;
    this.count = 0;
    this.epoch = 1;
    this.recentBlocks = new Int32Array(0);
    this.recentValues = new Int32Array(0);
    this.variables = 0;
  }

  clear(): void {
    this.count = 0;
    this.variables = 0;
    if (this.epoch === 0x7fffffff) {
      this.rows.fill(0);
      this.epoch = 0;
    }
    this.epoch++;
  }

  /** The definition, or `NONE`. */
  get(variable: Variable, block: Block): Value | typeof NONE {
    if (variable < this.variables && this.recentBlocks[variable] === block) {
      return this.recentValues[variable]! as Value;
    }
    const { rows, mask, epoch } = this;
    for (let row = this.hash(variable, block) & mask; ; row = (row + 1) & mask) {
      const at = row * ROW_WORDS;
      if (rows[at + 3] !== epoch) return NONE;
      if (rows[at] === variable && rows[at + 1] === block) return rows[at + 2]! as Value;
    }
  }

  set(variable: Variable, block: Block, value: Value): void {
    if (variable >= this.variables) this.growVariables(variable + 1);
    this.recentBlocks[variable] = block;
    this.recentValues[variable] = value;
    const { rows, mask, epoch } = this;
    for (let row = this.hash(variable, block) & mask; ; row = (row + 1) & mask) {
      const at = row * ROW_WORDS;
      if (rows[at + 3] !== epoch) {
        this.write(at, variable, block, value);
        if (++this.count * 2 > mask) this.growRows();
        return;
      }
      if (rows[at] === variable && rows[at + 1] === block) {
        rows[at + 2] = value;
        return;
      }
    }
  }

  /** Whether the variable has been defined in any block. */
  isDefined(variable: Variable): boolean {
    return variable < this.variables && this.recentBlocks[variable] !== NONE;
  }

  private hash(variable: number, block: number): number {
    const mixed = Math.imul(variable, 0x9e3779b1) ^ Math.imul(block, 0x85ebca6b);
    return mixed ^ (mixed >>> 15);
  }

  private write(at: number, variable: number, block: number, value: number): void {
    this.rows[at] = variable;
    this.rows[at + 1] = block;
    this.rows[at + 2] = value;
    this.rows[at + 3] = this.epoch;
  }

  private growRows(): void {
    const old = this.rows;
    this.rows = new Int32Array(old.length * 2);
    this.mask = this.rows.length / ROW_WORDS - 1;
    for (let from = 0; from < old.length; from += ROW_WORDS) {
      if (old[from + 3] !== this.epoch) continue;
      let row = this.hash(old[from]!, old[from + 1]!) & this.mask;
      while (this.rows[row * ROW_WORDS + 3] === this.epoch) row = (row + 1) & this.mask;
      this.write(row * ROW_WORDS, old[from]!, old[from + 1]!, old[from + 2]!);
    }
  }

  private growVariables(count: number): void {
    if (count > this.recentBlocks.length) {
      const capacity = grownCapacity(this.recentBlocks.length, count);
      this.recentBlocks = grownColumn(this.recentBlocks, capacity);
      this.recentValues = grownColumn(this.recentValues, capacity);
    }
    this.recentBlocks.fill(NONE, this.variables, count);
    this.variables = count;
  }
}
