/** Functions that no front end makes: the verifier says what is wrong and does nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FuncCursor } from "../../src/ir/cursor.ts";
import {
  type Block,
  type BlockCall,
  type Inst,
  NONE,
  type StackSlot,
  type Value,
} from "../../src/ir/entities.ts";
import { Function } from "../../src/ir/function.ts";
import type { MemFlags } from "../../src/ir/memflags.ts";
import { Format } from "../../src/ir/opcodes.ts";
import { signatureOf } from "../../src/ir/signature.ts";
import { I32, I64, type Type } from "../../src/ir/types.ts";
import { parseFunctions } from "../../src/text/index.ts";
import { Verifier, type VerifierError, verifierErrorText, verifyFunction } from "../../src/verify/index.ts";
import { MAX_ERRORS } from "../../src/verify/verifier-error.ts";

const SAMPLE = `function %sample(i64, i32) -> i32 tail {
    ss0 = explicit_slot 8
    ss1 = explicit_slot 8
    region0 = 1 "a"
    gv0 = symbol %s
    gv1 = load.i64 notrap gv0
    sig0 = (i64) -> i32 tail
    sig1 = () tail
    fn0 = colocated u0:0 sig0
    fn1 = colocated u0:1 sig1
    const0 = 0x01020304

block0(v0: i64, v1: i32):
    v2 = load.i32 region0 v0
    v3 = iadd v1, v2
    v4 -> v3
    brif v4, block1(v3), block2
block1(v5: i32):
    v6 = stack_addr.i64 ss0
    store v5, v6
    v7 = call fn0(v6), stack_map=[i32 @ ss0+0, i64 @ ss1+0]
    br_table v7, block2, [block1(v7), block3]
block2:
    v8 = symbol_value.i64 gv1
    try_call fn0(v8), sig0, block4(ret0), [ tag1: block3, default: block5(exn0), context v0 ]
block3:
    v9 = vconst.i32x4 const0
    v10 = extractlane v9, 2
    v11 = shuffle v12, v12, 0x00
    return v10
block4(v13: i32):
    return_call fn0(v0)
block5(v14: i64):
    v15 = get_exception_handler_address.i64 block2, 0
    v12 = splat.i8x16 v16
    v16 = iconst.i8 1
    call_indirect sig1, v15()
    jump block3
}
`;

function sample(): Function {
  const [func] = parseFunctions(SAMPLE);
  assert.ok(func !== undefined);
  return func;
}

function random(seed: number): (below: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    state ^= state >>> 13;
    return (state >>> 0) % below;
  };
}

/** Changes one thing to something that may not exist. */
function damage(func: Function, next: (below: number) => number): void {
  const { dfg, layout } = func;
  const inst = next(dfg.numInsts) as Inst;
  const number = next(3) === 0 ? next(1 << 30) : next(20);
  switch (next(9)) {
    case 0:
      if (dfg.argCount(inst) > 0) dfg.setArg(inst, next(dfg.argCount(inst)), number as Value);
      break;
    case 1:
      if (dfg.destinationCount(inst) > 0 && dfg.hasExceptionTable(inst) === false) {
        dfg.blockCalls.setBlock(dfg.destination(inst, 0), number as Block);
      }
      break;
    case 2:
      if (dfg.format(inst) !== Format.Jump && dfg.format(inst) !== Format.Brif)
        dfg.setCallee(inst, number as never);
      break;
    case 3:
      if (layout.blockOf(inst) !== NONE) layout.removeInst(inst);
      break;
    case 4:
      if (layout.isBlockInserted((number % dfg.numBlocks) as Block))
        layout.removeBlock((number % dfg.numBlocks) as Block);
      break;
    case 5:
      dfg.makeAlias(next(dfg.numValues) as Value, next(dfg.numValues) as Value);
      break;
    case 6:
      dfg.setValueType(next(dfg.numValues) as Value, next(0x200) as Type);
      break;
    case 7:
      dfg.detachResults(inst);
      break;
    default:
      if (dfg.format(inst) === Format.Load) dfg.setMemFlags(inst, (number << 13) as MemFlags);
  }
}

