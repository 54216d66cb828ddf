/**
 * The static type of the operand on top of the stack, as far as the operator just before tells: what a field, an element, a local, a
 * call's last result or a new object is declared to be. For walks over code that follow no types; the code is valid.
 */
import { I32List } from "../base/column.ts";
import type { Module } from "./module.ts";
import type { OperatorReader } from "./operators.ts";
import { BOTTOM, FIRST_TYPE, type HeapType, refType, type ValType } from "./types.ts";
import * as WasmOp from "./wasm-op.gen.ts";

const NO_OPERATOR = -1;

export class OperandTypes {
  private readonly module: Module;
  /** The local behind the last of each run, and what the locals of the run are. */
  private readonly runEnds: I32List;
  private readonly runTypes: I32List;
  /** The operator before, and its immediates. */
  private op: number;
  private index: number;
  private index2: number;

  constructor(module: Module) {
    this.module = module;
    this.runEnds = new I32List();
    this.runTypes = new I32List();
    this.op = NO_OPERATOR;
    this.index = 0;
    this.index2 = 0;
  }

  /** For a function of the type, whose locals are added run by run. */
  begin(type: number): void {
    const { types } = this.module;
    this.runEnds.clear();
    this.runTypes.clear();
    this.op = NO_OPERATOR;
    for (let i = 0; i < types.paramCount(type); i++) this.addLocals(1, types.param(type, i));
  }

  addLocals(count: number, type: ValType): void {
    const { runEnds } = this;
    const end = runEnds.length === 0 ? 0 : runEnds.get(runEnds.length - 1);
    runEnds.push(end + count);
    this.runTypes.push(type);
  }

  /** After an operator, before the next is read. */
  note(op: number, reader: OperatorReader): void {
    this.op = op;
    this.index = reader.index;
    this.index2 = reader.index2;
  }

  /** `BOTTOM` where the operator before does not tell. */
  get top(): ValType {
    const { index } = this;
    const { types } = this.module;
    switch (this.op) {
      case WasmOp.StructGet:
        return types.field(index, this.index2);
      case WasmOp.ArrayGet:
        return types.field(index, 0);
      case WasmOp.LocalGet:
      case WasmOp.LocalTee:
        return this.localType(index);
      case WasmOp.GlobalGet:
        return this.module.globals[index]!.type;
      case WasmOp.Call:
        return this.lastResult(this.module.functionTypes.get(index));
      case WasmOp.CallRef:
      case WasmOp.CallIndirect:
        return this.lastResult(index);
      case WasmOp.StructNew:
      case WasmOp.StructNewDefault:
        return refType((FIRST_TYPE + index) as HeapType, false);
      default:
        return BOTTOM;
    }
  }

  private localType(local: number): ValType {
    let low = 0;
    for (let high = this.runEnds.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.runEnds.get(middle) <= local) low = middle + 1;
      else high = middle;
    }
    return this.runTypes.get(low);
  }

  private lastResult(type: number): ValType {
    const { types } = this.module;
    const count = types.resultCount(type);
    return count === 0 ? BOTTOM : types.result(type, count - 1);
  }
}
