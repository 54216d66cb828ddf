/**
 * Wrappers of exported functions, which set the shadow stack's pointer to the top before they call.
 *
 * A trap leaves the pointer where it was: nothing of a Wasm function runs after it. What lies below is dead, but the next
 * collection would take it for live frames, of which the innermost may not even have a map. In a closed module no frame is live
 * when the host calls, so the stack begins anew. A module that is not closed may be called back while frames are live: there
 * frames have a map from their entry on (`mapOnEntry`), what a trap left behind stays until the instance is dropped, and there
 * are no wrappers. In a store the host keeps the pointer.
 *
 * Where exceptions unwind by returning, a wrapper traps if one is left: there is no other way to tell the host.
 */
import { BodyWriter } from "../lowering/body-writer.ts";
import type { Export, Module } from "../wasm/module.ts";

import { readNames } from "../wasm/names.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

import type { OutputModule } from "./output-module.ts";
import type { OutputPlan } from "./plan.ts";

/** Stands for a stack pointer that a wrapper leaves alone. */
const KEPT = -1;

/** No frame is live when the host calls an export: compiled code calls nothing that could call back. */
export function isClosed({ importedFunctionCount, importedTableCount, exports }: Module): boolean {
  const seen = importedTableCount > 0 || exports.some(({ kind }) => kind === "table");
  return importedFunctionCount === 0 && !seen;
}

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
  return exports.map((exported, i) => {
    if (exported.kind !== "func") return exported;
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
