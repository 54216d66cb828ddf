/**
 * Builds a function: blocks one after another, instructions at the end of the current block, variables that SSA
 * construction turns into values, and declarations of the values that need stack maps.
 *
 *     const builder = new FunctionBuilder(func, context);
 *     const entry = builder.createBlock();
 *     builder.appendBlockParamsForFunctionParams(entry);
 *     builder.switchToBlock(entry);
 *     builder.sealBlock(entry);
 *     const sum = builder.ins.iadd(func.dfg.blockParam(entry, 0), func.dfg.blockParam(entry, 1));
 *     builder.ins.return_([sum]);
 *     builder.finalize();
 *
 * The rules, each of which is checked and gives a `BuilderError` that names it:
 * - A block is filled, ended by a terminator, before the next is switched to, and is never returned to.
 * - A block is sealed once, when the last branch to it has been built. Every block with instructions is filled and
 *   sealed at the end.
 * - Block parameters come before the block's first instruction.
 * - A variable is declared before it is used and keeps its type.
 * - Nothing branches to the entry block.
 *
 * A block enters the layout with its first instruction (or first read of a variable), so the layout's order is that of
 * filling. The rules and that order are those of `cranelift/frontend/src/frontend.rs`; upstream checks most of them in
 * debug builds only.
 */

import { FLAG, type OptionNames, requireOptions } from "../base/wrong-option.ts";
import type { BlockArg } from "../ir/block-calls.ts";
import {
  type Block,
  type BlockCall,
  type DynamicStackSlot,
  type FuncRef,
  type GlobalValue,
  type Inst,
  NONE,
  type SigRef,
  type StackSlot,
  type UserExternalNameRef,
  type Value,
} from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { InstBuilder } from "../ir/inst-builder.gen.ts";
import { type ExternalName, type ExtFunc, userName } from "../ir/names.ts";
import { isBranch, isTerminator } from "../ir/opcodes.ts";
import type { Signature } from "../ir/signature.ts";
import type { DynamicStackSlotData, GlobalValueData, StackSlotData } from "../ir/tables.ts";
import { bytesOf, INVALID, isDynamicVector, type Type } from "../ir/types.ts";
import { BlockStatus, FunctionBuilderContext } from "./context.ts";
import * as messages from "./messages.ts";
import type { PolicyName } from "./safepoints/policies.ts";
import type { SlotRegion } from "./safepoints/rewrite.ts";
import type { SpillCounts } from "./safepoints/spiller.ts";
import type { Variable } from "./variable.ts";

export interface FinalizeOptions {
  /** What the safepoint spiller does; `spillway` unless said otherwise. */
  readonly policy?: PolicyName;
  /** The type of addresses, if it is not what the function says. */
  readonly pointerType?: Type;
  /** Leaves the declared values in `func.needsStackMap` and does not spill, so that spilling can be looked at apart. */
  readonly spill?: boolean;
  /** Lets branches to the entry block pass, which no verifier accepts: for shapes that upstream's own tests have. */
  readonly branchToEntry?: boolean;
}

const FINALIZE_OPTIONS: OptionNames<FinalizeOptions> = {
  policy: true,
  pointerType: true,
  spill: FLAG,
  branchToEntry: FLAG,
};

const NO_ARGS: readonly BlockArg[] = [];

/** Builds at the end of the current block, and tells the builder of each instruction. */
class BlockEnd extends InstBuilder {
  private readonly build: (inst: Inst) => void;

  constructor(func: Function, build: (inst: Inst) => void) {
    super(func);
    this.build = build;
  }

  protected override insert(inst: Inst): void {
    this.build(inst);
  }
}

export class FunctionBuilder {
  readonly func: Function;
  /** One method an opcode; each appends to the current block. */
  readonly ins: InstBuilder;
  private readonly context: FunctionBuilderContext;
  private position: Block | typeof NONE;
  private sourceLoc: number;
  private finalized: boolean;

