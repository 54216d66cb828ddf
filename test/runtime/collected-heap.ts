/**
 * A collector with a memory, and what compiled code does with them: frames, maps, descriptors, allocation.
 *
 *     0 … 16 KiB        shadow stack
 *     16 … 48 KiB       descriptors, maps, static objects, as they are asked for
 *     48 … 64 KiB       the first region of roots
 *     64 KiB …          heap
 */
import assert from "node:assert/strict";
import { FIXED_DISPLAY, Kind, kindWord, ZERO_BYTES } from "../../src/gc/layout.ts";
import {
  type BarrierKind,
  barrierOf,
  type CollectorName,
  collectorBytes,
} from "../../src/runtime/collectors.ts";

export const STACK_TOP = 0x4000;
const ROOT_REGION = 0xc000;
/** The first word of the first region of roots. */
export const ROOTS_START: number = ROOT_REGION + 8;
export const HEAP_BASE = 0x10000;
/** What the stress build leaves in memory without objects. */
export const POISON = 0xdeadbee8;

// The compiler's library has no types for the host's engine.
interface MutableGlobal<T> {
  value: T;
}
interface LinearMemory {
  readonly buffer: ArrayBuffer;
}
interface HostEngine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (bounds: { initial: number; maximum?: number }) => LinearMemory;
}
const host = (globalThis as unknown as { readonly WebAssembly: HostEngine }).WebAssembly;

/** What a collector exports. */
export interface CollectorExports {
  init(stackTop: number, heapBase: number, maxBytes: number): void;
  addRoots(region: number): void;
  addRootAddresses(list: number): void;
  setWeak(region: number): void;
  allocSlow(bytes: number): number;
  collect(): void;
  readonly trapCode: MutableGlobal<number>;
  readonly stackPointer: MutableGlobal<number>;
  readonly allocPtr: MutableGlobal<number>;
  readonly allocEnd: MutableGlobal<number>;
  readonly collections: MutableGlobal<number>;
  readonly liveBytes: MutableGlobal<number>;
  readonly bytesAllocated: MutableGlobal<bigint>;
  readonly bytesCopied: MutableGlobal<bigint>;
  /** With barrier `cards`. */
  readonly cardBase: MutableGlobal<number>;
  markCards(start: number, bytes: number): void;
  /** With barrier `counts`. */
  increment(reference: number, count: number): void;
  writeReference(address: number, reference: number): void;
  fillReferences(start: number, reference: number, count: number): void;
  copyReferences(to: number, from: number, count: number): void;
}

export interface HeapOptions {
  /** Words in the first region of roots. */
  readonly roots?: number;
  readonly maxBytes?: number;
  readonly maxPages?: number;
}

/** A struct's or an array's type, as its descriptor has it. */
export interface ObjectType {
  readonly descriptor: number;
  readonly kind: "struct" | "numbers" | "references";
  /** Of a struct: its bytes. Of an array: log2 of an element's bytes. */
  readonly size: number;
  /** Of a struct: where its references are. */
  readonly offsets: readonly number[];
}

export class CollectedHeap {
  readonly memory: LinearMemory;
  readonly collector: CollectorExports;
  readonly barrier: BarrierKind;
  private staticEnd: number;
  private words: Uint32Array;

  constructor(name: CollectorName, options: HeapOptions = {}) {
    const bounds = options.maxPages === undefined ? {} : { maximum: options.maxPages };
    this.memory = new host.Memory({ initial: 1, ...bounds });
    const module = new host.Module(collectorBytes(name));
    const instance = new host.Instance(module, { env: { memory: this.memory } });
    this.collector = instance.exports as unknown as CollectorExports;
    this.barrier = barrierOf(name);
    this.staticEnd = STACK_TOP;
    this.words = new Uint32Array(this.memory.buffer);
    this.collector.init(STACK_TOP, HEAP_BASE, options.maxBytes ?? 0);
    this.store(ROOT_REGION + 4, options.roots ?? 0);
    this.collector.addRoots(ROOT_REGION);
  }

  /** All of memory as words; until it grows. */
  view(): Uint32Array {
    if (this.words.buffer !== this.memory.buffer) this.words = new Uint32Array(this.memory.buffer);
    return this.words;
  }

  load(address: number): number {
    assert.equal(address % 4, 0);
    const word = this.view()[address / 4];
    assert.ok(word !== undefined, `${address} is outside of the memory`);
    return word;
  }

  store(address: number, word: number): void {
    assert.ok(address % 4 === 0 && address < this.memory.buffer.byteLength);
    this.view()[address / 4] = word;
  }

  /** Stores a reference into a field of a struct, or the element of an array, at an offset in the object. */
  write(object: number, offset: number, reference: number, kind: ObjectType["kind"]): void {
    if (this.barrier === "counts") {
      this.collector.writeReference(object + offset, reference);
      return;
    }
    this.store(object + offset, reference);
    if (this.barrier === "cards") this.mark(kind === "struct" ? object : object + offset - 8);
  }

