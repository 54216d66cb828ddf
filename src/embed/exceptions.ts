/**
 * Exceptions as they cross between JavaScript and the instances of a store.
 *
 *     of a store's tag      a `StoreException`: the same one for the same exception, as long as it lives
 *     any other value       an exception of the store's own tag for those, with the value as its payload, an externref
 *
 * Within the store an exception in flight lies in one cell, and the engine unwinds for one tag (`gc/exceptions.ts`). That holds as
 * long as nothing but unwinding goes on; so what leaves is taken out of the cell at once (`leaving`, by `guarded`), and what
 * functions of JavaScript's own throw is put there (`entering`). Traps and exhaustion are no exceptions, and pass.
 *
 * WebAssembly JavaScript Interface, "Exceptions".
 */
import { type DescriptorMemory, exceptionDescriptor } from "../gc/descriptors.ts";
import { Exception, exceptionLayout, isTraced, TagRecord } from "../gc/layout.ts";
import { addFunctionType } from "../link/output-types.ts";
import type { TypeStore } from "../wasm/subtyping.ts";
import { EXTERNREF, F32, F64, I64, TypeTable, V128, type ValType, valTypeName } from "../wasm/types.ts";
import type { TagExtern } from "./extern.ts";
import { Handle, type HandleGroup, Handles } from "./handles.ts";
import { type HostFunction, type HostTag, hostWebAssembly } from "./host-webassembly.ts";
import { showAs } from "./inspect.ts";
import type { References } from "./references.ts";
import { RootWords } from "./root-words.ts";
import type { Runtime } from "./runtime.ts";
import type { StoreMemory } from "./store-memory.ts";

/** What exceptions need of their store. */
interface ExceptionStore extends DescriptorMemory {
  readonly memory: StoreMemory;
  readonly runtime: Runtime;
  readonly types: TypeStore;
}

/** One value of a payload, a v128 as its bits; a reference, which may move, is given as what gives its address now. */
export type PayloadValue = number | bigint | (() => number);

/** An exception of a store, in JavaScript. */
export class StoreException extends Handle {
  /** Private to the language as well: whoever prints what was not caught would print all of the store. */
  readonly #owner: Exceptions;
  /** The root word that holds it. */
  readonly #word: number;

  constructor(owner: Exceptions, word: number, group: HandleGroup) {
    super(word, group);
    this.#owner = owner;
    this.#word = word;
  }

  /** Whether it is of the tag, whatever that was imported or exported as. */
  is(tag: TagExtern): boolean {
    return this.#owner.tagOf(this.#word) === tag.record;
  }

  /** One value of its payload, as `WebAssembly.Exception` gives it. */
  getArg(tag: { getArg(exception: StoreException, index: number): unknown }, index: number): unknown {
    return tag.getArg(this, index);
  }

  get [Symbol.toStringTag](): string {
    return "WebAssembly.Exception";
  }

  static {
    showAs(StoreException, "WebAssembly.Exception", ({ types }) => ({
      payload: `[${types.map(valTypeName).join(" ")}]`,
    }));
  }

  /** The canonical types of its payload. */
  get types(): ValType[] {
    return this.#owner.payloadTypes(this.#owner.tagOf(this.#word));
  }

  /** One value of its payload: a number, the bits of a v128, or the present address of a reference. */
  value(index: number): number | bigint {
    return this.#owner.payloadValue(this.#word, index);
  }
}

export class Exceptions {
  /** The word through which exceptions travel. */
  readonly cell: number;
  /** What modules throw; null on an engine without exceptions. */
  readonly hostTag: HostTag | null;
  private readonly store: ExceptionStore;
  private readonly references: References;
  private readonly handles: Handles<StoreException>;
  /** The tag of all that is no exception of a store: its payload is the value. */
  readonly valueTag: TagExtern;
  private readonly converted: WeakMap<HostFunction, HostFunction>;

  constructor(store: ExceptionStore, references: References) {
    this.store = store;
    this.references = references;
    const roots = new RootWords(store.memory, store.runtime);
    this.cell = roots.take(0);
    this.hostTag =
      typeof hostWebAssembly.Tag === "function" ? new hostWebAssembly.Tag({ parameters: [] }) : null;
    this.handles = new Handles(
      store.memory,
      references.clock,
      roots,
      (word, group) => new StoreException(this, word, group),
    );
    this.valueTag = this.newTag([EXTERNREF]);
    this.converted = new WeakMap();
  }

  /** A tag that no module has defined. */
  newTag(parameters: readonly ValType[]): TagExtern {
    const types = new TypeTable();
    addFunctionType(types, parameters, []);
    const type = this.store.types.canonicalize(types)[0]!;
    return { kind: "tag", type: { kind: "tag", type }, record: this.store.words([type]) };
  }

  // Out of the store.

