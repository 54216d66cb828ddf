/**
 * Operations on ranges of arrays: copy, fill, and what takes its elements from a data or element segment.
 *
 * A range is checked first, as a whole: `index ≤ length` and `count ≤ length - index`, neither of which can wrap around. Elements
 * then move by the target's bulk memory operators; no collection comes in between. References are words like others, but for
 * the collectors that have a barrier for them. A data segment of the input is one of the output, with the same index, so `data.drop`
 * needs no lowering, and `memory.init` checks the range in the segment.
 */
import type { Value } from "../ir/entities.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import type { TrapCode } from "../ir/trap-codes.ts";
import { I32 } from "../ir/types.ts";
import { BUILTIN_DESCRIPTORS, DESCRIPTORS } from "../object/symbol-spaces.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { copyElements, overwriteElements } from "./elements.ts";
import type { HeapOperations } from "./heap-operations.ts";
import { ELEMENTS_OFFSET, LENGTH_OFFSET, storageLog2 } from "./layout.ts";
import { GcTrap } from "./traps.ts";

/** The bytes of `count` elements, which lie in an array or were found to be few. */
function bytesOf(heap: HeapOperations, type: number, count: Value): Value {
  return heap.ins.ishlImmS(count, storageLog2(heap.plan.types.field(type, 0)));
}

/** The address of the first of `count` elements; traps when the array is null or does not have them. */
function rangeStart(heap: HeapOperations, type: number, ref: Value, index: Value, count: Value): Value {
  trapUnlessWithin(heap, heap.arrayLength(ref), index, count, GcTrap.ArrayBounds);
  return heap.ins.iaddImmS(heap.ins.iadd(ref, bytesOf(heap, type, index)), ELEMENTS_OFFSET);
}

/** Traps unless there are `count` elements from `index` on. */
export function trapUnlessWithin(
  { ins }: HeapOperations,
  length: Value,
  index: Value,
  count: Value,
  code: TrapCode,
): void {
  ins.trapnz(ins.icmp("ugt", index, length), code);
  ins.trapnz(ins.icmp("ugt", count, ins.isub(length, index)), code);
}

export function arrayFill(
  heap: HeapOperations,
  type: number,
  ref: Value,
  index: Value,
  value: Value,
  count: Value,
): void {
  const start = rangeStart(heap, type, ref, index, count);
  if (heap.plan.types.field(type, 0) === wasm.I8) {
    heap.operators.emit(WasmOp.MemoryFill, [heap.plan.heapMemory], [start, value, count], []);
  } else {
    overwriteElements(heap, heap.plan.types.field(type, 0), start, value, count);
  }
}

/** Copies as if by way of a third array, also within one. The element types have one storage type's size. */
export function arrayCopy(
  heap: HeapOperations,
  [type, fromType]: readonly [number, number],
  [ref, index]: readonly [Value, Value],
  [from, fromIndex]: readonly [Value, Value],
  count: Value,
): void {
  const target = rangeStart(heap, type, ref, index, count);
  const source = rangeStart(heap, fromType, from, fromIndex, count);
  copyElements(heap, heap.plan.types.field(type, 0), target, source, count);
}

/** `from` is in bytes of the segment, which has `segmentBytes` of them unless it was dropped. */
export function arrayNewData(
  heap: HeapOperations,
  type: number,
  segment: number,
  segmentBytes: number,
  from: Value,
  length: Value,
): Value {
  const { ins } = heap;
  // No allocation for what the segment cannot fill.
  const most = segmentBytes >> storageLog2(heap.plan.types.field(type, 0));
  ins.trapnz(ins.icmp("ugt", length, ins.iconst(I32, most)), GcTrap.MemoryBounds);
  const object = heap.allocateArray(type, length);
  initialize(heap, segment, ins.iaddImmS(object, ELEMENTS_OFFSET), from, bytesOf(heap, type, length));
  return object;
}

export function arrayInitData(
  heap: HeapOperations,
  [type, segment]: readonly [number, number],
  ref: Value,
  index: Value,
  from: Value,
  count: Value,
): void {
  const start = rangeStart(heap, type, ref, index, count);
  initialize(heap, segment, start, from, bytesOf(heap, type, count));
}

function initialize(heap: HeapOperations, segment: number, start: Value, from: Value, bytes: Value): void {
  heap.operators.emit(WasmOp.MemoryInit, [segment, heap.plan.heapMemory], [start, from, bytes], []);
}

/** `from` is an index into the segment, whose items lie in an array of words until it is dropped. */
export function arrayNewElements(
  heap: HeapOperations,
  type: number,
  segment: number,
  from: Value,
  length: Value,
): Value {
  trapUnlessWithin(heap, segmentLength(heap, segment), from, length, GcTrap.TableBounds);
  const object = heap.allocateArray(type, length);
  const start = heap.ins.iaddImmS(object, ELEMENTS_OFFSET);
  heap.copyMemory(start, itemAddress(heap, segment, from), heap.ins.ishlImmS(length, 2));
  heap.barriers.initializedRange(heap.plan.types.field(type, 0), start, length);
  return object;
}

export function arrayInitElements(
  heap: HeapOperations,
  [type, segment]: readonly [number, number],
  ref: Value,
  index: Value,
  from: Value,
  count: Value,
): void {
  const start = rangeStart(heap, type, ref, index, count);
  trapUnlessWithin(heap, segmentLength(heap, segment), from, count, GcTrap.TableBounds);
  copyElements(heap, heap.plan.types.field(type, 0), start, itemAddress(heap, segment, from), count);
}

/** How many items a segment in a cell has left: none once it is dropped. */
export function segmentLength(heap: HeapOperations, segment: number): Value {
  const { ins } = heap;
  const items = heap.cellAddress(heap.plan.cellOfElements(segment));
  // The length of null is the word at 4, so it is asked of a place that has 0 there instead.
  const empty = heap.symbol(DESCRIPTORS, heap.plan.types.length + BUILTIN_DESCRIPTORS.Empty);
  const source = ins.select(items, items, empty);
  return ins.load(I32, TRUSTED_MEMFLAGS, source, LENGTH_OFFSET);
}

/** Where an item of a segment in a cell is. */
export function itemAddress(heap: HeapOperations, segment: number, item: Value): Value {
  const { ins } = heap;
  const items = heap.cellAddress(heap.plan.cellOfElements(segment));
  return ins.iaddImmS(ins.iadd(items, ins.ishlImmS(item, 2)), ELEMENTS_OFFSET);
}
