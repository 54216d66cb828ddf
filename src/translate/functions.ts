/**
 * Function references and the calls through them.
 *
 * A function reference is the function's number in the table of functions, where number 0, null, is empty. So `call_ref` is an
 * indirect call through that table of the reference as it is: its static type makes it right, and the engine traps at null. An
 * indirect call through a table in a cell compares the type as a cast does, and so does one through a table of the engine's where the
 * engine would confuse types.
 */

import { CONSTANT_MEMFLAGS, type HeapOperations } from "../gc/heap-operations.ts";
import { GcTrap } from "../gc/traps.ts";
import { testFunctionType, testType } from "../gc/type-tests.ts";
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { I32 } from "../ir/types.ts";
import { FUNCTION_NUMBERS, TABLE_TYPES } from "../object/symbol-spaces.ts";
import * as wasm from "../wasm/types.ts";
import { cellTable, indirectCallee, type TableTranslator } from "./tables.ts";

/** What these operators need of the function's translator. */
export interface FunctionReferenceTranslator extends TableTranslator {
  readonly ins: InstBuilder;
  readonly heap: HeapOperations;
}

/** A reference to a function of the module. */
export function functionReference(t: FunctionReferenceTranslator, func: number): Value {
  return t.heap.symbol(FUNCTION_NUMBERS, func);
}

/**
 * The reference to what an indirect call finds, which has the type; null for a table that stays one, with the check that the engine
 * cannot make.
 */
export function checkedCallee(
  t: FunctionReferenceTranslator,
  table: number,
  type: number,
  index: Value,
): Value | null {
  if (cellTable(t, table) === null) {
    if (t.plan?.isCallChecked(table, type) === true) checkEntry(t, table, type, index);
    return null;
  }
  const callee = indirectCallee(t, table, index);
  const matches = testType(t.heap, callee, type + wasm.FIRST_TYPE, false);
  t.ins.trapz(matches, GcTrap.IndirectMismatch);
  return callee;
}

/** Traps unless a table that never changes has a function of the type there. */
function checkEntry(t: FunctionReferenceTranslator, table: number, type: number, index: Value): void {
  const { ins, heap } = t;
  const length = Number(t.module.tables[table]!.type.limits.min);
  ins.trapnz(ins.icmpImmU("uge", index, length), GcTrap.UndefinedElement);
  const entry = ins.iadd(heap.symbol(TABLE_TYPES, table), ins.ishlImmS(index, 2));
  const descriptor = ins.load(I32, CONSTANT_MEMFLAGS, entry, 0);
  ins.trapz(descriptor, GcTrap.UninitializedElement);
  ins.trapz(testFunctionType(heap, descriptor, type), GcTrap.IndirectMismatch);
}
