/**
 * Functions by which the code of a module that is not closed calls what is not its own: an import, or what is in a table that others see. Each
 * takes the parameters of what it calls, where the shadow stack ends, and the index of an indirect call.
 *
 * Others may call back, and find the end in a global of the module's own (`stack-passing.ts`). It is set for the time of the call only: of
 * a frame that goes on after the call nobody knows what it holds when it is left by a trap. An exception that the module might catch
 * puts the global back as well. Any other leaves all frames of the module, and what it left is as it was during the call.
 *
 * A tail call stays one where the caller has no frame of the module's below it: then the global is right already.
 */
import { BodyWriter } from "../lowering/body-writer.ts";
import { EXNREF, I32 } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import type { OutputPlan } from "./plan.ts";
import { pushParams } from "./stack-end-calls.ts";

/** The clause of a `try_table` that catches all with an `exnref`. */
const CATCH_ALL_REF = 3;

/** What an exit calls: a function of the output, or, by its type there, one in a table. */
export type ExitCallee =
  | { readonly kind: "function"; readonly func: number }
  | { readonly kind: "table"; readonly type: number; readonly table: number };

/** The body of an exit for a callee with so many parameters; `tail`: for tail calls, too. */
export function exitBody(plan: OutputPlan, params: number, callee: ExitCallee, tail: boolean): Uint8Array {
  const global = plan.outerStackEnd;
  const end = params;
  const before = params + (callee.kind === "table" ? 2 : 1);
  const body = new BodyWriter([I32]);
  const call = (isTail: boolean): void => {
    pushParams(body, params);
    if (callee.kind === "function") {
      body.index(isTail ? WasmOp.ReturnCall : WasmOp.Call, callee.func);
      return;
    }
    body.get(params + 1);
    body.indirectCall(callee.type, callee.table, isTail);
  };
  const putBack = (): void => {
    body.get(before);
    body.index(WasmOp.GlobalSet, global);
  };
  body.index(WasmOp.GlobalGet, global);
  body.set(before);
  if (tail && plan.target.has("tail-call")) {
    body.get(end);
    body.get(before);
    body.op(WasmOp.I32Eq);
    body.open(WasmOp.If);
    call(true);
    body.end();
  }
  body.get(end);
  body.index(WasmOp.GlobalSet, global);
  callAndPutBack(plan, body, () => void call(false), putBack);
  return body.finish();
}

/** What is called, and what has to be done behind it, whether it returns or throws. */
function callAndPutBack(plan: OutputPlan, body: BodyWriter, call: () => void, putBack: () => void): void {
  const form = plan.exceptionTag >= 0 ? plan.exceptionForm : "checks";
  if (form === "checks") {
    call();
    putBack();
    return;
  }
  if (form === "legacy") body.open(WasmOp.Try);
  else {
    body.openTyped(WasmOp.Block, EXNREF);
    body.openTryTable(null, [[CATCH_ALL_REF, 0]]);
  }
  call();
  putBack();
  body.op(WasmOp.Return);
  if (form === "legacy") {
    body.op(WasmOp.CatchAll);
    putBack();
    body.index(WasmOp.Rethrow, 0);
    body.end();
    body.op(WasmOp.Unreachable);
    return;
  }
  body.end();
  body.op(WasmOp.Unreachable);
  body.end();
  putBack();
  body.op(WasmOp.ThrowRef);
}
