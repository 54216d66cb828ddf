/**
 * Validation of the irregular opcodes of control: blocks, branches, calls, exceptions of both dialects.
 *
 * Each function is called with its opcode's immediates in `v.reader`.
 */
import {
  type CodeValidator,
  FRAME_BLOCK,
  FRAME_CATCH,
  FRAME_CATCH_ALL,
  FRAME_ELSE,
  FRAME_IF,
  FRAME_LOOP,
  FRAME_TRY,
  FRAME_TRY_TABLE,
} from "./code-validator.ts";
import {
  MISPLACED_CATCH,
  MISPLACED_DELEGATE,
  MISPLACED_ELSE,
  malformed,
  RETHROW_LABEL,
  typeMismatch,
  unknown,
} from "./messages.ts";
import { CATCH_ALL_REF, CATCH_FIELDS, CATCH_REF, EMPTY_BLOCK } from "./operators.ts";
import { EXNREF, FIRST_TYPE, FUNCREF, HEAP_EXN, I32, KIND_FUNC, refType, type ValType } from "./types.ts";

export function unreachable(v: CodeValidator): void {
  v.markDead();
}

function openBlock(v: CodeValidator, kind: number): void {
  const blockType = v.reader.blockType;
  checkBlockType(v, blockType);
  v.popBlockParams(blockType);
  v.openFrame(kind, blockType);
}

function checkBlockType(v: CodeValidator, blockType: number): void {
  if (blockType >= 0 && v.types.kind(blockType) !== KIND_FUNC) {
    v.fail(typeMismatch("a block's type must be a function type"));
  }
}

export function block(v: CodeValidator): void {
  openBlock(v, FRAME_BLOCK);
}

export function loop(v: CodeValidator): void {
  openBlock(v, FRAME_LOOP);
}

export function if_(v: CodeValidator): void {
  v.pop(I32);
  openBlock(v, FRAME_IF);
}

export function else_(v: CodeValidator): void {
  if (v.frameKind(0) !== FRAME_IF) throw malformed(MISPLACED_ELSE, v.reader.opStart);
  const blockType = v.frameType(0);
  v.closeFrame();
  v.openFrame(FRAME_ELSE, blockType);
}

export function end(v: CodeValidator): void {
  const kind = v.frameKind(0);
  const blockType = v.frameType(0);
  if (kind === FRAME_IF) checkMissingElse(v, blockType);
  v.closeFrame();
  if (v.frameCount > 0) v.pushBlockResults(blockType);
}

/** Without `else`, the parameters are what the other arm gives. */
function checkMissingElse(v: CodeValidator, blockType: number): void {
  if (blockType === EMPTY_BLOCK) return;
  const params = blockType < 0 ? 0 : v.types.paramCount(blockType);
  const results = blockType < 0 ? 1 : v.types.resultCount(blockType);
  if (params !== results) v.fail(typeMismatch("if without else must give what it takes"));
  for (let i = 0; i < params; i++) {
    const param = v.types.param(blockType, i);
    if (!v.store.matches(param, v.types.result(blockType, i))) {
      v.failTypes(v.typeName(v.types.result(blockType, i)), param);
    }
  }
}

export function br(v: CodeValidator): void {
  v.checkLabel(v.reader.index);
  v.popLabel(v.reader.index);
  v.markDead();
}

export function brIf(v: CodeValidator): void {
  const label = v.reader.index;
  v.checkLabel(label);
  v.pop(I32);
  v.popLabel(label);
  v.pushLabel(label);
}

export function brTable(v: CodeValidator): void {
  const { list, listLength } = v.reader;
  v.pop(I32);
  const fallback = list[listLength - 1]!;
  v.checkLabel(fallback);
  const arity = v.labelArity(fallback);
  let last = -1;
  for (let i = 0; i < listLength; i++) {
    const label = list[i]!;
    if (label === last) continue;
    v.checkLabel(label);
    if (v.labelArity(label) !== arity)
      v.fail(typeMismatch("the targets of br_table take different numbers of values"));
    // Neighbouring targets often take the same.
    const same =
      last >= 0 && v.frameType(label) === v.frameType(last) && v.frameKind(label) === v.frameKind(last);
    if (!same) v.checkTopForLabel(label);
    last = label;
  }
  v.markDead();
}

export function return_(v: CodeValidator): void {
  if (v.functionType < 0) v.fail(typeMismatch("return outside of a function"));
  v.popBlockResults(v.functionType);
  v.markDead();
}

export function call(v: CodeValidator): void {
  const type = v.typeOfFunction(v.reader.index);
  v.popParams(type);
  v.pushResults(type);
}

export function returnCall(v: CodeValidator): void {
  finishTailCall(v, v.typeOfFunction(v.reader.index));
}

