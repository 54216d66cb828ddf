/**
 * Random modules for the backend's comparison with the interpreter: a few functions, each of which calls only later ones. Every
 * cycle of a function's flow passes a block that counts its visits and leaves when there were enough, in a word of memory that all
 * functions share or in a variable, so that all calls end.
 */
import { FunctionBuilder } from "../../src/frontend/builder.ts";
import { FunctionBuilderContext } from "../../src/frontend/context.ts";
import type { Variable } from "../../src/frontend/variable.ts";
import type { Block, BlockCall, StackSlot, Value } from "../../src/ir/entities.ts";
import { Function } from "../../src/ir/function.ts";
import { DEFAULT_MEMFLAGS } from "../../src/ir/memflags.ts";
import { type Signature, signatureOf } from "../../src/ir/signature.ts";
import { userTrap } from "../../src/ir/trap-codes.ts";
import { F32, F64, I32, I64, isVector, laneType, type Type } from "../../src/ir/types.ts";
import { type BlockPlan, type FlowPlan, planFlow } from "../../src/lab/fuzz/plan.ts";
import { Random } from "../../src/lab/fuzz/random.ts";
import { Scope } from "../../src/lab/fuzz/scope.ts";
import { ALL_TYPES, INTS, smallConstant } from "./random-types.ts";
import { type Callee, SLOT_BYTES, ValueMaker } from "./random-values.ts";

/** Address of the word that counts visits, from zero on. */
export const VISITS: number = 16_000;
const MOST_VISITS = 60;
/** As many in each call, where a variable counts. */
const MOST_OWN_VISITS = 7;

/** The functions `u0:0` … of that seed. */
export function randomModule(seed: number): Function[] {
  const random = new Random(seed);
  const pointer = random.chance(50) ? I32 : I64;
  const signatures = Array.from({ length: random.between(2, 5) }, () => randomSignature(random));
  const context = new FunctionBuilderContext();
  return signatures.map((_, index) => {
    const func = new Function();
    func.name = { kind: "user", namespace: 0, index };
    func.pointerType = pointer;
    func.signature = signatures[index]!;
    new FunctionMaker(random, pointer, signatures, index, new FunctionBuilder(func, context)).run();
    return func;
  });
}

function randomSignature(random: Random): Signature {
  const draw = (count: number): Type[] =>
    Array.from({ length: count }, () => random.pick(random.chance(70) ? INTS : ALL_TYPES));
  return signatureOf(draw(random.between(0, 5)), draw(random.pick([0, 1, 1, 1, 2, 3])), "tail");
}

class FunctionMaker {
  private readonly random: Random;
  private readonly builder: FunctionBuilder;
  private readonly plan: FlowPlan;
  private readonly scope: Scope;
  private readonly values: ValueMaker;
  private readonly blocks: Block[];
  private readonly ownParams: number[];
  private readonly pointer: Type;
  /** Counts visits, or null where the word in memory does. */
  private readonly visits: Variable | null;

  constructor(
    random: Random,
    pointer: Type,
    signatures: readonly Signature[],
    index: number,
    builder: FunctionBuilder,
  ) {
    this.random = random;
    this.builder = builder;
    this.pointer = pointer;
    const size = random.below(100);
    this.plan = planFlow(random, {
      blockCount:
        size < 30 ? random.between(1, 3) : size < 90 ? random.between(3, 10) : random.between(8, 24),
      tailCalls: true,
      tryCallPercent: 0,
    });
    this.scope = new Scope(random, builder, 0, this.plan.parents);
    this.visits = random.chance(50) ? builder.declareVar(I32) : null;
    this.values = new ValueMaker(
      random,
      this.scope,
      builder,
      pointer,
      importCallees(builder, signatures, index),
      createSlots(random, builder),
    );
    this.blocks = [];
    this.ownParams = [];
  }

  run(): void {
    const { random, builder, plan } = this;
    for (let i = random.pick([0, 2, 5]); i > 0; i--) {
      const type = random.pick(random.chance(70) ? INTS : ALL_TYPES);
      this.scope.addVariable(builder.declareVar(type), type);
    }
    this.createBlocks();
    for (let number = 0; number < plan.blocks.length; number++) this.fill(number, plan.blocks[number]!);
    builder.sealAllBlocks();
    builder.finalize({ spill: false });
  }

  private createBlocks(): void {
    const { random, builder } = this;
    for (let number = 0; number < this.plan.blocks.length; number++) {
      const block = builder.createBlock();
      this.blocks.push(block);
      if (number === 0) builder.appendBlockParamsForFunctionParams(block);
      // Several of one type, so that arguments swap.
      const type = random.pick(random.chance(70) ? INTS : ALL_TYPES);
      const count = number === 0 || random.chance(40) ? 0 : random.between(1, 5);
      for (let i = 0; i < count; i++) {
        builder.appendBlockParam(block, random.chance(60) ? type : random.pick(ALL_TYPES));
      }
      this.ownParams.push(builder.func.dfg.blockParamCount(block));
    }
  }

  private fill(number: number, plan: BlockPlan): void {
    const { random, builder, scope, values } = this;
    builder.switchToBlock(this.blocks[number]!);
    scope.enter(number, this.blocks[number]!);
    values.enterBlock();
    if (number === 0) this.begin();
    if (plan.targets.some((target) => target <= number)) this.countVisit();
    for (let i = random.between(0, 6); i > 0; i--) values.statement();
    this.terminate(plan);
    scope.leave();
  }

