/**
 * Words in static memory that the collector knows: roots for what the host holds, and weak words for what it wants to hear of.
 *
 * A region is `[next][count][words…]` (see `runtime/collectors.ts`). Regions of roots are added as they fill up, each twice the
 * last; a collector knows one weak region, so a larger one replaces it.
 */
import type { Runtime } from "./runtime.ts";
import type { StoreMemory } from "./store-memory.ts";

const HEADER_BYTES = 8;
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
    const region = this.memory.reserve(HEADER_BYTES + 4 * this.size);
    this.memory.write(region + 4, this.size);
    this.runtime.addRoots(region);
    for (let i = this.size - 1; i >= 0; i--) this.free.push(region + HEADER_BYTES + 4 * i);
    this.size *= 2;
  }
}

/** Weak words, by number. */
export class WeakWords {
  private readonly memory: StoreMemory;
  private readonly runtime: Runtime;
  private region: number;
  private size: number;
  private readonly free: number[];
  private used: number;

  constructor(memory: StoreMemory, runtime: Runtime) {
    this.memory = memory;
    this.runtime = runtime;
    this.region = 0;
    this.size = 0;
    this.free = [];
    this.used = 0;
    this.grow();
  }

  /** How many collections there were, as of the last: objects are where they were as long as it stays. */
  get collections(): number {
    return this.memory.read(this.region);
  }

  /** What the last of them left. */
  get liveBytes(): number {
    return this.runtime.liveBytes;
  }

  /** Whether the next number takes a larger region. */
  get isFull(): boolean {
    return this.free.length === 0 && this.used === this.size;
  }

  /** The number of a word that names nothing yet. */
  take(): number {
    const number = this.free.pop() ?? this.used++;
    if (number >= this.size) this.grow();
    return number;
  }

  give(number: number): void {
    this.write(number, 0);
    this.free.push(number);
  }

  /** The object's address, or 0 once a collection has found that nothing reaches it. */
  read(number: number): number {
    return this.memory.read(this.addressOf(number));
  }

  write(number: number, reference: number): void {
    this.memory.write(this.addressOf(number), reference);
  }

  private addressOf(number: number): number {
    return this.region + HEADER_BYTES + 4 * number;
  }

  /** Makes room for twice as many. */
  grow(): void {
    const old = this.region;
    const count = this.size;
    this.size = Math.max(FIRST_COUNT, count * 2);
    this.region = this.memory.reserve(HEADER_BYTES + 4 * this.size);
    this.memory.write(this.region + 4, this.size);
    if (old !== 0) this.memory.write(this.region, this.memory.read(old));
    for (let i = 0; i < count; i++) {
      this.write(i, this.memory.read(old + HEADER_BYTES + 4 * i));
    }
    this.runtime.setWeak(this.region);
  }
}
