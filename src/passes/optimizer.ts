/**
 * The passes between translation and emission, in their order:
 *
 *     before the spiller   merge blocks   so that the others see long ones
 *                          numbering      repeated computations, loads and checks go
 *                          dead code      what that left without a use
 *                          merge blocks   branches that numbering decided
 *                          implied checks those that a later one makes as well
 *                          merge blocks   parameters that are one argument by another name
 *     after it             reuse          reloads of what is still at hand
 *     at last              parameters     that nobody reads, since a slot carries them
 *
 * The engine that runs the output optimises again; these are what it cannot know (that a reference is not null, that a call
 * makes an object) or what makes code short, and with it cheap to inline. An optimizer keeps its memory from function to function.
 */
import type { Function } from "../ir/function.ts";
import * as Op from "../ir/op.gen.ts";
import { ValueKind } from "../ir/values.ts";
import type { Facts } from "./facts.ts";
import { ImpliedChecks } from "./implied-checks.ts";
import { BlockMerger } from "./merge-blocks.ts";
import { DeadRemover } from "./remove-dead.ts";
import { ParamRemover } from "./remove-unused-params.ts";
import { ReloadReuse } from "./reuse-reloads.ts";
import { ValueNumbering } from "./value-numbering.ts";

export class Optimizer {
  private readonly merger: BlockMerger;
  private readonly numbering: ValueNumbering;
  private readonly dead: DeadRemover;
  private readonly implied: ImpliedChecks;
  private readonly reloads: ReloadReuse;
  private readonly params: ParamRemover;

  constructor() {
    this.merger = new BlockMerger();
    this.numbering = new ValueNumbering();
    this.dead = new DeadRemover();
    this.implied = new ImpliedChecks();
    this.reloads = new ReloadReuse();
    this.params = new ParamRemover();
  }

  beforeSpilling(func: Function, facts: Facts): void {
    this.merger.run(func);
    this.numbering.run(func, facts);
    this.dead.run(func, facts);
    this.merger.run(func);
    this.implied.run(func, facts);
    this.merger.nameSoleArguments(func);
    forgetConstants(func);
  }

  afterSpilling(func: Function): void {
    this.reloads.run(func);
  }

  afterProving(func: Function): void {
    this.params.run(func);
  }
}

/**
 * A constant is no object that could move, whatever was declared: null, or an `i31` that was folded; nor is what lies at an address
 * that the linker gives.
 */
function forgetConstants(func: Function): void {
  const { dfg, needsStackMap } = func;
  let kept = 0;
  for (let i = 0; i < needsStackMap.length; i++) {
    const declared = needsStackMap[i]!;
    const value = dfg.resolveAliases(declared);
    const op = dfg.valueKind(value) === ValueKind.Result ? dfg.opcode(dfg.valueInst(value)) : Op.Nop;
    if (op !== Op.Iconst && op !== Op.SymbolValue) needsStackMap[kept++] = declared;
  }
  needsStackMap.length = kept;
}
