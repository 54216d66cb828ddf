/**
 * References as they cross between JavaScript and the instances of a store.
 *
 *     null                        0
 *     an integer of 31 bits       an i31
 *     a struct or array           a frozen object without properties: the same one for the same object, as long as it lives
 *     any other value             a box in the heap with a number for the value: one box for one value, as long as it is reached
 *
 * Structs and arrays that JavaScript holds are roots until it drops them; values of JavaScript are held until no box of theirs is
 * reached. Two objects that hold each other across the border are never dropped: no collector sees both.
 *
 * An address is good until the next collection. So what is converted is put into a root word at once (`keep`), and read back
 * when everything is there.
 *
 * WebAssembly JavaScript Interface, "ToWebAssemblyValue" and "ToJSValue".
 */
import { Descriptor, HostBox, Kind, kindIn, kindWord } from "../gc/layout.ts";
import { type CollectionClock, Handle, type HandleGroup, Handles } from "./handles.ts";
import { RootWords, WeakWords } from "./root-words.ts";
import type { Runtime } from "./runtime.ts";
import type { StoreMemory } from "./store-memory.ts";
import type { ValueTable } from "./value-table.ts";

/** What a reference of the any hierarchy is. */
export type ReferenceKind = "null" | "i31" | "struct" | "array" | "host";

/** With fewer values nothing is collected for want of numbers. */
const MANY_VALUES = 1 << 16;
/** What a value takes here, its box included: a collection should not move many times as much for each. */
const BYTES_PER_VALUE = 16;
/** With more it is tried in any case: their words would soon fill static memory. */
const MOST_VALUES = 1 << 20;
const I31_MIN = -(2 ** 30);
const I31_MAX = 2 ** 30 - 1;

/** A struct or array as JavaScript has it. */
class ObjectHandle extends Handle {
  constructor(word: number, group: HandleGroup) {
    super(word, group);
    Object.setPrototypeOf(this, null);
    Object.freeze(this);
  }
}

export class References {
  private readonly memory: StoreMemory;
  private readonly runtime: Runtime;
  private readonly roots: RootWords;
  private readonly weak: WeakWords;
  /** The descriptor of boxes. */
  readonly hostDescriptor: number;
  /** The values in a table besides, where something reads it. */
  readonly table: ValueTable | null;
  /** Values by the number of their box; and the numbers of those that have an identity. */
  private readonly values: unknown[];
  private readonly numbers: Map<unknown, number>;
  private held: number;
  /** Structs and arrays as JavaScript has them. */
  private readonly handles: Handles<ObjectHandle>;
  private seenByValues: number;

  constructor(memory: StoreMemory, runtime: Runtime, table: ValueTable | null) {
    this.memory = memory;
    this.runtime = runtime;
    this.roots = new RootWords(memory, runtime);
    this.weak = new WeakWords(memory, runtime);
    this.table = table;
    this.hostDescriptor = this.makeHostDescriptor();
    this.values = [];
    this.numbers = new Map();
    this.held = 0;
    this.handles = new Handles(memory, this.weak, this.roots, (word, group) => new ObjectHandle(word, group));
    this.seenByValues = 0;
  }

  /** Says when objects have moved. */
  get clock(): CollectionClock {
    return this.weak;
  }

  private makeHostDescriptor(): number {
    // No type's: its display stays empty.
    const address = this.memory.reserve(Descriptor.Offsets);
    this.memory.write(address + Descriptor.Size, HostBox.Bytes);
    this.memory.write(address + Descriptor.Kind, kindWord(Kind.Host, 0, 0));
    return address;
  }

  // Into the store.

  /** A root word that holds the value as a reference of the any or extern hierarchy; `release` it. */
  keep(value: unknown): number {
    return this.roots.take(this.referenceOf(value));
  }

  /** The value as a reference of the any or extern hierarchy, good until the next collection. */
  referenceOf(value: unknown): number {
    if (typeof value === "string") return this.box(value);
    return this.existing(value) ?? this.box(value);
  }

  /** The same where nothing has to be allocated for it; null otherwise. */
  existing(value: unknown): number | null {
    return this.immediate(value) ?? this.known(value);
  }

  /** A root word that holds a reference. */
  keepReference(reference: number): number {
    return this.roots.take(reference);
  }

  /** What a root word holds now. */
  kept(word: number): number {
    return this.memory.read(word);
  }

  release(word: number): void {
    this.roots.give(word);
  }

  private immediate(value: unknown): number | null {
    if (value === null) return 0;
    if (typeof value !== "number") return null;
    if (!Number.isInteger(value) || Object.is(value, -0)) return null;
    return value >= I31_MIN && value <= I31_MAX ? (value << 1) | 1 : null;
  }

