/**
 * References as they cross between JavaScript and the instances of a store.
 *
 *     null                        0
 *     an integer of 31 bits       an i31
 *     a struct or array           a frozen object without properties: the same one for the same object, as long as it lives
 *     any other value             a box in the heap with a number for the value: a new one each time, which nothing can tell
 *
 * Structs and arrays that JavaScript holds are roots until it drops them; values of JavaScript are held until no box of theirs is
 * reached (`boxes.ts`). Two objects that hold each other across the border are never dropped: no collector sees both.
 *
 * An address is good until the next collection. So what is converted is put into a root word at once (`keep`), and read back
 * when everything is there.
 *
 * WebAssembly JavaScript Interface, "ToWebAssemblyValue" and "ToJSValue".
 */
import { Descriptor, HostBox, Kind, kindIn, kindWord } from "../gc/layout.ts";
import { Boxes } from "./boxes.ts";
import { type CollectionClock, Handle, type HandleGroup, Handles } from "./handles.ts";
import { RootWords, WeakWords } from "./root-words.ts";
import type { Runtime } from "./runtime.ts";
import type { StoreMemory } from "./store-memory.ts";
import { ValueList, ValueTable } from "./value-table.ts";

/** What a reference of the any hierarchy is. */
export type ReferenceKind = "null" | "i31" | "struct" | "array" | "host";

const I31_MIN = -(2 ** 30);
const I31_MAX = 2 ** 30 - 1;

/** An object without prototype and properties. */
class Bare {
  constructor() {
    Object.setPrototypeOf(this, null);
  }
}

/**
 * A struct or array as JavaScript has it. It gets what is private last: V8 of Node 20 gives each object that is frozen with that in it a
 * shape of its own, and asking all of them takes seven times as long as where all have one. What has no properties is frozen as soon as it
 * cannot be extended.
 */
function objectHandle(word: number, group: HandleGroup): Handle {
  const object = new Bare();
  if (isSealedLate) return Object.preventExtensions(new Handle(word, group, object));
  return new Handle(word, group, Object.preventExtensions(object));
}

/** Whether an engine counts private names as extensions, as a proposal to TC39 has it. */
const isSealedLate: boolean = countsPrivateNames();

function countsPrivateNames(): boolean {
  try {
    void new Handle(0, { owner: Handle, objects: [] }, Object.preventExtensions({}));
    return false;
  } catch {
    return true;
  }
}

export class References {
  private readonly memory: StoreMemory;
  private readonly roots: RootWords;
  private readonly weak: WeakWords;
  /** The descriptor of boxes. */
  readonly hostDescriptor: number;
  /** The values in boxes; and the same where code of the store's own reads them, null elsewhere. */
  readonly boxes: Boxes;
  readonly table: ValueTable | null;
  /** Structs and arrays as JavaScript has them. */
  private readonly handles: Handles<Handle>;

  /** `inTable`: code of the store's own takes and puts values. */
  constructor(memory: StoreMemory, runtime: Runtime, inTable: boolean) {
    this.memory = memory;
    this.roots = new RootWords(memory, runtime);
    this.weak = new WeakWords(memory, runtime);
    this.hostDescriptor = this.makeHostDescriptor();
    const store = { memory, runtime, weak: this.weak, descriptor: this.hostDescriptor };
    this.table = inTable ? new ValueTable(store) : null;
    this.boxes = new Boxes(store, this.table ?? new ValueList(store));
    this.handles = new Handles(memory, this.weak, this.roots, objectHandle);
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
    return this.unboxed(value) ?? this.boxes.box(value);
  }

  /** The same where that takes no collection; null where it may take one. */
  atOnce(value: unknown): number | null {
    const known = this.unboxed(value);
    if (known !== null) return known;
    const box = this.boxes.boxAtOnce(value);
    return box === 0 ? null : box;
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

  /** What is no box: null, an i31, the struct or array that an object of JavaScript's stands for. Null for what is or will be one. */
  private unboxed(value: unknown): number | null {
    switch (typeof value) {
      case "number":
        return isI31(value) ? (value << 1) | 1 : null;
      case "object":
        return value === null ? 0 : this.object(value);
      default:
        return null;
    }
  }

  private object(value: object): number | null {
    const word = this.handles.wordOf(value);
    return word === undefined ? null : this.memory.read(word);
  }

  /** How many values of JavaScript the store holds. */
  get heldValues(): number {
    return this.boxes.forgetUnreached();
  }

  // Out of the store.

  /** The value in a box; `NOT_A_BOX` for a reference that is anything else. */
  boxed(reference: number): unknown {
    if (reference === 0 || (reference & 1) !== 0) return NOT_A_BOX;
    if (this.memory.read(reference) !== this.hostDescriptor) return NOT_A_BOX;
    return this.boxes.value(this.memory.read(reference + HostBox.Number));
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
    const reference = this.unboxed(value);
    return reference === null ? "host" : this.kindOf(reference);
  }

  /** The value of a reference of the any or extern hierarchy. */
  toJavaScript(reference: number): unknown {
    if ((reference & 1) !== 0) return reference >> 1;
    if (reference === 0) return null;
    const { words } = this.memory;
    const at = reference >>> 2;
    return words[at] === this.hostDescriptor
      ? this.boxes.value(words[at + HostBox.Number / 4]!)
      : this.handles.of(reference);
  }
}

/** What `boxed` gives for a reference that is no box. */
export const NOT_A_BOX: symbol = Symbol("no box");

function isI31(value: number): boolean {
  return value >= I31_MIN && value <= I31_MAX && Number.isInteger(value) && !Object.is(value, -0);
}
