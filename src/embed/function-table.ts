/**
 * A store's table of functions: all that references exist of, by the numbers that the references are. Number 0 is null, so nothing is
 * there, and an engine traps when it is called.
 *
 * The types of functions are known by canonical number here. Code that tests references (`gc/type-tests.ts`) looks up descriptors:
 *
 *     a word      0, or as soon as there is such code, the address of
 *     the types   by number: the descriptor of the function's type; 0 for null, and where no function is yet
 *
 * A list of types that is full is left for one of twice the size, since static memory is only ever handed out. The old one stays
 * right for the functions that it has.
 */
import { type DescriptorMemory, descriptorOf } from "../gc/descriptors.ts";
import type { TypeStore } from "../wasm/subtyping.ts";
import type { HostFunction, HostTable } from "./host-webassembly.ts";
import type { StoreMemory } from "./store-memory.ts";

/** What of a store says what types are, and has the memory for them. */
export interface DescribedStore extends DescriptorMemory {
  readonly memory: StoreMemory;
  readonly types: TypeStore;
}

const FIRST_CAPACITY = 64;

export class FunctionTable {
  /** The address of the word that code looks at. */
  readonly typesWord: number;
  private readonly store: DescribedStore;
  private readonly host: HostTable;
  /** Canonical types by number; null has none. */
  private readonly types: number[];
  /** Where code finds descriptors, 0 as long as none does, and for how many numbers there is room. */
  private shown: number;
  private capacity: number;

  constructor(store: DescribedStore, host: HostTable) {
    this.store = store;
    this.host = host;
    this.types = [-1];
    this.typesWord = store.words([0]);
    this.shown = 0;
    this.capacity = 0;
  }

  /** The number of the next function. */
  get next(): number {
    return this.types.length;
  }

  /** Makes room for functions of these canonical types; returns the first one's number. */
  add(types: readonly number[]): number {
    const first = this.next;
    if (types.length > 0) this.host.grow(types.length);
    for (const type of types) this.types.push(type);
    if (this.shown !== 0) this.show(first);
    return first;
  }

  put(number: number, func: HostFunction): void {
    this.host.set(number, func);
  }

  at(number: number): HostFunction {
    return this.host.get(number) as HostFunction;
  }

  /** The canonical type of a function. */
  typeOf(number: number): number {
    return this.types[number]!;
  }

  /** From now on code finds the types of all functions. */
  showTypes(): void {
    if (this.shown === 0) this.show(1);
  }

  /** Shows the types of functions from a number on, and if there is no more room, all anew. */
  private show(first: number): void {
    const { store, types } = this;
    let from = first;
    if (types.length > this.capacity) {
      const capacity = Math.max(FIRST_CAPACITY, 2 * types.length);
      this.shown = store.memory.reserve(4 * capacity);
      this.capacity = capacity;
      from = 1;
    }
    for (let number = from; number < types.length; number++) {
      const descriptor = descriptorOf(store, store.types.types, types[number]!, (type) => type);
      store.memory.write(this.shown + 4 * number, descriptor);
    }
    store.memory.write(this.typesWord, this.shown);
  }
}
