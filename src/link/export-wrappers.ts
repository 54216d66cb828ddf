/**
 * Wrappers of exported functions, which set the shadow stack's pointer to the top before they call.
 *
 * A trap leaves the pointer where it was: nothing of a Wasm function runs after it. What lies below is dead, but the next
 * collection would take it for live frames, of which the innermost may not even have a map. In a closed module no frame is live
 * when the host calls, so the stack begins anew. A module that is not closed may be called back while frames are live: there
 * frames have a map from their entry on (`mapOnEntry`), what a trap left behind stays until the instance is dropped, and there
 * are no wrappers.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import type { Export, Module } from "../wasm/module.ts";
import type { OutputPlan } from "./plan.ts";

export interface ExportWrappers {
  readonly bodies: readonly Uint8Array[];
  /** Their types, in the output. */
  readonly types: readonly number[];
  /** The module's exports, with wrappers for functions. */
  readonly exports: readonly Export[];
}

const LOCAL_GET = 0x20;
const GLOBAL_SET = 0x24;
const I32_CONST = 0x41;
const CALL = 0x10;
const END = 0x0b;

/** One wrapper for each function that is exported, however often; the first has the index `first`. */
export function wrapExports(
  module: Module,
  plan: OutputPlan,
  stackTop: number,
  first: number,
): ExportWrappers {
  if (!plan.isClosed) return { bodies: [], types: [], exports: module.exports };
  const bodies: Uint8Array[] = [];
  const types: number[] = [];
  const wrappers = new Map<number, number>();
  const exports = module.exports.map((exported) => {
    if (exported.kind !== "func") return exported;
    const { index } = exported;
    if (!wrappers.has(index)) {
      const type = module.functionTypes.get(index);
      wrappers.set(index, first + bodies.length);
      bodies.push(wrapper(index, module.types.paramCount(type), plan.stackPointer, stackTop));
      types.push(plan.typeIndex(type));
    }
    return { ...exported, index: wrappers.get(index)! };
  });
  return { bodies, types, exports };
}

function wrapper(callee: number, paramCount: number, stackPointer: number, stackTop: number): Uint8Array {
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
