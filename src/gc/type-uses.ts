/** In how many places of a module's code objects are made, references tested and exceptions thrown, by type and by tag. */
import type { Module } from "../wasm/module.ts";
import { OperandTypes } from "../wasm/operand-types.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import {
  branchTest,
  byTestKind,
  isTestedInPlace,
  type TestGround,
  type TestKind,
  type TypeTest,
  testKind,
} from "./test-kinds.ts";

export class TypeUses {
  /** By type: from fields, or an element and a length; of default values; by another operator. */
  readonly made: Int32Array;
  readonly madeDefault: Int32Array;
  readonly madeOtherwise: Int32Array;
  /** By type: whether a reference is of it, by the kind of the test, where that is not tested in place. */
  readonly tested: Readonly<Record<TestKind, Int32Array>>;
  /** By tag. */
  readonly thrown: Int32Array;
  private readonly ground: TestGround;
  private readonly operands: OperandTypes;

  constructor(module: Module, featureMask: number, hasZeroBytes: boolean) {
    this.made = new Int32Array(module.types.length);
    this.madeDefault = new Int32Array(module.types.length);
    this.madeOtherwise = new Int32Array(module.types.length);
    this.tested = byTestKind(() => new Int32Array(module.types.length));
    this.thrown = new Int32Array(module.tags.length);
    this.ground = { types: module.types, hasZeroBytes };
    this.operands = new OperandTypes(module);
    const reader = new OperatorReader(module.bytes, 0, 0, featureMask);
    reader.typeLimit = module.types.length;
    for (let i = 0; i < module.code.starts.length; i++) {
      reader.seek(module.code.starts.get(i), module.code.ends.get(i));
      this.operands.begin(module.functionTypes.get(module.importedFunctionCount + i));
      for (let runs = reader.u32(); runs > 0; runs--)
        this.operands.addLocals(reader.u32(), reader.readValType());
      while (reader.pos < reader.end) {
        const op = reader.next();
        this.count(op, reader);
        this.operands.note(op, reader);
      }
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
        this.countTest({ operand: this.operands.top, heap: reader.heapType, nullable: false });
        return;
      case WasmOp.RefCast:
        this.countTest({ operand: this.operands.top, heap: reader.heapType, nullable: false, traps: true });
        return;
      case WasmOp.RefTestNull:
      case WasmOp.RefCastNull:
        this.countTest({ operand: this.operands.top, heap: reader.heapType, nullable: true });
        return;
      case WasmOp.BrOnCast:
      case WasmOp.BrOnCastFail:
        this.countTest(branchTest(reader));
        return;
      case WasmOp.Throw:
        this.thrown[reader.index]!++;
        return;
      default:
    }
  }

  private countTest(test: TypeTest): void {
    const { ground } = this;
    if (wasm.isConcrete(test.heap) && !isTestedInPlace(ground, test))
      this.tested[testKind(ground.types, test)][wasm.typeIndexOf(test.heap)]!++;
  }
}
