/**
 * Compiled bodies with places for what the linker knows.
 *
 * A place is where the operand of an `i32.const` or of a `call` is missing: Wasm has no offsets between instructions, so linking
 * puts a LEB128 of whatever length there, and the code is as short as if the address had been known.
 */
import type { ByteWriter } from "../base/byte-writer.ts";

export interface RelocatableCode {
  /** A body: local declarations, code and `end`, without its size. */
  readonly bytes: Uint8Array;
  /** Pairs: an offset in the bytes, ascending, and what goes in there (`addressPlace`, `indexPlace`). */
  readonly places: Int32Array;
  /**
   * Pairs: an offset in the bytes at which an instruction begins, ascending, and where in the input it and those behind it come from.
   * Null where nobody asked, or nothing is known.
   */
  readonly positions: Int32Array | null;
}

/** A symbol's address, as a signed number. */
export function addressPlace(symbol: number): number {
  return symbol * 2;
}

/** The index of a function, as an unsigned number. */
export function indexPlace(symbol: number): number {
  return symbol * 2 + 1;
}

/** Appends the body with all places filled, and gives its positions as they are then. */
export function writeLinked(
  out: ByteWriter,
  code: RelocatableCode,
  valueOf: (symbol: number) => number,
): Int32Array | null {
  const { bytes, places } = code;
  const start = out.length;
  const positions = code.positions === null ? null : code.positions.slice();
  let done = 0;
  let moved = 0;
  for (let i = 0; i < places.length; i += 2) {
    const at = places[i]!;
    // What begins where an operand is missing comes behind it.
    if (positions !== null) moved = movePositions(positions, moved, at, out.length - start - done);
    out.range(bytes, done, at);
    const place = places[i + 1]!;
    const value = valueOf(place >>> 1);
    if ((place & 1) === 0) out.s32(value);
    else out.u32(value);
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
