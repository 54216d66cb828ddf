/** Passes over what is declared: whole functions, directives, signatures of the function and of what it calls. */

import { FuncCursor } from "../../ir/cursor.ts";
import { type Inst, NONE, type SigRef, type Value } from "../../ir/entities.ts";
import type { Function } from "../../ir/function.ts";
import { Format, isTerminator, OpFlag, opcodeFlags } from "../../ir/opcodes.ts";
import { type AbiParam, abiParam, type Signature } from "../../ir/signature.ts";
import { signatureText } from "../../text/index.ts";
import { type ClifSubject, functionPass } from "./clif-subject.ts";
import type { Draft } from "./draft.ts";
import type { ReductionPass } from "./reducer.ts";
import { UseCounts } from "./uses.ts";
import { allInsts } from "./walk.ts";

const wholeFunctions: ReductionPass<ClifSubject> = {
  name: "functions",
  count: ({ functions }) => (functions.length > 1 ? functions.length : 0),
  apply(subject, from, to) {
    const functions = subject.functions.filter((_, i) => i < from || i >= to);
    return functions.length === 0 ? null : { ...subject, functions };
  },
};

const headLines: ReductionPass<ClifSubject> = {
  name: "lines before the functions",
  count: ({ head }) => head.length,
  apply: (subject, from, to) => ({ ...subject, head: subject.head.filter((_, i) => i < from || i >= to) }),
};

const declaredValues = functionPass(
  "declared values",
  (func) => [...func.needsStackMap],
  (draft, values) => {
    for (const value of values) draft.undeclare(value);
    return values.length > 0;
  },
);

const noCollect = functionPass(
  "no-collect",
  (func) => func.dfg.extFuncs.flatMap((extFunc, i) => (extFunc.noCollect ? [i] : [])),
  (draft, refs) => {
    const { extFuncs } = draft.func.dfg;
    for (const ref of refs) extFuncs[ref] = { ...extFuncs[ref]!, noCollect: false };
    return refs.length > 0;
  },
);

// The function's own signature.

/** Unused parameters, last first. */
const ownParams = functionPass(
  "function's parameters",
  (func) => {
    const { dfg, layout } = func;
    const entry = layout.entryBlock;
    if (entry === NONE) return [];
    const uses = new UseCounts(func);
    return Array.from({ length: dfg.blockParamCount(entry) }, (_, i) => i)
      .filter((i) => uses.count(dfg.blockParam(entry, i)) === 0)
      .reverse();
  },
  (draft, indices) => {
    const { func } = draft;
    const entry = func.layout.entryBlock;
    if (entry === NONE) return false;
    for (const index of indices) {
      draft.undeclare(func.dfg.blockParam(entry, index));
      draft.dropBlockParam(entry, index);
      func.signature = { ...func.signature, params: without(func.signature.params, index) };
    }
    return indices.length > 0;
  },
);

const ownReturns = functionPass(
  "function's results",
  (func) => func.signature.returns.map((_, i) => i).reverse(),
  (draft, indices) => {
    const { func } = draft;
    for (const index of indices) {
      func.signature = { ...func.signature, returns: without(func.signature.returns, index) };
      for (const inst of allInsts(func)) {
        if (!draft.isReturn(inst) || index >= func.dfg.argCount(inst)) continue;
        draft.withArgs(inst, without(argsOf(func, inst), index));
      }
    }
    return indices.length > 0;
  },
);

function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_, i) => i !== index);
}

function argsOf(func: Function, inst: Inst): Value[] {
  return Array.from({ length: func.dfg.argCount(inst) }, (_, i) => func.dfg.arg(inst, i));
}

// Signatures of what is called.

interface SignaturePlace {
  readonly signature: SigRef;
  readonly index: number;
}

function signaturePlaces(
  func: Function,
  list: (signature: Signature) => readonly AbiParam[],
): SignaturePlace[] {
  return func.dfg.signatures.flatMap((signature, i) =>
    list(signature)
      .map((_, index) => ({ signature: i as SigRef, index }))
      .reverse(),
  );
}

/** How many arguments of a call stand before those that the signature names. */
function calleeArgs(func: Function, inst: Inst): number {
  const format = func.dfg.format(inst);
  return format === Format.CallIndirect || format === Format.TryCallIndirect ? 1 : 0;
}

const calleeParams = functionPass(
  "callees' parameters",
  (func) => signaturePlaces(func, (signature) => signature.params),
  (draft, places) => {
    for (const { signature, index } of places) dropCalleeParam(draft, signature, index);
    return places.length > 0;
  },
);

function dropCalleeParam(draft: Draft, ref: SigRef, index: number): void {
  const { func } = draft;
  const { dfg } = func;
  const signature = dfg.signatures[ref]!;
  const calls = allInsts(func).filter((inst) => dfg.callSignature(inst) === ref);
  dfg.signatures[ref] = { ...signature, params: without(signature.params, index) };
  for (const inst of calls)
    remakeCall(draft, inst, without(argsOf(func, inst), calleeArgs(func, inst) + index));
}

/** The call again with other arguments, results by its signature; what it gave before is replaced one by one. */
function remakeCall(draft: Draft, inst: Inst, args: readonly Value[]): void {
  const { func } = draft;
  const { dfg } = func;
  const results = Array.from({ length: dfg.resultCount(inst) }, (_, i) => dfg.result(inst, i));
  const call = draft.withArgs(inst, args);
  if (isTerminator(dfg.opcode(inst))) return;
  for (const result of results) draft.replace(result, dfg.appendResult(call, dfg.valueType(result)));
}

