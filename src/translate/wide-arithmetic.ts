/**
 * The wide-arithmetic proposal: sums, differences and products of 128 bits whose halves are two operands. They become 64-bit
 * code right away, carries by comparison, so that no engine needs the proposal, and nothing is put together only to be split
 * again. A product's halves are `imul` and `umulhi` or `smulhi`.
 */
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { I64 } from "../ir/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

/** What these operators need of the function's translator. */
export interface WideTranslator {
  readonly ins: InstBuilder;
  push(value: Value): void;
  popMany(count: number): readonly Value[];
}

type Handler = (t: WideTranslator) => void;

/** Low halves first, as everywhere in the proposal. */
function add(t: WideTranslator): void {
  const [xLow, xHigh, yLow, yHigh] = t.popMany(4) as [Value, Value, Value, Value];
  const [low, carry] = t.ins.uaddOverflow(xLow, yLow);
  t.push(low);
  t.push(t.ins.iadd(t.ins.iadd(xHigh, yHigh), t.ins.uextend(I64, carry)));
}

function subtract(t: WideTranslator): void {
  const [xLow, xHigh, yLow, yHigh] = t.popMany(4) as [Value, Value, Value, Value];
  const [low, borrow] = t.ins.usubOverflow(xLow, yLow);
  t.push(low);
  t.push(t.ins.isub(t.ins.isub(xHigh, yHigh), t.ins.uextend(I64, borrow)));
}

function multiply(t: WideTranslator, signed: boolean): void {
  const [x, y] = t.popMany(2) as [Value, Value];
  t.push(t.ins.imul(x, y));
  t.push(signed ? t.ins.smulhi(x, y) : t.ins.umulhi(x, y));
}

/** Operators of the wide-arithmetic proposal, by id. */
export const WIDE_HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [WasmOp.I64Add128, add],
  [WasmOp.I64Sub128, subtract],
  [WasmOp.I64MulWideS, (t) => multiply(t, true)],
  [WasmOp.I64MulWideU, (t) => multiply(t, false)],
]);
