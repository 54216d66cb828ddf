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
  const places = behind(body.length, pairs.places, arena);
  const positions = pairs.positions === null ? null : behind(body.length, pairs.positions, arena);
  body.append(code.bytes());
  return { bytes: arena.bytes(body.bytes()), places, positions };
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
function behind(bytes: number, pairs: I32List, arena: Arena): Int32Array {
  const moved = arena.words(pairs.length);
  for (let i = 0; i < moved.length; i += 2) {
    moved[i] = pairs.get(i) + bytes;
    moved[i + 1] = pairs.get(i + 1);
  }
  return moved;
}
