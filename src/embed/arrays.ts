/** Arrays of the heap that the host makes. */
import { descriptorOf } from "../gc/descriptors.ts";
import { ELEMENTS_OFFSET, LENGTH_OFFSET, OBJECT_ALIGN, storageLog2 } from "../gc/layout.ts";
import * as wasm from "../wasm/types.ts";
import type { Store as CoreStore } from "./store.ts";

/** Makes arrays of a type of its own, `(array (mut element))`, whose elements the caller sets at once. */
export function arrayAllocator(store: CoreStore, element: wasm.ValType): (length: number) => number {
  const table = new wasm.TypeTable();
  table.beginGroup(false);
  table.begin(wasm.KIND_ARRAY, true, -1);
  table.addField(element, true);
  const index = table.finish(0);
  const type = store.types.canonicalize(table)[index]!;
  const descriptor = descriptorOf(store, store.types.types, type, (one) => one);
  const log2 = storageLog2(element);
  return (length) => {
    const bytes = Math.ceil((ELEMENTS_OFFSET + length * 2 ** log2) / OBJECT_ALIGN) * OBJECT_ALIGN;
    const array = store.runtime.allocate(bytes);
    store.memory.write(array, descriptor);
    store.memory.write(array + LENGTH_OFFSET, length);
    return array;
  };
}
