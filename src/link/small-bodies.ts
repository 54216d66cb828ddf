/** Bodies of functions that the linker writes itself. */
import { ByteWriter } from "../base/byte-writer.ts";
import { BodyWriter } from "../lowering/body-writer.ts";
import { writeOpcode } from "../wasm/encode-operators.ts";
import { I32 } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { withStackEnd } from "./stack-end-calls.ts";
import type { WordCopies } from "./static-layout.ts";

const I32_CODE = 0x7f;
const EMPTY_BLOCK_CODE = 0x40;
const PAIR_BYTES = 8;
const WORD_ALIGN_LOG2 = 2;

/** Where the shadow stack ends: an address, or what a global says. */
type StackEnd = { readonly address: number } | { readonly global: number };

/** Calls functions in order: some without parameters, then some that are told where the shadow stack ends. */
export function callsBody(
  plain: readonly number[],
  taking: readonly number[] = [],
  end: StackEnd = { address: 0 },
): Uint8Array {
  const body = new BodyWriter("global" in end ? [I32] : []);
  const calls = (): void => {
    for (const index of plain) body.call(index);
    for (const index of taking) {
      if ("global" in end) body.get(0);
      else body.i32(end.address);
      body.call(index);
    }
  };
  if ("global" in end) withStackEnd(body, end.global, 0, calls);
  else calls();
  return body.finish();
}

/** Copies words of memory 0, as pairs of addresses say; there is at least one. */
export function copyWordsBody({ start, end }: WordCopies): Uint8Array {
  const body = new ByteWriter();
  const emit = (op: number, ...immediates: readonly number[]): void => {
    writeOpcode(body, op);
    for (const immediate of immediates) body.u32(immediate);
  };
  const constant = (value: number): void => {
    writeOpcode(body, WasmOp.I32Const);
    body.s32(value);
  };
  // One run of locals: the address of the pair.
  for (const part of [1, 1, I32_CODE]) body.byte(part);
  constant(start);
  emit(WasmOp.LocalSet, 0);
  writeOpcode(body, WasmOp.Loop);
  body.byte(EMPTY_BLOCK_CODE);
  emit(WasmOp.LocalGet, 0);
  emit(WasmOp.I32Load, WORD_ALIGN_LOG2, 4);
  emit(WasmOp.LocalGet, 0);
  emit(WasmOp.I32Load, WORD_ALIGN_LOG2, 0);
  emit(WasmOp.I32Load, WORD_ALIGN_LOG2, 0);
  emit(WasmOp.I32Store, WORD_ALIGN_LOG2, 0);
  emit(WasmOp.LocalGet, 0);
  constant(PAIR_BYTES);
  writeOpcode(body, WasmOp.I32Add);
  emit(WasmOp.LocalTee, 0);
  constant(end);
  writeOpcode(body, WasmOp.I32LtU);
  emit(WasmOp.BrIf, 0);
  writeOpcode(body, WasmOp.End);
  writeOpcode(body, WasmOp.End);
  return body.bytes();
}