  /** The address of a struct or array that JavaScript holds, or of a box that is still reached. */
  private known(value: unknown): number | null {
    if (!hasIdentity(value)) return null;
    if (value === this.handles.latest) return this.memory.read(this.handles.latestWord);
    const number = this.numbers.get(value);
    if (number !== undefined) {
      const box = this.weak.read(number);
      return box === 0 ? null : box;
    }
    const word = typeof value === "object" ? this.handles.wordOf(value as object) : undefined;
    return word === undefined ? null : this.memory.read(word);
  }

  /** The address of a new box for a value of JavaScript, good until the next collection. */
  box(value: unknown): number {
    if (this.weak.collections !== this.seenByValues) this.forgetUnreached();
    if (this.weak.isFull) this.makeNumbers();
    const number = this.numberOf(value);
    const box = this.runtime.boxAtOnce(this.hostDescriptor, number);
    if (box === 0) return this.boxSlowly(value);
    this.weak.write(number, box);
    return box;
  }

  /** The same where it may take a collection, which lets go of values without a box. */
  private boxSlowly(value: unknown): number {
    const object = this.runtime.allocate(HostBox.Bytes);
    if (this.weak.collections !== this.seenByValues) this.forgetUnreached();
    const number = this.numberOf(value);
    this.weak.write(number, object);
    const { words } = this.memory;
    const at = object >>> 2;
    words[at] = this.hostDescriptor;
    words[at + HostBox.Number / 4] = number;
    return object;
  }

  /**
   * Boxes are so small that a large heap fills with millions of them, nearly all dead. So before there are twice as many numbers, a
   * collection tells how many are needed.
   */
  private makeNumbers(): void {
    const before = this.held;
    if (before < MOST_VALUES && before < Math.max(MANY_VALUES, this.weak.liveBytes / BYTES_PER_VALUE)) return;
    this.runtime.collect();
    this.forgetUnreached();
    if (this.held > before / 2) this.weak.grow();
  }

  /** Of primitive values nobody can tell whether there is one box or two. */
  private numberOf(value: unknown): number {
    const isKnown = hasIdentity(value);
    if (isKnown) {
      const known = this.numbers.get(value);
      if (known !== undefined) return known;
    }
    const number = this.weak.take();
    this.values[number] = value;
    this.table?.put(number, value);
    this.held++;
    if (isKnown) this.numbers.set(value, number);
    return number;
  }

  /** Lets go of values whose boxes the last collection did not reach. */
  private forgetUnreached(): void {
    this.seenByValues = this.weak.collections;
    const { values } = this;
    for (let number = 0; number < values.length; number++) {
      const value = values[number];
      if (value === FREE || this.weak.read(number) !== 0) continue;
      values[number] = FREE;
      this.table?.put(number, null);
      this.held--;
      if (hasIdentity(value)) this.numbers.delete(value);
      this.weak.give(number);
    }
  }

  /** How many values of JavaScript the store holds. */
  get heldValues(): number {
    this.forgetUnreached();
    return this.held;
  }

  // Out of the store.

  /** The value in a box; `NOT_A_BOX` for a reference that is anything else. */
  boxed(reference: number): unknown {
    if (reference === 0 || (reference & 1) !== 0) return NOT_A_BOX;
    if (this.memory.read(reference) !== this.hostDescriptor) return NOT_A_BOX;
    return this.values[this.memory.read(reference + HostBox.Number)];
  }

  kindOf(reference: number): ReferenceKind {
    if (reference === 0) return "null";
    if ((reference & 1) !== 0) return "i31";
    switch (kindIn(this.memory.read(this.memory.read(reference) + Descriptor.Kind))) {
      case Kind.Struct:
        return "struct";
      case Kind.Host:
        return "host";
      default:
        return "array";
    }
  }

  /** What a value of JavaScript's is in the store. */
  kindOfValue(value: unknown): ReferenceKind {
    const reference = this.existing(value);
    return reference === null ? "host" : this.kindOf(reference);
  }

  /** The value of a reference of the any or extern hierarchy. */
  toJavaScript(reference: number): unknown {
    if ((reference & 1) !== 0) return reference >> 1;
    if (reference === 0) return null;
    const { words } = this.memory;
    const at = reference >>> 2;
    return words[at] === this.hostDescriptor
      ? this.values[words[at + HostBox.Number / 4]!]
      : this.handles.of(reference);
  }
}

/** Stands in the list of values where there is none. */
const FREE = Symbol("free");
/** What `boxed` gives for a reference that is no box. */
export const NOT_A_BOX: symbol = Symbol("no box");

function hasIdentity(value: unknown): boolean {
  return (
    (typeof value === "object" && value !== null) || typeof value === "function" || typeof value === "symbol"
  );
}
