/**
 * Bulk operations on a memory as functions: everything is checked before the first byte is written, then words are moved, and
 * bytes where they end.
 *
 * A passive segment's data is code: a function that gives the i-th word of eight bytes, by halving. Where the output has static
 * memory, the linker keeps the data there instead (`SegmentPlace`).
 */
import { I32, I64, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { BodyWriter } from "./body-writer.ts";

const PAGE_LOG2 = 16n;
const WORD = 8;

/** Parameters of all three. */
const TO = 0;
const FROM = 1;
const COUNT = 2;

/** `memory.fill`; the second parameter is the byte. */
export function fillBody(memory: number): Uint8Array {
  const word = 3;
  const w = new BodyWriter([I64]);
  checkRange(w, TO, memory);
  w.get(FROM);
  w.i32(0xff);
  w.op(WasmOp.I32And);
  w.op(WasmOp.I64ExtendI32U);
  w.i64(0x0101_0101_0101_0101n);
  w.op(WasmOp.I64Mul);
  w.set(word);
  for (const step of [WORD, 1]) {
    forEach(w, step, () => {
      w.get(TO);
      w.get(word);
      w.access(step === WORD ? WasmOp.I64Store : WasmOp.I64Store8, memory);
      w.advance(TO, step);
    });
  }
  return w.finish();
}

/** `memory.copy` within a memory: from the end on where the target lies behind the source. */
export function copyBody(memory: number): Uint8Array {
  const w = new BodyWriter();
  checkRange(w, TO, memory);
  checkRange(w, FROM, memory);
  w.get(TO);
  w.get(FROM);
  w.op(WasmOp.I32GtU);
  w.open(WasmOp.If);
  for (const step of [WORD, 1]) {
    forEach(w, step, () => {
      for (const start of [TO, FROM]) {
        w.get(start);
        w.get(COUNT);
        w.op(WasmOp.I32Add);
      }
      moveStep(w, step, memory);
    });
  }
  w.op(WasmOp.Else);
  copyForwards(w, memory);
  w.end();
  return w.finish();
}

function copyForwards(w: BodyWriter, memory: number): void {
  for (const step of [WORD, 1]) {
    forEach(w, step, () => {
      w.get(TO);
      w.get(FROM);
      moveStep(w, step, memory);
      w.advance(TO, step);
      w.advance(FROM, step);
    });
  }
}

/** Target and source are on the stack. */
function moveStep(w: BodyWriter, step: number, memory: number): void {
  w.access(step === WORD ? WasmOp.I64Load : WasmOp.I32Load8U, memory);
  w.access(step === WORD ? WasmOp.I64Store : WasmOp.I32Store8, memory);
}

/** Where the data of a segment is: at an address of the memory, or in a function that gives its words. */
export type SegmentPlace =
  | { readonly kind: "address"; readonly address: number; readonly memory: number }
  | { readonly kind: "words"; readonly func: number };

/** `memory.init`; the global has how many bytes the segment has left, all of them or none. */
export function initBody(place: SegmentPlace, length: number, memory: number): Uint8Array {
  const w = new BodyWriter();
  checkRange(w, TO, memory);
  w.get(FROM);
  w.op(WasmOp.I64ExtendI32U);
  w.get(COUNT);
  w.op(WasmOp.I64ExtendI32U);
  w.op(WasmOp.I64Add);
  w.index(WasmOp.GlobalGet, length);
  w.op(WasmOp.I64ExtendI32U);
  w.op(WasmOp.I64GtU);
  w.trapOutOfBounds(memory);
  if (place.kind === "address") copyFromStatic(w, place, memory);
  else copyFromWords(w, place.func, memory);
  return w.finish();
}

function copyFromStatic(
  w: BodyWriter,
  { address, memory }: { readonly address: number; readonly memory: number },
  target: number,
): void {
  for (const step of [WORD, 1]) {
    forEach(w, step, () => {
      w.get(TO);
      w.get(FROM);
      w.access(step === WORD ? WasmOp.I64Load : WasmOp.I32Load8U, memory, address);
      w.access(step === WORD ? WasmOp.I64Store : WasmOp.I32Store8, target);
      w.advance(TO, step);
      w.advance(FROM, step);
    });
  }
}

/** Byte by byte: what is copied need not begin with a word. */
function copyFromWords(w: BodyWriter, words: number, memory: number): void {
  forEach(w, 1, () => {
    w.get(TO);
    w.get(FROM);
    w.i32(3);
    w.op(WasmOp.I32ShrU);
    w.call(words);
    w.get(FROM);
    w.i32(7);
    w.op(WasmOp.I32And);
    w.i32(3);
    w.op(WasmOp.I32Shl);
    w.op(WasmOp.I64ExtendI32U);
    w.op(WasmOp.I64ShrU);
    w.access(WasmOp.I64Store8, memory);
    w.advance(TO, 1);
    w.advance(FROM, 1);
  });
}

/** The function that gives the words of data, which is not empty. */
export function wordsBody(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(data.length / WORD) * WORD);
  padded.set(data);
  const words = new BigInt64Array(padded.buffer);
  const w = new BodyWriter();
  const choose = (first: number, end: number): void => {
    if (end - first === 1) {
      w.i64(words[first]!);
      return;
    }
    const middle = (first + end) >>> 1;
    w.get(0);
    w.i32(middle);
    w.op(WasmOp.I32LtU);
    w.openIf(I64);
    choose(first, middle);
    w.op(WasmOp.Else);
    choose(middle, end);
    w.end();
  };
  choose(0, words.length);
  return w.finish();
}

/** Traps unless the memory has as many bytes as the count says, from an address on. */
function checkRange(w: BodyWriter, start: number, memory: number): void {
  w.get(start);
  w.op(WasmOp.I64ExtendI32U);
  w.get(COUNT);
  w.op(WasmOp.I64ExtendI32U);
  w.op(WasmOp.I64Add);
  w.memorySize(memory);
  w.op(WasmOp.I64ExtendI32U);
  w.i64(PAGE_LOG2);
  w.op(WasmOp.I64Shl);
  w.op(WasmOp.I64GtU);
  w.trapOutOfBounds(memory);
}

/** While at least `step` bytes are left, counts them off and does what `each` writes. */
function forEach(w: BodyWriter, step: number, each: () => void): void {
  w.open(WasmOp.Block);
  w.open(WasmOp.Loop);
  w.get(COUNT);
  w.i32(step);
  w.op(WasmOp.I32LtU);
  w.index(WasmOp.BrIf, 1);
  w.advance(COUNT, -step);
  each();
  w.index(WasmOp.Br, 0);
  w.end();
  w.end();
}

export const THREE_I32: readonly ValType[] = [I32, I32, I32];
