/**
 * Operations on ranges of arrays: copy, fill, and what takes its elements from a data segment.
 *
 * A range is checked first, as a whole: `index ≤ length` and `count ≤ length - index`, neither of which can wrap around. Elements
 * then move by the target's bulk memory operators. References are words like others: no collection comes in between, and no
 * collector here needs a write barrier. A data segment of the input is one of the output, with the same index, so `data.drop`
 * needs no lowering, and `memory.init` checks the range in the segment.
 */
import type { Value } from "../ir/entities.ts";
import { I32 } from "../ir/types.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { GcTrap, type HeapOperations } from "./heap-operations.ts";
import { ELEMENTS_OFFSET, storageLog2 } from "./layout.ts";

/** The memory that the heap is in. */
const HEAP_MEMORY = 0;

/** The bytes of `count` elements, which lie in an array or were found to be few. */
function bytesOf(heap: HeapOperations, type: number, count: Value): Value {
  return heap.ins.ishlImmS(count, storageLog2(heap.plan.types.field(type, 0)));
}

/** The address of the first of `count` elements; traps when the array is null or does not have them. */
function rangeStart(heap: HeapOperations, type: number, ref: Value, index: Value, count: Value): Value {
  const { ins } = heap;
  const length = heap.arrayLength(ref);
  ins.trapnz(ins.icmp("ugt", index, length), GcTrap.Bounds);
  ins.trapnz(ins.icmp("ugt", count, ins.isub(length, index)), GcTrap.Bounds);
  return ins.iaddImmS(ins.iadd(ref, bytesOf(heap, type, index)), ELEMENTS_OFFSET);
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
    heap.operators.emit(WasmOp.MemoryFill, [HEAP_MEMORY], [start, value, count], []);
  } else {
    heap.fill(type, start, value, count);
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
  const operands = [target, source, bytesOf(heap, type, count)];
  heap.operators.emit(WasmOp.MemoryCopy, [HEAP_MEMORY, HEAP_MEMORY], operands, []);
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
  ins.trapnz(ins.icmp("ugt", length, ins.iconst(I32, most)), GcTrap.Bounds);
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
  heap.operators.emit(WasmOp.MemoryInit, [segment, HEAP_MEMORY], [start, from, bytes], []);
}
