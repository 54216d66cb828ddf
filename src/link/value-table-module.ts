/**
 * Values of JavaScript in a table of the engine's, by the number of their box in the heap, and how they get there without JavaScript.
 *
 *     imports   "" "memory", "allocPtr", "allocEnd"   of a collector (`runtime/collectors.ts`)
 *               "" "values"                           the table, as long as the weak region
 *               "wasm:js-string" "test"               the engine's builtin, where it has it
 *     exports   begin(region, end)              the weak region that boxes are entered in from now on, and where it ends
 *               box(value) → i32                the address of a new box, or 0 if something has to be done before
 *               boxText(value) → i32            the same of a string, 0 of any other value
 *               hasRoom() → i32                 finds a number for another box: 1 if there is one
 *               put(object, value)              makes a box of an object, of the number that `hasRoom` has found
 *               value(number) → externref
 *               forget() → i32                  lets go of values without a box; how many are left
 *
 * A number whose weak word is zero is free: none was given out, or the collector found the box unreached. So the next one is found
 * by going on over the words from the last, and its value, if it still has one, is replaced. All are looked at again when a collection
 * has been: until `forget` was called then, nothing is boxed.
 */
import { HostBox, REGION_HEADER_BYTES } from "../gc/layout.ts";
import { BodyWriter } from "../lowering/body-writer.ts";
import { EXTERNREF, I32 } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { WrittenModule } from "./written-module.ts";

/** The table's index, and the globals'. */
const VALUES = 0;
const ALLOC_PTR = 0;
const ALLOC_END = 1;
const REGION = 2;
/** The word to look at next. */
const CURSOR = 3;
const END = 4;
/** The collections that `forget` has seen. */
const SEEN = 5;
/** No number from this word on had a value when values were let go of last. */
const TOP = 6;

const ZERO = Uint8Array.of(0x41, 0, 0x0b);
/** `ref.null extern`, for `BodyWriter.index`. */
export const NO_VALUE: readonly [op: number, heap: number] = [WasmOp.RefNull, 0x6f];

/** Boxes have the descriptor; `hasStringTest`: the engine has its builtins for strings. */
export function valueTableModule(descriptor: number, hasStringTest: boolean): Uint8Array {
  const module = new WrittenModule();
  module.importMemory("", "memory");
  importValueTable(module);
  for (const name of ["allocPtr", "allocEnd"])
    module.import("", name, { kind: "global", global: { type: I32, mutable: true } });
  const test = hasStringTest ? module.importFunction("wasm:js-string", "test", [EXTERNREF], [I32]) : -1;
  for (let i = REGION; i <= TOP; i++) module.addGlobal({ type: I32, mutable: true }, ZERO);
  const boxing = module.addType([EXTERNREF], [I32]);
  const counting = module.addType([], [I32]);
  module.addFunction(module.addType([I32, I32], []), beginBody(), "begin");
  const hasRoom = module.addFunction(counting, hasRoomBody(), "hasRoom");
  module.addFunction(module.addType([I32, EXTERNREF], []), putBody(descriptor), "put");
  module.addFunction(boxing, boxBody(hasRoom, descriptor), "box");
  module.addFunction(boxing, boxTextBody(test, hasRoom, descriptor), "boxText");
  module.addFunction(module.addType([I32], [EXTERNREF]), valueBody(), "value");
  module.addFunction(counting, forgetBody(), "forget");
  return module.encode();
}

/** Makes a module import the table, as its first. */
export function importValueTable(module: WrittenModule): void {
  importTable(module, "values");
}

/** Makes a module import a table of values. */
export function importTable(module: WrittenModule, name: string): void {
  const table = { element: EXTERNREF, limits: { min: 0n, max: null }, is64: false };
  module.import("", name, { kind: "table", table });
}

/**
 * Pushes the value of the reference in a local if it is a box with the descriptor, or what `otherwise` pushes: null, an i31, an object. The code
 * stands wherever it is wanted, since V8 puts no function into one that catches. Null has no descriptor (`gc/layout.ts`).
 */
