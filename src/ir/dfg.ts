/**
 * The data-flow graph: values, instructions with their operands and results, block parameters, and the tables that
 * instructions refer to. Order is elsewhere (`layout.ts`).
 *
 * Everything is a row of typed-array columns. An instruction's row:
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
 *
 * Values and block parameters are the base class's (`values.ts`).
 */
import {
  EMPTY_I32,
  EMPTY_U8,
  fillWords,
  grownCapacity,
  grownColumn,
  type I32List,
  removeAll,
} from "../base/column.ts";
import { argValue, type BlockArg, BlockCalls, isValueArg, valueArg } from "./block-calls.ts";
import { ConstantPool } from "./constants.ts";
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
  type StackMap,
  type StackSlot,
  type Value,
} from "./entities.ts";
import type { MemFlags } from "./memflags.ts";
import type { ExtFunc } from "./names.ts";
import {
  Format,
  fixedResultCount,
  isBranch,
  type Opcode,
  OpFlag,
  opcodeFlags,
  opcodeFormat,
  resultRule,
  typeOfRule,
  typevarOperand,
} from "./opcodes.ts";
import type { Signature } from "./signature.ts";
import { StackMapPool } from "./stack-maps.ts";
import type { DebugTag } from "./tables.ts";
import type { TrapCode } from "./trap-codes.ts";
import { INVALID, type Type } from "./types.ts";
import { UserNames } from "./user-names.ts";
import { ValueKind, ValueTable } from "./values.ts";

export class DataFlowGraph extends ValueTable {
  readonly blockCalls: BlockCalls;
  readonly constants: ConstantPool;
  readonly stackMaps: StackMapPool;
  readonly signatures: Signature[];
  readonly extFuncs: ExtFunc[];
  readonly userNames: UserNames;
  /** Lane masks of `shuffle`, 16 bytes each. */
  readonly immediates: Uint8Array[];

  private opcodes: Uint8Array;
  private auxes: Uint8Array;
  private as: Int32Array;
  private bs: Int32Array;
  private argStarts: Int32Array;
  private argCounts: Int32Array;
  private resultStarts: Int32Array;
  private resultCounts: Int32Array;
  private insts: number;

  /** Stack map by instruction, + 1; grown only when a function has maps. */
  private instMaps: Int32Array;
  private readonly instTags: Map<Inst, readonly DebugTag[]>;

  constructor() {
    super();
    this.blockCalls = new BlockCalls(this.pool);
    this.constants = new ConstantPool();
    this.stackMaps = new StackMapPool();
    this.signatures = [];
    this.extFuncs = [];
    this.userNames = new UserNames();
    this.immediates = [];
    this.opcodes = EMPTY_U8;
    this.auxes = EMPTY_U8;
    this.as = EMPTY_I32;
    this.bs = EMPTY_I32;
    this.argStarts = EMPTY_I32;
    this.argCounts = EMPTY_I32;
    this.resultStarts = EMPTY_I32;
    this.resultCounts = EMPTY_I32;
    this.insts = 0;
    this.instMaps = EMPTY_I32;
    this.instTags = new Map();
  }

  override clear(): void {
    super.clear();
    this.blockCalls.clear();
    this.constants.clear();
    this.stackMaps.clear();
    removeAll(this.signatures);
    removeAll(this.extFuncs);
    this.userNames.clear();
    removeAll(this.immediates);
    // As far as it was written: a large function would make clearing slow for all that follow.
    fillWords(this.instMaps, 0, 0, Math.min(this.insts, this.instMaps.length));
    this.insts = 0;
    // Clearing a map makes new tables for it, even an empty one.
    if (this.instTags.size > 0) this.instTags.clear();
  }

  // Instructions: making them.

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

  /** Makes the results that the opcode or the callee's signature gives under the control type. */
  makeResults(inst: Inst, control: Type): void {
    const signature = this.resultSignature(inst);
    if (signature !== null) {
      const { returns } = signature;
      for (let i = 0; i < returns.length; i++) this.appendResult(inst, returns[i]!.type);
      return;
    }
    const op = this.opcodes[inst]!;
    const count = fixedResultCount(op);
    for (let i = 0; i < count; i++) this.appendResult(inst, typeOfRule(resultRule(op, i), control));
  }

  /** How many results the instruction should have. */
  resultCountOf(inst: Inst): number {
    const signature = this.resultSignature(inst);
    return signature === null ? fixedResultCount(this.opcodes[inst]!) : signature.returns.length;
  }

  /** The type that result `index` should have. */
  resultTypeOf(inst: Inst, index: number, control: Type): Type {
    const signature = this.resultSignature(inst);
    if (signature !== null) return signature.returns[index]!.type;
    return typeOfRule(resultRule(this.opcodes[inst]!, index), control);
  }

