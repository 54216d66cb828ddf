/**
 * Where the values in boxes stand: in a table of the engine's, where code that the store writes itself takes and puts them without
 * JavaScript (`link/value-table-module.ts`, `crossings.ts`), or in a list of JavaScript's, where the engine has no use for that.
 *
 * Both do the same: a value's number is that of a weak word, which holds the address of its box. A number is free when its word is zero, so
 * a collection frees it, and the value goes when it is given out again, or with the next `forget`.
 */
import { HostBox, REGION_HEADER_BYTES } from "../gc/layout.ts";
import { valueTableModule } from "../link/value-table-module.ts";
import { type HostFunction, type HostTable, hostWebAssembly } from "./host-webassembly.ts";
import type { WeakWords } from "./root-words.ts";
import type { Runtime } from "./runtime.ts";
import type { StoreMemory } from "./store-memory.ts";

export interface Values {
  /** To be called when the weak words have another region, or are others. */
  begin(): void;
  /** The address of a new box, or 0 if a collection was not heard of yet, or there is no number, or no room in the heap. */
  box(value: unknown): number;
  /** Finds a number for another box, if there is one. */
  hasRoom(): boolean;
  /** Makes a box of an object, of the number that `hasRoom` has just found. */
  put(object: number, value: unknown): void;
  value(number: number): unknown;
  /** Lets go of values whose boxes collections have not reached; how many are left. */
  forget(): number;
}

/** What the values need of a store. */
export interface ValueStore {
  readonly memory: StoreMemory;
  readonly runtime: Runtime;
  readonly weak: WeakWords;
  /** The descriptor of boxes. */
  readonly descriptor: number;
}

export class ValueTable implements Values {
  readonly host: HostTable;
  /** (externref) → the address of a new box of a string, or 0: what `box` says, and for all that is no string. */
  readonly boxText: HostFunction;
  readonly box: (value: unknown) => number;
  readonly value: (number: number) => unknown;
  readonly put: (object: number, value: unknown) => void;
  readonly forget: () => number;
  private readonly weak: WeakWords;
  private readonly beginAt: (region: number, end: number) => void;
  private readonly room: () => number;

  constructor({ runtime, weak, descriptor }: ValueStore) {
    this.host = new hostWebAssembly.Table({ initial: 0, element: "externref" });
    const imports = { "": { ...runtime.imports, values: this.host } };
    const module = new hostWebAssembly.Module(valueTableModule(descriptor, hasStringTest()), {
      builtins: ["js-string"],
    });
    const exports = new hostWebAssembly.Instance(module, imports).exports as Record<string, HostFunction>;
    this.boxText = exports["boxText"]!;
    this.box = exports["box"] as (value: unknown) => number;
    this.value = exports["value"]!;
    this.put = exports["put"] as (object: number, value: unknown) => void;
    this.forget = exports["forget"] as () => number;
    this.weak = weak;
    this.beginAt = exports["begin"] as (region: number, end: number) => void;
    this.room = exports["hasRoom"] as () => number;
    this.begin();
  }

  begin(): void {
    const { region, count } = this.weak;
    this.host.grow(count - this.host.length);
    this.beginAt(region, region + REGION_HEADER_BYTES + 4 * count);
  }

  hasRoom(): boolean {
    return this.room() !== 0;
  }
}

/** Whether the engine tells strings from other values in Wasm, by its builtins: without them it would ask for the import. */
function hasStringTest(): boolean {
  stringTest ??= findStringTest();
  return stringTest;
}

let stringTest: boolean | null = null;

function findStringTest(): boolean {
  const module = new hostWebAssembly.Module(valueTableModule(0, true), { builtins: ["js-string"] });
  return !hostWebAssembly.Module.imports(module).some((imported) => imported.name === "test");
}

/** Stands where there is no value. */
const FREE = Symbol("free");

export class ValueList implements Values {
  private readonly store: ValueStore;
  private readonly values: unknown[];
  /** Of `memory.words`: where the weak words begin, the one to look at next, and where they end. */
  private first: number;
  private cursor: number;
  private end: number;
  /** The collections that `forget` has seen. */
  private seen: number;

  constructor(store: ValueStore) {
    this.store = store;
    this.values = [];
    this.first = 0;
    this.cursor = 0;
    this.end = 0;
    this.seen = 0;
    this.begin();
  }

  begin(): void {
    const { region, count } = this.store.weak;
    this.first = (region + REGION_HEADER_BYTES) >>> 2;
    this.end = this.first + count;
    while (this.values.length < count) this.values.push(FREE);
    this.rewind();
  }

  private rewind(): void {
    this.cursor = this.first;
    this.seen = this.store.weak.collections;
  }

  box(value: unknown): number {
    const { runtime, weak, descriptor } = this.store;
    if (weak.collections !== this.seen || !this.hasRoom()) return 0;
    const number = this.cursor - this.first;
    const object = runtime.boxAtOnce(descriptor, number);
    if (object !== 0) this.enter(object, number, value);
    return object;
  }

  hasRoom(): boolean {
    const { words } = this.store.memory;
    const { end } = this;
    let { cursor } = this;
    while (cursor < end && words[cursor] !== 0) cursor++;
    this.cursor = cursor;
    return cursor < end;
  }

  put(object: number, value: unknown): void {
    const { memory, descriptor } = this.store;
    const number = this.cursor - this.first;
    memory.write(object, descriptor);
    memory.write(object + HostBox.Number, number);
    this.enter(object, number, value);
  }

  private enter(object: number, number: number, value: unknown): void {
    this.values[number] = value;
    this.store.memory.words[this.cursor++] = object;
  }

  value(number: number): unknown {
    return this.values[number];
  }

  forget(): number {
    this.rewind();
    const { words } = this.store.memory;
    const { values, first } = this;
    let live = 0;
    for (let number = 0; number < values.length; number++) {
      if (words[first + number] !== 0) live++;
      else if (values[number] !== FREE) values[number] = FREE;
    }
    return live;
  }
}
