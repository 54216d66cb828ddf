/**
 * The values under watch: those declared to need stack maps, numbered densely.
 *
 * A tracked value's *rank* is its place among the tracked values sorted by value number, so walking ranks upwards is
 * walking values in the order that stack maps list them. `rankOf` answers for aliases too, with the rank of what they
 * stand for.
 */
import { fillWords, grownCapacity, I32List } from "../../base/column.ts";
import { InputError } from "../../base/diagnostics.ts";
import { type Inst, NONE, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import * as Op from "../../ir/op.gen.ts";
import { bytesOf, isDynamicVector, typeName } from "../../ir/types.ts";
import { ValueKind } from "../../ir/values.ts";
import { unknownDeclared, unspillableType } from "./messages.ts";
import type { Policy } from "./policies.ts";

/** The largest value that has a slot, in bytes. */
export const MAX_SLOT_BYTES = 16;

export class References {
  /** Value by rank. */
  private readonly values: I32List;
  /** Rank by value, aliases included, or -1. */
  private ranks: Int32Array;

  constructor() {
    this.values = new I32List();
    this.ranks = new Int32Array(0);
  }

  get count(): number {
    return this.values.length;
  }

  value(rank: number): Value {
    return this.values.get(rank) as Value;
  }

  /** The rank of a value, or of what an alias stands for; -1 for what is not tracked. */
  rankOf(value: Value): number {
    return this.ranks[value]!;
  }

  /** Whether a rank is still tracked. */
  isTracked(rank: number): boolean {
    return this.ranks[this.value(rank)]! >= 0;
  }

  /** Tracks none. */
  clear(func: Function): void {
    this.values.clear();
    this.reserve(func.dfg.numValues);
  }

  /** Collects the declared values of `func`. */
  compute(func: Function, policy: Policy): void {
    const { dfg } = func;
    this.values.clear();
    this.reserve(dfg.numValues);
    const { needsStackMap } = func;
    for (let i = 0; i < needsStackMap.length; i++) this.track(func, needsStackMap[i]!, policy);
    if (policy.lastDefinitionOnly) this.keepLastDefinitions(func);
    this.number(dfg.numValues);
    for (let value = 0 as Value; value < dfg.numValues; value++) {
      if (dfg.isAlias(value)) this.ranks[value] = this.ranks[dfg.resolveAliases(value)]!;
    }
  }

  /** Stops tracking the ranks whose bit in `keep` is 0; the others keep their ranks. */
  restrict(func: Function, keep: Int32Array): void {
    const { dfg } = func;
    for (let value = 0 as Value; value < dfg.numValues; value++) {
      const rank = this.ranks[value]!;
      if (rank >= 0 && ((keep[rank >> 5]! >>> (rank & 31)) & 1) === 0) this.ranks[value] = -1;
    }
  }

  private reserve(numValues: number): void {
    if (this.ranks.length < numValues) {
      this.ranks = new Int32Array(grownCapacity(this.ranks.length, numValues));
    }
    fillWords(this.ranks, -1, 0, numValues);
  }

  private track(func: Function, declared: Value, policy: Policy): void {
    const { dfg } = func;
    if (!dfg.isValueValid(declared)) throw new InputError(unknownDeclared(declared));
    if (dfg.isAlias(declared) && !policy.aliasesDeclare) return;
    const value = dfg.resolveAliases(declared);
    // No collector changes a constant; upstream spills those that are declared themselves, and so do we.
    if (value !== declared && isConstantValue(func, value)) return;
    const type = dfg.valueType(value);
    if (isDynamicVector(type) || bytesOf(type) > MAX_SLOT_BYTES) {
      throw new InputError(unspillableType(declared, typeName(type)));
    }
    this.ranks[value] = 0;
  }

  private number(numValues: number): void {
    for (let value = 0; value < numValues; value++) {
      if (this.ranks[value]! < 0) continue;
      this.ranks[value] = this.values.length;
      this.values.push(value);
    }
  }

  /**
   * The mistake of #13449, which was one of variables: a block's earlier definitions of a variable were forgotten. Text
   * has no variables, so the declared results of one type in a block count as definitions of one.
   */
  private keepLastDefinitions(func: Function): void {
    const { layout } = func;
    for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
      const later = new Set<number>();
      for (let inst = layout.lastInst(block); inst !== NONE; inst = layout.prevInst(inst)) {
        this.forgetEarlier(func, inst, later);
      }
    }
  }

  private forgetEarlier(func: Function, inst: Inst, later: Set<number>): void {
    const { dfg } = func;
    for (let i = dfg.resultCount(inst) - 1; i >= 0; i--) {
      const result = dfg.result(inst, i);
      if (this.ranks[result]! < 0) continue;
      if (later.has(dfg.valueType(result))) this.ranks[result] = -1;
      later.add(dfg.valueType(result));
    }
  }
}

/** Whether a value that is no alias has the same bits each time, whatever a collector does. */
export function isConstantValue(func: Function, value: Value): boolean {
  const { dfg } = func;
  if (dfg.valueKind(value) !== ValueKind.Result) return false;
  switch (dfg.opcode(dfg.valueInst(value))) {
    case Op.Iconst:
    case Op.F16const:
    case Op.F32const:
    case Op.F64const:
    case Op.F128const:
    case Op.Vconst:
      return true;
    default:
      return false;
  }
}
