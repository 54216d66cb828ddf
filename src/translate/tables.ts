/**
 * Operators on tables and element segments. A table that stays one is an operator call as it was; one in a cell is an array of the
 * heap (`gc/tables.ts`). Indices of 64-bit tables are narrowed where they are used: none has 2³² elements.
 */
import type { HeapOperations } from "../gc/heap-operations.ts";
import { MAX_TABLE_ELEMENTS } from "../gc/limits.ts";
import type { ModulePlan } from "../gc/module-plan.ts";
import {
  type CellTable,
  tableCopy,
  tableFill,
  tableGet,
  tableGrow,
  tableInit,
  tableSet,
  tableSize,
} from "../gc/tables.ts";
import { GcTrap } from "../gc/traps.ts";
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { I32, I64, type Type } from "../ir/types.ts";
import type { Module } from "../wasm/module.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

/** What these operators need of the function's translator. */
export interface TableTranslator {
  readonly ins: InstBuilder;
  readonly module: Module;
  readonly heap: HeapOperations;
  /** Null where every table stays one. */
  readonly plan: ModulePlan | null;
  readonly indices: readonly [number, number];
  push(value: Value): void;
  pop(): Value;
  popMany(count: number): readonly Value[];
  requireTable(table: number): void;
  plainOperator(op: number, immediates: readonly number[], argCount: number, result: Type | null): void;
}

/** An index that is beyond every table. */
const NOWHERE = 0xffff_ffff;

type Handler = (t: TableTranslator, op: number) => void;

/** The table as one in a cell, or null for one that stays a table. */
export function cellTable(t: TableTranslator, table: number): CellTable | null {
  if (t.plan === null || t.plan.tableIndex(table) >= 0) return null;
  const { element, limits } = t.module.tables[table]!.type;
  const { max } = limits;
  const maximum = max === null || max > MAX_TABLE_ELEMENTS ? MAX_TABLE_ELEMENTS : Number(max);
  return { cell: t.plan.cellOfTable(table), element, maximum };
}

function is64(t: TableTranslator, table: number): boolean {
  return t.module.tables[table]!.type.is64;
}

/** An index or count of the table as an i32; what does not fit becomes one that no table has. */
export function narrowIndex(t: TableTranslator, table: number, value: Value): Value {
  if (!is64(t, table)) return value;
  const fits = t.ins.icmpImmU("ule", value, 0x7fff_ffff);
  return t.ins.select(fits, t.ins.ireduce(I32, value), t.ins.iconst(I32, NOWHERE));
}

/** A size as the table's own operators give it. */
function widen(t: TableTranslator, table: number, value: Value, signed: boolean): Value {
  if (!is64(t, table)) return value;
  return signed ? t.ins.sextend(I64, value) : t.ins.uextend(I64, value);
}

/** The output's index of a table that stays one. */
function nativeIndex(t: TableTranslator, table: number): number {
  t.requireTable(table);
  return t.plan === null ? table : t.plan.tableIndex(table);
}

function get(t: TableTranslator): void {
  const [table] = t.indices;
  t.push(tableGet(t.heap, cellTable(t, table)!, narrowIndex(t, table, t.pop())));
}

function set(t: TableTranslator): void {
  const [table] = t.indices;
  const value = t.pop();
  tableSet(t.heap, cellTable(t, table)!, narrowIndex(t, table, t.pop()), value);
}

function size(t: TableTranslator, op: number): void {
  const [table] = t.indices;
  const inCell = cellTable(t, table);
  if (inCell === null) t.plainOperator(op, [nativeIndex(t, table)], 0, is64(t, table) ? I64 : I32);
  else t.push(widen(t, table, tableSize(t.heap, inCell), false));
}

function grow(t: TableTranslator): void {
  const [table] = t.indices;
  const count = narrowIndex(t, table, t.pop());
  t.push(widen(t, table, tableGrow(t.heap, cellTable(t, table)!, t.pop(), count), true));
}

function fill(t: TableTranslator): void {
  const [table] = t.indices;
  const [index, value, count] = t.popMany(3);
  const start = narrowIndex(t, table, index!);
  tableFill(t.heap, cellTable(t, table)!, start, value!, narrowIndex(t, table, count!));
}

function copy(t: TableTranslator, op: number): void {
  const [target, source] = t.indices;
  const into = cellTable(t, target);
  const from = cellTable(t, source);
  if (into === null || from === null) {
    t.plainOperator(op, [nativeIndex(t, target), nativeIndex(t, source)], 3, null);
    return;
  }
  const [index, start, count] = t.popMany(3);
  // The count is of the smaller address type.
  const countTable = is64(t, target) ? source : target;
  tableCopy(
    t.heap,
    [into, from],
    narrowIndex(t, target, index!),
    narrowIndex(t, source, start!),
    narrowIndex(t, countTable, count!),
  );
}

function init(t: TableTranslator, op: number): void {
  const [segment, table] = t.indices;
  const inCell = cellTable(t, table);
  if (inCell === null) {
    const elements = t.plan === null ? segment : t.plan.elementsIndex(segment);
    t.plainOperator(op, [elements, nativeIndex(t, table)], 3, null);
    return;
  }
  const [index, from, count] = t.popMany(3);
  tableInit(t.heap, inCell, segment, narrowIndex(t, table, index!), from!, count!);
}

/** Drops a segment in each of the places that it is in. */
function drop(t: TableTranslator, op: number): void {
  const [segment] = t.indices;
  if (t.plan === null) {
    t.plainOperator(op, [segment], 0, null);
    return;
  }
  const native = t.plan.elementsIndex(segment);
  if (native >= 0) t.plainOperator(op, [native], 0, null);
  const cell = t.plan.cellOfElements(segment);
  if (cell >= 0) t.heap.cellSet(cell, t.heap.nullReference());
}

export const TABLE_HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [WasmOp.TableGet, get],
  [WasmOp.TableSet, set],
  [WasmOp.TableSize, size],
  [WasmOp.TableGrow, grow],
  [WasmOp.TableFill, fill],
  [WasmOp.TableCopy, copy],
  [WasmOp.TableInit, init],
  [WasmOp.ElemDrop, drop],
]);

/** The function reference that an indirect call through a table in a cell finds; traps where there is none. */
export function indirectCallee(t: TableTranslator, table: number, index: Value): Value {
  const inCell = cellTable(t, table)!;
  const callee = tableGet(t.heap, inCell, narrowIndex(t, table, index), GcTrap.UndefinedElement);
  t.ins.trapz(callee, GcTrap.UninitializedElement);
  return callee;
}