export function pushBoxedValue(
  body: BodyWriter,
  local: number,
  descriptor: number,
  otherwise: () => void,
): void {
  body.openTyped(WasmOp.Block, EXTERNREF);
  body.get(local);
  body.i32(1);
  body.op(WasmOp.I32And);
  body.op(WasmOp.I32Eqz);
  body.open(WasmOp.If);
  body.get(local);
  body.access(WasmOp.I32Load, 0);
  body.i32(descriptor);
  body.op(WasmOp.I32Eq);
  body.open(WasmOp.If);
  body.get(local);
  body.access(WasmOp.I32Load, 0, HostBox.Number);
  body.index(WasmOp.TableGet, VALUES);
  body.index(WasmOp.Br, 2);
  body.end();
  body.end();
  otherwise();
  body.end();
}

/** Of the value on the stack: leaves the box that the function `box` makes of it, or what `otherwise` makes of the value where that gives 0. */
export function boxOr(
  body: BodyWriter,
  box: number,
  { value, boxed }: { readonly value: number; readonly boxed: number },
  otherwise: number,
): void {
  body.index(WasmOp.LocalTee, value);
  body.call(box);
  body.index(WasmOp.LocalTee, boxed);
  body.openIf(I32);
  body.get(boxed);
  body.op(WasmOp.Else);
  body.get(value);
  body.call(otherwise);
  body.end();
}

function beginBody(): Uint8Array {
  const [region, end] = [0, 1];
  const body = new BodyWriter();
  body.get(region);
  body.index(WasmOp.GlobalSet, REGION);
  body.get(end);
  body.index(WasmOp.GlobalSet, END);
  // A smaller region's words were copied.
  body.get(end);
  body.index(WasmOp.GlobalSet, TOP);
  rewind(body);
  return body.finish();
}

/** Begins anew with the first word, after the collections that there were. */
function rewind(body: BodyWriter): void {
  body.index(WasmOp.GlobalGet, REGION);
  body.i32(REGION_HEADER_BYTES);
  body.op(WasmOp.I32Add);
  body.index(WasmOp.GlobalSet, CURSOR);
  body.index(WasmOp.GlobalGet, REGION);
  body.access(WasmOp.I32Load, 0);
  body.index(WasmOp.GlobalSet, SEEN);
}

function hasRoomBody(): Uint8Array {
  const body = new BodyWriter();
  body.open(WasmOp.Loop);
  body.index(WasmOp.GlobalGet, CURSOR);
  body.index(WasmOp.GlobalGet, END);
  body.op(WasmOp.I32Eq);
  returnIf(body, 0);
  body.index(WasmOp.GlobalGet, CURSOR);
  body.access(WasmOp.I32Load, 0);
  body.op(WasmOp.I32Eqz);
  returnIf(body, 1);
  moveOn(body);
  body.index(WasmOp.Br, 0);
  body.end();
  body.op(WasmOp.Unreachable);
  return body.finish();
}

/** Returns the number if the i32 on the stack is not zero. */
function returnIf(body: BodyWriter, result: number): void {
  body.open(WasmOp.If);
  body.i32(result);
  body.op(WasmOp.Return);
  body.end();
}

function moveOn(body: BodyWriter): void {
  body.index(WasmOp.GlobalGet, CURSOR);
  body.i32(4);
  body.op(WasmOp.I32Add);
  body.index(WasmOp.GlobalSet, CURSOR);
}

function putBody(descriptor: number): Uint8Array {
  const body = new BodyWriter([I32]);
  put(body, { object: 0, value: 1, number: 2 }, descriptor);
  return body.finish();
}

/** What is at hand when a box is made, as locals. */
interface BoxLocals {
  readonly object: number;
  readonly value: number;
  readonly number: number;
}

/** Of a function that takes the value. */
const BOXING: BoxLocals = { value: 0, object: 1, number: 2 };

function put(body: BodyWriter, { object, value, number }: BoxLocals, descriptor: number): void {
  numberOf(body, () => body.index(WasmOp.GlobalGet, CURSOR));
  body.index(WasmOp.LocalTee, number);
  body.get(value);
  body.index(WasmOp.TableSet, VALUES);
  body.index(WasmOp.GlobalGet, CURSOR);
  body.get(object);
  body.access(WasmOp.I32Store, 0);
  body.get(object);
  body.i32(descriptor);
  body.access(WasmOp.I32Store, 0);
  body.get(object);
  body.get(number);
  body.access(WasmOp.I32Store, 0, HostBox.Number);
  moveOn(body);
}

/** The number of the word that is pushed. */
function numberOf(body: BodyWriter, push: () => void): void {
  push();
  body.index(WasmOp.GlobalGet, REGION);
  body.op(WasmOp.I32Sub);
  body.i32(REGION_HEADER_BYTES);
  body.op(WasmOp.I32Sub);
  body.i32(2);
  body.op(WasmOp.I32ShrU);
}

