/** SSA construction: which reads become which values, parameters and aliases. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SsaBuilder } from "../../src/frontend/ssa.ts";
import type { Variable } from "../../src/frontend/variable.ts";
import { FuncCursor } from "../../src/ir/cursor.ts";
import type { Block, Value } from "../../src/ir/entities.ts";
import { Function } from "../../src/ir/function.ts";
import { I32, type Type } from "../../src/ir/types.ts";
import { functionText } from "../../src/text/index.ts";
import { Sketch } from "./sketch.ts";

const X = 0 as Variable;
const Y = 1 as Variable;

/** A function with blocks in its layout, and SSA construction on it without a builder. */
class Bare {
  readonly func: Function;
  readonly ssa: SsaBuilder;

  constructor(ssa: SsaBuilder = new SsaBuilder()) {
    this.func = new Function();
    this.ssa = ssa;
  }

  block(): Block {
    const block = this.func.dfg.makeBlock();
    this.func.layout.appendBlock(block);
    this.ssa.declareBlock(block);
    return block;
  }

  in(block: Block): FuncCursor {
    return new FuncCursor(this.func).atEnd(block);
  }

  jump(from: Block, to: Block): void {
    this.ssa.declareBranch(this.func, this.in(from).jump(this.func.dfg.blockCall(to, [])));
  }

  brif(from: Block, condition: Value, then: Block, otherwise: Block): void {
    const { dfg } = this.func;
    const inst = this.in(from).brif(condition, dfg.blockCall(then, []), dfg.blockCall(otherwise, []));
    this.ssa.declareBranch(this.func, inst);
  }

  use(variable: Variable, block: Block, type: Type = I32): Value {
    return this.ssa.useVar(this.func, variable, type, block);
  }

  get text(): string {
    return functionText(this.func).replace("function u0:0() fast {\n", "");
  }
}

test("in one block a read is the last assignment", () => {
  const b = new Bare();
  const block0 = b.block();
  b.ssa.sealBlock(b.func, block0);
  const one = b.in(block0).iconst(I32, 1);
  b.ssa.defVar(X, one, block0);
  b.ssa.defVar(Y, one, block0);
  const two = b.in(block0).iconst(I32, 2);
  b.ssa.defVar(X, two, block0);
  assert.equal(b.use(X, block0), two);
  assert.equal(b.use(Y, block0), one);
});

test("a read walks up sealed blocks with one predecessor, and adds nothing", () => {
  const b = new Bare();
  const [block0, block1, block2] = [b.block(), b.block(), b.block()];
  const value = b.in(block0).iconst(I32, 1);
  b.ssa.defVar(X, value, block0);
  b.jump(block0, block1);
  b.jump(block1, block2);
  b.ssa.sealAllBlocks(b.func);
  assert.equal(b.use(X, block2), value);
  assert.equal(b.func.dfg.numValues, 1);
});

test("where two assignments meet the block gets a parameter, where one does an alias", () => {
  const b = new Bare();
  const blocks = [b.block(), b.block(), b.block(), b.block()] as const;
  const [block0, block1, block2, block3] = blocks;
  const one = b.in(block0).iconst(I32, 1);
  b.ssa.defVar(X, one, block0);
  b.ssa.defVar(Y, one, block0);
  b.brif(block0, one, block1, block2);
  b.ssa.defVar(X, b.in(block1).iconst(I32, 2), block1);
  b.jump(block1, block3);
  b.jump(block2, block3);
  b.ssa.sealAllBlocks(b.func);
  const x = b.use(X, block3);
  const y = b.use(Y, block3);
  assert.equal(y, one);
  b.in(block3).return_([x, y]);
  assert.equal(
    b.text,
    `block0:
    v0 = iconst.i32 1
    v3 -> v0
    brif v0, block1, block2  ; v0 = 1

block1:
    v1 = iconst.i32 2
    jump block3(v1)  ; v1 = 2

block2:
    jump block3(v0)  ; v0 = 1

block3(v2: i32):
    return v2, v0  ; v0 = 1
}
`,
  );
});

test("a read before a loop is sealed is settled when it is: kept where the loop assigns, an alias where not", () => {
  const b = new Bare();
  const [block0, block1, block2] = [b.block(), b.block(), b.block()];
  b.ssa.sealBlock(b.func, block0);
  const start = b.in(block0).iconst(I32, 0);
  b.ssa.defVar(X, start, block0);
  b.ssa.defVar(Y, start, block0);
  b.jump(block0, block1);
  const x = b.use(X, block1);
  const y = b.use(Y, block1);
  b.ssa.defVar(X, b.in(block1).iadd(x, y), block1);
  b.brif(block1, y, block1, block2);
  b.ssa.sealBlock(b.func, block1);
  b.ssa.sealBlock(b.func, block2);
  b.in(block2).return_([b.use(X, block2)]);
  assert.equal(
    b.text,
    `block0:
    v0 = iconst.i32 0
    v2 -> v0
    jump block1(v0)  ; v0 = 0

block1(v1: i32):
    v3 = iadd v1, v2  ; v2 = 0
    brif.i32 v2, block1(v3), block2  ; v2 = 0

block2:
    return v3
}
`,
  );
});