  /** The signature whose returns are the instruction's results: plain calls only. */
  private resultSignature(inst: Inst): Signature | null {
    const op = this.opcodes[inst]!;
    if ((opcodeFlags(op) & (OpFlag.Call | OpFlag.Terminator)) !== OpFlag.Call) return null;
    const signature = this.callSignature(inst);
    return signature === NONE ? null : this.signatures[signature]!;
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

  // Instructions: reading and changing them.

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

  /** The signature of any call, or `NONE` for other instructions (`stack_switch` is a call without one). */
  callSignature(inst: Inst): SigRef | typeof NONE {
    switch (this.format(inst)) {
      case Format.Call:
        return this.extFuncs[this.as[inst]!]!.signature;
      case Format.CallIndirect:
        return this.as[inst]! as SigRef;
      case Format.TryCall:
      case Format.TryCallIndirect:
        return this.blockCalls.tableSignature(this.exceptionTable(inst));
      default:
        return NONE;
    }
  }

  // Branches.

  /** How many destinations the instruction has; 0 for anything but a branch. */
  destinationCount(inst: Inst): number {
    const op = this.opcodes[inst]!;
    if (!isBranch(op)) return 0;
    switch (opcodeFormat(op)) {
      case Format.Jump:
        return 1;
      case Format.Brif:
        return 2;
      case Format.BranchTable:
        return this.bs[inst]!;
      default:
        return this.blockCalls.tableCallCount(this.exceptionTable(inst));
    }
  }

  /**
   * Destination `index`: of `brif` then and else; of `br_table` the default first; of `try_call` the handlers in
   * order and the normal return last.
   */
  destination(inst: Inst, index: number): BlockCall {
    switch (this.format(inst)) {
      case Format.Jump:
      case Format.Brif:
        return (index === 0 ? this.as[inst]! : this.bs[inst]!) as BlockCall;
      case Format.BranchTable:
        return this.pool.get(this.as[inst]! + index) as BlockCall;
      default:
        return this.blockCalls.tableCall(this.exceptionTable(inst), index);
    }
  }

  // All values an instruction uses, in upstream's order: arguments, branch arguments, contexts.

  /** Appends every value used to `out`. */
  collectInstValues(inst: Inst, out: I32List): void {
    const start = this.argStarts[inst]!;
    const end = start + this.argCounts[inst]!;
    for (let at = start; at < end; at++) out.push(this.pool.get(at));
    if (isBranch(this.opcodes[inst]!)) this.collectBranchValues(inst, out);
  }

  private collectBranchValues(inst: Inst, out: I32List): void {
    const count = this.destinationCount(inst);
    for (let i = 0; i < count; i++) {
      const call = this.destination(inst, i);
      const args = this.blockCalls.argCount(call);
      for (let j = 0; j < args; j++) {
        const arg = this.blockCalls.arg(call, j);
        if (isValueArg(arg)) out.push(argValue(arg));
      }
    }
    if (!this.hasExceptionTable(inst)) return;
    const table = this.exceptionTable(inst);
    for (let i = 0; i < this.blockCalls.itemCount(table); i++) {
      const context = this.blockCalls.contextValue(table, i);
      if (context >= 0) out.push(context);
    }
  }

  /** Replaces every value used, given in the order of `collectInstValues`, from `values[from]` on. */
  overwriteInstValues(inst: Inst, values: I32List, from: number): void {
    const start = this.argStarts[inst]!;
    const count = this.argCounts[inst]!;
    for (let i = 0; i < count; i++) this.pool.set(start + i, values.get(from + i));
    if (isBranch(this.opcodes[inst]!)) this.overwriteBranchValues(inst, values, from + count);
  }

  private overwriteBranchValues(inst: Inst, values: I32List, from: number): void {
    let next = from;
    const count = this.destinationCount(inst);
    for (let i = 0; i < count; i++) {
      const call = this.destination(inst, i);
      const args = this.blockCalls.argCount(call);
      for (let j = 0; j < args; j++) {
        if (isValueArg(this.blockCalls.arg(call, j))) {
          this.blockCalls.setArg(call, j, valueArg(values.get(next++) as Value));
        }
      }
    }
    if (!this.hasExceptionTable(inst)) return;
    const table = this.exceptionTable(inst);
    for (let i = 0; i < this.blockCalls.itemCount(table); i++) {
      if (this.blockCalls.contextValue(table, i) < 0) continue;
      this.blockCalls.setContextValue(table, i, values.get(next++) as Value);
    }
  }

  hasExceptionTable(inst: Inst): boolean {
    const format = this.format(inst);
    return format === Format.TryCall || format === Format.TryCallIndirect;
  }

  blockCall(block: Block, args: readonly (Value | BlockArg)[]): BlockCall {
    return this.blockCalls.create(block, args as readonly BlockArg[]);
  }

  // Stack maps and debug tags.

  /** The instruction's stack map, or `NONE`. */
  stackMap(inst: Inst): StackMap | typeof NONE {
    return (inst < this.instMaps.length ? this.instMaps[inst]! - 1 : NONE) as StackMap;
  }

  setStackMap(inst: Inst, map: StackMap | typeof NONE): void {
    if (inst >= this.instMaps.length) {
      if (map === NONE) return;
      this.instMaps = grownColumn(this.instMaps, Math.max(this.opcodes.length, inst + 1));
    }
    this.instMaps[inst] = map + 1;
  }

  debugTags(inst: Inst): readonly DebugTag[] {
    return this.instTags.get(inst) ?? NO_TAGS;
  }

  setDebugTags(inst: Inst, tags: readonly DebugTag[]): void {
    if (tags.length === 0) this.instTags.delete(inst);
    else this.instTags.set(inst, tags);
  }

  get hasDebugTags(): boolean {
    return this.instTags.size > 0;
  }
}

const NO_TAGS: readonly DebugTag[] = [];