function finishTailCall(v: CodeValidator, type: number): void {
  v.popParams(type);
  const count = v.types.resultCount(type);
  if (count !== v.types.resultCount(v.functionType)) {
    v.fail(typeMismatch("the called function gives another number of results than this one"));
  }
  for (let i = 0; i < count; i++) {
    const found = v.types.result(type, i);
    const expected = v.types.result(v.functionType, i);
    if (!v.store.matches(found, expected)) v.failTypes(v.typeName(expected), found);
  }
  v.markDead();
}

/** Pops the index of an indirect call; returns the called type. */
function indirectCallee(v: CodeValidator): number {
  const address = v.tableAddress(v.reader.index2);
  const element = v.tableTypes[v.reader.index2]!;
  if (!v.store.matches(element, FUNCREF)) v.failTypes("a table of functions", element);
  const type = v.definedType(v.reader.index, KIND_FUNC, "function");
  v.pop(address);
  return type;
}

export function callIndirect(v: CodeValidator): void {
  const type = indirectCallee(v);
  v.popParams(type);
  v.pushResults(type);
}

export function returnCallIndirect(v: CodeValidator): void {
  finishTailCall(v, indirectCallee(v));
}

function referencedCallee(v: CodeValidator): number {
  const type = v.definedType(v.reader.index, KIND_FUNC, "function");
  v.pop(refType(type + FIRST_TYPE, true));
  return type;
}

export function callRef(v: CodeValidator): void {
  const type = referencedCallee(v);
  v.popParams(type);
  v.pushResults(type);
}

export function returnCallRef(v: CodeValidator): void {
  finishTailCall(v, referencedCallee(v));
}

export function throw_(v: CodeValidator): void {
  v.popParams(v.typeOfTag(v.reader.index));
  v.markDead();
}

export function throwRef(v: CodeValidator): void {
  v.pop(EXNREF);
  v.markDead();
}

export function tryTable(v: CodeValidator): void {
  const { list, listLength, blockType } = v.reader;
  checkBlockType(v, blockType);
  v.popBlockParams(blockType);
  for (let i = 0; i < listLength; i += CATCH_FIELDS) {
    checkCatch(v, list[i]!, list[i + 1]!, list[i + 2]!);
  }
  v.openFrame(FRAME_TRY_TABLE, blockType);
}

/** What a clause catches must be what its label takes. */
function checkCatch(v: CodeValidator, kind: number, tag: number, label: number): void {
  v.checkLabel(label);
  const type = kind <= CATCH_REF ? v.typeOfTag(tag >>> 0) : -1;
  const params = type < 0 ? 0 : v.types.paramCount(type);
  const withRef = kind === CATCH_REF || kind === CATCH_ALL_REF;
  if (v.labelArity(label) !== params + (withRef ? 1 : 0)) {
    v.fail(
      typeMismatch(
        `a clause gives ${params + (withRef ? 1 : 0)} values, its label takes ${v.labelArity(label)}`,
      ),
    );
  }
  for (let i = 0; i < params; i++) checkCaught(v, v.types.param(type, i), v.labelType(label, i));
  if (withRef) checkCaught(v, refType(HEAP_EXN, false), v.labelType(label, params));
}

function checkCaught(v: CodeValidator, found: ValType, expected: ValType): void {
  if (!v.store.matches(found, expected)) v.failTypes(v.typeName(expected), found);
}

// Legacy exceptions.

export function try_(v: CodeValidator): void {
  openBlock(v, FRAME_TRY);
}

/** Ends the body or the clause before it and opens the next. */
function openClause(v: CodeValidator, kind: number): void {
  const open = v.frameKind(0);
  if (open !== FRAME_TRY && open !== FRAME_CATCH) throw malformed(MISPLACED_CATCH, v.reader.opStart);
  const blockType = v.frameType(0);
  v.closeFrame();
  v.openFrame(kind, blockType);
}

export function catch_(v: CodeValidator): void {
  const type = v.typeOfTag(v.reader.index);
  openClause(v, FRAME_CATCH);
  v.pushParams(type);
}

export function catchAll(v: CodeValidator): void {
  openClause(v, FRAME_CATCH_ALL);
}

export function delegate(v: CodeValidator): void {
  if (v.frameKind(0) !== FRAME_TRY) throw malformed(MISPLACED_DELEGATE, v.reader.opStart);
  // The label counts from outside the try that ends here.
  const label = v.reader.index;
  if (label + 1 >= v.frameCount) v.fail(unknown("label", label));
  const blockType = v.frameType(0);
  v.closeFrame();
  v.pushBlockResults(blockType);
}

export function rethrow(v: CodeValidator): void {
  const label = v.reader.index;
  v.checkLabel(label);
  const kind = v.frameKind(label);
  if (kind !== FRAME_CATCH && kind !== FRAME_CATCH_ALL) v.fail(RETHROW_LABEL);
  v.markDead();
}
