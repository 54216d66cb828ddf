/** Operators on structs, arrays, i31, external references and null. Their meaning in CLIF is `gc/heap-operations.ts`'s. */
import {
  arrayCopy,
  arrayFill,
  arrayInitData,
  arrayInitElements,
  arrayNewData,
  arrayNewElements,
} from "../gc/array-ranges.ts";
import type { HeapOperations } from "../gc/heap-operations.ts";
import { branchTest, type TypeTest } from "../gc/test-kinds.ts";
import { GcTrap } from "../gc/traps.ts";
import type { Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { I32 } from "../ir/types.ts";
import type { Module } from "../wasm/module.ts";
import type { OperatorReader } from "../wasm/operators.ts";
import type { ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

/** What these operators need of the function's translator. */
export interface ReferenceTranslator {
  readonly ins: InstBuilder;
  readonly reader: OperatorReader;
  readonly module: Module;
  readonly heap: HeapOperations;
  push(value: Value): void;
  pop(): Value;
  popMany(count: number): readonly Value[];
  takeMany(count: number): readonly Value[];
  newStruct(type: number, fields: readonly Value[]): Value;
  /** The static type of the operand on top, or `BOTTOM`. */
  readonly topType: ValType;
  testType(ref: Value, test: TypeTest): Value;
  castType(ref: Value, test: TypeTest): void;
  newDefaultStruct(type: number): Value;
  newDefaultArray(type: number, length: Value): Value;
  newArray(type: number, value: Value, length: Value): Value;
  branchWhen(condition: Value, label: number, whenTaken: boolean): void;
}

type Handler = (t: ReferenceTranslator) => void;

function structGet(signed: boolean): Handler {
  return (t) => t.push(t.heap.structGet(t.reader.index, t.reader.index2, t.pop(), signed));
}

function arrayGet(signed: boolean): Handler {
  return (t) => {
    const index = t.pop();
    t.push(t.heap.arrayGet(t.reader.index, t.pop(), index, signed));
  };
}

function refTest(nullable: boolean): Handler {
  return (t) => t.push(t.testType(t.pop(), { operand: t.topType, heap: t.reader.heapType, nullable }));
}

function refCast(nullable: boolean): Handler {
  return (t) => {
    const ref = t.pop();
    t.castType(ref, { operand: t.topType, heap: t.reader.heapType, nullable, traps: !nullable });
    t.push(ref);
  };
}

function branchOnCast(whenItIs: boolean): Handler {
  return (t) => {
    const ref = t.pop();
    const answer = t.testType(ref, branchTest(t.reader));
    t.push(ref);
    t.branchWhen(answer, t.reader.index, whenItIs);
  };
}

/** An external reference is represented as an internal one. */
function sameReference(): void {}

export const REFERENCE_HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [WasmOp.RefNull, (t) => t.push(t.heap.nullReference())],
  [WasmOp.RefIsNull, (t) => t.push(t.heap.isNull(t.pop()))],
  [
    WasmOp.RefAsNonNull,
    (t) => {
      const ref = t.pop();
      t.heap.trapIfNull(ref, GcTrap.NullReference);
      t.push(ref);
    },
  ],
  [
    WasmOp.RefEq,
    (t) => {
      const y = t.pop();
      t.push(t.ins.uextend(I32, t.ins.icmp("eq", t.pop(), y)));
    },
  ],
  [
    WasmOp.BrOnNull,
    (t) => {
      const ref = t.pop();
      t.branchWhen(ref, t.reader.index, false);
      t.push(ref);
    },
  ],
  [
    WasmOp.BrOnNonNull,
    (t) => {
      const ref = t.pop();
      t.push(ref);
      t.branchWhen(ref, t.reader.index, true);
      t.pop();
    },
  ],
  [WasmOp.RefI31, (t) => t.push(t.heap.i31(t.pop()))],
  [WasmOp.I31GetS, (t) => t.push(t.heap.i31Get(t.pop(), true))],
  [WasmOp.I31GetU, (t) => t.push(t.heap.i31Get(t.pop(), false))],
  [
    WasmOp.StructNew,
    (t) => {
      const { index } = t.reader;
      t.push(t.newStruct(index, t.takeMany(t.module.types.fieldCount(index))));
    },
  ],
  [WasmOp.StructNewDefault, (t) => t.push(t.newDefaultStruct(t.reader.index))],
  [WasmOp.StructGet, structGet(false)],
  [WasmOp.StructGetS, structGet(true)],
  [WasmOp.StructGetU, structGet(false)],
  [
    WasmOp.StructSet,
    (t) => {
      const value = t.pop();
      t.heap.structSet(t.reader.index, t.reader.index2, t.pop(), value);
    },
  ],
  [
    WasmOp.ArrayNew,
    (t) => {
      const length = t.pop();
      t.push(t.newArray(t.reader.index, t.pop(), length));
    },
  ],
  [WasmOp.ArrayNewDefault, (t) => t.push(t.newDefaultArray(t.reader.index, t.pop()))],
  [
    WasmOp.ArrayNewFixed,
    (t) => {
      const { index, index2 } = t.reader;
      t.push(t.heap.arrayNewFixed(index, t.popMany(index2)));
    },
  ],
  [WasmOp.ArrayGet, arrayGet(false)],
  [WasmOp.ArrayGetS, arrayGet(true)],
  [WasmOp.ArrayGetU, arrayGet(false)],
  [
    WasmOp.ArraySet,
    (t) => {
      const value = t.pop();
      const index = t.pop();
      t.heap.arraySet(t.reader.index, t.pop(), index, value);
    },
  ],
  [
    WasmOp.ArrayFill,
    (t) => {
      const [ref, index, value, count] = t.popMany(4);
      arrayFill(t.heap, t.reader.index, ref!, index!, value!, count!);
    },
  ],
  [
    WasmOp.ArrayCopy,
    (t) => {
      const [ref, index, from, fromIndex, count] = t.popMany(5);
      arrayCopy(t.heap, [t.reader.index, t.reader.index2], [ref!, index!], [from!, fromIndex!], count!);
    },
  ],
  [
    WasmOp.ArrayNewData,
    (t) => {
      const { index, index2 } = t.reader;
      const { start, end } = t.module.data[index2]!.data;
      const [from, length] = t.popMany(2);
      t.push(arrayNewData(t.heap, index, index2, end - start, from!, length!));
    },
  ],
  [
    WasmOp.ArrayInitData,
    (t) => {
      const [ref, index, from, count] = t.popMany(4);
      arrayInitData(t.heap, [t.reader.index, t.reader.index2], ref!, index!, from!, count!);
    },
  ],
  [
    WasmOp.ArrayNewElem,
    (t) => {
      const { index, index2 } = t.reader;
      const [from, length] = t.popMany(2);
      t.push(arrayNewElements(t.heap, index, index2, from!, length!));
    },
  ],
  [
    WasmOp.ArrayInitElem,
    (t) => {
      const [ref, index, from, count] = t.popMany(4);
      arrayInitElements(t.heap, [t.reader.index, t.reader.index2], ref!, index!, from!, count!);
    },
  ],
  [WasmOp.AnyConvertExtern, sameReference],
  [WasmOp.ExternConvertAny, sameReference],
  [WasmOp.ArrayLen, (t) => t.push(t.heap.arrayLength(t.pop()))],
  [WasmOp.RefTest, refTest(false)],
  [WasmOp.RefTestNull, refTest(true)],
  [WasmOp.RefCast, refCast(false)],
  [WasmOp.RefCastNull, refCast(true)],
  [WasmOp.BrOnCast, branchOnCast(true)],
  [WasmOp.BrOnCastFail, branchOnCast(false)],
]);
