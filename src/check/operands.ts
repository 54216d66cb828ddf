/**
 * The operands of an instruction of BEFORE beside those of its copy in AFTER, aliases resolved: the arguments, then the
 * context values of a `try_call`. Arguments of branches are not among them; they are copies, made on the way to the
 * destination, and harmless until something uses the parameter.
 */
import { I32List } from "../base/column.ts";
import type { Inst, Value } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import type { Match } from "./match.ts";

export class OperandPairs {
  private readonly olds: I32List;
  private readonly news: I32List;

  constructor() {
    this.olds = new I32List();
    this.news = new I32List();
  }

  /** The pairs of an instruction of AFTER that is one of BEFORE's. */
  collect(match: Match, inst: Inst): void {
    this.olds.clear();
    this.news.clear();
    collect(match.before, match.origin(inst) as Inst, this.olds);
    collect(match.after, inst, this.news);
  }

  get length(): number {
    return this.olds.length;
  }

  before(index: number): Value {
    return this.olds.get(index) as Value;
  }

  after(index: number): Value {
    return this.news.get(index) as Value;
  }
}

function collect(func: Function, inst: Inst, out: I32List): void {
  const { dfg } = func;
  for (let i = 0; i < dfg.argCount(inst); i++) out.push(dfg.resolveAliases(dfg.arg(inst, i)));
  if (!dfg.hasExceptionTable(inst)) return;
  const table = dfg.exceptionTable(inst);
  for (let i = 0; i < dfg.blockCalls.itemCount(table); i++) {
    const context = dfg.blockCalls.contextValue(table, i);
    if (context >= 0) out.push(dfg.resolveAliases(context as Value));
  }
}
