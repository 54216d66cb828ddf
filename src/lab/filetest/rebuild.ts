/**
 * Builds a parsed function again through `FunctionBuilder`, for `test ssa`: calls of `%set_x` and `%get_x` become
 * assignments and reads of the variable x, everything else is built as it stands.
 *
 * Copies the opcodes that tests of SSA construction need and refuses the others by name.
 */
import { ControlFlowGraph } from "../../analysis/control-flow-graph.ts";
import { InputError } from "../../base/diagnostics.ts";
import { type FinalizeOptions, FunctionBuilder } from "../../frontend/builder.ts";
import type { SpillCounts } from "../../frontend/safepoints/spiller.ts";
import type { Variable } from "../../frontend/variable.ts";
import {
  argValue,
  type BlockArg,
  type ExceptionTableItem,
  isValueArg,
  valueArg,
} from "../../ir/block-calls.ts";
import { INT_CONDITIONS } from "../../ir/conditions.ts";
import { type Block, type BlockCall, type FuncRef, type Inst, NONE, type Value } from "../../ir/entities.ts";
import { Function } from "../../ir/function.ts";
import * as Op from "../../ir/op.gen.ts";
import { opcodeName } from "../../ir/opcodes.ts";
import type { ParsedFunction } from "../../text/index.ts";
import { notForSsa } from "./messages.ts";

export interface RebuildOptions {
  /** Seal each block when its last predecessor is filled, not all at the end. */
  readonly sealEarly: boolean;
  /** Variables declared to need stack maps. */
  readonly mapped: ReadonlySet<string>;
}

/** What a call of the old function stands for. */
type Role =
  | { readonly kind: "set"; readonly variable: Variable }
  | { readonly kind: "get"; readonly variable: Variable }
  | { readonly kind: "call"; readonly callee: FuncRef };

export class Rebuilder {
  private readonly parsed: ParsedFunction;
  private readonly old: Function;
  private readonly options: RebuildOptions;
  private readonly builder: FunctionBuilder;
  private readonly values: Map<Value, Value>;
  private readonly declared: ReadonlySet<Value>;
  private readonly roles: Role[];
  /** Predecessors not yet filled, by block. */
  private readonly waiting: Map<Block, number>;

  constructor(parsed: ParsedFunction, options: RebuildOptions) {
    this.parsed = parsed;
    this.old = parsed.func;
    this.options = options;
    const { name, signature, pointerType } = this.old;
    this.builder = new FunctionBuilder(new Function(name, signature, pointerType));
    this.values = new Map();
    this.declared = new Set(this.old.needsStackMap);
    this.roles = [];
    this.waiting = new Map();
  }

