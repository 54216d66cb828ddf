/**
 * The static data of a compiled module: roots, type descriptors and stack maps, at fixed addresses from `base` on.
 *
 *     root region        0, how many words, then a word for each global that holds a reference, null at first; absent if
 *                        there is none
 *
 *     descriptor at d    d-4-4i  display[i]: the descriptor of the supertype at depth i, itself included
 *                        d+0     struct: bytes of an object; array: log2 of an element's bytes
 *                        d+4     0 struct, 1 array, 2 array of references
 *                        d+8     depth: how many supertypes are above
 *                        d+12    how many reference fields; d+16 … their offsets
 *
 *     stack map          bytes of the frame, how many references, their offsets in the frame
 *
 * Equal types (by the canonical id) have one descriptor, equal maps one place. Addresses are given out in the order of first
 * use.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import type { TypeStore } from "../wasm/subtyping.ts";
import { KIND_STRUCT, type TypeTable } from "../wasm/types.ts";
import { arrayLayout, structLayout } from "./layout.ts";

/** Offsets in a descriptor. */
export const Descriptor = { Size: 0, Kind: 4, Depth: 8, References: 12 } as const;
export const KIND_OF_STRUCT = 0;
const KIND_OF_PLAIN_ARRAY = 1;
const KIND_OF_REFERENCE_ARRAY = 2;

const ROOT_REGION_HEADER = 8;

/** Where `display[depth]` stands, from the descriptor's address. */
export function displayOffset(depth: number): number {
  return -4 - 4 * depth;
}

export class StaticData {
  readonly base: number;
  private readonly types: TypeTable;
  private readonly store: TypeStore;
  private readonly canonicalIds: Uint32Array;
  private readonly out: ByteWriter;
  private readonly descriptors: Map<number, number>;
  private readonly stackMaps: Map<string, number>;

  /** The region of `rootCount` root words, if any, begins at `base`. */
  constructor(base: number, types: TypeTable, store: TypeStore, rootCount = 0) {
    this.base = base;
    this.types = types;
    this.store = store;
    this.canonicalIds = store.canonicalize(types);
    this.out = new ByteWriter();
    this.descriptors = new Map();
    this.stackMaps = new Map();
    if (rootCount > 0) for (const word of [0, rootCount]) this.word(word);
    for (let i = 0; i < rootCount; i++) this.word(0);
  }

  /** The address of a word of the root region. */
  rootAddress(root: number): number {
    return this.base + ROOT_REGION_HEADER + 4 * root;
  }

  /** The bytes so far, from `base` on. */
  bytes(): Uint8Array {
    return this.out.bytes();
  }

  /** How many supertypes the type has. */
  depth(type: number): number {
    return this.store.depth(this.canonicalIds[type]!);
  }

  /** The address of the descriptor of a struct or array type. */
  descriptor(type: number): number {
    const id = this.canonicalIds[type]!;
    const found = this.descriptors.get(id);
    if (found !== undefined) return found;
    const supers: number[] = [];
    for (let above = this.types.supertype(type); above >= 0; above = this.types.supertype(above)) {
      supers.push(this.descriptor(above));
    }
    // Deepest first in memory, so that display[i] lies below the descriptor by i words.
    const address = this.base + this.out.length + 4 * (supers.length + 1);
    this.word(address);
    for (const above of supers) this.word(above);
    if (this.types.kind(type) === KIND_STRUCT) this.structDescriptor(type, supers.length);
    else this.arrayDescriptor(type, supers.length);
    this.descriptors.set(id, address);
    return address;
  }

  private structDescriptor(type: number, depth: number): void {
    const { sizeBytes, references } = structLayout(this.types, type);
    for (const word of [sizeBytes, KIND_OF_STRUCT, depth, references.length, ...references]) this.word(word);
  }

  private arrayDescriptor(type: number, depth: number): void {
    const { elementLog2, holdsReferences } = arrayLayout(this.types, type);
    const kind = holdsReferences ? KIND_OF_REFERENCE_ARRAY : KIND_OF_PLAIN_ARRAY;
    for (const word of [elementLog2, kind, depth, 0]) this.word(word);
  }

  /** The address of the map of a frame of that many bytes with references at those offsets. */
  stackMap(frameBytes: number, offsets: readonly number[]): number {
    const key = `${frameBytes}:${offsets.join()}`;
    const found = this.stackMaps.get(key);
    if (found !== undefined) return found;
    const address = this.base + this.out.length;
    for (const word of [frameBytes, offsets.length, ...offsets]) this.word(word);
    this.stackMaps.set(key, address);
    return address;
  }

  private word(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.out.byte((value >>> shift) & 0xff);
  }
}
