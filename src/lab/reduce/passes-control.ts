/** Passes over control flow: branches become jumps, tables shrink, blocks merge, calls lose their handlers. */
import { argIndex, type BlockArg, isRetArg, isValueArg } from "../../ir/block-calls.ts";
import { FuncCursor } from "../../ir/cursor.ts";
import { type Block, type BlockCall, type Inst, NONE, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import * as Op from "../../ir/op.gen.ts";
import { Format } from "../../ir/opcodes.ts";
import { type ClifSubject, functionPass } from "./clif-subject.ts";
import type { Draft } from "./draft.ts";
import type { ReductionPass } from "./reducer.ts";
import { allBlockCalls, allInsts, blocksOf, instsOf, passedValues, terminatorOf } from "./walk.ts";

interface Destination {
  readonly inst: Inst;
  readonly index: number;
}

/** Destinations of the instructions of some formats, from `first` on. */
function destinations(func: Function, formats: readonly number[], first: number): Destination[] {
  const { dfg } = func;
  return allInsts(func)
    .filter((inst) => formats.includes(dfg.format(inst)))
    .flatMap((inst) =>
      Array.from({ length: dfg.destinationCount(inst) - first }, (_, i) => ({ inst, index: first + i })),
    );
}

/** Branches go to one of their destinations at once; those of a `try_call` must not ask for what the call gives. */
const jumps = functionPass(
  "branches",
  (func) => {
    const formats = [Format.Brif, Format.BranchTable, Format.TryCall, Format.TryCallIndirect];
    return destinations(func, formats, 0).filter(({ inst, index }) =>
      passesValuesOnly(func, func.dfg.destination(inst, index)),
    );
  },
  (draft, places) => {
    const { func } = draft;
    let changed = false;
    for (const { inst, index } of places) {
      if (func.layout.blockOf(inst) === NONE) continue;
      new FuncCursor(func).beforeInst(inst).jump(func.dfg.destination(inst, index));
      draft.remove(inst);
      changed = true;
    }
    return changed;
  },
);

function passesValuesOnly({ dfg }: Function, call: BlockCall): boolean {
  for (let i = 0; i < dfg.blockCalls.argCount(call); i++) {
    if (!isValueArg(dfg.blockCalls.arg(call, i))) return false;
  }
  return true;
}

const tables = functionPass(
  "table entries",
  (func) => destinations(func, [Format.BranchTable], 1),
  (draft, places) => {
    const { func } = draft;
    for (const inst of new Set(places.map((place) => place.inst))) {
      const gone = new Set(places.filter((place) => place.inst === inst).map((place) => place.index));
      const calls: BlockCall[] = [];
      for (let i = 0; i < func.dfg.destinationCount(inst); i++) {
        if (!gone.has(i)) calls.push(func.dfg.destination(inst, i));
      }
      new FuncCursor(func).beforeInst(inst).brTable(func.dfg.arg(inst, 0), calls);
      draft.remove(inst);
    }
    return places.length > 0;
  },
);

// try_call.

function tryCalls(func: Function): Inst[] {
  return allInsts(func).filter((inst) => func.dfg.hasExceptionTable(inst));
}

/** `try_call` becomes `call` and a jump to where it returns normally. */
const plainCalls = functionPass("handlers", tryCalls, (draft, insts) => {
  for (const inst of insts) makePlainCall(draft, inst);
  return insts.length > 0;
});

function makePlainCall(draft: Draft, inst: Inst): void {
  const { func } = draft;
  const { dfg } = func;
  const table = dfg.exceptionTable(inst);
  const cursor = new FuncCursor(func).beforeInst(inst);
  const args = Array.from({ length: dfg.argCount(inst) }, (_, i) => dfg.arg(inst, i));
  const call =
    dfg.format(inst) === Format.TryCall
      ? cursor.call(dfg.funcRef(inst), args)
      : cursor.callIndirect(dfg.blockCalls.tableSignature(table), args[0]!, args.slice(1));
  const normal = dfg.blockCalls.normalReturn(table);
  const passed: BlockArg[] = [];
  for (let i = 0; i < dfg.blockCalls.argCount(normal); i++) {
    const arg = dfg.blockCalls.arg(normal, i);
    passed.push(isRetArg(arg) ? (dfg.result(call, argIndex(arg)) as number as BlockArg) : arg);
  }
  cursor.jump(dfg.blockCall(dfg.blockCalls.block(normal), passed));
  draft.remove(inst);
}

interface TableItem {
  readonly inst: Inst;
  readonly index: number;
}

const tableItems = functionPass<TableItem>(
  "handler entries",
  (func) =>
    tryCalls(func).flatMap((inst) =>
      Array.from({ length: func.dfg.blockCalls.itemCount(func.dfg.exceptionTable(inst)) }, (_, index) => ({
        inst,
        index,
      })),
    ),
  (draft, places) => {
    for (const inst of new Set(places.map((place) => place.inst))) {
      dropItems(
        draft,
        inst,
        new Set(places.filter((place) => place.inst === inst).map((place) => place.index)),
      );
    }
    return places.length > 0;
  },
);

function dropItems(draft: Draft, inst: Inst, gone: ReadonlySet<number>): void {
  const { func } = draft;
  const { dfg } = func;
  const table = dfg.exceptionTable(inst);
  const items = Array.from({ length: dfg.blockCalls.itemCount(table) }, (_, i) =>
    dfg.blockCalls.item(table, i),
  );
  const kept = items.filter((_, i) => !gone.has(i));
  const { blockCalls } = dfg;
  const smaller = blockCalls.createTable(
    blockCalls.tableSignature(table),
    blockCalls.normalReturn(table),
    kept,
  );
  const args = Array.from({ length: dfg.argCount(inst) }, (_, i) => dfg.arg(inst, i));
  const cursor = new FuncCursor(func).beforeInst(inst);
  if (dfg.format(inst) === Format.TryCall) cursor.tryCall(dfg.funcRef(inst), args, smaller);
  else cursor.tryCallIndirect(args[0]!, args.slice(1), smaller);
  draft.remove(inst);
}

// Blocks.

/** Blocks that only one jump leads to. */
function mergeable(func: Function): Block[] {
  const { dfg } = func;
  const calls = allBlockCalls(func);
  return blocksOf(func)
    .slice(1)
    .filter((block) => {
      const into = calls.filter((call) => dfg.blockCalls.block(call) === block);
      return into.length === 1 && jumpWith(func, into[0]!) !== NONE;
    });
}

/** The `jump` that has that destination, or `NONE`. */
function jumpWith(func: Function, call: BlockCall): Inst | typeof NONE {
  const { dfg } = func;
  for (const inst of allInsts(func)) {
    if (dfg.opcode(inst) === Op.Jump && dfg.destination(inst, 0) === call) return inst;
  }
  return NONE;
}

const mergeBlocks = functionPass("merge blocks", mergeable, (draft, blocks) => {
  let changed = false;
  for (const block of blocks) {
    if (mergeUp(draft, block)) changed = true;
  }
  return changed;
});

function mergeUp(draft: Draft, block: Block): boolean {
  const { func } = draft;
  const { dfg, layout } = func;
  const call = allBlockCalls(func).find((other) => dfg.blockCalls.block(other) === block);
  const jump = call === undefined ? NONE : jumpWith(func, call);
  const into = jump === NONE ? NONE : layout.blockOf(jump);
  if (call === undefined || jump === NONE || into === NONE || into === block) return false;
  const params = Array.from({ length: dfg.blockParamCount(block) }, (_, i) => dfg.blockParam(block, i));
  for (const [i, param] of params.entries()) {
    const arg = dfg.blockCalls.arg(call, i);
    if (!isValueArg(arg)) return false;
    draft.replace(param, arg as number as Value);
  }
  draft.remove(jump);
  for (const inst of instsOf(func, block)) {
    layout.removeInst(inst);
    layout.appendInst(inst, into);
  }
  layout.removeBlock(block);
  return true;
}

/** Blocks that do nothing but jump on, and have no parameters. */
function emptyBlocks(func: Function): Block[] {
  const { dfg } = func;
  return blocksOf(func)
    .slice(1)
    .filter((block) => {
      const [only, ...others] = instsOf(func, block);
      return (
        only !== undefined &&
        others.length === 0 &&
        dfg.opcode(only) === Op.Jump &&
        dfg.blockParamCount(block) === 0
      );
    });
}

const threadJumps = functionPass("empty blocks", emptyBlocks, (draft, blocks) => {
  const { func } = draft;
  const { dfg } = func;
  for (const block of blocks) {
    const jump = terminatorOf(func, block);
    if (jump === NONE) continue;
    const on = dfg.destination(jump, 0);
    if (dfg.blockCalls.block(on) === block) continue;
    for (const call of allBlockCalls(func)) {
      if (dfg.blockCalls.block(call) !== block) continue;
      dfg.blockCalls.setBlock(call, dfg.blockCalls.block(on));
      while (dfg.blockCalls.argCount(call) > 0) dfg.blockCalls.removeArg(call, 0);
      for (let i = 0; i < dfg.blockCalls.argCount(on); i++)
        dfg.blockCalls.appendArg(call, dfg.blockCalls.arg(on, i));
    }
  }
  return blocks.length > 0;
});

// Block parameters.

interface BlockParam {
  readonly block: Block;
  readonly index: number;
}

/** Last first, so that taking one off does not move those that follow in the list. */
function blockParams(func: Function): BlockParam[] {
  return blocksOf(func)
    .slice(1)
    .flatMap((block) =>
      Array.from({ length: func.dfg.blockParamCount(block) }, (_, index) => ({ block, index })).reverse(),
    );
}

function dropParams(
  name: string,
  standIn: (draft: Draft, place: BlockParam, param: Value) => Value | null,
): ReductionPass<ClifSubject> {
  return functionPass(name, blockParams, (draft, places) => {
    let changed = false;
    for (const place of places) {
      const param = draft.func.dfg.blockParam(place.block, place.index);
      const by = standIn(draft, place, param);
      if (by === null || draft.resolve(by) === param) continue;
      draft.dropBlockParam(place.block, place.index);
      draft.replace(param, by);
      changed = true;
    }
    return changed;
  });
}

/** What is passed, if that is always the same or if the first will do. */
const passedParams = dropParams("argument for parameter", (draft, { block, index }, param) => {
  const passed = passedValues(draft.func, block, index);
  return passed?.map((value) => draft.resolve(value)).find((value) => value !== param) ?? null;
});

const functionParams = dropParams("function's parameter for a block's", (draft, _, param) =>
  draft.parameter(draft.func.dfg.valueType(param), false),
);

const newParams = dropParams("new parameter for a block's", (draft, _, param) =>
  draft.parameter(draft.func.dfg.valueType(param), true),
);

export const CONTROL_PASSES: readonly ReductionPass<ClifSubject>[] = [
  jumps,
  tables,
  plainCalls,
  tableItems,
  mergeBlocks,
  threadJumps,
  passedParams,
  functionParams,
  newParams,
];
