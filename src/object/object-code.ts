/**
 * Compiled code as one piece: bodies with the symbols that they name. It has a binary form, for a cache or for another thread, and
 * several pieces become one.
 *
 *     symbols       count; of each the space and the index, or, of a stack map, bytes of the frame, count, offsets
 *     bodies        count; of each bytes, how many places, of each place bytes since the one before and what goes there; 0, or how
 *                   many positions and one, of each bytes since the one before and where it comes from
 *     initializers  the same
 *     the bytes of all bodies, then of all initializers
 *
 * All numbers are unsigned LEB128. Reading trusts nothing: what is not such a form is null, and what is one links without fault in the
 * module that it was compiled from (that the module is that one is for the caller to know). Bodies read are views of the input.
 */
import { ByteCursor } from "../base/byte-cursor.ts";
import type { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { fitsSpace, placeOfSymbol, placeSymbol, type RelocatableCode } from "./code.ts";
import { SPACES, STACK_MAPS } from "./symbol-spaces.ts";
import { SymbolTable } from "./symbols.ts";

export interface ObjectCode {
  readonly symbols: SymbolTable;
  readonly bodies: readonly RelocatableCode[];
  readonly initializers: readonly RelocatableCode[];
}

export function writeObject(out: ByteWriter, { symbols, bodies, initializers }: ObjectCode): void {
  out.u32(symbols.length);
  for (let i = 0; i < symbols.length; i++) {
    const { space, index } = symbols.symbol(i);
    out.u32(space);
    if (space !== STACK_MAPS) {
      out.u32(index);
      continue;
    }
    const { frameBytes, offsets } = symbols.frameMap(index);
    out.u32(frameBytes);
    out.u32(offsets.length);
    for (const offset of offsets) out.u32(offset);
  }
  for (const list of [bodies, initializers]) {
    out.u32(list.length);
    for (const code of list) writeShape(out, code);
  }
  for (const { bytes } of bodies) out.append(bytes);
  for (const { bytes } of initializers) out.append(bytes);
}

function writeShape(out: ByteWriter, { bytes, places, positions }: RelocatableCode): void {
  out.u32(bytes.length);
  out.u32(places.length / 2);
  writePairs(out, places);
  out.u32(positions === null ? 0 : positions.length / 2 + 1);
  if (positions !== null) writePairs(out, positions);
}

function writePairs(out: ByteWriter, pairs: Int32Array): void {
  let before = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    out.u32(pairs[i]! - before);
    out.u32(pairs[i + 1]!);
    before = pairs[i]!;
  }
}

/** The code, or null. */
export function readObject(input: Uint8Array): ObjectCode | null {
  const cursor = new ByteCursor(input);
  const symbols = readSymbols(cursor);
  const shapes = [readShapes(cursor, symbols), readShapes(cursor, symbols)] as const;
  const [bodies, initializers] = shapes.map((list) =>
    list.map(({ length, places, positions }) => ({ bytes: cursor.take(length), places, positions })),
  );
  return cursor.isDone ? { symbols, bodies: bodies!, initializers: initializers! } : null;
}

function readSymbols(cursor: ByteCursor): SymbolTable {
  const symbols = new SymbolTable();
  for (let count = cursor.count(2); count > 0 && !cursor.isMalformed; count--) {
    const space = cursor.u32();
    const expected = symbols.length;
    let number: number;
    if (space === STACK_MAPS) {
      const frameBytes = cursor.u32();
      const offsets = new I32List();
      for (let left = cursor.count(); left > 0 && !cursor.isMalformed; left--) offsets.push(cursor.u32());
      number = symbols.internMap(frameBytes, offsets);
    } else {
      const index = cursor.u32();
      if (space >= SPACES || index >= MAX_INDEX) cursor.fail();
      number = symbols.intern(space, index);
    }
    // Each is stored once.
    if (number !== expected) cursor.fail();
  }
  return symbols;
}

/** Of `SymbolTable.intern`. */
const MAX_INDEX = 2 ** 28;

interface BodyShape {
  readonly length: number;
  readonly places: Int32Array;
  readonly positions: Int32Array | null;
}

function readShapes(cursor: ByteCursor, symbols: SymbolTable): BodyShape[] {
  const shapes: BodyShape[] = [];
  for (let count = cursor.count(3); count > 0 && !cursor.isMalformed; count--) {
    const length = cursor.u32();
    const places = readPairs(cursor, cursor.count(2), length);
    for (let i = 1; i < places.length; i += 2) if (!isPlace(places[i]!, symbols)) cursor.fail();
    const positioned = cursor.count(2);
    const positions = positioned === 0 ? null : readPairs(cursor, positioned - 1, length);
    shapes.push({ length, places, positions });
  }
  return shapes;
}

function isPlace(place: number, symbols: SymbolTable): boolean {
  const symbol = placeSymbol(place);
  return symbol < symbols.length && fitsSpace(place, symbols.space(symbol));
}

function readPairs(cursor: ByteCursor, count: number, length: number): Int32Array {
  const pairs = new Int32Array(2 * count);
  let at = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    at += cursor.u32();
    if (at > length) cursor.fail();
    pairs[i] = at;
    pairs[i + 1] = cursor.u32();
  }
  return pairs;
}

/**
 * The pieces as one, in this order. Symbols are numbered anew, as the bodies name them, so that what comes out depends on the code and
 * not on how it was divided, nor on what was compiled first.
 */
export function mergeObjects(pieces: readonly ObjectCode[]): ObjectCode {
  const symbols = new SymbolTable();
  const bodies: RelocatableCode[] = [];
  const initializers: RelocatableCode[] = [];
  const numbers = pieces.map((piece) => new Int32Array(piece.symbols.length).fill(-1));
  pieces.forEach((piece, i) => {
    for (const code of piece.bodies) bodies.push(renumbered(code, piece.symbols, symbols, numbers[i]!));
  });
  pieces.forEach((piece, i) => {
    for (const code of piece.initializers)
      initializers.push(renumbered(code, piece.symbols, symbols, numbers[i]!));
  });
  return { symbols, bodies, initializers };
}

/** With the numbers of another table, those already given in `numbers`. */
function renumbered(
  { bytes, places, positions }: RelocatableCode,
  from: SymbolTable,
  to: SymbolTable,
  numbers: Int32Array,
): RelocatableCode {
  const result = Int32Array.from(places);
  for (let i = 1; i < places.length; i += 2) {
    const place = places[i]!;
    const symbol = placeSymbol(place);
    if (numbers[symbol]! < 0) numbers[symbol] = copySymbol(from, symbol, to);
    result[i] = placeOfSymbol(place, numbers[symbol]!);
  }
  return { bytes, places: result, positions };
}

function copySymbol(from: SymbolTable, number: number, to: SymbolTable): number {
  const { space, index } = from.symbol(number);
  if (space !== STACK_MAPS) return to.intern(space, index);
  const { frameBytes, offsets } = from.frameMap(index);
  const list = new I32List();
  for (const offset of offsets) list.push(offset);
  return to.internMap(frameBytes, list);
}