  /** The new function, finalized, and what the spiller added to it if it ran. */
  build(finalize: FinalizeOptions): { func: Function; counts: SpillCounts | null } {
    const { old, builder } = this;
    for (const signature of old.dfg.signatures) builder.importSignature(signature);
    this.assignRoles();
    this.countPredecessors();
    for (let block = 0; block < old.dfg.numBlocks; block++) this.makeBlock(block as Block);
    const { layout } = old;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block))
      this.fillBlock(block);
    if (!this.options.sealEarly) builder.sealAllBlocks();
    const counts = builder.finalize(finalize);
    return { func: builder.func, counts };
  }

  private assignRoles(): void {
    const { old, builder } = this;
    const variables = new Map<string, Variable>();
    for (const extFunc of old.dfg.extFuncs) {
      const [, kind, name] =
        extFunc.name.kind === "testcase" ? (/^(set|get)_(\w+)$/.exec(extFunc.name.name) ?? []) : [];
      if (name === undefined) {
        if (extFunc.name.kind === "user") {
          const { namespace, index } = old.dfg.userNames.get(extFunc.name.ref)!;
          builder.declareImportedUserFunction(namespace, index);
        }
        this.roles.push({ kind: "call", callee: builder.importFunction(extFunc) });
        continue;
      }
      const { params, returns } = old.dfg.signatures[extFunc.signature]!;
      const type = (kind === "set" ? params : returns)[0]!.type;
      let variable = variables.get(name);
      if (variable === undefined) {
        variable = builder.declareVar(type);
        if (this.options.mapped.has(name)) builder.declareVarNeedsStackMap(variable);
        variables.set(name, variable);
      }
      this.roles.push({ kind: kind as "set" | "get", variable });
    }
  }

  private countPredecessors(): void {
    const cfg = new ControlFlowGraph();
    cfg.compute(this.old);
    const { layout } = this.old;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      this.waiting.set(block, cfg.predecessorCount(block));
    }
  }

  private makeBlock(block: Block): void {
    const { dfg, layout } = this.old;
    this.builder.createBlock();
    if (layout.isCold(block)) this.builder.setColdBlock(block);
    for (let i = 0; i < dfg.blockParamCount(block); i++) {
      const param = dfg.blockParam(block, i);
      this.define(param, this.builder.appendBlockParam(block, dfg.valueType(param)));
    }
  }

  private fillBlock(block: Block): void {
    const { builder, old } = this;
    builder.switchToBlock(block);
    if (this.options.sealEarly && this.waiting.get(block) === 0) builder.sealBlock(block);
    for (let inst = old.layout.firstInst(block); inst !== NONE; inst = old.layout.nextInst(inst))
      this.copy(inst);
    if (!this.options.sealEarly) return;
    const last = old.layout.lastInst(block) as Inst;
    for (let i = 0; i < old.dfg.destinationCount(last); i++) {
      const target = old.dfg.blockCalls.block(old.dfg.destination(last, i));
      const left = this.waiting.get(target)! - 1;
      this.waiting.set(target, left);
      // A block further down is sealed when it is switched to.
      if (left === 0 && builder.func.layout.isBlockInserted(target)) builder.sealBlock(target);
    }
  }

  // Instructions.

  private copy(inst: Inst): void {
    const value = this.copyPure(inst);
    if (value === null) this.copyEffect(inst);
    else this.define(this.old.dfg.firstResult(inst), value);
  }

  /** The result of an instruction that only computes one, or `null` for others. */
  private copyPure(inst: Inst): Value | null {
    const { dfg } = this.old;
    const { ins } = this.builder;
    const arg = (index: number): Value => this.map(dfg.arg(inst, index));
    switch (dfg.opcode(inst)) {
      case Op.Iconst:
        return ins.iconst(dfg.controlType(inst), dfg.imm64(inst));
      case Op.Iadd:
        return ins.iadd(arg(0), arg(1));
      case Op.Isub:
        return ins.isub(arg(0), arg(1));
      case Op.Icmp:
        return ins.icmp(INT_CONDITIONS[dfg.condition(inst)]!, arg(0), arg(1));
      case Op.Select:
        return ins.select(arg(0), arg(1), arg(2));
      default:
        return null;
    }
  }

  private copyEffect(inst: Inst): void {
    const { dfg } = this.old;
    const { ins } = this.builder;
    const args = this.args(inst);
    switch (dfg.opcode(inst)) {
      case Op.Trapz:
        ins.trapz(args[0]!, dfg.trapCode(inst));
        break;
      case Op.Trap:
        ins.trap(dfg.trapCode(inst));
        break;
      case Op.Jump:
        ins.jump(this.destination(inst, 0));
        break;
      case Op.Brif:
        ins.brif(args[0]!, this.destination(inst, 0), this.destination(inst, 1));
        break;
      case Op.BrTable:
        ins.brTable(args[0]!, this.destinations(inst));
        break;
      case Op.Return:
        ins.return_(args);
        break;
      case Op.Call:
        this.copyCall(inst, args);
        break;
      case Op.ReturnCall:
        ins.returnCall(this.callee(inst), args);
        break;
      case Op.TryCall:
        this.copyTryCall(inst, args);
        break;
      default:
        throw this.refusal(`\`${opcodeName(dfg.opcode(inst))}\``, inst);
    }
  }

  private copyCall(inst: Inst, args: readonly Value[]): void {
    const { dfg } = this.old;
    const role = this.roles[dfg.funcRef(inst)]!;
    if (role.kind === "set") {
      this.builder.defVar(role.variable, args[0]!);
    } else if (role.kind === "get") {
      this.define(dfg.firstResult(inst), this.builder.useVar(role.variable));
    } else {
      const results = this.builder.instResults(this.builder.ins.call(role.callee, args));
      for (const [i, result] of results.entries()) this.define(dfg.result(inst, i), result);
    }
  }

  private copyTryCall(inst: Inst, args: readonly Value[]): void {
    const { dfg } = this.old;
    const table = dfg.exceptionTable(inst);
    const items: ExceptionTableItem[] = [];
    for (let i = 0; i < dfg.blockCalls.itemCount(table); i++) {
      const item = dfg.blockCalls.item(table, i);
      items.push(
        item.kind === "context"
          ? { kind: "context", value: this.map(item.value) }
          : { ...item, call: this.copyBlockCall(item.call) },
      );
    }
    const normal = this.copyBlockCall(dfg.blockCalls.normalReturn(table));
    const signature = dfg.blockCalls.tableSignature(table);
    const copy = this.builder.func.dfg.blockCalls.createTable(signature, normal, items);
    this.builder.ins.tryCall(this.callee(inst), args, copy);
  }

  private callee(inst: Inst): FuncRef {
    const role = this.roles[this.old.dfg.funcRef(inst)]!;
    if (role.kind !== "call") throw this.refusal("a variable anywhere but in a plain `call`", inst);
    return role.callee;
  }

  private args(inst: Inst): Value[] {
    const { dfg } = this.old;
    return Array.from({ length: dfg.argCount(inst) }, (_, i) => this.map(dfg.arg(inst, i)));
  }

  private destination(inst: Inst, index: number): BlockCall {
    return this.copyBlockCall(this.old.dfg.destination(inst, index));
  }

  private destinations(inst: Inst): BlockCall[] {
    return Array.from({ length: this.old.dfg.destinationCount(inst) }, (_, i) => this.destination(inst, i));
  }

  private copyBlockCall(call: BlockCall): BlockCall {
    const { blockCalls } = this.old.dfg;
    const args: BlockArg[] = [];
    for (let i = 0; i < blockCalls.argCount(call); i++) {
      const arg = blockCalls.arg(call, i);
      args.push(isValueArg(arg) ? valueArg(this.map(argValue(arg))) : arg);
    }
    return this.builder.blockCall(blockCalls.block(call), args);
  }

  // Values.

  private define(old: Value, value: Value): void {
    this.values.set(old, value);
    if (this.declared.has(old)) this.builder.declareValueNeedsStackMap(value);
  }

  private map(old: Value): Value {
    const value = this.values.get(this.old.dfg.resolveAliases(old));
    if (value !== undefined) return value;
    throw new InputError(
      notForSsa(`v${old}, which is used further up than it is defined,`, this.parsed.line),
    );
  }

  private refusal(what: string, inst: Inst): InputError {
    return new InputError(notForSsa(what, this.parsed.details.instLine(inst)));
  }
}
