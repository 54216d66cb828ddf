/**
 * What JavaScript needs of a collector's state in a hurry, as functions of a module of its own: calls of these are far cheaper than the
 * engine's accessors of a global, and engines compile them into what calls them.
 *
 *     imports   "" "memory", "stackPointer", "allocPtr", "allocEnd"   of a collector (`runtime/collectors.ts`)
 *     exports   stack() → i32                     where the innermost frame is
 *               box(descriptor, number) → i32     the address of a new box, or 0 if there is no room for it now
 */
import { HostBox } from "../gc/layout.ts";
import { BodyWriter } from "../lowering/body-writer.ts";
import { I32 } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { WrittenModule } from "./written-module.ts";

/** The globals, in the order of the imports. */
const STACK_POINTER = 0;
const ALLOC_PTR = 1;
const ALLOC_END = 2;

export function boxingModule(): Uint8Array {
  const module = new WrittenModule();
  module.importMemory("", "memory");
  for (const name of ["stackPointer", "allocPtr", "allocEnd"]) {
    module.import("", name, { kind: "global", global: { type: I32, mutable: true } });
  }
  module.addFunction(module.addType([], [I32]), stackBody(), "stack");
  module.addFunction(module.addType([I32, I32], [I32]), boxBody(), "box");
  return module.encode();
}

function stackBody(): Uint8Array {
  const body = new BodyWriter();
  body.index(WasmOp.GlobalGet, STACK_POINTER);
  return body.finish();
}

function boxBody(): Uint8Array {
  const [descriptor, number, object] = [0, 1, 2];
  const body = new BodyWriter([I32]);
  body.index(WasmOp.GlobalGet, ALLOC_PTR);
  body.index(WasmOp.LocalTee, object);
  body.i32(HostBox.Bytes);
  body.op(WasmOp.I32Add);
  body.index(WasmOp.GlobalGet, ALLOC_END);
  body.op(WasmOp.I32GtU);
  body.open(WasmOp.If);
  body.i32(0);
  body.op(WasmOp.Return);
  body.end();
  body.get(object);
  body.get(descriptor);
  body.access(WasmOp.I32Store, 0);
  body.get(object);
  body.get(number);
  body.access(WasmOp.I32Store, 0, HostBox.Number);
  body.get(object);
  body.i32(HostBox.Bytes);
  body.op(WasmOp.I32Add);
  body.index(WasmOp.GlobalSet, ALLOC_PTR);
  body.get(object);
  return body.finish();
}