  /** `context` must hold no other function. */
  constructor(func: Function, context: FunctionBuilderContext = new FunctionBuilderContext()) {
    if (!context.isEmpty) throw messages.contextInUse();
    this.func = func;
    this.context = context;
    this.ins = new BlockEnd(func, (inst) => this.appendInst(inst));
    this.position = NONE;
    this.sourceLoc = NONE;
    this.finalized = false;
  }

  /** For the next function, which goes into `func` again, emptied; the context must hold no other. */
  reopen(): void {
    if (!this.context.isEmpty) throw messages.contextInUse();
    this.position = NONE;
    this.sourceLoc = NONE;
    this.finalized = false;
  }

  // Blocks.

  /** The block that instructions go to, or `NONE`. */
  get currentBlock(): Block | typeof NONE {
    return this.position;
  }

  createBlock(): Block {
    if (this.finalized) throw messages.finalizedTwice();
    const block = this.func.dfg.makeBlock();
    this.context.ssa.declareBlock(block);
    return block;
  }

  setColdBlock(block: Block): void {
    this.func.layout.setCold(block);
  }

  /** Puts a block that is not in the layout yet behind one that is. */
  insertBlockAfter(block: Block, after: Block): void {
    const { layout } = this.func;
    if (layout.isBlockInserted(block)) throw messages.blockInLayout(block);
    if (!layout.isBlockInserted(after)) throw messages.blockNotInLayout(after);
    layout.insertBlockAfter(block, after);
  }

  /** Instructions go to `block` from here on. */
  switchToBlock(block: Block): void {
    if (this.finalized) throw messages.finalizedTwice();
    const { context, position } = this;
    if (position !== NONE && context.status(position as Block) === BlockStatus.Partial) {
      if (!this.isUnreachable()) throw messages.blockNotFilled(position as Block);
    }
    if (context.status(block) === BlockStatus.Filled) throw messages.switchToFilledBlock(block);
    this.position = block;
  }

  /** All branches to the block are built. */
  sealBlock(block: Block): void {
    this.context.ssa.sealBlock(this.func, block);
    this.noteZeroes();
  }

  /** All branches are built. */
  sealAllBlocks(): void {
    this.context.ssa.sealAllBlocks(this.func);
    this.noteZeroes();
  }

  appendBlockParam(block: Block, type: Type): Value {
    if (this.context.status(block) !== BlockStatus.Pristine) throw messages.blockNotPristine(block);
    return this.func.dfg.appendBlockParam(block, type);
  }

  /** Gives the entry block the function's parameters. */
  appendBlockParamsForFunctionParams(block: Block): void {
    if (this.context.ssa.hasPredecessors(block)) throw messages.functionParamsNotInEntry(block);
    const { params } = this.func.signature;
    for (let i = 0; i < params.length; i++) this.appendBlockParam(block, params[i]!.type);
  }

  /** Gives a block one parameter for each value that the function returns. */
  appendBlockParamsForFunctionReturns(block: Block): void {
    const { returns } = this.func.signature;
    for (let i = 0; i < returns.length; i++) this.appendBlockParam(block, returns[i]!.type);
  }

  /** Whether control cannot come to the current block: sealed without predecessors, and not the entry. */
  isUnreachable(): boolean {
    const block = this.requirePosition();
    const { ssa } = this.context;
    return block !== this.func.layout.entryBlock && ssa.isSealed(block) && !ssa.hasPredecessors(block);
  }

  /** Puts the current block into the layout, if no instruction has done so yet. */
  ensureInsertedBlock(): void {
    const block = this.requirePosition();
    const status = this.context.status(block);
    if (status === BlockStatus.Partial) return;
    if (status === BlockStatus.Filled) throw messages.insertInFilledBlock(block);
    if (!this.func.layout.isBlockInserted(block)) this.func.layout.appendBlock(block);
    this.context.setStatus(block, BlockStatus.Partial);
  }

  // Variables.