function boxBody(hasRoom: number, descriptor: number): Uint8Array {
  const body = new BodyWriter([I32, I32]);
  box(body, hasRoom, descriptor);
  return body.finish();
}

/** Returns a new box, or 0. It stands wherever it is wanted, as programs make many strings. */
function box(body: BodyWriter, hasRoom: number, descriptor: number): void {
  const { object } = BOXING;
  body.index(WasmOp.GlobalGet, REGION);
  body.access(WasmOp.I32Load, 0);
  body.index(WasmOp.GlobalGet, SEEN);
  body.op(WasmOp.I32Ne);
  returnIf(body, 0);
  body.index(WasmOp.GlobalGet, ALLOC_PTR);
  body.index(WasmOp.LocalTee, object);
  body.i32(HostBox.Bytes);
  body.op(WasmOp.I32Add);
  body.index(WasmOp.GlobalGet, ALLOC_END);
  body.op(WasmOp.I32GtU);
  returnIf(body, 0);
  pushIsTaken(body);
  body.open(WasmOp.If);
  body.call(hasRoom);
  body.op(WasmOp.I32Eqz);
  returnIf(body, 0);
  body.end();
  body.get(object);
  body.i32(HostBox.Bytes);
  body.op(WasmOp.I32Add);
  body.index(WasmOp.GlobalSet, ALLOC_PTR);
  put(body, BOXING, descriptor);
  body.get(object);
}

/** Whether the word to look at next is none, or that of a box. */
function pushIsTaken(body: BodyWriter): void {
  body.index(WasmOp.GlobalGet, CURSOR);
  body.index(WasmOp.GlobalGet, END);
  body.op(WasmOp.I32Eq);
  body.openIf(I32);
  body.i32(1);
  body.op(WasmOp.Else);
  body.index(WasmOp.GlobalGet, CURSOR);
  body.access(WasmOp.I32Load, 0);
  body.end();
}

/** Without a test, nothing is known to be a string. */
function boxTextBody(test: number, hasRoom: number, descriptor: number): Uint8Array {
  const body = new BodyWriter([I32, I32]);
  if (test < 0) {
    body.i32(0);
    return body.finish();
  }
  body.get(0);
  body.call(test);
  body.op(WasmOp.I32Eqz);
  returnIf(body, 0);
  box(body, hasRoom, descriptor);
  return body.finish();
}

function valueBody(): Uint8Array {
  const body = new BodyWriter();
  body.get(0);
  body.index(WasmOp.TableGet, VALUES);
  return body.finish();
}

function forgetBody(): Uint8Array {
  const [at, number, live, end] = [0, 1, 2, 3];
  const body = new BodyWriter([I32, I32, I32, I32]);
  // Those from the cursor on were not reached in this turn, and those up to it were given out.
  for (const global of [TOP, CURSOR, TOP, CURSOR]) body.index(WasmOp.GlobalGet, global);
  body.op(WasmOp.I32GtU);
  body.op(WasmOp.Select);
  body.set(end);
  rewind(body);
  body.index(WasmOp.GlobalGet, CURSOR);
  body.index(WasmOp.LocalTee, at);
  body.index(WasmOp.GlobalSet, TOP);
  body.open(WasmOp.Loop);
  body.get(at);
  body.get(end);
  body.op(WasmOp.I32Eq);
  body.open(WasmOp.If);
  body.get(live);
  body.op(WasmOp.Return);
  body.end();
  body.get(at);
  body.access(WasmOp.I32Load, 0);
  body.open(WasmOp.If);
  body.advance(live, 1);
  body.advance(at, 4);
  body.get(at);
  body.index(WasmOp.GlobalSet, TOP);
  body.op(WasmOp.Else);
  body.get(number);
  body.index(WasmOp.TableGet, VALUES);
  body.op(WasmOp.RefIsNull);
  body.op(WasmOp.I32Eqz);
  body.open(WasmOp.If);
  body.get(number);
  body.index(...NO_VALUE);
  body.index(WasmOp.TableSet, VALUES);
  body.end();
  body.advance(at, 4);
  body.end();
  body.advance(number, 1);
  body.index(WasmOp.Br, 0);
  body.end();
  body.op(WasmOp.Unreachable);
  return body.finish();
}
