/**
 * The symbols of a compiled module: addresses in static memory, and functions, that are not known before the module is linked. A
 * body names them by number (see `code.ts`).
 *
 * A symbol is a pair of what it is of (`ir/names.ts` has the name spaces: type descriptors, cells, function records) and an
 * index there; or a stack map, by its contents. Each is stored once. Numbers are given out in the order of first use, so bodies
 * compiled in any order must be linked in one.
 */
import type { I32List } from "../base/column.ts";
import { STACK_MAPS } from "./symbol-spaces.ts";

export interface StaticSymbol {
  readonly space: number;
  readonly index: number;
}

/** The bytes of a frame, and the offsets in it of the references that a collector updates. */
export interface FrameMap {
  readonly frameBytes: number;
  readonly offsets: readonly number[];
}

export class SymbolTable {
  private readonly symbols: StaticSymbol[];
  private readonly numbers: Map<number, number>;
  private readonly maps: FrameMap[];
  /** By map: its symbol, its hash, and the map before it in the same bucket, or -1. */
  private readonly mapSymbols: number[];
  private readonly mapHashes: number[];
  private readonly mapNexts: number[];
  /** The last map of each bucket, or -1. */
  private mapHeads: Int32Array;

  constructor() {
    this.symbols = [];
    this.numbers = new Map();
    this.maps = [];
    this.mapSymbols = [];
    this.mapHashes = [];
    this.mapNexts = [];
    this.mapHeads = new Int32Array(64).fill(-1);
  }

  get length(): number {
    return this.symbols.length;
  }

  symbol(number: number): StaticSymbol {
    return this.symbols[number]!;
  }

  /** The map that a symbol in `STACK_MAPS` stands for, by its index there. */
  frameMap(index: number): FrameMap {
    return this.maps[index]!;
  }

  /** The number of a symbol; `index` is below 2^28. */
  intern(space: number, index: number): number {
    const key = index * 16 + space;
    const found = this.numbers.get(key);
    if (found !== undefined) return found;
    const number = this.symbols.push({ space, index }) - 1;
    this.numbers.set(key, number);
    return number;
  }

  internMap(frameBytes: number, offsets: I32List): number {
    const hash = hashOf(frameBytes, offsets);
    let map = this.mapHeads[hash & (this.mapHeads.length - 1)]!;
    while (map >= 0) {
      if (this.mapHashes[map] === hash && isMap(this.maps[map]!, frameBytes, offsets))
        return this.mapSymbols[map]!;
      map = this.mapNexts[map]!;
    }
    return this.addMap(hash, frameBytes, offsets);
  }

  private addMap(hash: number, frameBytes: number, offsets: I32List): number {
    const copy: number[] = [];
    for (let i = 0; i < offsets.length; i++) copy.push(offsets.get(i));
    const map = this.maps.push({ frameBytes, offsets: copy }) - 1;
    const number = this.intern(STACK_MAPS, map);
    this.mapSymbols.push(number);
    this.mapHashes.push(hash);
    this.mapNexts.push(-1);
    if (map < this.mapHeads.length) this.link(map);
    else this.linkAll();
    return number;
  }

  private link(map: number): void {
    const bucket = this.mapHashes[map]! & (this.mapHeads.length - 1);
    this.mapNexts[map] = this.mapHeads[bucket]!;
    this.mapHeads[bucket] = map;
  }

  private linkAll(): void {
    this.mapHeads = new Int32Array(this.mapHeads.length * 2).fill(-1);
    for (let map = 0; map < this.maps.length; map++) this.link(map);
  }
}

function hashOf(frameBytes: number, offsets: I32List): number {
  let hash = frameBytes;
  for (let i = 0; i < offsets.length; i++)
    hash = Math.imul(hash ^ offsets.get(i), 0x9e3779b1) ^ (hash >>> 15);
  return hash ^ (hash >>> 16);
}

function isMap(map: FrameMap, frameBytes: number, offsets: I32List): boolean {
  if (map.frameBytes !== frameBytes || map.offsets.length !== offsets.length) return false;
  for (let i = 0; i < offsets.length; i++) if (map.offsets[i] !== offsets.get(i)) return false;
  return true;
}
