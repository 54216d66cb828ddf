/** Work is handed to threads in ranges of functions. */
import type { Module } from "../../wasm/module.ts";

/** Functions by their place among those with a body. */
export interface FunctionRange {
  readonly first: number;
  readonly end: number;
}

/** All functions of a module in ranges whose bodies have about that many bytes, in order; none is empty. */
export function rangesOf({ code }: Module, bytes: number): FunctionRange[] {
  const ranges: FunctionRange[] = [];
  let first = 0;
  let size = 0;
  const count = code.starts.length;
  for (let i = 0; i < count; i++) {
    size += code.ends.get(i) - code.starts.get(i);
    if (size < bytes && i + 1 < count) continue;
    ranges.push({ first, end: i + 1 });
    first = i + 1;
    size = 0;
  }
  return ranges;
}
