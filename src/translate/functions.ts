/**
 * Function references and the calls through them.
 *
 * A function reference is the address of a record (`gc/layout.ts`): the descriptor of the function's type, and its index in the
 * table of functions. Its static type makes `call_ref` right, so nothing is checked there but null; an indirect call through a
 * table in a cell compares the type as a cast does.
 */

import type { HeapOperations } from "../gc/heap-operations.ts";
import { FunctionRecord } from "../gc/layout.ts";
import { GcTrap } from "../gc/traps.ts";
import { testType } from "../gc/type-tests.ts";
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import { I32 } from "../ir/types.ts";
import { FUNCTION_RECORDS } from "../object/symbol-spaces.ts";
import * as wasm from "../wasm/types.ts";
import { cellTable, indirectCallee, type TableTranslator } from "./tables.ts";

/** What these operators need of the function's translator. */
export interface FunctionReferenceTranslator extends TableTranslator {
  readonly ins: InstBuilder;
  readonly heap: HeapOperations;
}

/** A reference to a function of the module. */
export function functionReference(t: FunctionReferenceTranslator, func: number): Value {
  return t.heap.symbol(FUNCTION_RECORDS, func);
}

/** The index in the table of functions of a reference that may be null. */
export function referencedIndex(t: FunctionReferenceTranslator, record: Value): Value {
  t.heap.trapIfNull(record, GcTrap.NullFunction);
  return t.ins.load(I32, TRUSTED_MEMFLAGS, record, FunctionRecord.Index);
}

/** The index in the table of functions of what an indirect call finds, which has the type; null for a table that stays one. */
export function indirectIndex(
  t: FunctionReferenceTranslator,
  table: number,
  type: number,
  index: Value,
): Value | null {
  if (cellTable(t, table) === null) return null;
  const record = indirectCallee(t, table, index);
  const matches = testType(t.heap, record, type + wasm.FIRST_TYPE, false);
  t.ins.trapz(matches, GcTrap.IndirectMismatch);
  return t.ins.load(I32, TRUSTED_MEMFLAGS, record, FunctionRecord.Index);
}
