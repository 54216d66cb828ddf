/** A finished body: the declarations of its locals, then its code, with what is known of offsets in it. */
import type { Arena } from "../base/arena.ts";
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

/** `body` is where it is put together, `arena` where it stays. */
export function assembleBody(
  body: ByteWriter,
  locals: Locals,
  code: ByteWriter,
  pairs: CodePairs,
  arena: Arena,
): RelocatableCode {
  body.clear();
  writeLocals(body, locals);
  const { places, positions } = pairs;
  const codeStart = body.length;
  body.append(code.bytes());
  const start = arena.take(4 * places.length + body.length);
  const { buffer } = arena;
  moveBehind(new Int32Array(buffer, start, places.length), places, codeStart);
  new Uint8Array(buffer, start + 4 * places.length, body.length).set(body.bytes());
  const moved = positions === null ? null : new Int32Array(positions.length);
  if (positions !== null) moveBehind(moved!, positions, codeStart);
  return new CompactCode(buffer, start, places.length, body.length, moved);
}

/** Tens of thousands are kept at once: arrays for each would take more room than what is in them, so they are made when asked for. */
class CompactCode implements RelocatableCode {
  private readonly buffer: ArrayBuffer;
  /** The places first, since they have to be aligned. */
  private readonly start: number;
  private readonly placeCount: number;
  private readonly length: number;
  readonly positions: Int32Array | null;

  constructor(
    buffer: ArrayBuffer,
    start: number,
    placeCount: number,
    length: number,
    positions: Int32Array | null,
  ) {
    this.buffer = buffer;
    this.start = start;
    this.placeCount = placeCount;
    this.length = length;
    this.positions = positions;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.buffer, this.start + 4 * this.placeCount, this.length);
  }

  get places(): Int32Array {
    return new Int32Array(this.buffer, this.start, this.placeCount);
  }
}

function writeLocals(body: ByteWriter, locals: Locals): void {
  let runs = 0;
  for (let i = 0; i < locals.count; i++) if (i === 0 || locals.typeOf(i) !== locals.typeOf(i - 1)) runs++;
  body.u32(runs);
  for (let i = 0; i < locals.count; ) {
    let end = i + 1;
    while (end < locals.count && locals.typeOf(end) === locals.typeOf(i)) end++;
    body.u32(end - i);
    body.byte(WASM_TYPE_BYTES[locals.typeOf(i)]!);
    i = end;
  }
}

/** The pairs with their offsets so many bytes further on. */
function moveBehind(into: Int32Array, pairs: I32List, bytes: number): void {
  for (let i = 0; i < into.length; i += 2) {
    into[i] = pairs.get(i) + bytes;
    into[i + 1] = pairs.get(i + 1);
  }
}
