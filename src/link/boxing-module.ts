/**
 * What JavaScript needs of a collector's state in a hurry, as functions of a module of its own: calls of these are far cheaper than the
 * engine's accessors of a global, and engines compile them into what calls them.
 *
 *     imports   "" "memory", "stackPointer", "allocPtr", "allocEnd"   of a collector (`runtime/collectors.ts`)
 *     exports   stack() → i32                     where the innermost frame is
 *               box(descriptor, number) → i32     the address of a new box, or 0 if there is no room for it now
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { HostBox } from "../gc/layout.ts";
import { BodyWriter } from "../lowering/body-writer.ts";
import { encodeModule } from "../wasm/encode.ts";
import type { Import, ImportType } from "../wasm/module.ts";
import { I32, TypeTable } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { addFunctionType } from "./plan.ts";

/** The globals, in the order of the imports. */
const STACK_POINTER = 0;
const ALLOC_PTR = 1;
const ALLOC_END = 2;

export function boxingModule(): Uint8Array {
  const types = new TypeTable();
  const functionTypes = new I32List();
  functionTypes.push(addFunctionType(types, [], [I32]));
  functionTypes.push(addFunctionType(types, [I32, I32], [I32]));
  const memory = { limits: { min: 0n, max: null }, is64: false, shared: false, pageSizeLog2: 16 };
  const variable: ImportType = { kind: "global", global: { type: I32, mutable: true } };
  const out = new ByteWriter();
  const code = { starts: new I32List(), ends: new I32List() };
  for (const body of [stackBody(), boxBody()]) {
    code.starts.push(out.length);
    out.append(body);
    code.ends.push(out.length);
  }
  return encodeModule({
    bytes: out.bytes(),
    types,
    imports: [
      imported("memory", { kind: "memory", memory }),
      ...["stackPointer", "allocPtr", "allocEnd"].map((name) => imported(name, variable)),
    ],
    functionTypes,
    importedFunctionCount: 0,
    tables: [],
    importedTableCount: 0,
    memories: [],
    importedMemoryCount: 1,
    tags: [],
    importedTagCount: 0,
    globals: [],
    importedGlobalCount: 3,
    exports: ["stack", "box"].map((name, index) => ({ name, kind: "func", index, offset: 0 })),
    start: -1,
    startOffset: 0,
    elements: [],
    dataCount: -1,
    code,
    data: [],
    customs: [],
    sections: [],
  });
}

function imported(name: string, type: ImportType): Import {
  return { module: "", name, type, offset: 0 };
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
