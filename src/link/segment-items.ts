/** The items of an element segment, as far as they name functions outright. */
import type { ByteRange, ElementSegment, Module } from "../wasm/module.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

const ALL_FEATURES = -1;

/** The item of an element segment that names no function. */
export const NULL_ITEM = -1;

/** The functions that a segment names, `NULL_ITEM` for null; null when an item is anything else. */
export function plainItems(module: Module, segment: ElementSegment): readonly number[] | null {
  const reader = readerOf(module, segment.items);
  const items = new Array<number>(segment.itemCount);
  for (let i = 0; i < items.length; i++) {
    if (!segment.itemsAreExprs) {
      items[i] = reader.u32();
      continue;
    }
    const op = reader.next();
    if (op !== WasmOp.RefFunc && op !== WasmOp.RefNull) return null;
    items[i] = op === WasmOp.RefFunc ? reader.index : NULL_ITEM;
    if (reader.next() !== WasmOp.End) return null;
  }
  return items;
}

function readerOf(module: Module, { start, end }: ByteRange): OperatorReader {
  const reader = new OperatorReader(module.bytes, start, end, ALL_FEATURES);
  reader.typeLimit = module.types.length;
  return reader;
}