const calleeReturns = functionPass(
  "callees' results",
  (func) => signaturePlaces(func, (signature) => signature.returns),
  (draft, places) => {
    let changed = false;
    for (const { signature, index } of places) {
      if (dropCalleeReturn(draft, signature, index)) changed = true;
    }
    return changed;
  },
);

/** Results that are used, and those of tail calls and `try_call`, stay. */
function dropCalleeReturn(draft: Draft, ref: SigRef, index: number): boolean {
  const { func } = draft;
  const { dfg } = func;
  const uses = new UseCounts(func);
  const calls = allInsts(func).filter((inst) => dfg.callSignature(inst) === ref);
  const droppable = calls.every(
    (inst) => !isTerminator(dfg.opcode(inst)) && uses.count(draft.resolve(dfg.result(inst, index))) === 0,
  );
  if (!droppable) return false;
  const signature = dfg.signatures[ref]!;
  dfg.signatures[ref] = { ...signature, returns: without(signature.returns, index) };
  for (const inst of calls) {
    const results = without(
      Array.from({ length: dfg.resultCount(inst) }, (_, i) => dfg.result(inst, i)),
      index,
    );
    draft.undeclare(dfg.result(inst, index));
    const call = draft.withArgs(inst, argsOf(func, inst));
    for (const result of results) draft.replace(result, dfg.appendResult(call, dfg.valueType(result)));
  }
  return true;
}

/** Functions that an earlier one of the same signature can stand for. */
const mergeFunctions = functionPass(
  "one function for another",
  (func) => func.dfg.extFuncs.map((_, i) => i).filter((i) => twin(func, i) !== NONE),
  (draft, refs) => {
    const { func } = draft;
    for (const inst of allInsts(func)) {
      if (
        (opcodeFlags(func.dfg.opcode(inst)) & OpFlag.Call) === 0 &&
        func.dfg.format(inst) !== Format.FuncAddr
      )
        continue;
      const format = func.dfg.format(inst);
      if (format !== Format.Call && format !== Format.TryCall && format !== Format.FuncAddr) continue;
      const ref = func.dfg.funcRef(inst);
      if (refs.includes(ref)) func.dfg.setCallee(inst, twin(func, ref) as never);
    }
    return refs.length > 0;
  },
);

function twin(func: Function, ref: number): number {
  const { extFuncs } = func.dfg;
  const data = extFuncs[ref]!;
  return extFuncs.findIndex(
    (other, i) => i < ref && other.signature === data.signature && other.noCollect === data.noCollect,
  );
}

/** Signatures that an equal one can stand for. */
const mergeSignatures = functionPass(
  "one signature for another",
  (func) => {
    const texts = func.dfg.signatures.map(signatureText);
    return texts
      .map((text, i) => ({ ref: i as SigRef, twin: texts.indexOf(text) as SigRef }))
      .filter((m) => m.twin < m.ref);
  },
  (draft, merges) => {
    const { dfg } = draft.func;
    const by = new Map(merges.map(({ ref, twin }) => [ref, twin]));
    dfg.extFuncs.forEach((extFunc, i) => {
      const signature = by.get(extFunc.signature);
      if (signature !== undefined) dfg.extFuncs[i] = { ...extFunc, signature };
    });
    for (const inst of allInsts(draft.func)) {
      const ref = dfg.callSignature(inst);
      const signature = ref === NONE ? undefined : by.get(ref);
      if (signature === undefined) continue;
      if (dfg.format(inst) === Format.CallIndirect) dfg.setCallee(inst, signature);
      if (dfg.hasExceptionTable(inst)) dfg.blockCalls.setTableSignature(dfg.exceptionTable(inst), signature);
    }
    return merges.length > 0;
  },
);

/** Calls through an address become direct ones, of a new function of that signature. */
const directCalls = functionPass(
  "indirect calls",
  (func) =>
    allInsts(func).filter(
      (inst) => func.dfg.format(inst) === Format.CallIndirect && !isTerminator(func.dfg.opcode(inst)),
    ),
  (draft, insts) => {
    const { func } = draft;
    const { dfg } = func;
    for (const inst of insts) {
      const signature = dfg.sigRef(inst);
      const callee = func.importFunction({
        name: { kind: "testcase", name: "g" },
        signature,
        colocated: false,
        patchable: false,
        noCollect: false,
      });
      const results = Array.from({ length: dfg.resultCount(inst) }, (_, i) => dfg.result(inst, i));
      const call = new FuncCursor(func).beforeInst(inst).call(callee, argsOf(func, inst).slice(1));
      results.forEach((result, i) => {
        draft.replace(result, dfg.result(call, i));
      });
      draft.remove(inst);
    }
    return insts.length > 0;
  },
);

/** Attributes of parameters that say how they are passed. */
const plainParams = functionPass(
  "attributes of parameters",
  (func) => (attributed(func.signature) || func.dfg.signatures.some(attributed) ? [0] : []),
  (draft) => {
    const { func } = draft;
    func.signature = plain(func.signature);
    func.dfg.signatures.forEach((signature, i) => {
      func.dfg.signatures[i] = plain(signature);
    });
    return true;
  },
);

function attributed({ params, returns }: Signature): boolean {
  return [...params, ...returns].some(
    ({ extension, purpose }) => extension !== "none" || purpose !== "normal",
  );
}

function plain({ params, returns, callConv }: Signature): Signature {
  const bare = ({ type }: AbiParam): AbiParam => abiParam(type);
  return { params: params.map(bare), returns: returns.map(bare), callConv };
}

export const DECLARATION_PASSES: readonly ReductionPass<ClifSubject>[] = [
  wholeFunctions,
  headLines,
  declaredValues,
  directCalls,
  ownParams,
  ownReturns,
  calleeParams,
  calleeReturns,
  mergeFunctions,
  mergeSignatures,
  noCollect,
  plainParams,
];
