/**
 * The CLIF verifier: whether a function is well formed.
 *
 * It follows upstream's (`cranelift/codegen/src/verifier/mod.rs`) rule by rule and in its order: declarations, then each
 * block of the layout and each instruction in it, with its place in the block, what it refers to, its types, its
 * immediates. As there, some errors end the verification of the function ("fatal") and others are collected, so the
 * same errors come out, each at the same entity. What goes beyond upstream: stack maps, and errors instead of panics
 * for functions that only an API (or a defect) can make.
 *
 * Unreachable blocks are verified but for dominance. Near-linear, iterative; no object is made for a correct
 * instruction. The `Verifier` keeps its memory from one function to the next.
 */

import { type Block, type Inst, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { isTerminator } from "../ir/opcodes.ts";
import { ValueKind } from "../ir/values.ts";
import type { VerifyContext } from "./context.ts";
import * as messages from "./messages.ts";
import { rulesOf, type VerifyOptions } from "./options.ts";
import { ValueUses } from "./value-uses.ts";
import { ErrorList, type VerifierError } from "./verifier-error.ts";
import { verifyDeclarations } from "./verify-declarations.ts";
import { verifyImmediates } from "./verify-immediates.ts";
import { Next, verifyReferences } from "./verify-references.ts";
import { verifyStackMaps } from "./verify-stack-maps.ts";
import { verifyTypes } from "./verify-types.ts";

export class Verifier {
  private readonly errors: ErrorList;
  private readonly uses: ValueUses;

  constructor() {
    this.errors = new ErrorList();
    this.uses = new ValueUses();
  }

  /** All errors of the function, in the order found; none if it is well formed. */
  verify(func: Function, options: VerifyOptions = {}): VerifierError[] {
    const context: VerifyContext = { func, rules: rulesOf(options), errors: this.errors, uses: this.uses };
    this.errors.begin(func);
    this.uses.begin(func, this.errors);
    if (verifyDeclarations(context)) verifyBlocks(context);
    if (context.rules.stackMaps) verifyStackMaps(context);
    this.uses.end();
    return this.errors.take();
  }
}

let shared: Verifier | null = null;

/** All errors of the function, in the order found; none if it is well formed. */
export function verifyFunction(func: Function, options: VerifyOptions = {}): VerifierError[] {
  shared ??= new Verifier();
  return shared.verify(func, options);
}

function verifyBlocks(context: VerifyContext): void {
  const { layout } = context.func;
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    if (layout.firstInst(block) === NONE) {
      context.errors.at("block", block, messages.emptyBlock(block));
      return;
    }
    if (!verifyBlock(context, block)) return;
  }
}

function verifyBlock(context: VerifyContext, block: Block): boolean {
  const { func, uses } = context;
  const { layout } = func;
  const last = layout.lastInst(block);
  uses.enterBlock(block);
  let first = true;
  for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
    if (!verifyPlace(context, block, inst, inst === last)) return false;
    if (first && !verifyParams(context, block)) return false;
    first = false;
    uses.enterInst(inst);
    const next = verifyReferences(context, inst);
    if (next === Next.Stop || context.errors.full) return false;
    if (next === Next.Skip) continue;
    verifyTypes(context, inst);
    if (!verifyImmediates(context, inst)) return false;
  }
  return true;
}

/** The last instruction of a block is a terminator, and no other one is. */
function verifyPlace(context: VerifyContext, block: Block, inst: Inst, isLast: boolean): boolean {
  if (isTerminator(context.func.dfg.opcode(inst)) === isLast) return true;
  if (isLast) context.errors.at("block", block, messages.NO_TERMINATOR);
  else context.errors.atInst(inst, messages.earlyTerminator(block));
  return false;
}

function verifyParams(context: VerifyContext, block: Block): boolean {
  const { dfg } = context.func;
  const count = dfg.blockParamCount(block);
  for (let i = 0; i < count; i++) {
    const param = dfg.blockParam(block, i);
    const isParam = dfg.valueKind(param) === ValueKind.Param;
    if (isParam && dfg.valueBlock(param) === block) continue;
    context.errors.at("value", param, isParam ? messages.foreignParam(block) : messages.PARAM_IS_RESULT);
    return false;
  }
  return true;
}
