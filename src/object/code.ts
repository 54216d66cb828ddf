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
}

/** A symbol's address, as a signed number. */
export function addressPlace(symbol: number): number {
  return symbol * 2;
}

/** The index of a function, as an unsigned number. */
export function indexPlace(symbol: number): number {
  return symbol * 2 + 1;
}

/** Appends the body with all places filled. */
export function writeLinked(
  out: ByteWriter,
  code: RelocatableCode,
  valueOf: (symbol: number) => number,
): void {
  const { bytes, places } = code;
  let done = 0;
  for (let i = 0; i < places.length; i += 2) {
    const at = places[i]!;
    out.range(bytes, done, at);
    const place = places[i + 1]!;
    const value = valueOf(place >>> 1);
    if ((place & 1) === 0) out.s32(value);
    else out.u32(value);
    done = at;
  }
  out.range(bytes, done, bytes.length);
}
