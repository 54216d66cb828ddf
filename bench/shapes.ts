/**
 * The functions that the benchmarks run on: four shapes of control flow in which every reference is live everywhere, so
 * that the work of the spiller grows as it does in real code of that shape. They are the shapes that native Cranelift
 * was measured on (`native-baseline.json`), instruction for instruction.
 *
 *     straight   one block; every fourth instruction a call
 *     loopnest   nests of 32 loops, one after another
 *     switchW    W-way branch tables, each arm a store, a call and a jump; 256 ways unless the name says a number
 *     diamonds   if/else with a block parameter at the join
 *
 * The entry makes `live` references; `n` is how many instructions the body has at least. `makeShape` places instructions
 * directly; `makeShapeWithVariables` has a variable for each reference and leaves the values to SSA construction.
 */
import { FunctionBuilder, type FunctionBuilderContext, type Variable } from "../src/frontend/index.ts";
import { FuncCursor } from "../src/ir/cursor.ts";
import { type Block, type FuncRef, NONE, type Value } from "../src/ir/entities.ts";
import { Function } from "../src/ir/function.ts";
import type { InstBuilder } from "../src/ir/inst-builder.gen.ts";
import { TRUSTED_MEMFLAGS } from "../src/ir/memflags.ts";
import { type Signature, signatureOf } from "../src/ir/signature.ts";
import { I8, I32, I64, type Type } from "../src/ir/types.ts";

const NEST_DEPTH = 32;
const DEFAULT_WAYS = 256;

export const SHAPES = ["straight", "loopnest", "switch", "diamonds"] as const;

/** Makes the function of a shape: `straight`, `loopnest`, `switch`, `switch16`, …, `diamonds`. */
export function makeShape(shape: string, n: number, live: number): Function {
  const func = newFunction();
  const cursor = new FuncCursor(func);
  const appendBlock = (): Block => {
    const block = func.dfg.makeBlock();
    func.layout.appendBlock(block);
    return block;
  };
  const references: Value[] = [];
  const place: Place = {
    func,
    ins: cursor,
    appendBlock,
    enter: (block) => cursor.atEnd(block),
    seal: () => {},
    addReference: (value) => {
      func.needsStackMap.push(value);
      references.push(value);
    },
    reference: (index) => references[index]!,
  };
  new ShapeBuilder(place, live).build(shape, n);
  return func;
}

/** The same shape built with variables; `context` is used again from function to function. */
export function makeShapeWithVariables(
  shape: string,
  n: number,
  live: number,
  context: FunctionBuilderContext,
): Function {
  const func = newFunction();
  const builder = new FunctionBuilder(func, context);
  const variables: Variable[] = [];
  const place: Place = {
    func,
    ins: builder.ins,
    appendBlock: () => builder.createBlock(),
    enter: (block) => builder.switchToBlock(block),
    seal: (block) => builder.sealBlock(block),
    addReference: (value) => {
      const variable = builder.declareVar(I64);
      builder.declareVarNeedsStackMap(variable);
      builder.defVar(variable, value);
      variables.push(variable);
    },
    reference: (index) => builder.useVar(variables[index]!),
  };
  new ShapeBuilder(place, live).build(shape, n);
  builder.finalize({ spill: false });
  return func;
}

function newFunction(): Function {
  return new Function({ kind: "testcase", name: "shape" }, signatureOf([I64], [], "tail"), I64);
}

/** How many instructions stand in the layout. */
export function instructionCount(func: Function): number {
  const { layout } = func;
  let count = 0;
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) count++;
  }
  return count;
}

/** Where a shape's instructions go. */
interface Place {
  readonly func: Function;
  readonly ins: InstBuilder;
  appendBlock(): Block;
  enter(block: Block): void;
  /** Says that all branches to the block are there. */
  seal(block: Block): void;
  addReference(value: Value): void;
  reference(index: number): Value;
}

class ShapeBuilder {
  private readonly place: Place;
  private readonly func: Function;
  private readonly ins: InstBuilder;
  private readonly pointer: Value;
  private readonly makeRef: FuncRef;
  private readonly safepoint: FuncRef;
  private readonly live: number;
  /** Instructions so far. */
  private count: number;
  /** Uses so far. */
  private uses: number;

  constructor(place: Place, live: number) {
    this.place = place;
    this.func = place.func;
    this.ins = place.ins;
    this.makeRef = this.importFunction(signatureOf([], [I64], "tail"), 0);
    this.safepoint = this.importFunction(signatureOf([], [], "tail"), 1);
    this.live = live;
    this.count = live;
    this.uses = 0;
    const entry = place.appendBlock();
    this.pointer = this.func.dfg.appendBlockParam(entry, I64);
    this.enter(entry, true);
    for (let i = 0; i < live; i++) {
      place.addReference(this.func.dfg.firstResult(this.ins.call(this.makeRef, [])));
    }
  }