  /** What JavaScript is to see of something that code of the store threw. */
  leaving(error: unknown): unknown {
    const { memory } = this.store;
    const object = this.isInFlight(error) ? memory.read(this.cell) : 0;
    if (object === 0) return error;
    memory.write(this.cell, 0);
    if (memory.read(object + Exception.Tag) === this.valueTag.record) {
      return this.references.toJavaScript(memory.read(object + Exception.HeaderBytes));
    }
    return this.inJavaScript(object);
  }

  private isInFlight(error: unknown): boolean {
    const { hostTag } = this;
    return hostTag !== null && error instanceof hostWebAssembly.Exception && error.is(hostTag);
  }

  private inJavaScript(object: number): StoreException {
    return this.handles.of(object);
  }

  // Into the store.

  /** A function of JavaScript's own, for code of the store: what it throws is an exception there. */
  converting(raw: HostFunction): HostFunction {
    if (this.hostTag === null) return raw;
    let converting = this.converted.get(raw);
    if (converting === undefined) {
      converting = (...args) => {
        try {
          return raw(...args);
        } catch (error) {
          throw this.entering(error);
        }
      };
      this.converted.set(raw, converting);
    }
    return converting;
  }

  /** What code of the store is to see of something that JavaScript threw. */
  entering(error: unknown): unknown {
    if (this.hostTag === null) return error;
    const word = error instanceof StoreException ? this.handles.wordOf(error) : undefined;
    if (word === undefined && (isUncatchable(error) || this.isInFlight(error))) return error;
    const object = word === undefined ? this.ofValue(error) : this.store.memory.read(word);
    this.store.memory.write(this.cell, object);
    return new hostWebAssembly.Exception(this.hostTag, []);
  }

  private ofValue(value: unknown): number {
    const kept = this.references.keep(value);
    const object = this.allocate(this.valueTag.record, [() => this.references.kept(kept)]);
    this.references.release(kept);
    return object;
  }

  /** An exception that JavaScript makes. The payload must fit the tag. */
  create(tag: TagExtern, payload: readonly PayloadValue[]): StoreException {
    return this.inJavaScript(this.allocate(tag.record, payload));
  }

  private allocate(tag: number, payload: readonly PayloadValue[]): number {
    const { store } = this;
    const { types } = store.types;
    const type = this.typeOf(tag);
    const descriptor = exceptionDescriptor(store, types, type, (one) => one);
    const { offsets, sizeBytes } = exceptionLayout(types, type);
    const object = store.runtime.allocate(sizeBytes);
    store.memory.write(object, descriptor);
    store.memory.write(object + Exception.Tag, tag);
    const view = new DataView(store.memory.host.buffer);
    payload.forEach((value, i) => {
      writeValue(view, object + offsets[i]!, types.param(type, i), value);
      if (isTraced(types.param(type, i), types)) store.runtime.initialized(object + offsets[i]!, 1);
    });
    return object;
  }

  // What an exception is.

  /** The canonical type of a tag. */
  private typeOf(tag: number): number {
    return this.store.memory.read(tag + TagRecord.Type);
  }

  /** The tag of the exception that a word holds. */
  tagOf(word: number): number {
    const { memory } = this.store;
    return memory.read(memory.read(word) + Exception.Tag);
  }

  payloadTypes(tag: number): ValType[] {
    const { types } = this.store.types;
    const type = this.typeOf(tag);
    return Array.from({ length: types.paramCount(type) }, (_, i) => types.param(type, i));
  }

  payloadValue(word: number, index: number): number | bigint {
    const { memory, types: store } = this.store;
    const type = this.typeOf(this.tagOf(word));
    const address = memory.read(word) + exceptionLayout(store.types, type).offsets[index]!;
    return readValue(new DataView(memory.host.buffer), address, store.types.param(type, index));
  }
}

/** Traps, and what engines throw when a stack is full; a regular expression may fail in another way then. */
function isUncatchable(error: unknown): boolean {
  if (error instanceof hostWebAssembly.RuntimeError) return true;
  if (error instanceof RangeError) return error.message.includes("call stack");
  return error instanceof Error && error.name === "InternalError" && error.message.includes("recursion");
}

function readValue(view: DataView, address: number, type: ValType): number | bigint {
  switch (type) {
    case F32:
      return view.getFloat32(address, true);
    case F64:
      return view.getFloat64(address, true);
    case I64:
      return view.getBigInt64(address, true);
    case V128:
      return (view.getBigUint64(address + 8, true) << 64n) | view.getBigUint64(address, true);
    default:
      return view.getInt32(address, true);
  }
}

function writeValue(view: DataView, address: number, type: ValType, value: PayloadValue): void {
  switch (type) {
    case F32:
      view.setFloat32(address, Number(value), true);
      return;
    case F64:
      view.setFloat64(address, Number(value), true);
      return;
    case I64:
      view.setBigInt64(address, BigInt(value as number | bigint), true);
      return;
    case V128:
      view.setBigUint64(address, BigInt.asUintN(64, value as bigint), true);
      view.setBigUint64(address + 8, (value as bigint) >> 64n, true);
      return;
    default:
      view.setInt32(address, typeof value === "function" ? value() : Number(value), true);
  }
}
