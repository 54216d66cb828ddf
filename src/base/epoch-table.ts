/**
 * Numbers by small numbers, all forgotten at once: for tables that serve one function after another. An entry counts when it was
 * set since the last `clear`, so clearing touches none of them.
 */
import { EMPTY_I32, grownCapacity, grownColumn } from "./column.ts";

const MOST_EPOCHS = 0x7fffffff;

export class EpochTable {
  private items: Int32Array;
  private epochs: Int32Array;
  private epoch: number;

  constructor() {
    this.items = EMPTY_I32;
    this.epochs = EMPTY_I32;
    this.epoch = 1;
  }

  clear(): void {
    if (this.epoch === MOST_EPOCHS) {
      this.epochs.fill(0);
      this.epoch = 0;
    }
    this.epoch++;
  }

  /** The number there, or -1. */
  get(key: number): number {
    return key < this.epochs.length && this.epochs[key] === this.epoch ? this.items[key]! : -1;
  }

  set(key: number, item: number): void {
    if (key >= this.items.length) {
      const capacity = grownCapacity(this.items.length, key + 1);
      this.items = grownColumn(this.items, capacity);
      this.epochs = grownColumn(this.epochs, capacity);
    }
    this.items[key] = item;
    this.epochs[key] = this.epoch;
  }
}
