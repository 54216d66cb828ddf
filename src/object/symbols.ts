/**
 * The symbols of a compiled module: addresses in static memory, and functions, that are not known before the module is linked. A
 * body names them by number (see `code.ts`).
 *
 * A symbol is a pair of what it is of (`ir/names.ts` has the name spaces: type descriptors, cells, numbers of functions) and an
 * index there; or a stack map, by its contents. Each is stored once. Numbers are given out in the order of first use, so bodies
 * compiled in any order must be linked in one.
 */
import { I32List } from "../base/column.ts";
import { PairNumbers } from "../base/pair-numbers.ts";
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
  /** Pairs of a space and an index. */
  private readonly pairs: PairNumbers;
  /** The words of all maps, one behind the other: the frame's bytes, then the offsets. */
  private readonly words: I32List;
  /** By map: where its words begin, and where the next one's will. */
  private readonly starts: I32List;
  /** By map: its symbol, its hash, and the map before it in the same bucket, or -1. */
  private readonly mapSymbols: I32List;
  private readonly mapHashes: I32List;
  private readonly mapNexts: I32List;
  /** The last map of each bucket, or -1. */
  private mapHeads: Int32Array;

  constructor() {
    this.pairs = new PairNumbers();
    this.words = new I32List();
    this.starts = new I32List();
    this.starts.push(0);
    this.mapSymbols = new I32List();
    this.mapHashes = new I32List();
    this.mapNexts = new I32List();
    this.mapHeads = new Int32Array(64).fill(-1);
  }

  get length(): number {
    return this.pairs.length;
  }

  space(number: number): number {
    return this.pairs.first(number);
  }

  symbol(number: number): StaticSymbol {
    return { space: this.pairs.first(number), index: this.pairs.second(number) };
  }

  /** The map that a symbol in `STACK_MAPS` stands for, by its index there. */
  frameMap(index: number): FrameMap {
    const start = this.starts.get(index);
    const offsets: number[] = [];
    for (let i = start + 1; i < this.starts.get(index + 1); i++) offsets.push(this.words.get(i));
    return { frameBytes: this.words.get(start), offsets };
  }

  /** The number of a symbol; `index` is below 2^28. */
  intern(space: number, index: number): number {
    return this.pairs.of(space, index);
  }

  internMap(frameBytes: number, offsets: I32List): number {
    const hash = hashOf(frameBytes, offsets);
    let map = this.mapHeads[hash & (this.mapHeads.length - 1)]!;
    while (map >= 0) {
      if (this.mapHashes.get(map) === hash && this.isMap(map, frameBytes, offsets)) {
        return this.mapSymbols.get(map);
      }
      map = this.mapNexts.get(map);
    }
    return this.addMap(hash, frameBytes, offsets);
  }

  private isMap(map: number, frameBytes: number, offsets: I32List): boolean {
    const start = this.starts.get(map);
    const length = this.starts.get(map + 1) - start - 1;
    if (this.words.get(start) !== frameBytes || length !== offsets.length) return false;
    for (let i = 0; i < length; i++) if (this.words.get(start + 1 + i) !== offsets.get(i)) return false;
    return true;
  }

  private addMap(hash: number, frameBytes: number, offsets: I32List): number {
    const map = this.mapSymbols.length;
    const number = this.intern(STACK_MAPS, map);
    this.words.push(frameBytes);
    for (let i = 0; i < offsets.length; i++) this.words.push(offsets.get(i));
    this.starts.push(this.words.length);
    this.mapSymbols.push(number);
    this.mapHashes.push(hash);
    this.mapNexts.push(-1);
    if (map < this.mapHeads.length) this.link(map);
    else this.linkAll();
    return number;
  }

  private link(map: number): void {
    const bucket = this.mapHashes.get(map) & (this.mapHeads.length - 1);
    this.mapNexts.set(map, this.mapHeads[bucket]!);
    this.mapHeads[bucket] = map;
  }

  private linkAll(): void {
    this.mapHeads = new Int32Array(this.mapHeads.length * 2).fill(-1);
    for (let map = 0; map < this.mapSymbols.length; map++) this.link(map);
  }
}

function hashOf(frameBytes: number, offsets: I32List): number {
  let hash = frameBytes;
  for (let i = 0; i < offsets.length; i++)
    hash = Math.imul(hash ^ offsets.get(i), 0x9e3779b1) ^ (hash >>> 15);
  return hash ^ (hash >>> 16);
}
