/** What the functions that belong to types do, as CLIF: see `type-functions.ts`. Each ends with a return. */
import type { FuncRef, Value } from "../ir/entities.ts";
import { I32 } from "../ir/types.ts";
import { DESCRIPTORS } from "../object/symbol-spaces.ts";
import type { TypeTable } from "../wasm/types.ts";
import type { HeapOperations } from "./heap-operations.ts";
import { DESCRIPTOR_OFFSET, LENGTH_OFFSET, structLayout } from "./layout.ts";
import { isTestKind } from "./test-kinds.ts";
import type { TypeFunctionRole } from "./type-functions.ts";

/** An object of that many bytes, with its descriptor set. */
export function allocateBytes(heap: HeapOperations, bytes: Value, descriptor: Value): void {
  heap.ins.return_([heap.bump(bytes, descriptor, () => heap.roomOfRuntime(bytes))]);
}

/** In place if the object fits; else what `slow` gives. */
export function allocateQuickly(
  heap: HeapOperations,
  type: number,
  fields: readonly Value[],
  slow: FuncRef,
): void {
  const { builder, ins } = heap;
  const bytes = ins.iconst(I32, structLayout(heap.plan.types, type).sizeBytes);
  const object = heap.bump(
    bytes,
    heap.symbol(DESCRIPTORS, type),
    () => builder.instResults(ins.call(slow, fields))[0]!,
    (fresh) => initializeFields(heap, type, fields, fresh),
  );
  ins.return_([object]);
}

/** By the runtime, which may collect. The descriptor is the caller's to store. */
export function allocateSlowly(heap: HeapOperations, type: number, fields: readonly Value[]): void {
  const { ins, plan } = heap;
  const object = heap.roomOfRuntime(ins.iconst(I32, structLayout(plan.types, type).sizeBytes));
  initializeFields(heap, type, fields, object);
  ins.return_([object]);
}

/** What the passes may know of a call: where its arguments lie; null for one that makes nothing. */
export function allocation(types: TypeTable, { kind, index }: TypeFunctionRole): Allocation | null {
  if (isTestKind(kind)) return null;
  switch (kind) {
    case "throw":
      return null;
    case "allocate":
      return { offsets: [-1, DESCRIPTOR_OFFSET], mayTrap: false };
    case "array":
      return { offsets: [-1, LENGTH_OFFSET], mayTrap: true };
    case "default array":
      return { offsets: [LENGTH_OFFSET], mayTrap: true };
    case "default struct":
      return { offsets: [], mayTrap: false };
    default:
      return { offsets: structLayout(types, index).offsets, mayTrap: false };
  }
}

interface Allocation {
  readonly offsets: readonly number[];
  readonly mayTrap: boolean;
}

function initializeFields(heap: HeapOperations, type: number, fields: readonly Value[], object: Value): void {
  const { plan } = heap;
  const { offsets } = structLayout(plan.types, type);
  fields.forEach((field, i) => {
    heap.initialize(plan.types.field(type, i), field, object, offsets[i]!);
  });
}