  private mark(address: number): void {
    const card = (this.collector.cardBase.value >>> 0) + (address >>> 9);
    assert.ok(card < this.memory.buffer.byteLength);
    new Uint8Array(this.memory.buffer)[card] = 1;
  }

  /** Stores a reference into a new object, before the next allocation. */
  initialize(address: number, reference: number): void {
    this.store(address, reference);
    if (this.barrier === "counts") this.collector.increment(reference, 1);
  }

  /** Stores a reference into elements of an array. */
  fill(start: number, reference: number, count: number): void {
    if (this.barrier === "counts") {
      this.collector.fillReferences(start, reference, count);
      return;
    }
    this.view().fill(reference, start / 4, start / 4 + count);
    if (this.barrier === "cards") this.collector.markCards(start, 4 * count);
  }

  copyElements(to: number, from: number, count: number): void {
    if (this.barrier === "counts") {
      this.collector.copyReferences(to, from, count);
      return;
    }
    this.view().copyWithin(to / 4, from / 4, from / 4 + count);
    if (this.barrier === "cards") this.collector.markCards(to, 4 * count);
  }

  /** Puts words below the heap; their address is a multiple of 8. */
  addStatic(words: readonly number[]): number {
    const address = this.staticEnd;
    this.staticEnd = (address + 4 * words.length + 7) & ~7;
    assert.ok(this.staticEnd <= ROOT_REGION);
    words.forEach((word, i) => {
      this.store(address + 4 * i, word);
    });
    return address;
  }

  /** A region of null words. `kind` says what the collector takes it for. */
  addRegion(kind: "roots" | "weak", count: number): number {
    const region = this.addStatic([POISON, count, ...new Array<number>(count).fill(0)]);
    if (kind === "roots") this.collector.addRoots(region);
    else this.collector.setWeak(region);
    return region;
  }

  private addDescriptor(size: number, kind: number, offsets: readonly number[]): number {
    const display = new Array<number>(FIXED_DISPLAY).fill(0);
    return this.addStatic([size, kindWord(kind, 0, offsets.length), ...display, ...offsets]);
  }

  structType(bytes: number, offsets: readonly number[]): ObjectType {
    const descriptor = this.addDescriptor(bytes, Kind.Struct, offsets);
    return { descriptor, kind: "struct", size: bytes, offsets };
  }

  /** Of 4-byte references. */
  referenceArrayType(): ObjectType {
    return {
      descriptor: this.addDescriptor(2, Kind.ReferenceArray, []),
      kind: "references",
      size: 2,
      offsets: [],
    };
  }

  numberArrayType(elementLog2: number): ObjectType {
    const descriptor = this.addDescriptor(elementLog2, Kind.PlainArray, []);
    return { descriptor, kind: "numbers", size: elementLog2, offsets: [] };
  }

  stackMap(frameBytes: number, offsets: readonly number[]): number {
    const words = [frameBytes, ...new Array<number>(Math.ceil(frameBytes / 128)).fill(0)];
    for (const offset of offsets) words[1 + (offset >>> 7)]! |= 1 << ((offset >>> 2) & 31);
    return this.addStatic(words);
  }

  /** Enters a frame whose map this is; its other words are the caller's to set. Returns its address. */
  push(map: number): number {
    const { stackPointer } = this.collector;
    stackPointer.value -= this.load(map);
    assert.ok(stackPointer.value >= 0);
    const frame = stackPointer.value + ZERO_BYTES;
    this.store(frame, (map - STACK_TOP) >>> 2);
    return frame;
  }

  pop(): void {
    const { stackPointer } = this.collector;
    stackPointer.value += this.load(STACK_TOP + 4 * this.load(stackPointer.value + ZERO_BYTES));
  }

  /** Allocates as compiled code does: bumps, or calls. */
  allocateBytes(bytes: number): number {
    const { allocPtr, allocEnd } = this.collector;
    const object = allocPtr.value >>> 0;
    if (object + bytes > allocEnd.value >>> 0) return this.collector.allocSlow(bytes) >>> 0;
    allocPtr.value = object + bytes;
    return object;
  }

  /** A new object with zeros for its fields or elements. */
  allocate(type: ObjectType, length = 0): number {
    const bytes = objectBytes(type, length);
    const object = this.allocateBytes(bytes);
    assert.equal(object % 8, 0);
    const words = this.view();
    words.fill(0, object / 4, (object + bytes) / 4);
    words[object / 4] = type.descriptor;
    if (type.kind !== "struct") words[object / 4 + 1] = length;
    return object;
  }
}

/** `length` is that of an array. */
export function objectBytes(type: ObjectType, length: number): number {
  return type.kind === "struct" ? type.size : Math.ceil((8 + length * 2 ** type.size) / 8) * 8;
}
