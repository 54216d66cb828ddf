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
import { HostBox, Kind } from "../gc/layout.ts";
import { Handles } from "./handles.ts";
import { RootWords, WeakWords } from "./root-words.ts";
import type { Runtime } from "./runtime.ts";
import type { StoreMemory } from "./store-memory.ts";

/** What a reference of the any hierarchy is. */
export type ReferenceKind = "null" | "i31" | "struct" | "array" | "host";

const I31_MIN = -(2 ** 30);
const I31_MAX = 2 ** 30 - 1;

export class References {
  private readonly memory: StoreMemory;
  private readonly runtime: Runtime;
  private readonly roots: RootWords;
  private readonly weak: WeakWords;
  private readonly hostDescriptor: number;
  /** Host values by number, and their numbers. */
  private readonly values: Map<number, unknown>;
  private readonly numbers: Map<unknown, number>;
  /** Structs and arrays as JavaScript has them. */
  private readonly handles: Handles<object>;
  private seenByValues: number;

  constructor(memory: StoreMemory, runtime: Runtime) {
    this.memory = memory;
    this.runtime = runtime;
    this.roots = new RootWords(memory, runtime);
    this.weak = new WeakWords(memory, runtime);
    this.hostDescriptor = this.makeHostDescriptor();
    this.values = new Map();
    this.numbers = new Map();
    this.handles = new Handles(memory, runtime, this.roots);
    this.seenByValues = 0;
  }

  private makeHostDescriptor(): number {
    const words = [HostBox.Bytes, Kind.Host, 0, 0];
    const address = this.memory.reserve(4 * (words.length + 1)) + 4;
    this.memory.write(address - 4, address);
    words.forEach((word, i) => {
      this.memory.write(address + 4 * i, word);
    });
    return address;
  }

  // Into the store.

  /** A root word that holds the value as a reference of the any or extern hierarchy; `release` it. */
  keep(value: unknown): number {
    return this.roots.take(this.immediate(value) ?? this.known(value) ?? this.box(value));
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
    if (typeof value !== "number" || !Number.isInteger(value) || Object.is(value, -0)) return null;
    return value >= I31_MIN && value <= I31_MAX ? (value << 1) | 1 : null;
  }

  /** The address of a struct or array that JavaScript holds, or of a box that is still reached. */
  private known(value: unknown): number | null {
    if (typeof value === "object" && value !== null) {
      const word = this.handles.wordOf(value);
      if (word !== undefined) return this.memory.read(word);
    }
    const number = hasIdentity(value) ? this.numbers.get(value) : undefined;
    const box = number === undefined ? 0 : this.weak.read(number);
    return box === 0 ? null : box;
  }

  /** The address of a new box for a value of JavaScript, good until the next collection. */
  box(value: unknown): number {
    const object = this.runtime.allocate(HostBox.Bytes);
    this.forgetUnreached();
    let number = this.numbers.get(value);
    if (number === undefined) {
      number = this.weak.take();
      // Of primitive values nobody can tell whether there is one box or two.
      if (hasIdentity(value)) this.numbers.set(value, number);
      this.values.set(number, value);
    }
    this.memory.write(object, this.hostDescriptor);
    this.memory.write(object + HostBox.Number, number);
    this.weak.write(number, object);
    return object;
  }

  /** Lets go of values whose boxes the last collection did not reach. */
  private forgetUnreached(): void {
    const { collections } = this.runtime;
    if (collections === this.seenByValues) return;
    this.seenByValues = collections;
    for (const [number, value] of this.values) {
      if (this.weak.read(number) !== 0) continue;
      this.values.delete(number);
      this.numbers.delete(value);
      this.weak.give(number);
    }
  }

  /** How many values of JavaScript the store holds. */
  get heldValues(): number {
    this.forgetUnreached();
    return this.values.size;
  }

  // Out of the store.

  kindOf(reference: number): ReferenceKind {
    if (reference === 0) return "null";
    if ((reference & 1) !== 0) return "i31";
    switch (this.memory.read(this.memory.read(reference) + 4)) {
      case Kind.Struct:
        return "struct";
      case Kind.Host:
        return "host";
      default:
        return "array";
    }
  }

  /** The value of a reference of the any or extern hierarchy. */
  toJavaScript(reference: number): unknown {
    switch (this.kindOf(reference)) {
      case "null":
        return null;
      case "i31":
        return reference >> 1;
      case "host":
        return this.values.get(this.memory.read(reference + HostBox.Number));
      default:
        return this.handles.of(reference, () => Object.freeze(Object.create(null)) as object);
    }
  }
}

function hasIdentity(value: unknown): boolean {
  return (
    (typeof value === "object" && value !== null) || typeof value === "function" || typeof value === "symbol"
  );
}