  build(shape: string, n: number): void {
    const ways = /^switch(\d*)$/.exec(shape);
    if (shape === "straight") {
      for (let i = 0; this.count < n; i++) {
        if (i % 4 === 3) this.call();
        else this.use();
      }
    } else {
      const round =
        shape === "loopnest"
          ? () => this.loopNest()
          : shape === "diamonds"
            ? () => this.diamond()
            : () => this.branchTable(Number(ways?.[1] || DEFAULT_WAYS));
      if (ways === null && shape !== "loopnest" && shape !== "diamonds") throw new Error(`no shape ${shape}`);
      while (this.count < n) round();
    }
    this.finish();
  }

  private importFunction(signature: Signature, index: number): FuncRef {
    const ref = this.func.dfg.userNames.declare(0, index);
    return this.func.importFunction({
      name: { kind: "user", ref },
      signature: this.func.importSignature(signature),
      colocated: true,
      patchable: false,
      noCollect: false,
    });
  }

  private enter(block: Block, complete: boolean): void {
    this.place.enter(block);
    if (complete) this.place.seal(block);
  }

  private use(): void {
    const reference = this.place.reference((7 * this.uses) % this.live);
    this.ins.store(TRUSTED_MEMFLAGS, reference, this.pointer, 8 * (this.uses % 16));
    this.uses++;
    this.count++;
  }

  private call(): void {
    this.ins.call(this.safepoint, []);
    this.count++;
  }

  private condition(type: Type): Value {
    this.count++;
    return this.ins.load(type, TRUSTED_MEMFLAGS, this.pointer, 0);
  }

  private jump(block: Block, args: readonly Value[] = []): void {
    this.ins.jump(this.func.dfg.blockCall(block, args));
    this.count++;
  }

  private brif(condition: Value, then: Block, otherwise: Block): void {
    const { dfg } = this.func;
    this.ins.brif(condition, dfg.blockCall(then, []), dfg.blockCall(otherwise, []));
    this.count++;
  }

  private loopNest(): void {
    const { place } = this;
    const headers = Array.from({ length: NEST_DEPTH }, () => place.appendBlock());
    const exits = Array.from({ length: NEST_DEPTH }, () => place.appendBlock());
    const body = place.appendBlock();
    this.jump(headers[0]!);
    for (let j = 0; j < NEST_DEPTH; j++) {
      this.enter(headers[j]!, false);
      this.use();
      this.call();
      this.brif(this.condition(I8), headers[j + 1] ?? body, exits[j]!);
    }
    this.enter(body, true);
    this.use();
    this.call();
    this.use();
    this.jump(headers[NEST_DEPTH - 1]!);
    place.seal(headers[NEST_DEPTH - 1]!);
    for (let j = NEST_DEPTH - 1; j >= 1; j--) {
      this.enter(exits[j]!, true);
      this.use();
      this.jump(headers[j - 1]!);
      place.seal(headers[j - 1]!);
    }
    this.enter(exits[0]!, true);
  }

  private branchTable(ways: number): void {
    const { dfg } = this.func;
    const condition = this.condition(I32);
    const arms = Array.from({ length: ways }, () => this.place.appendBlock());
    const join = this.place.appendBlock();
    this.ins.brTable(
      condition,
      [join, ...arms].map((block) => dfg.blockCall(block, [])),
    );
    this.count++;
    for (const arm of arms) {
      this.enter(arm, true);
      this.use();
      this.call();
      this.jump(join);
    }
    this.enter(join, true);
  }

  private diamond(): void {
    const { place, live } = this;
    const condition = this.condition(I8);
    const left = place.appendBlock();
    const right = place.appendBlock();
    const join = place.appendBlock();
    const param = this.func.dfg.appendBlockParam(join, I64);
    this.func.needsStackMap.push(param);
    this.brif(condition, left, right);
    const first = this.uses % live;
    const second = (this.uses + 1) % live;
    this.enter(left, true);
    this.use();
    this.call();
    this.jump(join, [place.reference(first)]);
    this.enter(right, true);
    this.use();
    this.jump(join, [place.reference(second)]);
    this.enter(join, true);
    this.ins.store(TRUSTED_MEMFLAGS, param, this.pointer, 8);
    this.count++;
  }

  private finish(): void {
    for (let i = 0; i < this.live; i++) {
      this.ins.store(TRUSTED_MEMFLAGS, this.place.reference(i), this.pointer, 0);
    }
    this.ins.return_([]);
  }
}
