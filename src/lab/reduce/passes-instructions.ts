/** Passes over instructions: taking them out, with something else in place of what they gave. */
import { type Inst, NONE, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import * as Op from "../../ir/op.gen.ts";
import { isTerminator } from "../../ir/opcodes.ts";
import { type ClifSubject, functionPass } from "./clif-subject.ts";
import type { Draft } from "./draft.ts";
import type { ReductionPass } from "./reducer.ts";
import { UseCounts } from "./uses.ts";
import { allInsts } from "./walk.ts";

/** Instructions whose results nothing uses, last first: what they use becomes unused in turn. */
function unusedInsts(func: Function): Inst[] {
  const { dfg } = func;
  const uses = new UseCounts(func);
  return allInsts(func)
    .filter((inst) => !isTerminator(dfg.opcode(inst)))
    .filter((inst) => resultsOf(func, inst).every((value) => uses.count(value) === 0))
    .reverse();
}

function usedInsts(func: Function): Inst[] {
  const { dfg } = func;
  return allInsts(func)
    .filter((inst) => !isTerminator(dfg.opcode(inst)) && dfg.resultCount(inst) > 0)
    .reverse();
}

function resultsOf(func: Function, inst: Inst): Value[] {
  return Array.from({ length: func.dfg.resultCount(inst) }, (_, i) => func.dfg.result(inst, i));
}

const removeUnused: ReductionPass<ClifSubject> = functionPass("instructions", unusedInsts, (draft, insts) => {
  for (const inst of insts) draft.remove(inst);
  return true;
});

/** Takes the instruction out if `standIn` finds something for each of its results. */
function replaceBy(
  name: string,
  standIn: (draft: Draft, inst: Inst, value: Value) => Value | null,
): ReductionPass<ClifSubject> {
  return functionPass(name, usedInsts, (draft, insts) => {
    let changed = false;
    for (const inst of insts) {
      const results = resultsOf(draft.func, inst);
      const standIns = results.map((value) => standIn(draft, inst, value));
      if (standIns.includes(null)) continue;
      draft.remove(inst);
      results.forEach((value, i) => {
        draft.replace(value, standIns[i]!);
      });
      changed = true;
    }
    return changed;
  });
}

const byOperand = replaceBy("operand for result", (draft, inst, value) => {
  const { dfg } = draft.func;
  for (let i = 0; i < dfg.argCount(inst); i++) {
    const arg = dfg.resolveAliases(dfg.arg(inst, i));
    if (dfg.valueType(arg) === dfg.valueType(value) && draft.resolve(arg) !== value) return arg;
  }
  return null;
});

const byParameter = replaceBy("parameter for result", (draft, _, value) =>
  draft.parameter(draft.func.dfg.valueType(value), false),
);

const byNewParameter = replaceBy("new parameter for result", (draft, _, value) =>
  draft.parameter(draft.func.dfg.valueType(value), true),
);

const byZero = replaceBy("zero for result", (draft, inst, value) => {
  const { dfg } = draft.func;
  if (dfg.opcode(inst) === Op.Iconst && dfg.immLow(inst) === 0 && dfg.immHigh(inst) === 0) return null;
  const zero = draft.zero(dfg.valueType(value), inst);
  if (zero !== null) draft.undeclare(value);
  return zero;
});

interface Operand {
  readonly inst: Inst;
  readonly index: number;
}

/** Operands that are not yet the first parameter of their type. */
function operands(func: Function): Operand[] {
  const { dfg } = func;
  return allInsts(func).flatMap((inst) =>
    Array.from({ length: dfg.argCount(inst) }, (_, index) => ({ inst, index })),
  );
}

const operandByParameter = functionPass("parameter for operand", operands, (draft, places) => {
  const { dfg } = draft.func;
  let changed = false;
  for (const { inst, index } of places) {
    const arg = dfg.arg(inst, index);
    const param = draft.parameter(dfg.valueType(arg), false);
    if (param === null || param === arg) continue;
    dfg.setArg(inst, index, param);
    changed = true;
  }
  return changed;
});

/** The rest of the block behind the first place becomes a trap. */
const cutBlocks = functionPass("block ends", allInsts, (draft, [inst]) => {
  if (inst === undefined || draft.func.dfg.opcode(inst) === Op.Trap) return false;
  if (draft.func.layout.blockOf(inst) === NONE) return false;
  draft.trapAt(inst);
  return true;
});

export const INSTRUCTION_PASSES: readonly ReductionPass<ClifSubject>[] = [
  cutBlocks,
  removeUnused,
  byParameter,
  byOperand,
  byNewParameter,
  byZero,
  operandByParameter,
];