  /** A new variable. */
  declareVar(type: Type): Variable {
    if (this.finalized) throw messages.finalizedTwice();
    if (type === INVALID) throw messages.invalidVariableType();
    return this.context.addVariable(type);
  }

  /** Every value that the variable will have needs stack maps. Only before its first assignment and read. */
  declareVarNeedsStackMap(variable: Variable): void {
    const type = this.context.variableType(variable);
    if (!isMappable(type)) throw messages.unmappableType(`variable ${variable}`, type);
    if (this.context.ssa.isDefined(variable)) throw messages.stackMapAfterDefinition(variable);
    this.context.ssa.markVariable(variable);
  }

  /** Assigns to the variable at the current place. */
  defVar(variable: Variable, value: Value): void {
    const type = this.context.variableType(variable);
    const got = this.func.dfg.valueType(value);
    if (got !== type) throw messages.variableTypeMismatch(variable, type, value, got);
    this.context.ssa.defVar(variable, value, this.requirePosition());
  }

  /**
   * Reads the variable at the current place. While blocks above are unsealed the value may be a parameter that becomes
   * an alias later; it stays valid.
   */
  useVar(variable: Variable): Value {
    const type = this.context.variableType(variable);
    this.ensureInsertedBlock();
    const value = this.context.ssa.useVar(this.func, variable, type, this.position as Block);
    this.noteZeroes();
    return value;
  }

  // Stack maps.

  /** The value is a reference: if it is live across a safepoint, the stack map there names its slot. */
  declareValueNeedsStackMap(value: Value): void {
    const type = this.func.dfg.valueType(value);
    if (!isMappable(type)) throw messages.unmappableType(`v${value}`, type);
    this.context.ssa.stackMapValues.push(value);
  }

  /** The alias region that the spills and reloads of a slot carry; asked once for each of them. */
  makeStackMapAliasRegion(slotRegion: SlotRegion): void {
    this.context.slotRegion = slotRegion;
  }

  // Entities.

  /** A new signature, even where an equal one is there. */
  importSignature(signature: Signature): SigRef {
    return this.func.importSignature(signature);
  }

  importFunction(extFunc: ExtFunc): FuncRef {
    return this.func.importFunction(extFunc);
  }

  /** The number of the name `u<namespace>:<index>`; equal names have one number. */
  declareImportedUserFunction(namespace: number, index: number): UserExternalNameRef {
    return this.func.dfg.userNames.declare(namespace, index);
  }

  /** The name `u<namespace>:<index>`, of what is imported. */
  userName(namespace: number, index: number): ExternalName {
    return userName(this.declareImportedUserFunction(namespace, index));
  }

  createSizedStackSlot(slot: StackSlotData): StackSlot {
    return this.func.createStackSlot(slot);
  }

  createDynamicStackSlot(slot: DynamicStackSlotData): DynamicStackSlot {
    return this.func.createDynamicStackSlot(slot);
  }

  createGlobalValue(data: GlobalValueData): GlobalValue {
    return this.func.createGlobalValue(data);
  }

  // Instructions.

  /** A destination for one branch, with the arguments for the block's own parameters. */
  blockCall(block: Block, args: readonly (Value | BlockArg)[] = NO_ARGS): BlockCall {
    return this.func.dfg.blockCall(block, args);
  }

  /** The location that instructions built from here on carry; `NONE` for none. */
  setSourceLoc(sourceLoc: number): void {
    this.sourceLoc = sourceLoc;
  }

  /** The results of an instruction, in order. */
  instResults(inst: Inst): Value[] {
    const { dfg } = this.func;
    const results = new Array<Value>(dfg.resultCount(inst));
    for (let i = 0; i < results.length; i++) results[i] = dfg.result(inst, i);
    return results;
  }

