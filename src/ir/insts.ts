/**
 * The instructions of a function, as rows of typed-array columns:
 *
 *     opcode   aux            a                       b                     arguments       results
 *     u8       u8             i32                     i32                   start, count    start, count
 *
 *     Load, Store, …          memory flags            offset                (operand lists lie in the value pool;
 *     Call / CallIndirect     function / signature    -                     a single result lies in the row)
 *     IntCompare, …           condition in aux        -
 *     UnaryImm, UnaryIeee64   low word                high word
 *     StackAddr               slot                    offset
 *     Jump / Brif             first block call        second block call
 *     BranchTable             start of block calls    their count
 *     TryCall, …Indirect      function / -            exception table
 *
 * Which fields an instruction has follows from its format; the accessors below name them, and using one that the
 * format does not have is a defect of the caller.
 */
import { EMPTY_I32, EMPTY_U8, grownCapacity, grownColumn } from "../base/column.ts";
import {
  type Block,
  type BlockCall,
  type Constant,
  type DynamicStackSlot,
  type ExceptionTable,
  type FuncRef,
  type GlobalValue,
  type Immediate,
  type Inst,
  NONE,
  type SigRef,
  type StackSlot,
  type Value,
} from "./entities.ts";
import type { MemFlags } from "./memflags.ts";
import { Format, type Opcode, OpFlag, opcodeFlags, opcodeFormat, typevarOperand } from "./opcodes.ts";
import type { TrapCode } from "./trap-codes.ts";
import { INVALID, type Type } from "./types.ts";
import { ValueKind, ValueTable } from "./values.ts";

export class InstTable extends ValueTable {
  protected opcodes: Uint8Array;
  private auxes: Uint8Array;
  protected as: Int32Array;
  protected bs: Int32Array;
  protected argStarts: Int32Array;
  protected argCounts: Int32Array;
  private resultStarts: Int32Array;
  private resultCounts: Int32Array;
  private insts: number;

  constructor() {
    super();
    this.opcodes = EMPTY_U8;
    this.auxes = EMPTY_U8;
    this.as = EMPTY_I32;
    this.bs = EMPTY_I32;
    this.argStarts = EMPTY_I32;
    this.argCounts = EMPTY_I32;
    this.resultStarts = EMPTY_I32;
    this.resultCounts = EMPTY_I32;
    this.insts = 0;
  }

  override clear(): void {
    super.clear();
    this.insts = 0;
  }

  /** How many rows the columns have room for. */
  protected get instCapacity(): number {
    return this.opcodes.length;
  }

  // Making them.

  get numInsts(): number {
    return this.insts;
  }

  /** A new instruction without arguments or results; `addArg` right after it adds arguments. */
  newInst(op: Opcode, aux: number, a: number, b: number): Inst {
    const inst = this.insts++;
    if (inst >= this.opcodes.length) this.growInsts();
    this.opcodes[inst] = op;
    this.auxes[inst] = aux;
    this.as[inst] = a;
    this.bs[inst] = b;
    this.argStarts[inst] = this.pool.end;
    this.argCounts[inst] = 0;
    this.resultStarts[inst] = NONE;
    this.resultCounts[inst] = 0;
    return inst as Inst;
  }

  private growInsts(): void {
    const capacity = grownCapacity(this.opcodes.length, this.insts);
    this.opcodes = grownColumn(this.opcodes, capacity);
    this.auxes = grownColumn(this.auxes, capacity);
    this.as = grownColumn(this.as, capacity);
    this.bs = grownColumn(this.bs, capacity);
    this.argStarts = grownColumn(this.argStarts, capacity);
    this.argCounts = grownColumn(this.argCounts, capacity);
    this.resultStarts = grownColumn(this.resultStarts, capacity);
    this.resultCounts = grownColumn(this.resultCounts, capacity);
  }

  /** Adds an argument to the newest instruction; nothing else may use the pool in between. */
  addArg(value: Value): void {
    this.pool.push(value);
    this.argCounts[this.insts - 1]!++;
  }

  /** Appends an argument to any call or return. */
  appendArg(inst: Inst, value: Value): void {
    const count = this.argCounts[inst]!;
    const start = this.pool.allocate(count + 1);
    for (let i = 0; i < count; i++) this.pool.set(start + i, this.pool.get(this.argStarts[inst]! + i));
    this.pool.set(start + count, value);
    this.argStarts[inst] = start;
    this.argCounts[inst] = count + 1;
  }

  /** Block calls of a branch table: `calls[0]` is the default. */
  addBranchTable(inst: Inst, calls: readonly BlockCall[]): void {
    this.as[inst] = this.pool.allocate(calls.length);
    this.bs[inst] = calls.length;
    for (let i = 0; i < calls.length; i++) this.pool.set(this.as[inst]! + i, calls[i]!);
  }

  appendResult(inst: Inst, type: Type): Value {
    const value = this.newValue(type, ValueKind.Result, inst, this.resultCounts[inst]!);
    this.linkResult(inst, value);
    return value;
  }

  /** Makes the reserved number `value` the next result of the instruction. */
  defineResult(inst: Inst, value: Value, type: Type): void {
    this.setValue(value, type, ValueKind.Result, inst, this.resultCounts[inst]!);
    this.linkResult(inst, value);
  }

  private linkResult(inst: Inst, value: Value): void {
    const count = this.resultCounts[inst]!;
    if (count === 0) {
      this.resultStarts[inst] = value;
    } else if (count === 1) {
      const first = this.resultStarts[inst]!;
      const start = this.pool.append(0, 0, first);
      this.resultStarts[inst] = this.pool.append(start, 1, value);
    } else {
      this.resultStarts[inst] = this.pool.append(this.resultStarts[inst]!, count, value);
    }
    this.resultCounts[inst] = count + 1;
  }

