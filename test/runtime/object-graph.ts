/**
 * A random program on a collected heap, and the same program on JavaScript objects.
 *
 * The program has slots (words of three regions of roots, and of the frames that it pushes and pops) and does what
 * compiled code does: allocates, reads and writes references, drops them. Beside the slots each frame has decoys,
 * words that no map names and that look like references. `check` walks both graphs from all slots at once.
 * Weak words come and go as well; taking one up again keeps its object.
 */
import assert from "node:assert/strict";
import type { CollectorName } from "../../src/runtime/collectors.ts";
import {
  CollectedHeap,
  HEAP_BASE,
  type ObjectType,
  objectBytes,
  POISON,
  ROOTS_START,
} from "./collected-heap.ts";

/** A constant (null, i31, the address of a static object), or an object. */
type ModelValue = number | ModelObject;

interface ModelObject {
  readonly type: ObjectType;
  readonly length: number;
  readonly references: ModelValue[];
  /** What the words without references hold begins with. */
  readonly mark: number;
}

interface Frame {
  readonly slots: readonly Slot[];
  readonly decoys: readonly (readonly [address: number, word: number])[];
}

interface Slot {
  readonly address: number;
  value: ModelValue;
}

/** Words in the first region of roots. */
const ROOTS = 6;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class RandomProgram {
  readonly heap: CollectedHeap;
  private readonly random: () => number;
  private readonly types: readonly ObjectType[];
  private readonly constants: readonly number[];
  private readonly maps: readonly { readonly map: number; readonly offsets: readonly number[] }[];
  private readonly frames: Frame[];
  private readonly roots: Slot[];
  private weak: Slot[];
  /** What becomes of the regions, in this order. */
  private readonly growth: (() => void)[];
  private readonly longestArray: number;
  private readonly cyclic: boolean;
  private nextMark: number;

  constructor(name: CollectorName, seed: number, longestArray: number, cyclic = true) {
    const heap = new CollectedHeap(name, { roots: ROOTS });
    this.heap = heap;
    this.random = randomNumbers(seed);
    this.longestArray = longestArray;
    this.cyclic = cyclic;
    this.types = [
      heap.structType(8, []),
      heap.structType(8, [4]),
      heap.structType(16, [4, 12]),
      heap.structType(40, [8, 24, 28]),
      heap.referenceArrayType(),
      heap.referenceArrayType(),
      heap.numberArrayType(0),
      heap.numberArrayType(3),
      heap.numberArrayType(4),
    ];
    const staticObject = heap.addStatic([this.types[1]!.descriptor, 0]);
    this.constants = [0, 0, 1, 0xffffffff, (HEAP_BASE + 16) | 1, staticObject];
    const shapes = [
      { bytes: 16, offsets: [4, 8] },
      { bytes: 8, offsets: [] },
      { bytes: 48, offsets: [44, 12, 20, 24] },
    ];
    this.maps = shapes.map(({ bytes, offsets }) => ({ map: heap.stackMap(bytes, offsets), offsets }));
    this.frames = [];
    this.roots = Array.from({ length: ROOTS }, (_, i) => ({ address: ROOTS_START + 4 * i, value: 0 }));
    this.weak = [];
    this.setWeak(3);
    this.growth = [() => this.addRoots(5), () => this.setWeak(9), () => this.addRoots(1)];
    this.nextMark = 1;
  }

  private addRoots(count: number): void {
    const region = this.heap.addRegion("roots", count);
    for (let i = 0; i < count; i++) this.roots.push({ address: region + 8 + 4 * i, value: 0 });
  }

  /** A new weak region, which takes over the words of the old one. */
  private setWeak(count: number): void {
    const region = this.heap.addRegion("weak", count);
    const old = this.weak;
    this.weak = Array.from({ length: count }, (_, i) => ({ address: region + 8 + 4 * i, value: 0 }));
    for (let i = 0; i < Math.min(count, old.length); i++) this.copy(old[i]!, this.weak[i]!);
  }

  /** Does one random thing. */
  step(): void {
    const kind = this.random();
    if (kind < 0.4) this.create();
    else if (kind < 0.6) this.write();
    else if (kind < 0.75) this.read();
    else if (kind < 0.8) this.weaken();
    else if (kind < 0.85) this.set(this.slot(), this.pick(this.constants));
    else if (kind < 0.92 && this.frames.length < 40) this.push();
    else if (kind < 0.975) this.pop();
    else if (kind < 0.98) this.growth.shift()?.();
    else this.heap.collector.collect();
  }

  /** Makes a word weak, or a slot of a weak word that may have lost its object. */
  private weaken(): void {
    const weak = this.pick(this.weak);
    if (this.random() < 0.7) {
      this.copy(this.slot(), weak);
      return;
    }
    if (this.heap.load(weak.address) === 0) weak.value = 0;
    this.copy(weak, this.slot());
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** A root, or one of the innermost frames' slots. */
  private slot(): Slot {
    const near = this.frames.slice(-3).flatMap((frame) => frame.slots);
    return this.pick([...this.roots, ...near]);
  }

  /** Sets a slot to a constant. */
  private set(slot: Slot, constant: number): void {
    slot.value = constant;
    this.heap.store(slot.address, constant);
  }

  private copy(from: Slot, to: Slot): void {
    to.value = from.value;
    this.heap.store(to.address, this.heap.load(from.address));
  }

  private create(): void {
    const type = this.pick(this.types);
    const arrayLength = this.random() < 0.95 ? this.below(12) : this.below(this.longestArray);
    const length = type.kind === "struct" ? 0 : arrayLength;
    const address = this.heap.allocate(type, length);
    const count = type.kind === "references" ? length : type.offsets.length;
    const made: ModelObject = { type, length, references: new Array(count).fill(0), mark: this.nextMark++ };
    for (const word of plainWords(made)) this.heap.store(address + word, (made.mark * 8 + word) >>> 0);
    for (let i = 0; i < Math.min(count, 20); i++) {
      const from = this.slot();
      made.references[i] = from.value;
      this.heap.initialize(address + referenceOffset(made, i), this.heap.load(from.address));
    }
    const target = this.slot();
    target.value = made;
    this.heap.store(target.address, address);
  }

  /** Stores into an object: a field, an element, or a range of elements. */
  private write(): void {
    const { value, address } = this.slot();
    if (typeof value === "number" || value.references.length === 0) return;
    const object = this.heap.load(address);
    const i = this.below(value.references.length);
    if (value.type.kind === "references" && this.random() < 0.3) {
      this.writeRange(value, object, i, 1 + this.below(value.references.length - i));
      return;
    }
    const from = this.slot();
    if (!this.mayRefer(value, from.value)) return;
    value.references[i] = from.value;
    this.heap.write(object, referenceOffset(value, i), this.heap.load(from.address), value.type.kind);
  }

  /** Fills `count` elements from `i` on, or copies them from the same or another array. */
  private writeRange(array: ModelObject, address: number, i: number, count: number): void {
    const start = address + 8 + 4 * i;
    const { value, address: fromSlot } = this.slot();
    const from = this.heap.load(fromSlot);
    if (typeof value === "number" || value.type.kind !== "references") {
      if (!this.mayRefer(array, value)) return;
      array.references.fill(value, i, i + count);
      this.heap.fill(start, from, count);
      return;
    }
    const most = Math.min(count, value.length);
    const first = this.below(value.length - most + 1);
    const moved = value.references.slice(first, first + most);
    if (!moved.every((reference) => this.mayRefer(array, reference))) return;
    array.references.splice(i, most, ...moved);
    this.heap.copyElements(start, from + 8 + 4 * first, most);
  }

  /** Without cycles, objects refer to older ones only. */
  private mayRefer(object: ModelObject, value: ModelValue): boolean {
    return this.cyclic || typeof value === "number" || value.mark < object.mark;
  }

  private read(): void {
    const { value, address } = this.slot();
    if (typeof value === "number" || value.references.length === 0) return;
    const i = this.below(value.references.length);
    const target = this.slot();
    const word = this.heap.load(this.heap.load(address) + referenceOffset(value, i));
    target.value = value.references[i]!;
    this.heap.store(target.address, word);
  }

  private push(): void {
    const { map, offsets } = this.pick(this.maps);
    const frame = this.heap.push(map);
    const decoys: [number, number][] = [];
    for (let offset = 4; offset < this.heap.load(map); offset += 4) {
      if (offsets.includes(offset)) continue;
      const word =
        this.random() < 0.5 ? this.heap.load(this.slot().address) : HEAP_BASE + 8 * this.below(1000);
      this.heap.store(frame + offset, word);
      decoys.push([frame + offset, word]);
    }
    const slots = offsets.map((offset) => ({ address: frame + offset, value: 0 }));
    for (const slot of slots) this.copy(this.slot(), slot);
    this.frames.push({ slots, decoys });
  }

  private pop(): void {
    if (this.frames.pop() !== undefined) this.heap.pop();
  }

  /**
   * Both graphs are the same: contents, identity, constants; decoys are as they were; weak words that are null have
   * no object. Returns how many bytes are reachable. With `exact`, which is right after a collection, no weak word
   * names an object that is not reachable. With `poisoned`, all of the first megabyte that holds no object is.
   */
  check({ poisoned = false, exact = false }: { poisoned?: boolean; exact?: boolean } = {}): number {
    const { heap } = this;
    const places = new Map<ModelObject, number>();
    const owners = new Map<number, ModelObject>();
    const meet = (value: ModelValue, word: number): void => {
      if (typeof value === "number") {
        assert.equal(word, value);
        return;
      }
      const place = places.get(value);
      if (place !== undefined) {
        assert.equal(word, place, "one object in two places");
        return;
      }
      assert.ok(!owners.has(word), "two objects in one place");
      places.set(value, word);
      owners.set(word, value);
    };
    for (const { address, value } of this.allSlots()) meet(value, heap.load(address));
    for (const [object, address] of places) {
      this.checkObject(object, address);
      object.references.forEach((value, i) => {
        meet(value, heap.load(address + referenceOffset(object, i)));
      });
    }
    for (const weak of this.weak) {
      const word = heap.load(weak.address);
      if (typeof weak.value === "number") assert.equal(word, weak.value);
      else if (places.has(weak.value))
        assert.equal(word, places.get(weak.value), "a weak word of a live object");
      else if (exact) assert.equal(word, 0, "a weak word of a dead object");
    }
    for (const { decoys } of this.frames) {
      for (const [address, word] of decoys)
        assert.equal(heap.load(address), word, "a word in no map changed");
    }
    if (poisoned) checkPoison(heap, owners);
    return checkPlaces(owners);
  }

  private allSlots(): Slot[] {
    return [...this.roots, ...this.frames.flatMap((frame) => frame.slots)];
  }

  private checkObject(object: ModelObject, address: number): void {
    const { heap } = this;
    assert.equal(address % 8, 0);
    assert.equal(heap.load(address), object.type.descriptor);
    if (object.type.kind !== "struct") assert.equal(heap.load(address + 4), object.length);
    for (const word of plainWords(object)) {
      assert.equal(heap.load(address + word), (object.mark * 8 + word) >>> 0);
    }
  }
}

function referenceOffset({ type }: ModelObject, i: number): number {
  return type.kind === "references" ? 8 + 4 * i : type.offsets[i]!;
}

/** The offsets of the words that are neither header nor reference. */
function plainWords({ type, length }: ModelObject): number[] {
  const offsets: number[] = [];
  if (type.kind === "references") return offsets;
  const first = type.kind === "struct" ? 4 : 8;
  for (let offset = first; offset < objectBytes(type, length); offset += 4) {
    if (!type.offsets.includes(offset)) offsets.push(offset);
  }
  return offsets;
}

/** No two objects overlap; returns their bytes. */
function checkPlaces(owners: ReadonlyMap<number, ModelObject>): number {
  let end = HEAP_BASE;
  let total = 0;
  for (const [address, { type, length }] of [...owners].sort(([a], [b]) => a - b)) {
    assert.ok(address >= end, "objects overlap");
    end = address + objectBytes(type, length);
    total += objectBytes(type, length);
  }
  return total;
}

function checkPoison(heap: CollectedHeap, owners: ReadonlyMap<number, ModelObject>): void {
  const words = heap.view().slice(HEAP_BASE / 4, (HEAP_BASE + (1 << 20)) / 4);
  for (const [address, { type, length }] of owners) {
    const start = (address - HEAP_BASE) / 4;
    words.fill(POISON, start, start + objectBytes(type, length) / 4);
  }
  assert.ok(
    words.every((word) => word === POISON),
    "a word without an object is not poisoned",
  );
}