test("parameters and arguments come in the order of the reads, zeroes at the head of the block", () => {
  const b = new Bare();
  const [block0, block1] = [b.block(), b.block()];
  const variables = [0, 1, 2, 3].map((n) => n as Variable);
  const values = [1, 3].map((n) => b.in(block0).iconst(I32, n));
  b.ssa.defVar(1 as Variable, values[0]!, block0);
  b.ssa.defVar(3 as Variable, values[1]!, block0);
  b.jump(block0, block1);
  const reads = variables.map((variable) => b.use(variable, block1));
  b.ssa.defVar(1 as Variable, reads[0]!, block1);
  b.ssa.defVar(3 as Variable, reads[1]!, block1);
  b.jump(block1, block1);
  b.ssa.sealAllBlocks(b.func);
  assert.equal(
    b.text,
    `block0:
    v9 = iconst.i32 0
    v4 -> v9
    v8 -> v9
    v7 = iconst.i32 0
    v2 -> v7
    v6 -> v7
    v0 = iconst.i32 1
    v1 = iconst.i32 3
    jump block1(v0, v1)  ; v0 = 1, v1 = 3

block1(v3: i32, v5: i32):
    jump block1(v2, v3)  ; v2 = 0
}
`,
  );
});

test("the entry's undefined variables are zero, whether it is sealed before the read or after", () => {
  const zero = (early: boolean): string => {
    const b = new Bare();
    const block0 = b.block();
    if (early) b.ssa.sealBlock(b.func, block0);
    const value = b.use(X, block0);
    if (!early) b.ssa.sealBlock(b.func, block0);
    b.in(block0).return_([value]);
    return b.text;
  };
  assert.equal(zero(true), "block0:\n    v1 = iconst.i32 0\n    v0 -> v1\n    return v1  ; v1 = 0\n}\n");
  assert.equal(zero(false), "block0:\n    v1 = iconst.i32 0\n    v0 -> v1\n    return v0  ; v0 = 0\n}\n");
});

test("a read in unreachable blocks is zero, however many of them lead there", () => {
  const b = new Bare();
  const [block0, block1, block2] = [b.block(), b.block(), b.block()];
  b.in(block0).return_([]);
  const value = b.in(block1).iconst(I32, 7);
  b.brif(block1, value, block1, block2);
  b.jump(block2, block1);
  b.ssa.sealAllBlocks(b.func);
  const { dfg } = b.func;
  assert.equal(dfg.resolveAliases(b.use(X, block2)), dfg.resolveAliases(b.use(X, block1)));
  assert.match(b.text, /block1:\n {4}v\d+ = iconst\.i32 0\n/);
});

test("reading in a loop and assigning what was read ends", () => {
  const b = new Bare();
  const [block0, block1] = [b.block(), b.block()];
  b.ssa.sealBlock(b.func, block0);
  b.ssa.defVar(X, b.in(block0).iconst(I32, 0), block0);
  b.jump(block0, block1);
  b.ssa.defVar(X, b.use(X, block1), block1);
  b.jump(block1, block1);
  b.ssa.sealBlock(b.func, block1);
  assert.equal(b.func.dfg.blockParamCount(block1), 0);
});

test("each arm of a branch table is passed its argument once for each of its edges", () => {
  const s = new Sketch([I32], [I32]);
  const { builder } = s;
  const [block0, block1, block2] = s.blocks(3);
  const x = builder.declareVar(I32);
  const [v0] = s.params(block0!);
  builder.defVar(x, v0!);
  builder.ins.brTable(
    v0!,
    [block2!, block2!, block1!, block2!].map((block) => builder.blockCall(block)),
  );
  s.at(block1!);
  builder.defVar(x, s.int(1));
  s.jump(block2!);
  s.at(block2!);
  s.ret(builder.useVar(x));
  assert.match(s.text(), /br_table v0, block2\(v0\), \[block2\(v0\), block1, block2\(v0\)\]/);
});

test("values of declared variables and the parameters made for them are recorded, zeroes are not", () => {
  const b = new Bare();
  const [block0, block1] = [b.block(), b.block()];
  b.ssa.markVariable(X);
  b.ssa.markVariable(Y);
  const value = b.in(block0).iconst(I32, 1);
  b.ssa.defVar(X, value, block0);
  b.jump(block0, block1);
  const read = b.use(X, block1);
  const undefinedRead = b.use(Y, block1);
  b.ssa.sealAllBlocks(b.func);
  const recorded = Array.from({ length: b.ssa.stackMapValues.length }, (_, i) => b.ssa.stackMapValues.get(i));
  assert.deepEqual(recorded.slice(0, 3), [value, read, undefinedRead]);
  assert.ok(!recorded.includes(b.func.dfg.resolveAliases(undefinedRead)));
});