  /** What a slot holds before it is written is nobody's promise. */
  private begin(): void {
    const { builder, pointer, visits } = this;
    const { ins } = builder;
    for (const slot of this.values.slots) {
      for (let at = 0; at < SLOT_BYTES; at += 8) {
        ins.store(DEFAULT_MEMFLAGS, ins.iconst(I64, at), ins.stackAddr(pointer, slot, at), 0);
      }
    }
    if (visits !== null) builder.defVar(visits, ins.iconst(I32, 0));
  }

  /** Goes on in a new block unless there were enough visits; the function returns then. */
  private countVisit(): void {
    const { builder, pointer, visits } = this;
    const { ins } = builder;
    const [out, on] = [builder.createBlock(), builder.createBlock()];
    const address = ins.iconst(pointer, VISITS);
    const before = visits === null ? ins.load(I32, DEFAULT_MEMFLAGS, address, 0) : builder.useVar(visits);
    const after = ins.iaddImmS(before, 1);
    if (visits === null) ins.store(DEFAULT_MEMFLAGS, after, address, 0);
    else builder.defVar(visits, after);
    const most = visits === null ? MOST_VISITS : MOST_OWN_VISITS;
    if (this.random.chance(50)) {
      ins.brif(ins.icmpImmS("slt", before, most), builder.blockCall(on), builder.blockCall(out));
    } else {
      ins.brif(ins.icmpImmS("sge", before, most), builder.blockCall(out), builder.blockCall(on));
    }
    builder.switchToBlock(out);
    // Nothing of this block goes into scope: it does not dominate what follows.
    ins.return_(builder.func.signature.returns.map(({ type }) => constant(builder, type)));
    builder.switchToBlock(on);
    this.values.enterBlock();
  }

  private return_(): void {
    const { builder, values } = this;
    builder.ins.return_(builder.func.signature.returns.map(({ type }) => values.value(type, 1)));
  }

  private terminate(plan: BlockPlan): void {
    const { random, builder, values } = this;
    const { ins } = builder;
    const { targets } = plan;
    switch (plan.exit) {
      case "jump":
        ins.jump(this.callOf(targets[0]!));
        return;
      case "brif": {
        const early = random.chance(50) ? values.value(random.pick(INTS), 2) : null;
        const then = this.callOf(targets[0]!);
        const otherwise = this.callOf(targets[1]!);
        ins.brif(early ?? values.value(random.pick(INTS), 2), then, otherwise);
        return;
      }
      case "br_table": {
        const early = random.chance(50) ? values.value(I32, 2) : null;
        const calls = targets.map((target) => this.callOf(target));
        const index = early ?? values.value(I32, 2);
        ins.brTable(random.chance(70) ? ins.band(index, ins.iconst(I32, 7)) : index, calls);
        return;
      }
      case "return_call":
        this.tailCall();
        return;
      case "trap":
        ins.trap(userTrap(9));
        return;
      default:
        this.return_();
    }
  }

  private callOf(target: number): BlockCall {
    const { random, builder, scope, values } = this;
    const { dfg } = builder.func;
    const block = this.blocks[target]!;
    const args = Array.from({ length: this.ownParams[target]! }, (_, i) => {
      const type = dfg.valueType(dfg.blockParam(block, i));
      return random.chance(50) ? scope.pick(type) : values.value(type, 2);
    });
    return builder.blockCall(block, args);
  }

  private tailCall(): void {
    const { random, builder, values, pointer } = this;
    const { ins } = builder;
    const wanted = builder.func.signature.returns.map(({ type }) => type).join();
    const fitting = values.callees.filter(({ returns }) => returns.join() === wanted);
    if (fitting.length === 0) {
      this.return_();
      return;
    }
    const callee = random.pick(fitting);
    const address = random.chance(40) ? ins.funcAddr(pointer, callee.func) : null;
    const args = callee.params.map((type) => values.value(type, 1));
    if (address === null) ins.returnCall(callee.func, args);
    else ins.returnCallIndirect(callee.signature, address, args);
  }
}

/** Some constant. */
function constant(builder: FunctionBuilder, type: Type): Value {
  const { ins } = builder;
  if (isVector(type)) return ins.splat(type, constant(builder, laneType(type)));
  if (type === F32) return ins.f32const(0x3f80_0000);
  return type === F64 ? ins.f64const(0n) : smallConstant(ins, type, 3);
}

/** The functions behind this one. */
function importCallees(builder: FunctionBuilder, signatures: readonly Signature[], index: number): Callee[] {
  const callees: Callee[] = [];
  for (let callee = index + 1; callee < signatures.length; callee++) {
    const signature = builder.importSignature(signatures[callee]!);
    const func = builder.importFunction({
      name: { kind: "user", ref: builder.declareImportedUserFunction(0, callee) },
      signature,
      colocated: true,
      patchable: false,
      noCollect: false,
    });
    callees.push({
      func,
      signature,
      params: signatures[callee]!.params.map(({ type }) => type),
      returns: signatures[callee]!.returns.map(({ type }) => type),
    });
  }
  return callees;
}

function createSlots(random: Random, builder: FunctionBuilder): StackSlot[] {
  return Array.from({ length: random.pick([0, 0, 1, 2]) }, () =>
    builder.createSizedStackSlot({ sizeBytes: SLOT_BYTES, alignLog2: random.below(5) }),
  );
}
