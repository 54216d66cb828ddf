/**
 * Wrappers of exported functions, which set the shadow stack's pointer to the top before they call (`host-entries.ts` has why), where
 * the functions do not do it themselves.
 *
 * Where exceptions unwind by returning, a wrapper traps if one is left: there is no other way to tell the host.
 */
import { BodyWriter } from "../lowering/body-writer.ts";
import type { Export } from "../wasm/module.ts";

import { readNames } from "../wasm/names.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

import { hostEntries, isClosed } from "./host-entries.ts";
import type { OutputModule } from "./output-module.ts";
import type { OutputPlan } from "./plan.ts";

/** Stands for a stack pointer that a wrapper leaves alone. */
const KEPT = -1;

/**
 * The exports, in the output's indices, with a wrapper for each function that is exported, however often. The cell's address is -1
 * where exceptions unwind on their own.
 */
export function wrapExports(
  exports: readonly Export[],
  plan: OutputPlan,
  stackTop: number,
  exceptionCell: number,
  out: OutputModule,
): Export[] {
  const { module } = plan;
  const sets = isClosed(module) ? stackTop : KEPT;
  if (sets === KEPT && exceptionCell < 0) return [...exports];
  const wrappers = new Map<number, number>();
  const entries = hostEntries(plan);
  return exports.map((exported, i) => {
    if (exported.kind !== "func" || entries.has(module.exports[i]!.index)) return exported;
    const { index } = exported;
    let wrapper = wrappers.get(index);
    if (wrapper === undefined) {
      const type = module.functionTypes.get(module.exports[i]!.index);
      const body = wrapperBody(index, module.types.paramCount(type), plan, sets, exceptionCell);
      wrapper = out.addFunction(plan.typeIndex(type), body);
      // A stack trace begins with it, and an optimiser may have put the function itself into it.
      out.nameFunction(wrapper, readNames(module).functions.get(module.exports[i]!.index) ?? exported.name);
      wrappers.set(index, wrapper);
    }
    return { ...exported, index: wrapper };
  });
}

function wrapperBody(
  callee: number,
  paramCount: number,
  plan: OutputPlan,
  stackTop: number,
  exceptionCell: number,
): Uint8Array {
  const body = new BodyWriter();
  if (stackTop !== KEPT) {
    body.i32(stackTop);
    body.index(WasmOp.GlobalSet, plan.stackPointer);
  }
  for (let i = 0; i < paramCount; i++) body.get(i);
  body.call(callee);
  if (exceptionCell >= 0) trapIfThrown(body, exceptionCell, plan.heapMemory);
  return body.finish();
}

/** Traps, and forgets it, if an exception is in flight. */
export function trapIfThrown(body: BodyWriter, cell: number, memory: number): void {
  body.i32(cell);
  body.access(WasmOp.I32Load, memory);
  body.open(WasmOp.If);
  body.i32(cell);
  body.i32(0);
  body.access(WasmOp.I32Store, memory);
  body.op(WasmOp.Unreachable);
  body.end();
}
