/**
 * Tables that live in cells: the cell holds an array of the heap, of references or, for functions, of plain words. Its length is
 * the table's; growing makes a new array. So collectors need to know nothing of tables, and two modules that share one share the
 * cell.
 *
 * Indices are `i32` here; those of 64-bit tables are checked and narrowed before.
 */
import type { Value } from "../ir/entities.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import type { TrapCode } from "../ir/trap-codes.ts";
import { I32 } from "../ir/types.ts";
import { BUILTIN_DESCRIPTORS } from "../object/symbol-spaces.ts";
import type { ValType } from "../wasm/types.ts";
import { itemAddress, segmentLength, trapUnlessWithin } from "./array-ranges.ts";
import { copyElements, fillElements, overwriteElements } from "./elements.ts";
import type { HeapOperations } from "./heap-operations.ts";
import { ELEMENTS_OFFSET, isTraced, LENGTH_OFFSET } from "./layout.ts";
import { GcTrap } from "./traps.ts";

/** -1 as the bits of an `iconst.i32`. */
const MINUS_ONE = 0xffff_ffff;

/** A table of the module under translation: its cell, element type, and the most elements that it may have. */
export interface CellTable {
  readonly cell: number;
  readonly element: ValType;
  readonly maximum: number;
}

function elementsOf(heap: HeapOperations, table: CellTable): Value {
  return heap.cellAddress(table.cell);
}

function lengthOf(heap: HeapOperations, elements: Value): Value {
  return heap.ins.load(I32, TRUSTED_MEMFLAGS, elements, LENGTH_OFFSET);
}

/** The address of element `index`, which is there. */
function addressOf({ ins }: HeapOperations, elements: Value, index: Value): Value {
  return ins.iaddImmS(ins.iadd(elements, ins.ishlImmS(index, 2)), ELEMENTS_OFFSET);
}

export function tableSize(heap: HeapOperations, table: CellTable): Value {
  return lengthOf(heap, elementsOf(heap, table));
}

/** The element, with a trap that an access of the table or an indirect call has. */
export function tableGet(
  heap: HeapOperations,
  table: CellTable,
  index: Value,
  trap: TrapCode = GcTrap.TableBounds,
): Value {
  const { ins } = heap;
  const elements = elementsOf(heap, table);
  ins.trapnz(ins.icmp("uge", index, lengthOf(heap, elements)), trap);
  const base = ins.iadd(elements, ins.ishlImmS(index, 2));
  return heap.declareReference(ins.load(I32, TRUSTED_MEMFLAGS, base, ELEMENTS_OFFSET), table.element);
}

export function tableSet(heap: HeapOperations, table: CellTable, index: Value, value: Value): void {
  const { ins } = heap;
  const elements = elementsOf(heap, table);
  ins.trapnz(ins.icmp("uge", index, lengthOf(heap, elements)), GcTrap.TableBounds);
  const base = ins.iadd(elements, ins.ishlImmS(index, 2));
  heap.overwrite(table.element, value, base, ELEMENTS_OFFSET);
}

/** A new array of `length` elements that are all `value`, in the table's cell. */
export function tableMake(heap: HeapOperations, table: CellTable, value: Value, length: Value): void {
  const elements = allocateTable(heap, table, length);
  fillElements(heap, table.element, heap.ins.iaddImmS(elements, ELEMENTS_OFFSET), value, length);
  heap.cellSet(table.cell, elements);
}

function allocateTable(heap: HeapOperations, { element }: CellTable, length: Value): Value {
  const { types } = heap.plan;
  const builtin = isTraced(element, types) ? BUILTIN_DESCRIPTORS.References : BUILTIN_DESCRIPTORS.Words;
  return heap.allocateElements(2, types.length + builtin, length);
}

/** The old length, or -1 where the table cannot have so many elements. */
export function tableGrow(heap: HeapOperations, table: CellTable, value: Value, count: Value): Value {
  const { builder, ins } = heap;
  const grow = builder.createBlock();
  const done = builder.createBlock();
  const result = builder.appendBlockParam(done, I32);
  const length = tableSize(heap, table);
  const room = ins.isub(ins.iconst(I32, table.maximum), length);
  const fits = ins.icmp("ule", count, room);
  ins.brif(fits, builder.blockCall(grow), builder.blockCall(done, [ins.iconst(I32, MINUS_ONE)]));
  builder.sealBlock(grow);
  builder.switchToBlock(grow);
  const elements = allocateTable(heap, table, ins.iadd(length, count));
  const old = elementsOf(heap, table);
  const start = ins.iaddImmS(elements, ELEMENTS_OFFSET);
  const bytes = ins.ishlImmS(length, 2);
  heap.copyMemory(start, ins.iaddImmS(old, ELEMENTS_OFFSET), bytes);
  heap.barriers.initializedRange(table.element, start, length);
  fillElements(heap, table.element, ins.iadd(start, bytes), value, count);
  heap.cellSet(table.cell, elements);
  ins.jump(builder.blockCall(done, [length]));
  builder.sealBlock(done);
  builder.switchToBlock(done);
  return result;
}

export function tableFill(
  heap: HeapOperations,
  table: CellTable,
  index: Value,
  value: Value,
  count: Value,
): void {
  const elements = elementsOf(heap, table);
  trapUnlessWithin(heap, lengthOf(heap, elements), index, count, GcTrap.TableBounds);
  overwriteElements(heap, table.element, addressOf(heap, elements, index), value, count);
}

export function tableCopy(
  heap: HeapOperations,
  [target, source]: readonly [CellTable, CellTable],
  index: Value,
  from: Value,
  count: Value,
): void {
  const to = elementsOf(heap, target);
  const elements = elementsOf(heap, source);
  trapUnlessWithin(heap, lengthOf(heap, elements), from, count, GcTrap.TableBounds);
  trapUnlessWithin(heap, lengthOf(heap, to), index, count, GcTrap.TableBounds);
  copyElements(heap, target.element, addressOf(heap, to, index), addressOf(heap, elements, from), count);
}

export function tableInit(
  heap: HeapOperations,
  table: CellTable,
  segment: number,
  index: Value,
  from: Value,
  count: Value,
): void {
  const elements = elementsOf(heap, table);
  trapUnlessWithin(heap, segmentLength(heap, segment), from, count, GcTrap.TableBounds);
  trapUnlessWithin(heap, lengthOf(heap, elements), index, count, GcTrap.TableBounds);
  copyElements(
    heap,
    table.element,
    addressOf(heap, elements, index),
    itemAddress(heap, segment, from),
    count,
  );
}
