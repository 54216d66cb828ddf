/**
 * Compiled bodies with places for what the linker knows.
 *
 * A place is where the operand of an `i32.const` or of a `call` is missing, or instructions that depend on what is linked: Wasm has no
 * offsets between instructions, so linking puts a LEB128 of whatever length there, or no instruction at all, and the code is as short as if
 * all had been known.
 */
import type { ByteWriter } from "../base/byte-writer.ts";
import { IMPORT_STACK_ENDS } from "./symbol-spaces.ts";

export interface RelocatableCode {
  /** A body: local declarations, code and `end`, without its size. */
  readonly bytes: Uint8Array;
  /** Pairs: an offset in the bytes, ascending, and what goes in there (`addressPlace`, `indexPlace`, `codePlace`). */
  readonly places: Int32Array;
  /**
   * Pairs: an offset in the bytes at which an instruction begins, ascending, and where in the input it and those behind it come from.
   * Null where nobody asked, or nothing is known.
   */
  readonly positions: Int32Array | null;
}

/** The low bits of a place say of which kind it is. */
const KIND_BITS = 2;
const KIND = (1 << KIND_BITS) - 1;
const ADDRESS = 0;
const INDEX = 1;
const CODE = 2;

/** A symbol's address, as a signed number. */
export function addressPlace(symbol: number): number {
  return (symbol << KIND_BITS) | ADDRESS;
}

/** The index of a function, as an unsigned number. */
export function indexPlace(symbol: number): number {
  return (symbol << KIND_BITS) | INDEX;
}

/** Instructions. */
export function codePlace(symbol: number): number {
  return (symbol << KIND_BITS) | CODE;
}

/** The symbol that a place names. */
export function placeSymbol(place: number): number {
  return place >>> KIND_BITS;
}

/** Whether it can be a place for a symbol of that space: some stand for instructions, and all others for numbers. */
export function fitsSpace(place: number, space: number): boolean {
  const kind = place & KIND;
  return kind === CODE ? space === IMPORT_STACK_ENDS : kind < CODE && space !== IMPORT_STACK_ENDS;
}

/** The place with another symbol. */
export function placeOfSymbol(place: number, symbol: number): number {
  return (symbol << KIND_BITS) | (place & KIND);
}

/** What goes in at places. */
export interface PlaceValues {
  valueOf(symbol: number): number;
  codeOf(symbol: number): Uint8Array;
}

/** Appends the body with all places filled, and gives its positions as they are then. */
export function writeLinked(out: ByteWriter, code: RelocatableCode, values: PlaceValues): Int32Array | null {
  const { bytes, places } = code;
  const start = out.length;
  const positions = code.positions === null ? null : code.positions.slice();
  let done = 0;
  let moved = 0;
  for (let i = 0; i < places.length; i += 2) {
    const at = places[i]!;
    // What begins where something is missing comes behind it.
    if (positions !== null) moved = movePositions(positions, moved, at, out.length - start - done);
    out.range(bytes, done, at);
    const place = places[i + 1]!;
    const symbol = placeSymbol(place);
    const kind = place & KIND;
    if (kind === CODE) out.append(values.codeOf(symbol));
    else if (kind === INDEX) out.u32(values.valueOf(symbol));
    else out.s32(values.valueOf(symbol));
    done = at;
  }
  if (positions !== null) movePositions(positions, moved, bytes.length, out.length - start - done);
  out.range(bytes, done, bytes.length);
  return positions;
}

/** Moves the positions from the pair at `from` on that are before an offset; gives the next pair. */
function movePositions(positions: Int32Array, from: number, before: number, bytes: number): number {
  let pair = from;
  while (pair < positions.length && positions[pair]! < before) {
    positions[pair]! += bytes;
    pair += 2;
  }
  return pair;
}
