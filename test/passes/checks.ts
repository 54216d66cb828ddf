/** Functions with checks, in CLIF, and the checks that a pass has left in them. */
import { ZERO_BYTES } from "../../src/gc/layout.ts";
import { eitherTrap } from "../../src/gc/traps.ts";
import { NONE } from "../../src/ir/entities.ts";
import type { Function } from "../../src/ir/function.ts";
import * as Op from "../../src/ir/op.gen.ts";
import { type Facts, NO_FACTS } from "../../src/passes/facts.ts";
import { parseFunctions } from "../../src/text/index.ts";
import { verifyFunction } from "../../src/verify/index.ts";

export const FACTS: Facts = { ...NO_FACTS, zeroBytes: ZERO_BYTES, eitherTrap };

/** Of the body of a function that takes v0 and v1; `gv0` is a type's descriptor, `region0` another memory. */
export function functionOf(body: string): Function {
  return parseFunctions(`function %f(i32, i32) tail {
    gv0 = symbol colocated u3:7
    region0 = 1 "memory 1"
    sig0 = () tail
    fn0 = colocated u0:0 sig0

block0(v0: i32, v1: i32):
${body}
}`)[0]!;
}

/** The codes of the checks that are there, once the function was found valid. */
export function checkCodes(func: Function): number[] {
  verifyFunction(func);
  const { dfg, layout } = func;
  const codes: number[] = [];
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      const op = dfg.opcode(inst);
      if (op === Op.Trapz || op === Op.Trapnz) codes.push(dfg.trapCode(inst));
    }
  }
  return codes;
}
