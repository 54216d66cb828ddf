/** A finished body: the declarations of its locals, then its code, with what is known of offsets in it. */
import type { Arena, Chunk } from "../base/arena.ts";
import type { ByteWriter } from "../base/byte-writer.ts";
import type { I32List } from "../base/column.ts";
import type { RelocatableCode } from "../object/code.ts";
import type { Locals } from "./locals.ts";
import { WASM_TYPE_BYTES } from "./wasm-types.ts";

/** Pairs that begin with an offset in the code; see `object/code.ts`. */
export interface CodePairs {
  readonly places: I32List;
  readonly positions: I32List | null;
}

/** `header` is where the declarations are written, `arena` where the body stays. */
export function assembleBody(
  header: ByteWriter,
  locals: Locals,
  code: ByteWriter,
  pairs: CodePairs,
  arena: Arena,
): RelocatableCode {
  header.clear();
  writeLocals(header, locals);
  const { places, positions } = pairs;
  const codeStart = header.length;
  const length = codeStart + code.length;
  const start = arena.take(4 * places.length + length);
  const { chunk } = arena;
  moveBehind(chunk.words, start / 4, places, codeStart);
  header.copyTo(chunk.bytes, start + 4 * places.length);
  code.copyTo(chunk.bytes, start + 4 * places.length + codeStart);
  const moved = positions === null ? null : new Int32Array(positions.length);
  if (positions !== null) moveBehind(moved!, 0, positions, codeStart);
  return new CompactCode(chunk, start, places.length, length, moved);
}

/** Tens of thousands are kept at once: arrays for each would take more room than what is in them, so they are made when asked for. */
class CompactCode implements RelocatableCode {
  private readonly chunk: Chunk;
  /** The places first, since they have to be aligned. */
  private readonly start: number;
  private readonly placeCount: number;
  private readonly length: number;
  readonly positions: Int32Array | null;

  constructor(chunk: Chunk, start: number, placeCount: number, length: number, positions: Int32Array | null) {
    this.chunk = chunk;
    this.start = start;
    this.placeCount = placeCount;
    this.length = length;
    this.positions = positions;
  }

  get bytes(): Uint8Array {
    const start = this.start + 4 * this.placeCount;
    return this.chunk.bytes.subarray(start, start + this.length);
  }

  get places(): Int32Array {
    const start = this.start / 4;
    return this.chunk.words.subarray(start, start + this.placeCount);
  }
}

function writeLocals(out: ByteWriter, locals: Locals): void {
  let runs = 0;
  for (let i = 0; i < locals.count; i++) if (i === 0 || locals.typeOf(i) !== locals.typeOf(i - 1)) runs++;
  out.u32(runs);
  for (let i = 0; i < locals.count; ) {
    let end = i + 1;
    while (end < locals.count && locals.typeOf(end) === locals.typeOf(i)) end++;
    out.u32(end - i);
    out.byte(WASM_TYPE_BYTES[locals.typeOf(i)]!);
    i = end;
  }
}

/** Writes the pairs with their offsets so many bytes further on. */
function moveBehind(into: Int32Array, at: number, pairs: I32List, bytes: number): void {
  for (let i = 0; i < pairs.length; i += 2) {
    into[at + i] = pairs.get(i) + bytes;
    into[at + i + 1] = pairs.get(i + 1);
  }
}
