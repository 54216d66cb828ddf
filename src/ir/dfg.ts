/**
 * The data-flow graph: values, instructions with their operands and results, block parameters, and the tables that
 * instructions refer to. Order is elsewhere (`layout.ts`).
 *
 * Values and block parameters are in `values.ts`, the rows of instructions in `insts.ts`. Here is what a row means together with
 * the tables: results by a callee's signature, destinations of branches, the values that an instruction uses.
 */
import { EMPTY_I32, fillWords, grownColumn, type I32List, removeAll } from "../base/column.ts";
import { argValue, type BlockArg, BlockCalls, isValueArg, valueArg } from "./block-calls.ts";
import { ConstantPool } from "./constants.ts";
import {
  type Block,
  type BlockCall,
  type Inst,
  NONE,
  type SigRef,
  type StackMap,
  type Value,
} from "./entities.ts";
import { InstTable } from "./insts.ts";
import type { ExtFunc } from "./names.ts";
import {
  Format,
  fixedResultCount,
  isBranch,
  OpFlag,
  opcodeFlags,
  opcodeFormat,
  resultRule,
  typeOfRule,
} from "./opcodes.ts";
import type { Signature } from "./signature.ts";
import { StackMapPool } from "./stack-maps.ts";
import type { DebugTag } from "./tables.ts";
import type { Type } from "./types.ts";
import { UserNames } from "./user-names.ts";

export class DataFlowGraph extends InstTable {
  readonly blockCalls: BlockCalls;
  readonly constants: ConstantPool;
  readonly stackMaps: StackMapPool;
  readonly signatures: Signature[];
  readonly extFuncs: ExtFunc[];
  readonly userNames: UserNames;
  /** Lane masks of `shuffle`, 16 bytes each. */
  readonly immediates: Uint8Array[];

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
    this.instMaps = EMPTY_I32;
    this.instTags = new Map();
  }

  override clear(): void {
    // As far as it was written: a large function would make clearing slow for all that follow.
    fillWords(this.instMaps, 0, 0, Math.min(this.numInsts, this.instMaps.length));
    super.clear();
    this.blockCalls.clear();
    this.constants.clear();
    this.stackMaps.clear();
    removeAll(this.signatures);
    removeAll(this.extFuncs);
    this.userNames.clear();
    removeAll(this.immediates);
    // Clearing a map makes new tables for it, even an empty one.
    if (this.instTags.size > 0) this.instTags.clear();
  }

  // Results and calls.

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
      this.instMaps = grownColumn(this.instMaps, Math.max(this.instCapacity, inst + 1));
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
