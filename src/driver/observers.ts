/**
 * Watching a compilation: dumps, reports and progress are observers, and the steps know nothing of them. Events come once a
 * function or less, so a compilation that nobody watches pays for a loop over nothing.
 */
import type { SpillCounts } from "../frontend/safepoints/spiller.ts";
import type { Function } from "../ir/function.ts";
import type { CompiledCode } from "../link/compiled-code.ts";
import type { OutputPlan } from "../link/plan.ts";
import type { StaticLayout } from "../link/static-layout.ts";
import type { Module } from "../wasm/module.ts";

/** What time is spent on; `optimize` is the passes before and after the spiller. */
export const PHASES = [
  "decode",
  "validate",
  "plan",
  "translate",
  "optimize",
  "spill",
  "prove",
  "emit",
  "link",
] as const;
export type Phase = (typeof PHASES)[number];

/** The initializer, which is no function of the module, among the indices of functions. */
export const INITIALIZER = -1;

/** Functions are valid during the call only; `index` is by the plan's module. */
export interface CompileObserver {
  /** What was going on ends, and this begins. */
  readonly enter?: (phase: Phase) => void;
  readonly planned?: (plan: OutputPlan) => void;
  readonly beforeSpilling?: (index: number, func: Function) => void;
  readonly afterSpilling?: (index: number, func: Function, counts: SpillCounts) => void;
  readonly emitted?: (index: number, frameBytes: number) => void;
  readonly compiled?: (code: CompiledCode) => void;
  readonly placed?: (layout: StaticLayout, runtime: Module) => void;
}

/** All observers as one. */
export class Observers implements Required<CompileObserver> {
  private readonly list: readonly CompileObserver[];

  constructor(list: readonly CompileObserver[]) {
    this.list = list;
  }

  enter(phase: Phase): void {
    for (let i = 0; i < this.list.length; i++) this.list[i]!.enter?.(phase);
  }

  planned(plan: OutputPlan): void {
    for (let i = 0; i < this.list.length; i++) this.list[i]!.planned?.(plan);
  }

  beforeSpilling(index: number, func: Function): void {
    for (let i = 0; i < this.list.length; i++) this.list[i]!.beforeSpilling?.(index, func);
  }

  afterSpilling(index: number, func: Function, counts: SpillCounts): void {
    for (let i = 0; i < this.list.length; i++) this.list[i]!.afterSpilling?.(index, func, counts);
  }

  emitted(index: number, frameBytes: number): void {
    for (let i = 0; i < this.list.length; i++) this.list[i]!.emitted?.(index, frameBytes);
  }

  compiled(code: CompiledCode): void {
    for (let i = 0; i < this.list.length; i++) this.list[i]!.compiled?.(code);
  }

  placed(layout: StaticLayout, runtime: Module): void {
    for (let i = 0; i < this.list.length; i++) this.list[i]!.placed?.(layout, runtime);
  }
}
