/**
 * An edge of BEFORE as an assignment to the parameters of its destination, all at once: a place that equalled an argument
 * equals the parameter from here on, one that equalled the parameter's value of the last round no longer does, and what
 * else the place equalled it still equals.
 */
import { I32List } from "../base/column.ts";
import { argValue, type BlockArg, isValueArg } from "../ir/block-calls.ts";
import type { Block, BlockCall, Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { elementBit, type FactSet, type FactSets } from "./facts.ts";
import { EMPTY } from "./patricia.ts";

export class EdgeRenaming {
  /** Summary bits of all sets that the edge could change. */
  summary: number;
  private readonly facts: FactSets;
  private readonly params: I32List;
  /** Beside each parameter: its argument's element, or what the call gives, negative, as `BlockArg` has it. */
  private readonly args: I32List;

  constructor(facts: FactSets) {
    this.summary = 0;
    this.facts = facts;
    this.params = new I32List();
    this.args = new I32List();
  }

  /** An edge on which nothing of BEFORE happens. */
  setNone(): void {
    this.summary = 0;
    this.params.clear();
    this.args.clear();
  }

  set(before: Function, call: BlockCall, target: Block): void {
    this.setNone();
    const { dfg } = before;
    const count = dfg.blockCalls.argCount(call);
    for (let i = 0; i < count; i++) {
      const param = dfg.blockParam(target, i);
      const arg = dfg.blockCalls.arg(call, i);
      this.params.push(param);
      this.summary |= elementBit(param);
      if (isValueArg(arg)) {
        const element = this.facts.elementOf(dfg.resolveAliases(argValue(arg)));
        this.args.push(element);
        this.summary |= elementBit(element);
      } else {
        this.args.push(arg);
      }
    }
  }

  /** What a place equals after the edge that equalled `set` before it. */
  apply(set: FactSet): FactSet {
    const { facts, params, args } = this;
    if ((facts.summary(set) & this.summary) === 0) return set;
    let result = set;
    for (let i = 0; i < params.length; i++) {
      if (facts.has(set, params.get(i))) result = facts.without(result, params.get(i));
    }
    for (let i = 0; i < params.length; i++) {
      const arg = args.get(i);
      if (arg >= 0 && facts.has(set, arg)) result = facts.withValue(result, params.get(i) as Value);
    }
    return result;
  }

  /** What a parameter of AFTER equals that takes this of what a `try_call` gives. */
  ofCallResult(given: BlockArg): FactSet {
    let result: FactSet = EMPTY;
    for (let i = 0; i < this.params.length; i++) {
      if (this.args.get(i) === given) result = this.facts.withValue(result, this.params.get(i) as Value);
    }
    return result;
  }

  /** The argument's element that BEFORE's parameter takes on this edge, or the element itself if it is no parameter. */
  source(element: number): number {
    for (let i = 0; i < this.params.length; i++) {
      if (this.params.get(i) === element) return this.args.get(i);
    }
    return element;
  }
}
