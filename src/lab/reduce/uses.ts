/** How often each value is used, aliases counted for what they stand for. */
import { I32List } from "../../base/column.ts";
import type { Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { allInsts } from "./walk.ts";

export class UseCounts {
  private readonly counts: Map<Value, number>;

  constructor(func: Function) {
    this.counts = new Map();
    const { dfg } = func;
    const operands = new I32List();
    for (const inst of allInsts(func)) dfg.collectInstValues(inst, operands);
    for (let i = 0; i < operands.length; i++) {
      const value = dfg.resolveAliases(operands.get(i) as Value);
      this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
    }
  }

  count(value: Value): number {
    return this.counts.get(value) ?? 0;
  }
}