  /** Takes all results off; the values are nothing until they are defined or made aliases. */
  detachResults(inst: Inst): void {
    for (let i = 0; i < this.resultCounts[inst]!; i++) {
      const value = this.result(inst, i);
      this.setValue(value, this.valueType(value), ValueKind.None, NONE, 0);
    }
    this.resultCounts[inst] = 0;
  }

  // Reading and changing them.

  opcode(inst: Inst): Opcode {
    return this.opcodes[inst]!;
  }

  format(inst: Inst): number {
    return opcodeFormat(this.opcodes[inst]!);
  }

  /** Whether two instructions do the same to operands that are the same: equal opcodes and immediates. */
  isSameOperation(x: Inst, y: Inst): boolean {
    return (
      this.opcodes[x] === this.opcodes[y] &&
      this.auxes[x] === this.auxes[y] &&
      this.as[x] === this.as[y] &&
      this.bs[x] === this.bs[y]
    );
  }

  /** Equal for instructions that `isSameOperation` says are the same. */
  operationHash(inst: Inst): number {
    return (
      (this.opcodes[inst]! * 31 + this.auxes[inst]!) ^ Math.imul(this.as[inst]! + this.bs[inst]!, 0x9e3779b1)
    );
  }

  argCount(inst: Inst): number {
    return this.argCounts[inst]!;
  }

  arg(inst: Inst, index: number): Value {
    return this.pool.get(this.argStarts[inst]! + index) as Value;
  }

  setArg(inst: Inst, index: number, value: Value): void {
    this.pool.set(this.argStarts[inst]! + index, value);
  }

  resultCount(inst: Inst): number {
    return this.resultCounts[inst]!;
  }

  result(inst: Inst, index: number): Value {
    const start = this.resultStarts[inst]!;
    return (this.resultCounts[inst] === 1 ? start : this.pool.get(start + index)) as Value;
  }

  /** The first result; the instruction must have one. */
  firstResult(inst: Inst): Value {
    return this.result(inst, 0);
  }

  /** The control type: what `T` of the opcode's row is here, or `INVALID` for monomorphic opcodes. */
  controlType(inst: Inst): Type {
    const op = this.opcodes[inst]!;
    const flags = opcodeFlags(op);
    if ((flags & OpFlag.Polymorphic) === 0) return INVALID;
    if ((flags & OpFlag.ControlIsOperand) !== 0) return this.valueType(this.arg(inst, typevarOperand(op)));
    return this.resultCounts[inst] === 0 ? INVALID : this.valueType(this.result(inst, 0));
  }

  memFlags(inst: Inst): MemFlags {
    return this.as[inst]! as MemFlags;
  }

  setMemFlags(inst: Inst, flags: MemFlags): void {
    this.as[inst] = flags;
  }

  /** Byte offset of a load, store or stack address. */
  offset(inst: Inst): number {
    return this.bs[inst]!;
  }

  setOffset(inst: Inst, offset: number): void {
    this.bs[inst] = offset;
  }

  /** Index into the format's condition list. */
  condition(inst: Inst): number {
    return this.auxes[inst]!;
  }

  trapCode(inst: Inst): TrapCode {
    return this.auxes[inst]! as TrapCode;
  }

  setTrapCode(inst: Inst, code: TrapCode): void {
    this.auxes[inst] = code;
  }

  /** Index into `ATOMIC_OPS`. */
  atomicOp(inst: Inst): number {
    return this.auxes[inst]!;
  }

  /** The 8-bit immediate of lane operations. */
  imm8(inst: Inst): number {
    return this.auxes[inst]!;
  }

  /** Low word of a 64-bit immediate; all of a 16- or 32-bit one. */
  immLow(inst: Inst): number {
    return this.as[inst]!;
  }

  immHigh(inst: Inst): number {
    return this.bs[inst]!;
  }

  setImm(inst: Inst, low: number, high: number): void {
    this.as[inst] = low;
    this.bs[inst] = high;
  }

  /** The 64-bit immediate, signed. */
  imm64(inst: Inst): bigint {
    return (BigInt(this.bs[inst]!) << 32n) | BigInt(this.as[inst]! >>> 0);
  }

  funcRef(inst: Inst): FuncRef {
    return this.as[inst]! as FuncRef;
  }

  sigRef(inst: Inst): SigRef {
    return this.as[inst]! as SigRef;
  }

  setCallee(inst: Inst, callee: FuncRef | SigRef): void {
    this.as[inst] = callee;
  }

  stackSlot(inst: Inst): StackSlot {
    return this.as[inst]! as StackSlot;
  }

  setStackSlot(inst: Inst, slot: StackSlot): void {
    this.as[inst] = slot;
  }

  dynamicStackSlot(inst: Inst): DynamicStackSlot {
    return this.as[inst]! as DynamicStackSlot;
  }

  globalValue(inst: Inst): GlobalValue {
    return this.as[inst]! as GlobalValue;
  }

  constant(inst: Inst): Constant {
    return this.as[inst]! as Constant;
  }

  shuffleMask(inst: Inst): Immediate {
    return this.as[inst]! as Immediate;
  }

  /** The block that `get_exception_handler_address` names; the handler's index is `immHigh`. */
  handlerBlock(inst: Inst): Block {
    return this.as[inst]! as Block;
  }

  exceptionTable(inst: Inst): ExceptionTable {
    return this.bs[inst]! as ExceptionTable;
  }

  hasExceptionTable(inst: Inst): boolean {
    const format = this.format(inst);
    return format === Format.TryCall || format === Format.TryCallIndirect;
  }
}
