/** Random terminators: what a block's plan asks for, with the arguments that the destinations take. */
import { type BlockArg, type ExceptionTableItem, exnArg, retArg, valueArg } from "../../ir/block-calls.ts";
import type { BlockCall, SigRef, Value } from "../../ir/entities.ts";
import { userTrap } from "../../ir/trap-codes.ts";
import { I32, isInt, type Type } from "../../ir/types.ts";
import { buildCall, type InstructionContext } from "./instructions.ts";
import type { BlockPlan } from "./plan.ts";

/** What a `try_call` gives its edges: the callee's results, or the payload of the exception. */
interface EdgeValues {
  readonly types: readonly Type[];
  readonly arg: (index: number) => BlockArg;
}

const NO_EDGE_VALUES: EdgeValues = { types: [], arg: retArg };

/** Ends the current block as planned. */
export function buildTerminator(context: InstructionContext, plan: BlockPlan): void {
  const { scope } = context;
  const { random, builder } = scope;
  const { ins } = builder;
  const { targets } = plan;
  switch (plan.exit) {
    case "jump":
      ins.jump(callOf(context, targets[0]!));
      return;
    case "brif": {
      const then = callOf(context, targets[0]!);
      const otherwise = callOf(context, targets[1]!);
      ins.brif(scope.pick(random.pick(context.types.filter(isInt))), then, otherwise);
      return;
    }
    case "br_table": {
      const calls = targets.map((target) => callOf(context, target));
      ins.brTable(scope.pick(I32), calls);
      return;
    }
    case "try_call":
      buildTryCall(context, targets);
      return;
    case "return":
      ins.return_(scope.pickAll(builder.func.signature.returns));
      return;
    case "return_call":
      buildTailCall(context);
      return;
    case "trap":
      ins.trap(userTrap(random.between(1, 9)));
  }
}

function callOf(context: InstructionContext, target: number, given: EdgeValues = NO_EDGE_VALUES): BlockCall {
  const { scope } = context;
  const { random, builder } = scope;
  const { dfg } = builder.func;
  const args: BlockArg[] = [];
  const block = context.blocks[target]!;
  for (let i = 0; i < dfg.blockParamCount(block); i++) {
    // Parameters that SSA construction has added come behind the block's own, and get their arguments from it.
    if (i >= context.ownParams[target]!) break;
    const type = dfg.valueType(dfg.blockParam(block, i));
    const index = given.types.indexOf(type);
    if (index >= 0 && random.chance(60)) args.push(given.arg(index));
    else args.push(valueArg(scope.pick(type)));
  }
  return builder.blockCall(block, args);
}

function buildTryCall(context: InstructionContext, targets: readonly number[]): void {
  const { scope, entities, pointer } = context;
  const { random, builder } = scope;
  const { dfg } = builder.func;
  const indirect = entities.signatures.length > 0 && random.chance(25);
  const callee = random.pick(entities.callees);
  const sig: SigRef = indirect ? random.pick(entities.signatures) : dfg.extFuncs[callee]!.signature;
  const signature = dfg.signatures[sig]!;
  const payload: EdgeValues = { types: [pointer, pointer], arg: (index) => exnArg(index + random.below(2)) };
  const results: EdgeValues = { types: signature.returns.map(({ type }) => type), arg: retArg };
  const items: ExceptionTableItem[] = [];
  const handlers = targets.slice(0, -1);
  for (const [i, target] of handlers.entries()) {
    if (random.chance(25)) items.push({ kind: "context", value: scope.pick(pointer) });
    const call = callOf(context, target, payload);
    if (i === handlers.length - 1 && random.chance(50)) items.push({ kind: "default", call });
    else items.push({ kind: "tag", tag: random.below(4), call });
  }
  const normal = callOf(context, targets.at(-1)!, results);
  const args: Value[] = scope.pickAll(signature.params);
  const target = indirect ? scope.pick(pointer) : null;
  const table = dfg.blockCalls.createTable(sig, normal, items);
  if (target === null) builder.ins.tryCall(callee, args, table);
  else builder.ins.tryCallIndirect(target, args, table);
}

function buildTailCall(context: InstructionContext): void {
  const { scope, entities, pointer } = context;
  const { random, builder } = scope;
  const { tailCallee, tailSignature } = entities;
  if (tailCallee === null || tailSignature === null) {
    buildCall(context);
    builder.ins.return_(scope.pickAll(builder.func.signature.returns));
    return;
  }
  const { params } = builder.func.dfg.signatures[tailSignature]!;
  if (random.chance(70)) builder.ins.returnCall(tailCallee, scope.pickAll(params));
  else builder.ins.returnCallIndirect(tailSignature, scope.pick(pointer), scope.pickAll(params));
}