  /** Every edge of the branch to `from` goes to `to`. Neither block may be sealed. */
  changeJumpDestination(inst: Inst, from: Block, to: Block): void {
    const { dfg } = this.func;
    const { predecessors } = this.context.ssa;
    if (from === to) return;
    if (predecessors.isSealed(to)) throw messages.predecessorOfSealedBlock(to);
    predecessors.removeBranch(from, inst);
    const count = dfg.destinationCount(inst);
    for (let i = 0; i < count; i++) {
      const call = dfg.destination(inst, i);
      if (dfg.blockCalls.block(call) === from) dfg.blockCalls.setBlock(call, to);
    }
    predecessors.declareBranch(this.func, inst);
  }

  private appendInst(inst: Inst): void {
    this.ensureInsertedBlock();
    const { dfg, layout } = this.func;
    const block = this.position as Block;
    const op = dfg.opcode(inst);
    layout.appendInst(inst, block);
    if (this.sourceLoc !== NONE) this.func.setSourceLoc(inst, this.sourceLoc);
    if (!isTerminator(op)) return;
    if (isBranch(op)) this.context.ssa.declareBranch(this.func, inst);
    this.context.setStatus(block, BlockStatus.Filled);
  }

  // The end.

  /**
   * Checks that every block is complete, then spills: values that are live across a safepoint and were declared to need
   * stack maps get slots, and the safepoints their maps. Leaves the context empty. Returns what the spiller added.
   */
  finalize(options: FinalizeOptions = {}): SpillCounts | null {
    requireOptions(options, FINALIZE_OPTIONS, "FunctionBuilder.finalize");
    if (this.finalized) throw messages.finalizedTwice();
    this.checkBlocks();
    if (options.branchToEntry !== true) this.checkEntry();
    const { context, func } = this;
    if (options.pointerType !== undefined) func.pointerType = options.pointerType;
    this.declareNeeds();
    const slotRegion = context.slotRegion;
    this.finalized = true;
    this.position = NONE;
    context.clear();
    if (options.spill === false || func.needsStackMap.length === 0) return null;
    return context.spiller.run(func, {
      policy: options.policy ?? "spillway",
      ...(slotRegion === null ? {} : { slotRegion }),
    });
  }

  private checkBlocks(): void {
    const { context } = this;
    for (let block = 0; block < context.statusCount; block++) {
      const status = context.status(block as Block);
      if (status === BlockStatus.Pristine) continue;
      if (!context.ssa.isSealed(block as Block)) throw messages.notSealedAtEnd(block as Block);
      if (status !== BlockStatus.Filled) throw messages.notFilledAtEnd(block as Block);
    }
  }

  private checkEntry(): void {
    const entry = this.func.layout.entryBlock;
    if (entry !== NONE && this.context.ssa.hasPredecessors(entry as Block)) {
      throw messages.branchToEntry(entry as Block);
    }
  }

  /** The declared values become the function's, in order and once each. */
  private declareNeeds(): void {
    const values = this.context.ssa.stackMapValues;
    values.sort();
    let count = 0;
    for (let i = 0; i < values.length; i++) {
      if (i === 0 || values.get(i) !== values.get(i - 1)) values.set(count++, values.get(i));
    }
    // Not pushed one by one, which makes room for twice as many, several times.
    const declared = new Array<Value>(count);
    for (let i = 0; i < count; i++) declared[i] = values.get(i) as Value;
    this.func.needsStackMap = declared;
  }

  /** A block in which a zero was made has an instruction now. */
  private noteZeroes(): void {
    const zeroed = this.context.ssa.zeroedBlocks;
    if (zeroed.length === 0) return;
    for (let i = 0; i < zeroed.length; i++) {
      const block = zeroed.get(i) as Block;
      if (this.context.status(block) === BlockStatus.Pristine)
        this.context.setStatus(block, BlockStatus.Partial);
    }
    zeroed.clear();
  }

  private requirePosition(): Block {
    if (this.position === NONE) throw messages.noCurrentBlock();
    return this.position as Block;
  }
}

/** Whether a slot and a map entry can hold the type. All types' sizes are powers of two. */
function isMappable(type: Type): boolean {
  return type !== INVALID && !isDynamicVector(type) && bytesOf(type) <= 16;
}
