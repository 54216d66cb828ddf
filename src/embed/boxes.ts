/**
 * Boxes: objects of the heap that stand for values of JavaScript (`value-table.ts` has these), and are made for each value that
 * enters. The program cannot tell whether two are one, since `ref.eq` takes no reference that may be a value of JavaScript's.
 *
 * A value is held until a collection has not reached its box and another value is boxed, or the held ones are counted.
 */
import { HostBox } from "../gc/layout.ts";
import type { ValueStore, Values } from "./value-table.ts";

/** With fewer values nothing is collected for want of numbers. */
const MANY_VALUES = 1 << 16;
/** What a value takes here, its box included: a collection should not move many times as much for each. */
const BYTES_PER_VALUE = 16;
/** With more it is tried in any case: their words would soon fill static memory. */
const MOST_VALUES = 1 << 20;

export class Boxes {
  private readonly store: ValueStore;
  private readonly values: Values;
  /** The collections after which values were let go of. */
  private seen: number;

  constructor(store: ValueStore, values: Values) {
    this.store = store;
    this.values = values;
    this.seen = store.weak.collections;
  }

  /** The value in the box with that number. */
  value(number: number): unknown {
    return this.values.value(number);
  }

  /** The address of a new box, good until the next collection. */
  box(value: unknown): number {
    const box = this.values.box(value);
    return box === 0 ? this.boxSlowly(value) : box;
  }

  /** The same if it takes no collection, and 0 otherwise. */
  boxAtOnce(value: unknown): number {
    const box = this.values.box(value);
    if (box !== 0 || this.seen === this.store.weak.collections) return box;
    this.forgetUnreached();
    return this.values.box(value);
  }

  private boxSlowly(value: unknown): number {
    const { values } = this;
    this.makeRoom();
    const box = values.box(value);
    if (box !== 0) return box;
    const object = this.store.runtime.allocate(HostBox.Bytes);
    if (this.store.weak.collections !== this.seen) this.forgetUnreached();
    // There is a number still, perhaps another: a collection takes none.
    values.hasRoom();
    values.put(object, value);
    return object;
  }

  private makeRoom(): void {
    if (this.store.weak.collections !== this.seen) this.forgetUnreached();
    if (!this.values.hasRoom()) this.makeNumbers();
  }

  /**
   * Boxes are so small that a large heap fills with millions of them, nearly all dead. So before there are twice as many numbers, a
   * collection tells how many are needed.
   */
  private makeNumbers(): void {
    const { weak, runtime } = this.store;
    const count = weak.count;
    if (count >= MOST_VALUES || count >= Math.max(MANY_VALUES, weak.liveBytes / BYTES_PER_VALUE)) {
      runtime.collect();
      if (this.forgetUnreached() <= count / 2) return;
    }
    weak.grow();
    this.values.begin();
  }

  /** Lets go of values whose boxes the last collection did not reach; how many are left. */
  forgetUnreached(): number {
    this.seen = this.store.weak.collections;
    return this.values.forget();
  }
}
