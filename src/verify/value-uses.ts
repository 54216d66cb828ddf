/**
 * Uses of values: each must be defined, in the layout, and its definition must dominate the use.
 *
 * The driver walks the layout block by block and numbers each instruction it comes to, so that within a block the
 * definition dominates exactly if it has been numbered since the block's start; across blocks the dominator tree
 * answers in constant time. Numbers only grow from function to function, which saves clearing them.
 *
 * Chains of aliases are followed once: the end of each is remembered (only text makes an alias of an alias), and a
 * chain that never ends is remembered as such.
 */
import { ControlFlowGraph } from "../analysis/control-flow-graph.ts";
import { DominatorTree } from "../analysis/dominator-tree.ts";
import { grownCapacity, I32List } from "../base/column.ts";
import { type Block, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { INVALID } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import * as messages from "./messages.ts";
import type { ErrorList } from "./verifier-error.ts";

/** `Fine` and `Invalid` go on with the next operand, `Fatal` ends the function; `Invalid` operands have no type. */
export const UseResult = { Fine: 0, Invalid: 1, Fatal: 2 } as const;

const MAX_NUMBER = 2 ** 30;

export class ValueUses {
  private readonly cfg: ControlFlowGraph;
  private readonly domtree: DominatorTree;
  private errors: ErrorList | null;
  private numbers: Int32Array;
  private number: number;
  private block: Block;
  private blockStart: number;
  private reachable: boolean;
  /** By alias: what it stands for + 1, 0 where not known yet, -1 where the chain is a cycle. Empty until needed. */
  private ends: Int32Array;
  private endsLimit: number;
  private readonly chain: I32List;

  constructor() {
    this.cfg = new ControlFlowGraph();
    this.domtree = new DominatorTree();
    this.errors = null;
    this.numbers = new Int32Array(0);
    this.number = 0;
    this.block = NONE as Block;
    this.blockStart = 0;
    this.reachable = false;
    this.ends = new Int32Array(0);
    this.endsLimit = 0;
    this.chain = new I32List();
  }

  begin(func: Function, errors: ErrorList): void {
    this.errors = errors;
    this.cfg.compute(func);
    this.domtree.compute(func, this.cfg);
    this.endsLimit = 0;
    const insts = func.dfg.numInsts;
    if (insts > this.numbers.length) {
      this.numbers = new Int32Array(grownCapacity(this.numbers.length, insts));
    } else if (this.number + insts > MAX_NUMBER) {
      this.numbers.fill(0);
      this.number = 0;
    }
  }

  /** Lets go of the function. */
  end(): void {
    this.errors = null;
  }

  enterBlock(block: Block): void {
    this.block = block;
    this.blockStart = this.number + 1;
    this.reachable = this.domtree.isReachable(block);
  }

  enterInst(inst: Inst): void {
    this.numbers[inst] = ++this.number;
  }

  /** Verifies the use of `value` by `inst`, the instruction entered last. */
  check(func: Function, inst: Inst, value: Value): number {
    const { dfg } = func;
    if (value < 0 || value >= dfg.numValues) return this.invalid(inst, value);
    let original: number = value;
    let kind = dfg.valueKind(value);
    if (kind === ValueKind.Alias) {
      original = this.resolve(func, value);
      if (original === NONE) return this.fatal(inst, messages.aliasCycle(value));
      if (original >= dfg.numValues) return this.invalid(inst, original);
      kind = dfg.valueKind(original as Value);
    }
    if (kind === ValueKind.Result) {
      const definition = dfg.valueInst(original as Value);
      const block = func.layout.blockOf(definition);
      if (block === this.block && definition !== inst && this.numbers[definition]! >= this.blockStart) {
        return UseResult.Fine;
      }
      return this.checkResult(inst, value, definition, block);
    }
    if (kind === ValueKind.Param) {
      const block = dfg.valueBlock(original as Value);
      return block === this.block ? UseResult.Fine : this.checkParam(func, inst, value, block);
    }
    // A number that text skipped was never anything; a value taken off its instruction or block has a type still.
    if (dfg.valueType(original as Value) === INVALID) return this.invalid(inst, value);
    this.errors?.atInst(inst, messages.notAttached(value, original));
    return UseResult.Fine;
  }

  /** Where the definition is not one that stands before the use in its block. */
  private checkResult(inst: Inst, value: Value, definition: Inst, block: number): number {
    if (block === NONE) return this.fatal(inst, messages.definedNowhere(value, definition));
    if (!this.reachable) return UseResult.Fine;
    if (definition === inst) return this.fatal(inst, messages.usesItself(value));
    if (block === this.block || !this.domtree.dominates(block as Block, this.block)) {
      return this.fatal(inst, messages.notDominating(value, definition));
    }
    return UseResult.Fine;
  }

  private checkParam(func: Function, inst: Inst, value: Value, block: Block): number {
    if (block >= func.dfg.numBlocks) return this.fatal(inst, messages.invalidDefinitionBlock(value, block));
    if (!func.layout.isBlockInserted(block)) {
      return this.fatal(inst, messages.definitionOutsideLayout(value, block));
    }
    if (this.reachable && !this.domtree.dominates(block, this.block)) {
      return this.fatal(inst, messages.paramNotDominating(block));
    }
    return UseResult.Fine;
  }

  private invalid(inst: Inst, value: number): number {
    this.errors?.atInst(inst, messages.invalidValue(value));
    return UseResult.Invalid;
  }

  private fatal(inst: Inst, message: string): number {
    this.errors?.atInst(inst, message);
    return UseResult.Fatal;
  }

  /** What an alias stands for, or `NONE` for a cycle. */
  private resolve(func: Function, alias: Value): number {
    const { dfg } = func;
    const target = dfg.aliasTarget(alias);
    if (target < 0 || target >= dfg.numValues || !dfg.isAlias(target)) return target;
    if (this.endsLimit === 0) this.clearEnds(dfg.numValues);
    const { ends, chain } = this;
    chain.clear();
    let at: number = alias;
    while (at >= 0 && at < dfg.numValues && dfg.isAlias(at as Value) && ends[at] === 0) {
      // Until the end is known, an alias on the way counts as one in a cycle.
      ends[at] = -1;
      chain.push(at);
      at = dfg.aliasTarget(at as Value);
    }
    const known = at >= 0 && at < dfg.numValues && dfg.isAlias(at as Value);
    const end = known ? ends[at]! : at + 1;
    for (let i = 0; i < chain.length; i++) ends[chain.get(i)] = end;
    return end === -1 ? NONE : end - 1;
  }

  private clearEnds(values: number): void {
    this.endsLimit = values;
    if (values > this.ends.length) this.ends = new Int32Array(values);
    else this.ends.fill(0, 0, values);
  }
}
