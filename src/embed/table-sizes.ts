/** Sizes of tables and places in them as JavaScript gives them: those of a store, and those that are nobody's yet. */
import { MAX_TABLE_ELEMENTS } from "../gc/limits.ts";
import { enforcedIndex } from "./enforced-range.ts";

/** What `WebAssembly.Table` takes as its sizes. Throws a `TypeError` for what is no size, a `RangeError` for one that is too large. */
export function tableLimits(
  initial: unknown,
  maximum: unknown,
): { readonly initial: number; readonly maximum: number | null } {
  const length = enforcedIndex(initial, "WebAssembly.Table(): the initial length");
  const most =
    maximum === undefined ? null : enforcedIndex(maximum, "WebAssembly.Table(): the maximal length");
  if (length > MAX_TABLE_ELEMENTS || (most !== null && length > most))
    throw new RangeError("WebAssembly.Table(): the initial length is too large");
  return { initial: length, maximum: most };
}

/** The index of an element of a table with so many. Throws a `TypeError` for what is no index, a `RangeError` for one beyond the last. */
export function elementIndex(index: unknown, length: number): number {
  const at = enforcedIndex(index, "WebAssembly.Table: the index");
  if (at < length) return at;
  throw new RangeError("WebAssembly.Table: invalid address of an element");
}

/** The length of a table that grows by so many. Throws a `TypeError` for what is no number of elements, a `RangeError` for too many. */
export function grownLength(old: number, count: unknown, maximum: number | null): number {
  const length = old + enforcedIndex(count, "WebAssembly.Table.grow(): the number of elements");
  if (length <= Math.min(maximum ?? MAX_TABLE_ELEMENTS, MAX_TABLE_ELEMENTS)) return length;
  throw new RangeError("WebAssembly.Table.grow(): failed to grow table");
}
