/**
 * Where the code of a finished module comes from: two columns, an offset in the module at which an instruction begins, and the offset in
 * the input of the operator that it and those behind it come from. Code that stands for nothing in the input (the runtime, what the
 * linker adds) begins with a row that says so.
 */
import { I32List } from "../base/column.ts";
import { bodyRanges } from "../wasm/section-sizes.ts";

export const NOWHERE = -1;

export class CodePositions {
  private readonly offsets: I32List;
  private readonly origins: I32List;

  constructor() {
    this.offsets = new I32List();
    this.origins = new I32List();
  }

  get length(): number {
    return this.offsets.length;
  }

  offset(row: number): number {
    return this.offsets.get(row);
  }

  /** An offset in the input, or `NOWHERE`. */
  origin(row: number): number {
    return this.origins.get(row);
  }

  /** Offsets come in ascending order. */
  push(offset: number, origin: number): void {
    this.offsets.push(offset);
    this.origins.push(origin);
  }

  /** Where the instruction at an offset comes from, or `NOWHERE`. */
  originOf(offset: number): number {
    const row = this.rowBehind(offset);
    return row === 0 ? NOWHERE : this.origins.get(row - 1);
  }

  /** Where the first instruction comes from of a function whose body begins at an offset, or `NOWHERE`. */
  originOfEntry(offset: number): number {
    const row = this.rowBehind(offset);
    return row === this.length ? NOWHERE : this.origins.get(row);
  }

  /** The first row of a larger offset. */
  private rowBehind(offset: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offsets.get(middle) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Of a module's bytes, from the positions of its bodies by the function's index; null where there are none. */
export function codePositions(
  bytes: Uint8Array,
  importedFunctions: number,
  bodies: ReadonlyMap<number, Int32Array>,
): CodePositions | null {
  if (bodies.size === 0) return null;
  const found = new CodePositions();
  let end = 0;
  bodyRanges(bytes).forEach((body, i) => {
    const pairs = bodies.get(importedFunctions + i);
    if (pairs === undefined) found.push(body.start, NOWHERE);
    else for (let p = 0; p < pairs.length; p += 2) found.push(body.start + pairs[p]!, pairs[p + 1]!);
    end = body.end;
  });
  found.push(end, NOWHERE);
  return found;
}
