/** Storing and copying several elements of an array at a time, found to be there before; with what the collector's write barrier asks for. */
import type { Value } from "../ir/entities.ts";
import { I32 } from "../ir/types.ts";
import type { ValType } from "../wasm/types.ts";
import type { HeapOperations } from "./heap-operations.ts";
import { ELEMENTS_OFFSET, storageLog2 } from "./layout.ts";

/** An array of `length` elements that are all `value`. */
export function arrayNew(heap: HeapOperations, type: number, value: Value, length: Value): Value {
  const object = heap.allocateArray(type, length);
  const start = heap.ins.iaddImmS(object, ELEMENTS_OFFSET);
  fillElements(heap, heap.plan.types.field(type, 0), start, value, length);
  return object;
}

/** Gives `count` elements of a new array their first value, from the address `start` on. */
export function fillElements(
  heap: HeapOperations,
  element: ValType,
  start: Value,
  value: Value,
  count: Value,
): void {
  storeElements(heap, element, start, value, count);
  heap.barriers.initialized(element, value, count);
}

/** Stores into `count` elements of an array that need not be new. */
export function overwriteElements(
  heap: HeapOperations,
  element: ValType,
  start: Value,
  value: Value,
  count: Value,
): void {
  const { barriers } = heap;
  const barrier = barriers.kindFor(element);
  if (barrier === "counts") {
    barriers.fillCounted(start, value, count);
    return;
  }
  storeElements(heap, element, start, value, count);
  if (barrier === "cards") barriers.markCards(start, count);
}

/** Copies `count` elements over others of an array that need not be new. */
export function copyElements(
  heap: HeapOperations,
  element: ValType,
  target: Value,
  source: Value,
  count: Value,
): void {
  const { barriers } = heap;
  const barrier = barriers.kindFor(element);
  if (barrier === "counts") {
    barriers.copyCounted(target, source, count);
    return;
  }
  heap.copyMemory(target, source, heap.ins.ishlImmS(count, storageLog2(element)));
  if (barrier === "cards") barriers.markCards(target, count);
}

/** A loop over `count` elements from the address `start` on; nothing in it collects. */
function storeElements(
  heap: HeapOperations,
  element: ValType,
  start: Value,
  value: Value,
  count: Value,
): void {
  const { builder, ins } = heap;
  const header = builder.createBlock();
  const body = builder.createBlock();
  const done = builder.createBlock();
  const at = builder.appendBlockParam(header, I32);
  const end = ins.iadd(start, ins.ishlImmS(count, storageLog2(element)));
  ins.jump(builder.blockCall(header, [start]));
  builder.switchToBlock(header);
  ins.brif(ins.icmp("ult", at, end), builder.blockCall(body), builder.blockCall(done));
  builder.sealBlock(body);
  builder.sealBlock(done);
  builder.switchToBlock(body);
  heap.storeAt(element, value, at, 0);
  ins.jump(builder.blockCall(header, [ins.iaddImmS(at, 1 << storageLog2(element))]));
  builder.sealBlock(header);
  builder.switchToBlock(done);
}