test("clearing forgets everything", () => {
  const ssa = new SsaBuilder();
  const texts = [0, 1].map(() => {
    const b = new Bare(ssa);
    const [block0, block1] = [b.block(), b.block()];
    b.ssa.markVariable(Y);
    const read = b.use(X, block0);
    b.jump(block0, block1);
    b.jump(block1, block1);
    b.use(Y, block1);
    b.ssa.sealAllBlocks(b.func);
    b.ssa.clear();
    assert.equal(b.ssa.stackMapValues.length, 0);
    assert.equal(read, 0);
    return b.text;
  });
  assert.equal(texts[1], texts[0]);
});

// Size: no shape recurses, and none of these would end in a test's time if its cost grew with the square.

test("a chain of 200,000 blocks is walked without recursion", () => {
  const b = new Bare();
  const first = b.block();
  const value = b.in(first).iconst(I32, 1);
  b.ssa.defVar(X, value, first);
  let last = first;
  for (let i = 0; i < 200_000; i++) {
    const next = b.block();
    b.jump(last, next);
    b.ssa.sealBlock(b.func, next);
    last = next;
  }
  for (let i = 0; i < 1000; i++) assert.equal(b.use(X, last), value);
  assert.equal(b.func.dfg.numValues, 1);
});

test("a chain of 100,000 joins is looked up without recursion", () => {
  const b = new Bare();
  let last = b.block();
  const value = b.in(last).iconst(I32, 1);
  b.ssa.defVar(X, value, last);
  for (let i = 0; i < 100_000; i++) {
    const next = b.block();
    const side = b.block();
    b.brif(last, value, side, next);
    b.jump(side, next);
    last = next;
  }
  b.ssa.sealAllBlocks(b.func);
  assert.equal(b.use(X, last), value);
});

test("loops sealed from the last to the first leave chains of aliases that stay cheap", () => {
  const b = new Bare();
  const entry = b.block();
  const value = b.in(entry).iconst(I32, 1);
  b.ssa.defVar(X, value, entry);
  b.ssa.sealBlock(b.func, entry);
  const headers: Block[] = [];
  let last = entry;
  for (let i = 0; i < 20_000; i++) {
    const header = b.block();
    const exit = b.block();
    b.jump(last, header);
    b.use(X, header);
    b.brif(header, value, header, exit);
    headers.push(header);
    last = exit;
  }
  while (headers.length > 0) b.ssa.sealBlock(b.func, headers.pop()!);
  b.ssa.sealAllBlocks(b.func);
  assert.equal(b.func.dfg.resolveAliases(b.use(X, last)), value);
});

test("20,000 variables wait for one block", () => {
  const b = new Bare();
  const [block0, block1] = [b.block(), b.block()];
  for (let n = 0; n < 20_000; n++) b.ssa.defVar(n as Variable, b.in(block0).iconst(I32, n), block0);
  b.jump(block0, block1);
  for (let n = 0; n < 20_000; n++) b.use(n as Variable, block1);
  const changed = b.in(block1).iconst(I32, -1);
  for (let n = 0; n < 20_000; n += 2) b.ssa.defVar(n as Variable, changed, block1);
  b.jump(block1, block1);
  b.ssa.sealAllBlocks(b.func);
  assert.equal(b.func.dfg.blockParamCount(block1), 10_000);
  assert.equal(b.func.dfg.valueIndex(b.func.dfg.blockParam(block1, 9_999)), 9_999);
});

test("a branch table of 20,000 arms that each join their neighbour", () => {
  const b = new Bare();
  const entry = b.block();
  const value = b.in(entry).iconst(I32, 1);
  b.ssa.defVar(X, value, entry);
  const arms = Array.from({ length: 20_000 }, () => b.block());
  const calls = arms.map((arm) => b.func.dfg.blockCall(arm, []));
  b.ssa.declareBranch(b.func, b.in(entry).brTable(value, calls));
  for (let i = 1; i < arms.length; i++) b.jump(arms[i - 1]!, arms[i]!);
  b.ssa.sealAllBlocks(b.func);
  for (const [i, arm] of arms.entries()) {
    const read = b.use(X, arm);
    assert.equal(read === value, i === 0);
    b.ssa.defVar(X, b.in(arm).iconst(I32, i), arm);
  }
  for (const [i, call] of calls.entries())
    assert.equal(b.func.dfg.blockCalls.argCount(call), i === 0 ? 0 : 1);
});
