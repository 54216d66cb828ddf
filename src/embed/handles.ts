/**
 * JavaScript's objects for objects of the heap: one for one, as long as it lives. Until JavaScript drops it, a root word holds the
 * object of the heap.
 */
import type { RootWords } from "./root-words.ts";
import type { StoreMemory } from "./store-memory.ts";

/** Says how many collections there were. */
export interface CollectionClock {
  readonly collections: number;
}

interface Handle<T extends object> {
  readonly word: number;
  readonly object: WeakRef<T>;
}

export class Handles<T extends object> {
  private readonly memory: StoreMemory;
  private readonly clock: CollectionClock;
  private readonly roots: RootWords;
  /** By the address of their object, as of the collection that `seen` counts. */
  private readonly handles: Map<number, Handle<T>>;
  private readonly words: WeakMap<object, number>;
  private readonly dropped: FinalizationRegistry<number>;
  private seen: number;

  constructor(memory: StoreMemory, clock: CollectionClock, roots: RootWords) {
    this.memory = memory;
    this.clock = clock;
    this.roots = roots;
    this.handles = new Map();
    this.words = new WeakMap();
    this.dropped = new FinalizationRegistry((word) => this.drop(word));
    this.seen = 0;
  }

  /** The object that stands for the one at an address; `make` makes it, if there is none, of the root word. */
  of(reference: number, make: (word: number) => T): T {
    this.refresh();
    const found = this.handles.get(reference)?.object.deref();
    if (found !== undefined) return found;
    const word = this.roots.take(reference);
    const object = make(word);
    this.handles.set(reference, { word, object: new WeakRef(object) });
    this.words.set(object, word);
    this.dropped.register(object, word);
    return object;
  }

  /** The root word of the object that `object` stands for, if it does. */
  wordOf(object: object): number | undefined {
    return this.words.get(object);
  }

  /** After a collection objects are elsewhere. */
  private refresh(): void {
    const { collections } = this.clock;
    if (collections === this.seen) return;
    this.seen = collections;
    const handles = [...this.handles.values()];
    this.handles.clear();
    for (const handle of handles) {
      if (handle.object.deref() !== undefined) this.handles.set(this.memory.read(handle.word), handle);
    }
  }

  private drop(word: number): void {
    const reference = this.memory.read(word);
    // The object may have got a new handle meanwhile.
    if (this.handles.get(reference)?.word === word) this.handles.delete(reference);
    this.roots.give(word);
  }
}
