/** Writes the body of one function of the output that no input has: locals, instructions, labels as they nest. */
import { ByteWriter } from "../base/byte-writer.ts";
import { writeMemoryAccess, writeOpcode } from "../wasm/encode-operators.ts";
import { writeValType } from "../wasm/encode-types.ts";
import type { ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

const EMPTY_BLOCK = 0x40;

export class BodyWriter {
  private readonly out: ByteWriter;

  /** Locals come behind the parameters. */
  constructor(locals: readonly ValType[] = []) {
    this.out = new ByteWriter();
    this.out.u32(locals.length);
    for (const type of locals) {
      this.out.u32(1);
      writeValType(this.out, type);
    }
  }

  /** The finished body. */
  finish(): Uint8Array {
    this.op(WasmOp.End);
    return this.out.bytes().slice();
  }

  op(op: number): void {
    writeOpcode(this.out, op);
  }

  /** An opcode with one index: a local, a global, a function, a label. */
  index(op: number, index: number): void {
    this.op(op);
    this.out.u32(index);
  }

  get(local: number): void {
    this.index(WasmOp.LocalGet, local);
  }

  set(local: number): void {
    this.index(WasmOp.LocalSet, local);
  }

  call(func: number): void {
    this.index(WasmOp.Call, func);
  }

  i32(value: number): void {
    this.op(WasmOp.I32Const);
    this.out.s32(value);
  }

  i64(value: bigint): void {
    this.op(WasmOp.I64Const);
    this.out.s64(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** A constant of either float type. */
  float(op: number, value: number): void {
    const view = new DataView(new ArrayBuffer(8));
    const isWide = op === WasmOp.F64Const;
    if (isWide) view.setFloat64(0, value, true);
    else view.setFloat32(0, value, true);
    this.op(op);
    for (let i = 0; i < (isWide ? 8 : 4); i++) this.out.byte(view.getUint8(i));
  }

  /** `block`, `loop` or `if`, without results. */
  open(op: number): void {
    this.op(op);
    this.out.byte(EMPTY_BLOCK);
  }

  /** An `if` with one result. */
  openIf(result: ValType): void {
    this.openTyped(WasmOp.If, result);
  }

  /** `block`, `loop` or `if` with one result. */
  openTyped(op: number, result: ValType): void {
    this.op(op);
    writeValType(this.out, result);
  }

  /** `try_table` with at most one result. A clause is its kind, the tag's index where it has one, and the label's. */
  openTryTable(result: ValType | null, clauses: readonly (readonly number[])[]): void {
    this.op(WasmOp.TryTable);
    if (result === null) this.out.byte(EMPTY_BLOCK);
    else writeValType(this.out, result);
    this.out.u32(clauses.length);
    for (const clause of clauses) for (const field of clause) this.out.u32(field);
  }

  end(): void {
    this.op(WasmOp.End);
  }

  /** A load or store that claims no alignment. */
  access(op: number, memory: number, offset = 0): void {
    this.op(op);
    writeMemoryAccess(this.out, 0, memory, offset, 0);
  }

  /** `memory.size` of a memory. */
  memorySize(memory: number): void {
    this.index(WasmOp.MemorySize, memory);
  }

  indirectCall(type: number, table: number, isTail = false): void {
    this.index(isTail ? WasmOp.ReturnCallIndirect : WasmOp.CallIndirect, type);
    this.out.u32(table);
  }

  /** Adds to an i32 local. */
  advance(local: number, by: number): void {
    this.get(local);
    this.i32(by);
    this.op(WasmOp.I32Add);
    this.set(local);
  }

  /** Traps as an access out of bounds does when the i32 on the stack is not zero: no memory has the word at 2³² - 1. */
  trapOutOfBounds(memory: number): void {
    this.open(WasmOp.If);
    this.i32(-1);
    this.access(WasmOp.I32Load, memory);
    this.op(WasmOp.Drop);
    this.end();
  }
}
