/**
 * Wrappers of exported functions, which set the shadow stack's pointer to the top before they call.
 *
 * A trap leaves the pointer where it was: nothing of a Wasm function runs after it. What lies below is dead, but the next
 * collection would take it for live frames, of which the innermost may not even have a map. In a closed module no frame is live
 * when the host calls, so the stack begins anew. A module that is not closed may be called back while frames are live: there
 * frames have a map from their entry on (`mapOnEntry`), what a trap left behind stays until the instance is dropped, and there
 * are no wrappers. In a store the host keeps the pointer.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import type { Export, Module } from "../wasm/module.ts";
import { readNames } from "../wasm/names.ts";
import type { OutputModule } from "./output-module.ts";
import type { OutputPlan } from "./plan.ts";

const LOCAL_GET = 0x20;
const GLOBAL_SET = 0x24;
const I32_CONST = 0x41;
const CALL = 0x10;
const END = 0x0b;

/** No frame is live when the host calls an export: compiled code calls nothing that could call back. */
export function isClosed({ importedFunctionCount, importedTableCount, exports }: Module): boolean {
  const seen = importedTableCount > 0 || exports.some(({ kind }) => kind === "table");
  return importedFunctionCount === 0 && !seen;
}

/** The exports, in the output's indices, with a wrapper for each function that is exported, however often. */
export function wrapExports(
  exports: readonly Export[],
  plan: OutputPlan,
  stackTop: number,
  out: OutputModule,
): Export[] {
  const { module } = plan;
  if (!isClosed(module)) return [...exports];
  const wrappers = new Map<number, number>();
  return exports.map((exported, i) => {
    if (exported.kind !== "func") return exported;
    const { index } = exported;
    let wrapper = wrappers.get(index);
    if (wrapper === undefined) {
      const type = module.functionTypes.get(module.exports[i]!.index);
      const body = wrapperBody(index, module.types.paramCount(type), plan.stackPointer, stackTop);
      wrapper = out.addFunction(plan.typeIndex(type), body);
      // A stack trace begins with it, and an optimiser may have put the function itself into it.
      out.nameFunction(wrapper, readNames(module).functions.get(module.exports[i]!.index) ?? exported.name);
      wrappers.set(index, wrapper);
    }
    return { ...exported, index: wrapper };
  });
}

function wrapperBody(callee: number, paramCount: number, stackPointer: number, stackTop: number): Uint8Array {
  const body = new ByteWriter();
  body.u32(0);
  body.byte(I32_CONST);
  body.s32(stackTop);
  body.byte(GLOBAL_SET);
  body.u32(stackPointer);
  for (let i = 0; i < paramCount; i++) {
    body.byte(LOCAL_GET);
    body.u32(i);
  }
  body.byte(CALL);
  body.u32(callee);
  body.byte(END);
  return body.bytes();
}
