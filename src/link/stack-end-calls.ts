/** Calls between functions that are told where the shadow stack ends, by a parameter behind their own, and the global that tells others (`stack-passing.ts`). */
import type { BodyWriter } from "../lowering/body-writer.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

/** Takes the stack's end out of the global into a local, and puts it back behind the calls. */
export function withStackEnd(body: BodyWriter, global: number, local: number, calls: () => void): void {
  body.index(WasmOp.GlobalGet, global);
  body.set(local);
  calls();
  body.get(local);
  body.index(WasmOp.GlobalSet, global);
}

/** Calls a function that is told, with so many parameters of its own; of a body with as many, and a local behind them for the stack's end. */
export function callTelling(body: BodyWriter, callee: number, params: number, global: number): void {
  withStackEnd(body, global, params, () => {
    pushParams(body, params);
    body.get(params);
    body.call(callee);
  });
}

/** Calls a function that finds the stack's end in the global; of a body with as many parameters, and one more for the stack's end. */
export function callLeaving(body: BodyWriter, callee: number, params: number, global: number): void {
  body.get(params);
  body.index(WasmOp.GlobalSet, global);
  pushParams(body, params);
  body.call(callee);
}

/** Pushes the first parameters, in order. */
export function pushParams(body: BodyWriter, count: number): void {
  for (let i = 0; i < count; i++) body.get(i);
}
