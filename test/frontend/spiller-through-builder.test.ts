/**
 * The themes of upstream's own tests of its spiller (`cranelift/frontend/src/frontend/safepoints.rs`), built through
 * the function builder: what is spilled, reloaded and mapped, by count, and the whole text under `spiller/`.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FunctionBuilderContext } from "../../src/frontend/context.ts";
import { type AliasRegion, NONE, type Value } from "../../src/ir/entities.ts";
import { userTrap } from "../../src/ir/trap-codes.ts";
import { F32, F64, I8, I8X16, I16, I16X8, I32, I64, I128 } from "../../src/ir/types.ts";
import { Sketch } from "./sketch.ts";

/** Slots, spills, reloads, calls with a map, map entries, calls. */
type Counts = readonly [number, number, number, number, number, number];

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

function countsOf(text: string): Counts {
  return [
    count(text, /= explicit_slot/g),
    count(text, /store notrap aligned/g),
    count(text, /load\.\S+ notrap aligned/g),
    count(text, /stack_map=\[/g),
    count(text, / @ ss/g),
    count(text, /[ =](try_)?call fn/g),
  ];
}

function check(name: string, text: string, counts: Counts): void {
  assert.deepEqual(countsOf(text), counts, text);
  const path = join(import.meta.dirname, "spiller", `${name}.clif`);
  assert.equal(text, readFileSync(path, "utf8"));
}

const NOTHING: Counts = [0, 0, 0, 0, 0, 0];

/** The counts of a function in which nothing is spilled, whatever it calls. */
function checkNothingSpilled(name: string, text: string): void {
  check(name, text, [...NOTHING.slice(0, 5), countsOf(text)[5]] as unknown as Counts);
}

function trapz(sketch: Sketch, value: Value): void {
  sketch.builder.ins.trapz(value, userTrap(1));
}

test("what is passed around a loop is live at the call in it", () => {
  const s = new Sketch([I32, I32]);
  const fn0 = s.callee([I32]);
  const [loop] = s.blocks(1);
  const [v0, v1] = s.params(loop!);
  s.declare(v0!, v1!);
  s.call(fn0, v0!);
  s.jump(loop!, v0!, v1!);
  const text = s.text({ branchToEntry: true });
  check("loop", text, [2, 2, 3, 1, 2, 1]);
});

test("maps shrink as values die, and a call's last argument is not in its map", () => {
  const s = new Sketch();
  const fn0 = s.callee([I32]);
  s.blocks(1);
  const values = [0, 1, 2, 3].map((n) => s.int(n));
  s.declare(...values);
  for (const i of [3, 0, 1, 2]) s.call(fn0, values[i]!);
  s.ret();
  check("straight-line", s.text(), [3, 3, 3, 3, 6, 4]);
});

test("nothing is live across a call in a block that returns early", () => {
  const s = new Sketch([I32, I32]);
  const fn0 = s.callee([I32]);
  const [block0, block1, block2] = s.blocks(3);
  const [v0, v1] = s.params(block0!);
  s.declare(v1!);
  s.brif(v0!, block1!, block2!);
  s.at(block1!);
  s.call(fn0, v1!);
  s.ret();
  s.at(block2!);
  s.ret();
  checkNothingSpilled("early-return", s.text());
});

test("a value used in one arm is not live at the call of the other, whichever comes first", () => {
  const context = new FunctionBuilderContext();
  for (const swapped of [false, true]) {
    const s = new Sketch([I32, I32], [], context);
    const fn0 = s.callee([I32]);
    const fn1 = s.callee([]);
    const [block0, block1, block2] = s.blocks(3);
    const [v0, v1] = s.params(block0!);
    s.declare(v1!);
    s.brif(v0!, swapped ? block2! : block1!, swapped ? block1! : block2!);
    s.at(block1!);
    s.call(fn1);
    s.ret();
    s.at(block2!);
    s.call(fn0, v1!);
    s.ret();
    checkNothingSpilled(swapped ? "arms-swapped" : "arms", s.text());
  }
});

test("a tail call is no safepoint", () => {
  const context = new FunctionBuilderContext();
  for (const swapped of [false, true]) {
    const s = new Sketch([I32, I32], [], context);
    const fn0 = s.callee([I32]);
    const [block0, block1, block2] = s.blocks(3);
    const [v0, v1] = s.params(block0!);
    s.declare(v0!, v1!);
    s.brif(v0!, swapped ? block2! : block1!, swapped ? block1! : block2!);
    s.at(block1!);
    s.builder.ins.returnCall(fn0, [v1!]);
    s.at(block2!);
    s.ret();
    checkNothingSpilled(swapped ? "tail-call-swapped" : "tail-call", s.text());
  }
});

test("the arms of a diamond share slots", () => {
  // Not valid SSA, on purpose: block3 uses v1 of block1, so at block2's call v1 and v3 have one slot, named twice.
  const s = new Sketch([I32], [I32]);
  const fn0 = s.callee([]);
  const [block0, block1, block2, block3] = s.blocks(4);
  s.builder.appendBlockParam(block3!, I32);
  s.builder.appendBlockParam(block3!, I32);
  s.brif(s.params(block0!)[0]!, block1!, block2!);
  s.at(block1!);
  const v1 = s.int(1);
  const v2 = s.int(2);
  s.call(fn0);
  s.jump(block3!, v1, v2);
  s.at(block2!);
  const v3 = s.int(3);
  s.call(fn0);
  s.jump(block3!, v3, v3);
  s.at(block3!);
  s.call(fn0);
  s.ret(v1);
  s.declare(v1, v2, v3);
  check("diamond", s.text(), [2, 3, 5, 3, 5, 3]);
});

test("values of all types have slots of their size, none shared while all are live", () => {
  const types = [I8, I16, I32, I64, I128, F32, F64, I8X16, I16X8];
  const s = new Sketch(types, types);
  const fn0 = s.callee([]);
  const [block0] = s.blocks(1);
  s.declare(...s.params(block0!));
  s.call(fn0);
  s.ret(...s.params(block0!));
  check("all-types", s.text(), [9, 9, 9, 1, 9, 1]);
});

test("values that live one after another share one slot", () => {
  const s = new Sketch();
  const fn0 = s.callee([I32]);
  const fn1 = s.callee([]);
  s.blocks(1);
  for (const n of [0, 1, 2, 3]) {
    const value = s.int(n);
    s.declare(value);
    s.call(fn1);
    s.call(fn0, value);
  }
  s.ret();
  check("one-after-another", s.text(), [1, 4, 4, 4, 4, 8]);
});

test("a variable's values and the parameter that joins them are spilled alike", () => {
  const s = new Sketch([I32]);
  const fn0 = s.callee([I32]);
  const [block0, block1, block2, block3] = s.blocks(4);
  const x = s.builder.declareVar(I32);
  const y = s.builder.declareVar(I32);
  s.builder.declareVarNeedsStackMap(x);
  s.builder.declareVarNeedsStackMap(y);
  const [v0] = s.params(block0!);
  s.call(fn0, v0!);
  s.brif(v0!, block1!, block2!);
  for (const [block, n] of [
    [block1!, 1],
    [block2!, 2],
  ] as const) {
    s.at(block);
    s.builder.defVar(x, s.int(n));
    s.call(fn0, s.builder.useVar(x));
    s.call(fn0, s.builder.useVar(x));
    s.jump(block3!);
  }
  s.at(block3!);
  s.call(fn0, s.builder.useVar(x));
  s.builder.defVar(y, s.int(3));
  s.call(fn0, s.builder.useVar(x));
  trapz(s, s.builder.useVar(y));
  trapz(s, s.builder.useVar(y));
  s.call(fn0, s.builder.useVar(y));
  s.ret();
  check("variables-and-parameters", s.text(), [2, 4, 11, 6, 6, 8]);
});

test("a declared variable's value is spilled", () => {
  const s = new Sketch([I32], [I32]);
  const fn0 = s.callee([]);
  const [block0] = s.blocks(1);
  const x = s.builder.declareVar(I32);
  s.builder.declareVarNeedsStackMap(x);
  s.builder.defVar(x, s.params(block0!)[0]!);
  s.call(fn0);
  s.ret(s.builder.useVar(x));
  check("variable", s.text(), [1, 1, 1, 1, 1, 1]);
});

test("a parameter is spilled before the first instruction, which defines another spilled value", () => {
  const s = new Sketch([I32], [I32, I32]);
  const fn0 = s.callee([]);
  const [block0] = s.blocks(1);
  const [v0] = s.params(block0!);
  const v1 = s.int(42);
  s.declare(v0!, v1);
  s.call(fn0);
  s.ret(v0!, v1);
  check("first-instruction", s.text(), [2, 2, 2, 1, 2, 1]);
});

test("a value used at the head of a loop is live at every call of its body", () => {
  const s = new Sketch([I32, I32]);
  const fn0 = s.callee([I32]);
  const fn1 = s.callee([]);
  const [block0, block1, block2, block3] = s.blocks(4);
  const [v0, v1] = s.params(block0!);
  s.declare(v0!);
  s.jump(block1!);
  s.at(block1!);
  s.call(fn0, v0!);
  s.brif(v1!, block2!, block3!);
  for (const block of [block2!, block3!]) {
    s.at(block);
    s.call(fn1);
    s.jump(block1!);
  }
  check("partially-live-in-loop", s.text(), [1, 1, 1, 3, 3, 3]);
});

test("a value used in both blocks of an irreducible loop is live everywhere in it", () => {
  const s = new Sketch([I32, I32]);
  const fn0 = s.callee([I32]);
  const fn1 = s.callee([]);
  const [block0, block1, block2] = s.blocks(3);
  const [v0, v1] = s.params(block0!);
  s.declare(v0!);
  s.brif(v1!, block1!, block2!);
  for (const [block, other] of [
    [block1!, block2!],
    [block2!, block1!],
  ] as const) {
    s.at(block);
    s.call(fn0, v0!);
    s.call(fn1);
    s.call(fn1);
    s.jump(other);
  }
  check("irreducible-loop", s.text(), [1, 1, 2, 6, 6, 6]);
});

test("a back edge that leads to a back edge carries liveness around both loops", () => {
  const s = new Sketch([I32, I32, I32, I32]);
  const fn0 = s.callee([I32]);
  const fn1 = s.callee([]);
  const [block0, block1, block2, block3] = s.blocks(4);
  const [v0, v1, v2, v3] = s.params(block0!);
  s.declare(v0!, v1!, v2!);
  s.jump(block1!);
  const use = (value: Value): void => {
    s.call(fn0, value);
    s.call(fn1);
    s.call(fn1);
  };
  s.at(block1!);
  use(v0!);
  s.jump(block2!);
  s.at(block2!);
  use(v1!);
  s.brif(v3!, block1!, block3!);
  s.at(block3!);
  use(v2!);
  s.brif(v3!, block1!, block2!);
  check("back-edge-to-back-edge", s.text(), [3, 3, 3, 9, 27, 9]);
});

test("parameters that SSA construction inserts for declared variables are declared", () => {
  const s = new Sketch([I32, I32, I32]);
  const fn0 = s.callee([I32]);
  const fn1 = s.callee([]);
  const fn2 = s.callee([], [I32]);
  const [block0, block1, block2, block3] = s.blocks(4);
  const [v0, v1, v2] = s.params(block0!);
  const x = s.builder.declareVar(I32);
  const y = s.builder.declareVar(I32);
  const z = s.builder.declareVar(I32);
  for (const variable of [x, y, z]) s.builder.declareVarNeedsStackMap(variable);
  s.builder.defVar(x, v0!);
  s.builder.defVar(y, v1!);
  const use = (variable: typeof x): void => {
    s.call(fn0, s.builder.useVar(variable));
  };
  s.jump(block1!);
  s.at(block1!);
  use(y);
  s.brif(v2!, block2!, block3!);
  s.at(block2!);
  s.builder.defVar(z, s.call(fn2));
  use(y);
  use(z);
  use(x);
  s.builder.defVar(y, s.builder.useVar(z));
  s.jump(block1!);
  s.at(block3!);
  use(x);
  s.call(fn1);
  use(x);
  use(x);
  s.ret();
  check("forwarded-parameters", s.text(), [3, 3, 9, 8, 13, 9]);
});

test("a try_call is a safepoint", () => {
  const s = new Sketch([I32], [I32]);
  const fn0 = s.callee([]);
  const [block0, block1] = s.blocks(2);
  const [v0] = s.params(block0!);
  s.declare(v0!);
  s.tryCall(fn0, [], block1!, []);
  s.at(block1!);
  s.ret(v0!);
  const text = s.text();
  assert.match(text, /try_call fn0\(\), sig0, block1, \[\], stack_map=\[i32 @ ss0\+0\]/);
  check("try-call", text, [1, 1, 1, 1, 1, 1]);
});

test("uses of an alias are reloaded like those of the value it stands for", () => {
  const s = new Sketch();
  const fn0 = s.callee([], [I32]);
  const fn1 = s.callee([I32]);
  const [, block1] = s.blocks(2);
  const x = s.builder.declareVar(I32);
  s.builder.declareVarNeedsStackMap(x);
  s.builder.defVar(x, s.call(fn0));
  s.jump(block1!);
  s.at(block1!);
  const alias = s.builder.useVar(x);
  s.call(fn1, alias);
  s.call(fn1, alias);
  s.ret();
  check("alias", s.text(), [1, 1, 2, 1, 1, 3]);
});

test("every definition of a variable in a block is declared, not only its last", () => {
  const s = new Sketch([I32, I32], [I32, I32]);
  const fn0 = s.callee([]);
  const [block0] = s.blocks(1);
  const [v0, v1] = s.params(block0!);
  const x = s.builder.declareVar(I32);
  s.builder.declareVarNeedsStackMap(x);
  s.builder.defVar(x, v0!);
  const first = s.builder.useVar(x);
  s.builder.defVar(x, v1!);
  s.call(fn0);
  s.ret(first, s.builder.useVar(x));
  check("redefined-variable", s.text(), [2, 2, 2, 1, 2, 1]);
});

test("a loop-invariant value keeps its slot for the whole loop", () => {
  // The invariant is used at the head only, so that, seen backwards, the other value asks for a slot first.
  const s = new Sketch([I32]);
  const fn0 = s.callee([I32]);
  const fn1 = s.callee([]);
  const fn2 = s.callee([], [I32]);
  const [block0, block1, block2] = s.blocks(3);
  const condition = s.params(block0!)[0]!;
  const invariant = s.call(fn2);
  s.jump(block1!);
  s.at(block1!);
  s.call(fn0, invariant);
  trapz(s, invariant);
  trapz(s, invariant);
  const other = s.call(fn2);
  s.call(fn1);
  trapz(s, other);
  s.call(fn0, other);
  s.brif(condition, block1!, block2!);
  s.at(block2!);
  s.call(fn1);
  s.ret();
  s.declare(invariant, other);
  check("loop-invariant", s.text(), [2, 2, 5, 4, 5, 6]);
});

test("spills and reloads carry the alias region that the callback gives", () => {
  const s = new Sketch([I32]);
  const fn0 = s.callee([I32]);
  const [block0] = s.blocks(1);
  const [v0] = s.params(block0!);
  s.declare(v0!);
  let region: AliasRegion | typeof NONE = NONE;
  let asked = 0;
  s.builder.makeStackMapAliasRegion((func) => {
    asked++;
    if (region === NONE) region = func.createAliasRegion({ userId: 0, description: "stack map" });
    return region as AliasRegion;
  });
  s.call(fn0, v0!);
  s.call(fn0, v0!);
  s.ret();
  check("alias-region", s.text(), [1, 1, 2, 1, 1, 2]);
  assert.equal(asked, 3);
});
