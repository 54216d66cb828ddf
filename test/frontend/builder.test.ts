/** The function builder: what it builds from variables, and the rules it holds its callers to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FunctionBuilder } from "../../src/frontend/builder.ts";
import { FunctionBuilderContext } from "../../src/frontend/context.ts";
import { BuilderError } from "../../src/frontend/messages.ts";
import type { Variable } from "../../src/frontend/variable.ts";
import { type Block, type BlockCall, NONE, type Value } from "../../src/ir/entities.ts";
import { Function } from "../../src/ir/function.ts";
import {
  dynamicOf,
  F32X4,
  F64X2,
  I8X16,
  I32,
  I32X4,
  I64,
  I128,
  INVALID,
  vectorOf,
} from "../../src/ir/types.ts";
import { functionText } from "../../src/text/index.ts";
import { Sketch } from "./sketch.ts";

function breaks(rule: RegExp, misuse: () => void): void {
  assert.throws(misuse, (error: unknown) => error instanceof BuilderError && rule.test(error.message));
}

/** The loop of upstream's documentation, with blocks sealed as soon as they can be, or all at the end. */
function countingLoop(s: Sketch, lazy: boolean): string {
  const [block0, block1, block2, block3] = s.blocks(4);
  const { builder } = s;
  const x = builder.declareVar(I32);
  const y = builder.declareVar(I32);
  const z = builder.declareVar(I32);
  const seal = (block: Block): void => {
    if (!lazy) builder.sealBlock(block);
  };
  seal(block0!);
  builder.defVar(x, s.params(block0!)[0]!);
  builder.defVar(y, s.int(2));
  builder.defVar(z, builder.ins.iadd(builder.useVar(x), builder.useVar(y)));
  s.jump(block1!);
  s.at(block1!);
  builder.defVar(z, builder.ins.iadd(builder.useVar(z), builder.useVar(y)));
  s.brif(builder.useVar(y), block3!, block2!);
  s.at(block2!);
  seal(block2!);
  builder.defVar(z, builder.ins.isub(builder.useVar(z), builder.useVar(x)));
  s.ret(builder.useVar(y));
  s.at(block3!);
  seal(block3!);
  builder.defVar(y, builder.ins.isub(builder.useVar(y), builder.useVar(x)));
  s.jump(block1!);
  seal(block1!);
  return s.text();
}

test("variables of a loop become block parameters, sealed early or late", () => {
  // Where x is read, block1 is unsealed: the read is a parameter that is found redundant when block1 is sealed.
  const early = `function %sample(i32) -> i32 system_v {
block0(v0: i32):
    v6 -> v0
    v1 = iconst.i32 2
    v2 = iadd v0, v1  ; v1 = 2
    jump block1(v2, v1)  ; v1 = 2

block1(v3: i32, v4: i32):
    v5 = iadd v3, v4
    brif v4, block3, block2

block2:
    v7 = isub.i32 v5, v6
    return v4

block3:
    v8 = isub.i32 v4, v6
    jump block1(v5, v8)
}
`;
  assert.equal(countingLoop(new Sketch([I32], [I32]), false), early);
  // Sealed late, every read across blocks is an alias, and x is passed around the loop though it never changes there.
  const late = `function %sample(i32) -> i32 system_v {
block0(v0: i32):
    v1 = iconst.i32 2
    v2 = iadd v0, v1  ; v1 = 2
    jump block1(v2, v1, v0)  ; v1 = 2

block1(v3: i32, v4: i32, v14: i32):
    v9 -> v4
    v10 -> v4
    v7 -> v14
    v11 -> v14
    v5 = iadd v3, v4
    v6 -> v5
    v13 -> v5
    brif v4, block3, block2

block2:
    v8 = isub.i32 v6, v7
    return v9

block3:
    v12 = isub.i32 v10, v11
    jump block1(v13, v12, v11)
}
`;
  assert.equal(countingLoop(new Sketch([I32], [I32]), true), late);
});

test("a context serves one function after another", () => {
  const context = new FunctionBuilderContext();
  const first = countingLoop(new Sketch([I32], [I32], context), false);
  const func = new Function();
  const second = countingLoop(new Sketch([I32], [I32], context, func), false);
  func.clear();
  const third = countingLoop(new Sketch([I32], [I32], context, func), false);
  assert.equal(second, first);
  assert.equal(third, first);
});

test("finalize leaves nothing of a function in the context", () => {
  const context = new FunctionBuilderContext();
  const s = new Sketch([I32], [], context);
  const [block0] = s.blocks(1);
  const x = s.builder.declareVar(I32);
  s.builder.declareVarNeedsStackMap(x);
  s.builder.defVar(x, s.params(block0!)[0]!);
  s.builder.makeStackMapAliasRegion(() => NONE);
  s.ret();
  s.text();
  assert.deepEqual(s.func.needsStackMap, [s.params(block0!)[0]!]);
  assert.ok(context.isEmpty);
  // The next function's first variable is not declared because the last one's was.
  const next = new Sketch([I32], [], context);
  const [entry] = next.blocks(1);
  next.builder.defVar(next.builder.declareVar(I32), next.params(entry!)[0]!);
  next.ret();
  next.text();
  assert.deepEqual(next.func.needsStackMap, []);
});

