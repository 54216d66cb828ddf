/** What the functions that belong to types do, as CLIF: see `type-functions.ts`. Each ends with a return. */
import type { FuncRef, Value } from "../ir/entities.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import { I32 } from "../ir/types.ts";
import { DESCRIPTORS } from "../object/symbol-spaces.ts";
import type { TypeTable } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { HeapOperations } from "./heap-operations.ts";
import { DESCRIPTOR_OFFSET, LENGTH_OFFSET, structLayout } from "./layout.ts";
import type { TypeFunctionRole } from "./type-functions.ts";

/** An object of that many bytes, with its descriptor set. */
export function allocateBytes(heap: HeapOperations, bytes: Value, descriptor: Value): void {
  bump(
    heap,
    bytes,
    descriptor,
    () => heap.roomOfRuntime(bytes),
    () => {},
  );
}

/** In place if the object fits; else what `slow` gives. */
export function allocateQuickly(
  heap: HeapOperations,
  type: number,
  fields: readonly Value[],
  slow: FuncRef,
): void {
  const bytes = heap.ins.iconst(I32, structLayout(heap.plan.types, type).sizeBytes);
  bump(
    heap,
    bytes,
    heap.symbol(DESCRIPTORS, type),
    () => heap.builder.instResults(heap.ins.call(slow, fields))[0]!,
    (object) => initializeFields(heap, type, fields, object),
  );
}

/** Ends with an object that `slow` gives, or for which there is room and that `fill` fills. */
function bump(
  heap: HeapOperations,
  bytes: Value,
  descriptor: Value,
  slow: () => Value,
  fill: (object: Value) => void,
): void {
  const { builder, ins, plan } = heap;
  if (!plan.allocatesInline) {
    const object = slow();
    ins.store(TRUSTED_MEMFLAGS, descriptor, object, DESCRIPTOR_OFFSET);
    ins.return_([object]);
    return;
  }
  const full = builder.createBlock();
  const room = builder.createBlock();
  const done = builder.createBlock();
  builder.setColdBlock(full);
  const object = builder.appendBlockParam(done, I32);
  const top = heap.globalGet(plan.allocPtr);
  const next = ins.iadd(top, bytes);
  // Sizes are below 2^31 and so is memory, so the sum cannot wrap around.
  const tooFar = ins.icmp("ugt", next, heap.globalGet(plan.allocEnd));
  ins.brif(tooFar, builder.blockCall(full), builder.blockCall(room));
  builder.sealBlock(full);
  builder.sealBlock(room);
  builder.switchToBlock(full);
  ins.jump(builder.blockCall(done, [slow()]));
  builder.switchToBlock(room);
  heap.operators.emit(WasmOp.GlobalSet, [plan.allocPtr], [next], []);
  fill(top);
  ins.jump(builder.blockCall(done, [top]));
  builder.sealBlock(done);
  builder.switchToBlock(done);
  ins.store(TRUSTED_MEMFLAGS, descriptor, object, DESCRIPTOR_OFFSET);
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
  switch (kind) {
    case "test":
    case "test or null":
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
