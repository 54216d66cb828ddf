/**
 * JavaScript's objects for objects of the heap: one for one, as long as it lives. Until JavaScript drops it, a root word holds the
 * object of the heap.
 *
 * What the host does to watch an object (a `WeakRef`, a finalizer) costs more than all the rest of a crossing, about half a
 * microsecond each. So those made one after the other are watched together: they refer to their group, the group to them, and they
 * live until JavaScript has dropped all of it.
 *
 * The host's collector sees the small objects here, not what they hold there, and would come far too seldom. So when the heap has grown
 * much it is shown a large buffer: what that makes it do, it does for the handles, too.
 */
import { AddressNumbers } from "./address-numbers.ts";
import type { RootWords } from "./root-words.ts";
import type { StoreMemory } from "./store-memory.ts";

/** Says how many collections there were, and what the last one left. */
export interface CollectionClock {
  readonly collections: number;
  readonly liveBytes: number;
}

/** How many objects are watched together: each that lives keeps so many. */
const GROUP_SIZE = 16;
/**
 * For how long a group may be joined, in milliseconds: objects made at nearly one time are often dropped at one time. Where JavaScript awaits something
 * between one and the next, they are of one job of the host's still, until the end of which all stay alive in any case.
 */
const GROUP_MS = 10;

/** The host is pressed when more than twice the least, and so much, is alive. */
const GROWTH_BYTES = 1 << 20;
/** Not more often. */
const PRESSURE_EVERY_MS = 20;
/** What it makes the host do takes some milliseconds, more where JavaScript holds more: it gets so small a part of the time. */
const PRESSURE_SHARE = 1 / 8;
/**
 * V8 counts 64 MB of buffers as reason enough to collect, and this is more
 * than the C library keeps for later: its pages come from the system, which gives them out when they are touched, and they never are.
 */
const PRESSURE_BYTES = 40 << 20;

/** Objects that live as long as one of them does. */
export interface HandleGroup {
  readonly owner: object;
  readonly objects: Handle[];
}

class Bearer {
  constructor(object?: object) {
    // biome-ignore lint/correctness/noConstructorReturn: private names of classes below are put on it
    if (object !== undefined) return object;
  }
}

/** What stands for an object of the heap. Private names take the place of a map of weak keys, which costs a collection more. */
export class Handle extends Bearer {
  readonly #word: number;
  readonly #group: HandleGroup;

  /** `object` becomes the handle, if it is given. */
  constructor(word: number, group: HandleGroup, object?: object) {
    super(object);
    this.#word = word;
    this.#group = group;
  }

  /** The root word of one of the owner's. */
  static wordOf(object: object, owner: object): number | undefined {
    return #word in object && object.#group.owner === owner ? object.#word : undefined;
  }
}

/** The root word of a slot that no handle has. */
const NO_WORD = -1;

export class Handles<T extends Handle> {
  private readonly memory: StoreMemory;
  private readonly clock: CollectionClock;
  private readonly roots: RootWords;
  private readonly make: (word: number, group: HandleGroup) => T;
  /** By slot: the root word, the group and the place in it. One that has a root word but no group has been replaced by another. */
  private readonly words: number[];
  private readonly groups: (WeakRef<HandleGroup> | null)[];
  private readonly places: number[];
  private readonly freeSlots: number[];
  /**
   * Slots by the address of their object, as of the collection that `seen` counts. A slot may have been taken over since: it is the
   * one if its root word says so.
   */
  private readonly slots: AddressNumbers;
  private readonly dropped: FinalizationRegistry<readonly number[]>;
  private seen: number;
  /** The least that was alive after a collection. */
  private leastBytes: number;
  /** Before that the host is not pressed again. */
  private nextPressure: number;
  /** The group that the next object joins, null where it is to be looked for; the last one's slots, reference, and when it was opened. */
  private group: HandleGroup | null;
  private groupSlots: number[];
  private groupRef: WeakRef<HandleGroup> | null;
  private groupOpened: number;
  /**
   * The object that crossed last, and its root word: one that crosses often does so many times in a row, and a look at either
   * table costs ten times this. Held until the host's present job ends, as a `WeakRef` would.
   */
  latest: T | null;
  latestWord: number;
  /** Whether the end of the host's present job is awaited. */
  private isJobAwaited: boolean;

