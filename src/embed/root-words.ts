/**
 * Words in static memory that the collector knows: roots for what the host holds, and weak words for what it wants to hear of.
 *
 * A region is `[next][count][words…]` (see `runtime/collectors.ts`). Regions of roots are added as they fill up, each twice the
 * last; a collector knows one weak region, so a larger one replaces it.
 */
import { REGION_HEADER_BYTES } from "../gc/layout.ts";
import type { Runtime } from "./runtime.ts";
import type { StoreMemory } from "./store-memory.ts";

const FIRST_COUNT = 64;

/** Root words, given out and taken back by address. */
export class RootWords {
  private readonly memory: StoreMemory;
  private readonly runtime: Runtime;
  private readonly free: number[];
  private size: number;

  constructor(memory: StoreMemory, runtime: Runtime) {
    this.memory = memory;
    this.runtime = runtime;
    this.free = [];
    this.size = FIRST_COUNT;
  }

  /** A word that holds `reference` from now on. */
  take(reference: number): number {
    if (this.free.length === 0) this.grow();
    const word = this.free.pop()!;
    this.memory.write(word, reference);
    return word;
  }

  give(word: number): void {
    this.memory.write(word, 0);
    this.free.push(word);
  }

  private grow(): void {
    const region = this.memory.reserve(REGION_HEADER_BYTES + 4 * this.size);
    this.memory.write(region + 4, this.size);
    this.runtime.addRoots(region);
    for (let i = this.size - 1; i >= 0; i--) this.free.push(region + REGION_HEADER_BYTES + 4 * i);
    this.size *= 2;
  }
}

/** Weak words, each of which a collection gives its object's new address, or 0 once it has found that nothing reaches it. */
export class WeakWords {
  private readonly memory: StoreMemory;
  private readonly runtime: Runtime;
  private present: number;
  private size: number;

  constructor(memory: StoreMemory, runtime: Runtime) {
    this.memory = memory;
    this.runtime = runtime;
    this.present = 0;
    this.size = 0;
    this.grow();
  }

  /** How many collections there were, as of the last: objects are where they were as long as it stays. */
  get collections(): number {
    return this.memory.read(this.present);
  }

  /** What the last of them left. */
  get liveBytes(): number {
    return this.runtime.liveBytes;
  }

  /** Where they are; a larger region takes its place. */
  get region(): number {
    return this.present;
  }

  get count(): number {
    return this.size;
  }

  /** Makes room for twice as many. */
  grow(): void {
    const old = this.present;
    const count = this.size;
    const size = Math.max(FIRST_COUNT, count * 2);
    const region = this.memory.reserve(REGION_HEADER_BYTES + 4 * size);
    const { words } = this.memory;
    if (old !== 0) words.copyWithin(region >>> 2, old >>> 2, (old + REGION_HEADER_BYTES + 4 * count) >>> 2);
    this.memory.write(region + 4, size);
    this.size = size;
    this.present = region;
    this.runtime.setWeak(region);
  }
}
