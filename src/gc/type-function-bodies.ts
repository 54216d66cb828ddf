/** What the functions that belong to types do, as CLIF: see `type-functions.ts`. Each ends with a return. */
import type { FuncRef, Value } from "../ir/entities.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import { I32 } from "../ir/types.ts";
import { DESCRIPTORS } from "../object/symbol-spaces.ts";
import type { TypeTable } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { HeapOperations } from "./heap-operations.ts";
import { LENGTH_OFFSET, structLayout } from "./layout.ts";
import type { TypeFunctionRole } from "./type-functions.ts";

/** In place if the object fits; else what `slow` gives. */
export function allocateQuickly(
  heap: HeapOperations,
  type: number,
  fields: readonly Value[],
  slow: FuncRef,
): void {
  const { builder, ins, plan } = heap;
  const full = builder.createBlock();
  const room = builder.createBlock();
  builder.setColdBlock(full);
  const object = heap.globalGet(plan.allocPtr);
  const next = ins.iadd(object, ins.iconst(I32, structLayout(plan.types, type).sizeBytes));
  // Sizes are below 2^31 and so is memory, so the sum cannot wrap around.
  const tooFar = ins.icmp("ugt", next, heap.globalGet(plan.allocEnd));
  ins.brif(tooFar, builder.blockCall(full), builder.blockCall(room));
  builder.sealBlock(full);
  builder.sealBlock(room);
  builder.switchToBlock(full);
  ins.return_([builder.instResults(ins.call(slow, fields))[0]!]);
  builder.switchToBlock(room);
  heap.operators.emit(WasmOp.GlobalSet, [plan.allocPtr], [next], []);
  ins.return_([initialized(heap, type, fields, object)]);
}

/** By the runtime, which may collect. */
export function allocateSlowly(heap: HeapOperations, type: number, fields: readonly Value[]): void {
  const { builder, ins, plan } = heap;
  const bytes = ins.iconst(I32, structLayout(plan.types, type).sizeBytes);
  const [object] = builder.instResults(ins.call(heap.runtimeFunction("allocSlow"), [bytes]));
  ins.return_([initialized(heap, type, fields, object!)]);
}

/** What the passes may know of a call: where its arguments lie; null for one that makes nothing. */
export function allocation(types: TypeTable, { kind, index }: TypeFunctionRole): Allocation | null {
  if (kind === "test" || kind === "test or null" || kind === "throw") return null;
  if (kind === "array") return { offsets: [-1, LENGTH_OFFSET], mayTrap: true };
  return { offsets: structLayout(types, index).offsets, mayTrap: false };
}

interface Allocation {
  readonly offsets: readonly number[];
  readonly mayTrap: boolean;
}

function initialized(heap: HeapOperations, type: number, fields: readonly Value[], object: Value): Value {
  const { ins, plan } = heap;
  const { offsets } = structLayout(plan.types, type);
  ins.store(TRUSTED_MEMFLAGS, heap.symbol(DESCRIPTORS, type), object, 0);
  fields.forEach((field, i) => {
    heap.initialize(plan.types.field(type, i), field, object, offsets[i]!);
  });
  return object;
}
