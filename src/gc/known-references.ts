/** References that are known before the program runs, as values: constants, and what the linker gives for symbols. */
import type { Value } from "../ir/entities.ts";
import { I32 } from "../ir/types.ts";
import { STATIC_OBJECTS } from "../object/symbol-spaces.ts";
import type { HeapOperations } from "./heap-operations.ts";
import type { KnownReference } from "./module-plan.ts";

/** Never moves, so it is not declared to need a stack map. */
export function knownReference(heap: HeapOperations, known: KnownReference): Value {
  if (known.kind === "word") return heap.ins.iconst(I32, known.word >>> 0);
  const value = heap.symbol(known.space, known.index);
  heap.nonNull.push(value);
  if (known.space === STATIC_OBJECTS) heap.staticObjects.push(value);
  return value;
}