test("damaged functions give errors, never anything else", () => {
  const verifier = new Verifier();
  let rejected = 0;
  for (let seed = 0; seed < 4000; seed++) {
    const func = sample();
    const next = random(seed);
    const count = 1 + next(6);
    for (let i = 0; i < count; i++) damage(func, next);
    const options = seed % 2 === 0 ? {} : { isa: seed % 3 === 0 ? "pulley32" : "x86_64" };
    const errors = verifier.verify(func, options);
    for (const error of errors) assert.ok(verifierErrorText(error).length > 0);
    if (errors.length > 0) rejected++;
  }
  assert.ok(rejected > 3000, `${rejected} rejected`);
});

test("a cycle of aliases is an error; a long chain is followed once", () => {
  const func = new Function(undefined, signatureOf([I32], [I32]));
  const block = func.dfg.makeBlock();
  func.layout.appendBlock(block);
  const first = func.dfg.appendBlockParam(block, I32);
  const length = 200_000;
  func.dfg.reserveValue((first + length) as Value);
  for (let i = length; i > 0; i--) func.dfg.makeAlias((first + i) as Value, (first + i - 1) as Value);
  const cursor = new FuncCursor(func).atEnd(block);
  let sum = first;
  for (let i = 0; i < length; i++) sum = cursor.iadd(sum, (first + i) as Value);
  cursor.return_([sum]);
  for (let i = 1; i <= length; i++) func.dfg.setValueType((first + i) as Value, I32);
  assert.deepEqual(verifyFunction(func), []);
  func.dfg.makeAlias((first + 1) as Value, (first + length) as Value);
  const [error] = verifyFunction(func);
  assert.match(error!.message, /^v\d+ is an alias of itself$/);
});

test("a long chain of globals is walked once", () => {
  const func = new Function();
  const length = 100_000;
  for (let i = 0; i < length; i++) {
    func.createGlobalValue({ kind: "iadd_imm", base: ((i + 1) % length) as never, offset: 8n, type: I64 });
  }
  assert.deepEqual(
    verifyFunction(func).map((error) => error.location),
    ["gv0"],
  );
});

test("many wrong arguments of one long instruction do not multiply its text", () => {
  const count = 20_000;
  const func = new Function(undefined, signatureOf([I64], []));
  const block = func.dfg.makeBlock();
  func.layout.appendBlock(block);
  const param = func.dfg.appendBlockParam(block, I64);
  const signature = func.importSignature(signatureOf(Array<Type>(count).fill(I32), []));
  const cursor = new FuncCursor(func).atEnd(block);
  cursor.callIndirect(signature, param, Array<Value>(count).fill(param));
  const target = func.dfg.makeBlock();
  func.layout.appendBlock(target);
  const calls = Array.from({ length: count }, (): BlockCall => func.dfg.blockCall(target, [param]));
  const selector = cursor.iconst(I32, 0);
  cursor.brTable(selector, calls);
  cursor.atEnd(target).return_([]);
  const errors: VerifierError[] = verifyFunction(func);
  assert.equal(errors.length, MAX_ERRORS);
  const longest = Math.max(...errors.map((error) => verifierErrorText(error).length));
  assert.ok(longest < 10_000, `${longest} characters`);
});

test("a stack map with many entries in one slot", () => {
  const func = new Function();
  const block = func.dfg.makeBlock();
  func.layout.appendBlock(block);
  const slot = func.createStackSlot({ sizeBytes: 400_000, alignLog2: 0 });
  const callee = func.importFunction({
    name: { kind: "testcase", name: "g" },
    signature: func.importSignature(signatureOf([], [])),
    colocated: false,
    patchable: false,
    noCollect: false,
  });
  const cursor = new FuncCursor(func).atEnd(block);
  const call = cursor.call(callee, []);
  cursor.return_([]);
  for (let i = 0; i < 100_000; i++) func.dfg.stackMaps.push(I32, slot, ((i * 7919) % 100_000) * 4);
  func.dfg.setStackMap(call, func.dfg.stackMaps.finish());
  assert.deepEqual(verifyFunction(func), []);
  func.dfg.stackMaps.push(I32, 9 as StackSlot, 0);
  func.dfg.setStackMap(func.layout.nextInst(call) as Inst, func.dfg.stackMaps.finish());
  assert.deepEqual(
    verifyFunction(func).map((error) => error.message),
    ["stack map on an instruction that is no safepoint", "stack map entry names ss9, which is not declared"],
  );
});
