/** The present type of an extern: a table or memory that grew satisfies imports that its declared size does not. */
import { LENGTH_OFFSET } from "../gc/layout.ts";
import type { ExternType } from "../wasm/extern-types.ts";
import type { Extern, TableExtern } from "./extern.ts";
import type { StoreMemory } from "./store-memory.ts";

/** The number of elements of a table. */
export function tableLength({ memory }: { readonly memory: StoreMemory }, { cell }: TableExtern): number {
  return memory.read(memory.read(cell) + LENGTH_OFFSET) >>> 0;
}

export function currentExternType(store: { readonly memory: StoreMemory }, given: Extern): ExternType {
  switch (given.kind) {
    case "func":
      return { kind: "func", type: given.type };
    case "table": {
      const { table } = given.type;
      const min = BigInt(tableLength(store, given));
      return { kind: "table", table: { ...table, limits: { ...table.limits, min } } };
    }
    case "memory": {
      const { memory } = given.type;
      const bytes = given.size === null ? given.host.buffer.byteLength : (given.size.value as number) >>> 0;
      const min = BigInt(bytes) >> BigInt(memory.pageSizeLog2);
      return { kind: "memory", memory: { ...memory, limits: { ...memory.limits, min } } };
    }
    default:
      return given.type;
  }
}
