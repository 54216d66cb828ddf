/**
 * Exceptions as objects of the heap, as CLIF.
 *
 *     +0 descriptor   +4 tag   +8 … payload
 *
 * A tag is the address of a record, so two are the same exactly if they are equal, whatever they were imported as. In flight an
 * exception lies in one cell, and what the engine unwinds for is a tag without a payload, the same for all: nothing runs between
 * the throw and the handler that could see either. A handler takes the object out of the cell before anything else.
 */
import type { Value } from "../ir/entities.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import { I32 } from "../ir/types.ts";
import { EXCEPTION_DESCRIPTORS, TAG_RECORDS } from "../object/symbol-spaces.ts";
import { HEAP_EXN, refType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { HeapOperations } from "./heap-operations.ts";
import { Exception, exceptionLayout } from "./layout.ts";
import { GcTrap } from "./traps.ts";

/** A tag of the module under translation. */
export interface TagUse {
  readonly index: number;
  /** The module's function type that it is of. */
  readonly type: number;
}

/** A new exception. */
export function exceptionNew(
  heap: HeapOperations,
  { index, type }: TagUse,
  payload: readonly Value[],
): Value {
  const { ins, plan } = heap;
  const { offsets, sizeBytes } = exceptionLayout(plan.types, type);
  const object = heap.allocate(ins.iconst(I32, sizeBytes), heap.symbol(EXCEPTION_DESCRIPTORS, type));
  ins.store(TRUSTED_MEMFLAGS, heap.symbol(TAG_RECORDS, index), object, Exception.Tag);
  payload.forEach((value, i) => {
    heap.initialize(plan.types.param(type, i), value, object, offsets[i]!);
  });
  return object;
}

/** Throws the exception out of the function; ends the block. */
export function exceptionThrow(heap: HeapOperations, object: Value): void {
  heap.cellSet(heap.plan.exceptionCell, object);
  heap.operators.emit(WasmOp.Throw, [heap.plan.exceptionTag], [], []);
  heap.ins.trap(GcTrap.Unreachable);
}

/** The exception that a call ended with: at the start of its handler. */
export function exceptionTake(heap: HeapOperations): Value {
  const { exceptionCell } = heap.plan;
  const object = heap.cellGet(exceptionCell, refType(HEAP_EXN, false));
  heap.cellSet(exceptionCell, heap.nullReference());
  return object;
}

export function exceptionTag(heap: HeapOperations, object: Value): Value {
  return heap.ins.load(I32, TRUSTED_MEMFLAGS, object, Exception.Tag);
}

/** Whether a tag that `exceptionTag` gave is the module's. */
export function isTag(heap: HeapOperations, tag: Value, index: number): Value {
  return heap.ins.icmp("eq", tag, heap.symbol(TAG_RECORDS, index));
}

/** The payload of an exception whose tag is of the type. */
export function exceptionPayload(heap: HeapOperations, object: Value, type: number): Value[] {
  const { types } = heap.plan;
  return exceptionLayout(types, type).offsets.map((offset, i) =>
    heap.loadAt(types.param(type, i), object, offset, false),
  );
}