test("finalize can leave the spilling to its caller", () => {
  const s = new Sketch([I32], [I32]);
  const fn0 = s.callee([]);
  const [block0] = s.blocks(1);
  s.declare(...s.params(block0!), ...s.params(block0!));
  s.call(fn0);
  s.ret(...s.params(block0!));
  assert.doesNotMatch(s.text({ spill: false, pointerType: I32 }), /stack_map/);
  assert.deepEqual(s.func.needsStackMap, s.params(block0!));
  assert.equal(s.func.pointerType, I32);
});

test("a variable that is never defined is zero, of whatever type", () => {
  const types = [I128, I8X16, F32X4, F64X2] as const;
  const s = new Sketch([], types);
  s.blocks(1);
  s.ret(...types.map((type) => s.builder.useVar(s.builder.declareVar(type))));
  const text = s.text();
  assert.match(text, /const0 = 0x0{32}\n/);
  assert.match(text, /iconst\.i64 0\n {4}v\d+ = uextend\.i128 v/);
  assert.match(text, /vconst\.i8x16 const0\n/);
  assert.match(text, /f32const 0\.0\n {4}v\d+ = splat\.f32x4 v/);
  assert.match(text, /f64const 0\.0\n {4}v\d+ = splat\.f64x2 v/);
});

test("a dynamic vector has no zero", () => {
  const s = new Sketch();
  s.blocks(1);
  const variable = s.builder.declareVar(dynamicOf(I32X4));
  s.builder.useVar(variable);
  breaks(/type i32x4xN must be defined on every path: it has no zero/, () => s.builder.sealAllBlocks());
});

test("source locations go to the instructions built after them", () => {
  const s = new Sketch();
  s.blocks(1);
  s.builder.setSourceLoc(0x2a);
  s.int(1);
  s.builder.setSourceLoc(NONE);
  s.ret();
  assert.match(s.text(), /@002a +v0 = iconst\.i32 1\n +return\n/);
});

test("a branch can be sent elsewhere while both blocks are unsealed", () => {
  const s = new Sketch([I32]);
  const { builder } = s;
  const [block0, block1, block2] = s.blocks(3);
  const x = builder.declareVar(I32);
  builder.defVar(x, s.params(block0!)[0]!);
  s.jump(block1!);
  builder.changeJumpDestination(s.func.layout.lastInst(block0!) as never, block1!, block2!);
  s.at(block2!);
  s.ret(builder.useVar(x));
  const text = s.text().replace(" system_v", "");
  assert.match(
    text,
    /jump block2\n\nblock2:\n {4}v1 -> v0|block0\(v0: i32\):\n {4}v1 -> v0\n {4}jump block2/,
  );
  assert.doesNotMatch(text, /block1/);
});

test("a branch table names one edge twice, or two edges to one block: each gets its argument once", () => {
  const s = new Sketch([I32], [I32]);
  const { builder } = s;
  const [block0, block1, block2] = s.blocks(3);
  const x = builder.declareVar(I32);
  const [v0] = s.params(block0!);
  builder.defVar(x, v0!);
  const shared = builder.blockCall(block1!);
  builder.ins.brTable(v0!, [builder.blockCall(block2!), shared, shared, builder.blockCall(block1!)]);
  s.at(block2!);
  builder.defVar(x, s.int(7));
  s.jump(block1!);
  s.at(block1!);
  s.ret(builder.useVar(x));
  assert.match(s.text(), /br_table v0, block2, \[block1\(v0\), block1\(v0\), block1\(v0\)\]/);
});

test("a read in a loop of single predecessors that nothing enters finds a zero", () => {
  const s = new Sketch([], [I32]);
  const { builder } = s;
  const [, block1, block2, block3] = s.blocks(4);
  const x = builder.declareVar(I32);
  const zero = s.int(0);
  s.ret(zero);
  s.at(block1!);
  s.jump(block2!);
  s.at(block2!);
  s.brif(s.int(1), block1!, block3!);
  s.at(block3!);
  builder.sealAllBlocks();
  s.ret(builder.useVar(x));
  // The walk from block3 goes round block2 and block1 once and stops in block2.
  const text = s.text();
  assert.match(text, /block2:\n {4}v3 = iconst\.i32 0\n {4}v2 -> v3\n/);
  assert.match(text, /block3:\n {4}return v3 /);
});

// Rules.

test("a block is filled before the next is begun, and not returned to", () => {
  const s = new Sketch();
  const [block0, block1] = s.blocks(2);
  s.int(1);
  breaks(/block0 is not filled/, () => s.at(block1!));
  s.ret();
  s.at(block1!);
  breaks(/block0 is filled already: it cannot be switched to again/, () => s.at(block0!));
});

