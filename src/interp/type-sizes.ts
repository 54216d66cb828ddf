/** Sizes by type, looked up: the interpreter asks for them at every step. */
import { bytesOf, type Type } from "../ir/types.ts";

/** Type codes are below this. */
const TYPE_CODES = 512;

const WORDS = new Uint16Array(TYPE_CODES);
const CELLS = new Uint16Array(TYPE_CODES);
for (let type = 0; type < TYPE_CODES; type++) {
  const bytes = bytesOf(type as Type);
  WORDS[type] = Math.max(1, (bytes + 3) >>> 2);
  CELLS[type] = Math.max(1, (bytes + 7) >>> 3);
}

/** Words of a value that mean something. */
export function wordsOf(type: Type): number {
  return WORDS[type]!;
}

/** Cells that a value takes in a frame or in `transfer`. */
export function cellsOf(type: Type): number {
  return CELLS[type]!;
}
