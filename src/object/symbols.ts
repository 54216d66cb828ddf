/**
 * The symbols of a compiled module: addresses in static memory, and functions, that are not known before the module is linked. A
 * body names them by number (see `code.ts`).
 *
 * A symbol is a pair of what it is of (`ir/names.ts` has the name spaces: type descriptors, cells, function records) and an
 * index there; or a stack map, by its contents. Each is stored once. Numbers are given out in the order of first use, so bodies
 * compiled in any order must be linked in one.
 */
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
  private readonly mapNumbers: Map<string, number>;

  constructor() {
    this.symbols = [];
    this.numbers = new Map();
    this.maps = [];
    this.mapNumbers = new Map();
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

  internMap(frameBytes: number, offsets: readonly number[]): number {
    const key = `${frameBytes}:${offsets.join()}`;
    const found = this.mapNumbers.get(key);
    if (found !== undefined) return found;
    const number = this.intern(STACK_MAPS, this.maps.push({ frameBytes, offsets }) - 1);
    this.mapNumbers.set(key, number);
    return number;
  }
}