test("nothing follows a terminator", () => {
  const s = new Sketch();
  s.blocks(1);
  s.ret();
  breaks(/block0 is filled already: no instruction/, () => s.int(1));
});

test("a block is put into the layout once, behind one that is there", () => {
  const s = new Sketch();
  const [block0, block1, block2, block3] = s.blocks(4);
  breaks(/block0 is not in the layout/, () => s.builder.insertBlockAfter(block1!, block0!));
  s.jump(block2!);
  s.at(block2!);
  s.jump(block1!);
  s.builder.insertBlockAfter(block1!, block0!);
  breaks(/block1 is in the layout already/, () => s.builder.insertBlockAfter(block1!, block2!));
  s.at(block1!);
  s.ret();
  assert.match(s.text(), /block0:[\s\S]*block1:[\s\S]*block2:/);
  breaks(/the builder is finalized already/, () => s.builder.createBlock());
  assert.ok(!s.func.layout.isBlockInserted(block3!));
});

test("an instruction needs a current block", () => {
  const builder = new FunctionBuilder(new Function());
  breaks(/no current block/, () => builder.ins.iconst(I32, 1));
});

test("parameters come before instructions", () => {
  const s = new Sketch([I32]);
  const [block0] = s.blocks(1);
  s.int(1);
  breaks(/block0 has instructions already/, () => s.builder.appendBlockParam(block0!, I32));
});

test("only a block without predecessors takes the function's parameters", () => {
  const s = new Sketch([I32]);
  const [, block1] = s.blocks(2);
  s.jump(block1!);
  breaks(/block1 is branched to/, () => s.builder.appendBlockParamsForFunctionParams(block1!));
});

test("a block is sealed once, and branched to before", () => {
  const s = new Sketch();
  const [, block1] = s.blocks(2);
  s.builder.sealBlock(block1!);
  breaks(/block1 is sealed already/, () => s.builder.sealBlock(block1!));
  breaks(/block1 is sealed: it can get no further predecessor/, () => s.jump(block1!));
});

test("every begun block is filled and sealed at the end", () => {
  const s = new Sketch();
  s.blocks(1);
  s.int(1);
  breaks(/finalize: block0 is not sealed/, () => s.builder.finalize());
  s.builder.sealAllBlocks();
  breaks(/finalize: block0 is not filled/, () => s.builder.finalize());
  s.ret();
  s.builder.finalize();
  breaks(/the builder is finalized already/, () => s.builder.finalize());
});

test("nothing branches to the entry block", () => {
  const s = new Sketch();
  const [block0] = s.blocks(1);
  s.jump(block0!);
  s.builder.sealAllBlocks();
  breaks(/block0 is the entry block/, () => s.builder.finalize());
});

test("a variable is declared, with a valid type, and keeps it", () => {
  const s = new Sketch();
  s.blocks(1);
  const undeclared = 3 as Variable;
  const x = s.builder.declareVar(I64);
  breaks(/variable 3 is not declared/, () => s.builder.useVar(undeclared));
  breaks(/variable 3 is not declared/, () => s.builder.defVar(undeclared, s.int(1)));
  breaks(/variable 0 is declared i64, but v1 that it is given is i32/, () => s.builder.defVar(x, s.int(1)));
  breaks(/needs a valid type/, () => s.builder.declareVar(INVALID));
});

test("what goes into a stack map fits a slot, and a variable is declared before its first value", () => {
  const s = new Sketch();
  s.blocks(1);
  const wide = s.builder.declareVar(vectorOf(I64, 4));
  breaks(/variable 0 of type i64x4 cannot be in a stack map/, () => s.builder.declareVarNeedsStackMap(wide));
  const x = s.builder.declareVar(I32);
  s.builder.defVar(x, s.int(1));
  breaks(/variable 1 has been defined or used already/, () => s.builder.declareVarNeedsStackMap(x));
  const value = s.builder.ins.splat(vectorOf(I32, 8), s.int(1));
  breaks(/v2 of type i32x8 cannot be in a stack map/, () => s.builder.declareValueNeedsStackMap(value));
});

test("two branches do not share an edge", () => {
  const s = new Sketch([I32]);
  const [block0, block1, block2] = s.blocks(3);
  const call: BlockCall = s.builder.blockCall(block2!);
  const value: Value = s.params(block0!)[0]!;
  s.builder.ins.brif(value, call, s.builder.blockCall(block1!));
  s.at(block1!);
  breaks(/belongs to another branch already/, () => s.builder.ins.jump(call));
});

test("a context that holds an unfinished function is refused until it is cleared", () => {
  const context = new FunctionBuilderContext();
  new Sketch([], [], context).blocks(1);
  breaks(/the context still holds a function/, () => new FunctionBuilder(new Function(), context));
  context.clear();
  const s = new Sketch([], [], context);
  s.blocks(1);
  s.ret();
  assert.equal(s.text(), functionText(s.func));
});
