/** In how many places of a module's code objects are made, references tested and exceptions thrown, by type and by tag. */
import type { Module } from "../wasm/module.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

/** `br_on_cast`: bit 1 of the flags says that null passes. */
const TARGET_NULLABLE = 2;

export class TypeUses {
  /** By type: from fields, or an element and a length; of default values; by another operator. */
  readonly made: Int32Array;
  readonly madeDefault: Int32Array;
  readonly madeOtherwise: Int32Array;
  /** By type: whether a reference is of it, or is of it or null. */
  readonly tested: Int32Array;
  readonly testedOrNull: Int32Array;
  /** By tag. */
  readonly thrown: Int32Array;

  constructor(module: Module, featureMask: number) {
    this.made = new Int32Array(module.types.length);
    this.madeDefault = new Int32Array(module.types.length);
    this.madeOtherwise = new Int32Array(module.types.length);
    this.tested = new Int32Array(module.types.length);
    this.testedOrNull = new Int32Array(module.types.length);
    this.thrown = new Int32Array(module.tags.length);
    const reader = new OperatorReader(module.bytes, 0, 0, featureMask);
    reader.typeLimit = module.types.length;
    for (let i = 0; i < module.code.starts.length; i++) {
      reader.seekInstructions(module.code.starts.get(i), module.code.ends.get(i));
      while (reader.pos < reader.end) this.count(reader.next(), reader);
    }
  }

  private count(op: number, reader: OperatorReader): void {
    switch (op) {
      case WasmOp.StructNew:
      case WasmOp.ArrayNew:
        this.made[reader.index]!++;
        return;
      case WasmOp.StructNewDefault:
      case WasmOp.ArrayNewDefault:
        this.madeDefault[reader.index]!++;
        return;
      case WasmOp.ArrayNewFixed:
      case WasmOp.ArrayNewData:
      case WasmOp.ArrayNewElem:
        this.madeOtherwise[reader.index]!++;
        return;
      case WasmOp.RefTest:
      case WasmOp.RefCast:
        this.countTest(reader.heapType, false);
        return;
      case WasmOp.RefTestNull:
      case WasmOp.RefCastNull:
        this.countTest(reader.heapType, true);
        return;
      case WasmOp.BrOnCast:
      case WasmOp.BrOnCastFail:
        this.countTest(reader.heapType2, (reader.castFlags & TARGET_NULLABLE) !== 0);
        return;
      case WasmOp.Throw:
        this.thrown[reader.index]!++;
        return;
      default:
    }
  }

  private countTest(heap: wasm.HeapType, nullable: boolean): void {
    if (wasm.isConcrete(heap)) (nullable ? this.testedOrNull : this.tested)[wasm.typeIndexOf(heap)]!++;
  }
}
