/**
 * Random valid CLIF functions, with declarations of values that need stack maps.
 *
 * A function is drawn in three steps: its tables and types (`entities.ts`), its control flow (`plan.ts`), and then block by
 * block, in an order of its own, instructions and a terminator (`instructions.ts`, `terminators.ts`). It is built
 * through the function builder with variables, so that every control flow, irreducible and unreachable parts included,
 * comes out as valid SSA with the parameters and aliases that SSA construction makes; sealing early, late or in random
 * order varies these.
 *
 * The same seed gives the same function, in a fresh `Function` or a used one.
 */
import { FunctionBuilder } from "../../frontend/builder.ts";
import type { FunctionBuilderContext } from "../../frontend/context.ts";
import type { Function } from "../../ir/function.ts";
import { bytesOf, I32, I64, isDynamicVector, type Type } from "../../ir/types.ts";
import { drawSignature, drawTypes, importEntities } from "./entities.ts";
import { buildInstruction, type InstructionContext } from "./instructions.ts";
import { type FlowPlan, planFlow } from "./plan.ts";
import { Random } from "./random.ts";
import { Scope } from "./scope.ts";
import { buildTerminator } from "./terminators.ts";

type Sealing = "late" | "early" | "shuffled";

/** What is drawn for a function as a whole. */
interface Traits {
  readonly pointer: Type;
  readonly types: readonly Type[];
  readonly blockCount: number;
  readonly instsPerBlock: number;
  readonly declarePercent: number;
  readonly sealing: Sealing;
}

/** Builds the function of that seed into `func`, which is cleared, through a context that is empty before and after. */
export function generateFunction(seed: number, func: Function, context: FunctionBuilderContext): void {
  const random = new Random(seed);
  const traits = drawTraits(random);
  func.clear();
  func.name = { kind: "testcase", name: `fuzz${seed}` };
  func.pointerType = traits.pointer;
  const callConv = random.chance(35) ? "tail" : "system_v";
  func.signature = drawSignature(random, traits.types, 4, 2, callConv);
  new Generator(random, traits, new FunctionBuilder(func, context)).run();
}

function drawTraits(random: Random): Traits {
  const pointer = random.chance(70) ? I64 : I32;
  const size = random.below(100);
  const blockCount =
    size < 60 ? random.between(1, 6) : size < 95 ? random.between(4, 14) : random.between(10, 45);
  return {
    pointer,
    types: drawTypes(random, pointer),
    blockCount,
    instsPerBlock: random.chance(70) ? random.between(1, 5) : random.between(0, 10),
    declarePercent: random.pick([10, 30, 60, 90]),
    sealing: random.pick(["late", "early", "shuffled"]),
  };
}

class Generator {
  private readonly random: Random;
  private readonly traits: Traits;
  private readonly builder: FunctionBuilder;
  private readonly plan: FlowPlan;
  private readonly context: InstructionContext;
  /** Blocks that still have to be filled before the block can be sealed. */
  private readonly awaited: number[];

  constructor(random: Random, traits: Traits, builder: FunctionBuilder) {
    this.random = random;
    this.traits = traits;
    this.builder = builder;
    const entities = importEntities(random, builder, traits.types);
    this.plan = planFlow(random, {
      blockCount: traits.blockCount,
      tailCalls: entities.tailCallee !== null,
      tryCallPercent: random.pick([0, 0, 0, 10, 30]),
    });
    this.awaited = [...this.plan.predecessorCounts];
    this.context = {
      scope: new Scope(random, builder, traits.declarePercent, this.plan.parents),
      entities,
      types: traits.types,
      pointer: traits.pointer,
      callPercent: random.pick([15, 30, 50]),
      stackSwitches: random.chance(10),
      blocks: [],
      ownParams: [],
    };
  }

  run(): void {
    this.declareVariables();
    this.createBlocks();
    for (const block of this.fillingOrder()) {
      this.fill(block);
      if (this.traits.sealing === "early") this.sealTargets(block);
    }
    this.sealRest();
    this.builder.finalize({ spill: false });
  }

  private declareVariables(): void {
    const { random, builder, traits } = this;
    const count = random.pick([0, 2, 4, 8]);
    for (let i = 0; i < count; i++) {
      const type = random.pick(traits.types);
      const variable = builder.declareVar(type);
      this.context.scope.addVariable(variable, type);
      if (isDynamicVector(type) || bytesOf(type) > 16) continue;
      if (random.chance(traits.declarePercent)) builder.declareVarNeedsStackMap(variable);
    }
  }

  private createBlocks(): void {
    const { random, builder, traits } = this;
    const { blocks, ownParams } = this.context;
    for (let block = 0; block < traits.blockCount; block++) blocks.push(builder.createBlock());
    // The entry is not always block0.
    if (random.chance(30)) random.shuffle(blocks);
    for (const [block, created] of blocks.entries()) {
      if (block === 0) builder.appendBlockParamsForFunctionParams(created);
      const count = block === 0 || random.chance(60) ? 0 : random.between(1, 3);
      for (let i = 0; i < count; i++) builder.appendBlockParam(created, random.pick(traits.types));
      ownParams.push(builder.func.dfg.blockParamCount(created));
      if (block > 0 && random.chance(5)) builder.setColdBlock(created);
    }
  }

  /** The entry first; the others in order more often than not. */
  private fillingOrder(): number[] {
    const { random, traits } = this;
    const rest = Array.from({ length: traits.blockCount - 1 }, (_, i) => i + 1);
    if (random.chance(30)) random.shuffle(rest);
    return [0, ...rest];
  }

  private fill(number: number): void {
    const { random, builder, traits, context } = this;
    const block = context.blocks[number]!;
    builder.switchToBlock(block);
    if (traits.sealing === "early" && this.plan.predecessorCounts[number] === 0) builder.sealBlock(block);
    // Even ones: text loses the location just below the function's first, as upstream's reader does.
    if (random.chance(10)) builder.setSourceLoc(2 * random.below(500));
    context.scope.enter(number, block);
    const count = random.between(0, traits.instsPerBlock * 2);
    for (let i = 0; i < count; i++) buildInstruction(context);
    buildTerminator(context, this.plan.blocks[number]!);
    context.scope.leave();
  }

  /** Seals what the block goes to and nothing else will go to any more. */
  private sealTargets(block: number): void {
    for (const target of new Set(this.plan.blocks[block]!.targets)) {
      if (--this.awaited[target]! === 0) this.builder.sealBlock(this.context.blocks[target]!);
    }
  }

  private sealRest(): void {
    const { random, builder, traits } = this;
    if (traits.sealing === "shuffled") {
      for (const block of random.shuffle([...this.context.blocks])) builder.sealBlock(block);
    } else {
      builder.sealAllBlocks();
    }
  }
}
