/**
 * CLIF of the functions of a module as they are compiled: what the spiller gets, or what it gives. The text is what `spillway spill`,
 * `check` and `verify` read: `spill` makes the one out of the other, but for the numbers of values that it adds.
 *
 *     ; function 3 "main"
 *     function u0:3(i32) -> i32 system_v {
 *         ; needs-stack-map: v1 v4
 */
import type { Function } from "../ir/function.ts";
import type { OutputPlan } from "../link/plan.ts";
import { type TextSink, writeFunction } from "../text/index.ts";
import { functionLabel } from "../wasm/names.ts";
import { type CompileObserver, INITIALIZER } from "./observers.ts";

export type DumpStage = "clif" | "spilled";

export class FunctionDump implements CompileObserver {
  private readonly stage: DumpStage;
  private readonly wants: (index: number, plan: OutputPlan) => boolean;
  private readonly sink: TextSink;
  private plan: OutputPlan | null;
  private count: number;

  /** `wants` says which functions, by their index; the text goes to `sink` piece by piece, valid during the call only. */
  constructor(stage: DumpStage, wants: (index: number, plan: OutputPlan) => boolean, sink: TextSink) {
    this.stage = stage;
    this.wants = wants;
    this.sink = sink;
    this.plan = null;
    this.count = 0;
  }

  /** How many functions were printed. */
  get printed(): number {
    return this.count;
  }

  readonly planned = (plan: OutputPlan): void => {
    this.plan = plan;
  };

  readonly beforeSpilling = (index: number, func: Function): void => {
    if (this.stage === "clif") this.print(index, func);
  };

  readonly afterSpilling = (index: number, func: Function): void => {
    if (this.stage === "spilled") this.print(index, func);
  };

  private print(index: number, func: Function): void {
    const plan = this.plan!;
    if (!this.wants(index, plan)) return;
    const separator = this.count === 0 ? "" : "\n";
    this.sink(new TextEncoder().encode(`${separator}; ${titleOf(plan, index)}\n`));
    writeFunction(func, this.sink, { directives: true });
    this.count++;
  }
}

function titleOf({ module, typeFunctions, types }: OutputPlan, index: number): string {
  if (index === INITIALIZER) return "the initializer";
  const role = typeFunctions?.roleOf(index) ?? null;
  if (role === null) return functionLabel(module, index);
  if (role.kind === "throw") return `throw of tag ${role.index}`;
  return `${role.kind} of type ${role.index} (${types.describe(role.index)})`;
}