  /** `make` makes the object for the one that a root word holds. */
  constructor(
    memory: StoreMemory,
    clock: CollectionClock,
    roots: RootWords,
    make: (word: number, group: HandleGroup) => T,
  ) {
    this.memory = memory;
    this.clock = clock;
    this.roots = roots;
    this.make = make;
    this.words = [];
    this.groups = [];
    this.places = [];
    this.freeSlots = [];
    this.slots = new AddressNumbers();
    this.dropped = new FinalizationRegistry((slots) => slots.forEach((slot) => void this.drop(slot)));
    this.seen = 0;
    this.leastBytes = Number.POSITIVE_INFINITY;
    this.nextPressure = Number.NEGATIVE_INFINITY;
    this.group = null;
    this.groupSlots = [];
    this.groupRef = null;
    this.groupOpened = Number.NEGATIVE_INFINITY;
    this.latest = null;
    this.latestWord = 0;
    this.isJobAwaited = false;
  }

  /** The object that stands for the one at an address. */
  of(address: number): T {
    // As memory has it.
    const reference = address | 0;
    if (this.latest !== null && this.memory.read(this.latestWord) === reference) return this.latest;
    if (this.clock.collections !== this.seen) this.refresh();
    const slot = this.slotOf(reference);
    const group = slot < 0 ? undefined : this.groups[slot]!.deref();
    if (group === undefined) {
      // The host is about to drop the one that there was.
      if (slot >= 0) this.groups[slot] = null;
      return this.add(reference);
    }
    const object = group.objects[this.places[slot]!] as T;
    this.note(object, this.words[slot]!);
    return object;
  }

  private slotOf(reference: number): number {
    const slot = this.slots.get(reference);
    if (slot < 0 || this.groups[slot] === null) return -1;
    return this.memory.read(this.words[slot]!) === reference ? slot : -1;
  }

  private note(object: T, word: number): void {
    this.latest = object;
    this.latestWord = word;
    if (!this.isJobAwaited) this.awaitJob();
  }

  /** Nothing that a `WeakRef` is of goes before the host's present job ends, and that is not before what is awaited here. */
  private awaitJob(): void {
    this.isJobAwaited = true;
    void Promise.resolve().then(() => {
      this.isJobAwaited = false;
      this.group = null;
      this.latest = null;
    });
  }

  private add(reference: number): T {
    const group = this.groupToJoin();
    const word = this.roots.take(reference);
    const object = this.make(word, group);
    const slot = this.freeSlots.pop() ?? this.words.length;
    this.words[slot] = word;
    this.groups[slot] = this.groupRef;
    this.places[slot] = group.objects.length;
    this.slots.set(reference, slot);
    group.objects.push(object);
    this.groupSlots.push(slot);
    this.note(object, word);
    return object;
  }

  private groupToJoin(): HandleGroup {
    if (this.group === null) {
      if (!this.isJobAwaited) this.awaitJob();
      if (performance.now() < this.groupOpened + GROUP_MS) this.group = this.groupRef!.deref() ?? null;
    }
    if (this.group === null || this.group.objects.length === GROUP_SIZE) this.group = this.openGroup();
    return this.group;
  }

  private openGroup(): HandleGroup {
    const group = { owner: this, objects: [] };
    this.groupSlots = [];
    this.groupRef = new WeakRef(group);
    this.groupOpened = performance.now();
    this.dropped.register(group, this.groupSlots);
    return group;
  }

  /** The root word of the object that `object` stands for, if it does. */
  wordOf(object: object): number | undefined {
    if (object === this.latest) return this.latestWord;
    const word = Handle.wordOf(object, this);
    if (word !== undefined) this.note(object as T, word);
    return word;
  }

  /** After a collection objects are elsewhere. Those that the host is about to drop have their words still. */
  private refresh(): void {
    this.seen = this.clock.collections;
    const { words, groups, slots, memory } = this;
    slots.clear(words.length - this.freeSlots.length);
    for (let slot = 0; slot < words.length; slot++) {
      if (groups[slot] !== null) slots.set(memory.read(words[slot]!), slot);
    }
    const { liveBytes } = this.clock;
    this.leastBytes = Math.min(this.leastBytes, liveBytes);
    if (liveBytes <= 2 * this.leastBytes + GROWTH_BYTES) return;
    const before = performance.now();
    // A heap may rightly be so large: then this costs little of the time.
    if (before < this.nextPressure) return;
    pressHost();
    const now = performance.now();
    this.nextPressure = now + Math.max(PRESSURE_EVERY_MS, (now - before) / PRESSURE_SHARE);
  }

  private drop(slot: number): void {
    this.roots.give(this.words[slot]!);
    this.words[slot] = NO_WORD;
    this.groups[slot] = null;
    this.freeSlots.push(slot);
  }
}

function pressHost(): void {
  try {
    void new ArrayBuffer(PRESSURE_BYTES);
  } catch {
    // Where there is no room for it, the host is pressed already.
  }
}
