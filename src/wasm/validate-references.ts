/** Validation of the irregular opcodes of references: null, functions, tests, casts, i31, conversions. */
import type { CodeValidator } from "./code-validator.ts";
import { typeMismatch, UNDECLARED_FUNCTION } from "./messages.ts";
import {
  asNonNull,
  BOTTOM,
  FIRST_TYPE,
  HEAP_ANY,
  HEAP_BOTTOM,
  HEAP_EQ,
  HEAP_EXTERN,
  HEAP_I31,
  type HeapType,
  I32,
  isNullable,
  isRef,
  refType,
} from "./types.ts";

const EQREF = refType(HEAP_EQ, true);
const I31REF = refType(HEAP_I31, true);

export function refNull(v: CodeValidator): void {
  v.push(refType(v.reader.heapType, true));
}

export function refIsNull(v: CodeValidator): void {
  v.popRef();
  v.push(I32);
}

export function refFunc(v: CodeValidator): void {
  const index = v.reader.index;
  const type = v.typeOfFunction(index);
  if (v.globalLimit >= 0) v.declared[index] = 1;
  else if (v.declared[index] === 0) v.fail(UNDECLARED_FUNCTION);
  v.push(refType(type + FIRST_TYPE, false));
}

export function refEq(v: CodeValidator): void {
  v.pop(EQREF);
  v.pop(EQREF);
  v.push(I32);
}

export function refAsNonNull(v: CodeValidator): void {
  const type = v.popRef();
  v.push(type === BOTTOM ? refType(HEAP_BOTTOM, false) : asNonNull(type));
}

export function brOnNull(v: CodeValidator): void {
  const label = v.reader.index;
  v.checkLabel(label);
  const type = v.popRef();
  v.popLabel(label);
  v.pushLabel(label);
  v.push(type === BOTTOM ? refType(HEAP_BOTTOM, false) : asNonNull(type));
}

export function brOnNonNull(v: CodeValidator): void {
  const label = v.reader.index;
  v.checkLabel(label);
  const type = v.popRef();
  v.push(type === BOTTOM ? refType(HEAP_BOTTOM, false) : asNonNull(type));
  branchWithReference(v, label);
}

/** The label takes the reference on top and what is below; the latter stays. */
function branchWithReference(v: CodeValidator, label: number): void {
  const arity = v.labelArity(label);
  if (arity === 0 || !isRef(v.labelType(label, arity - 1))) {
    v.fail(typeMismatch("the label must take a reference last"));
  }
  v.popLabel(label);
  v.pushLabel(label);
  v.popAny();
}

/** Pops any reference of the hierarchy that `heap` belongs to. */
function popOfHierarchy(v: CodeValidator, heap: HeapType): void {
  v.pop(refType(v.store.topOf(heap), true));
}

export function refTest(v: CodeValidator): void {
  popOfHierarchy(v, v.reader.heapType);
  v.push(I32);
}

export function refCast(v: CodeValidator): void {
  popOfHierarchy(v, v.reader.heapType);
  v.push(refType(v.reader.heapType, false));
}

export function refCastNull(v: CodeValidator): void {
  popOfHierarchy(v, v.reader.heapType);
  v.push(refType(v.reader.heapType, true));
}

/** `br_on_cast` and, with `branchOnFailure`, `br_on_cast_fail`. */
function branchOnCast(v: CodeValidator, branchOnFailure: boolean): void {
  const { index: label, castSource: source, castTarget: target } = v.reader;
  v.checkLabel(label);
  if (!v.store.matches(target, source)) v.failTypes(v.typeName(source), target);
  // What is left when the cast fails: null went with the cast if the target has it.
  const rest = isNullable(target) ? asNonNull(source) : source;
  v.pop(source);
  v.push(branchOnFailure ? rest : target);
  branchWithReference(v, label);
  v.push(branchOnFailure ? target : rest);
}

export function brOnCast(v: CodeValidator): void {
  branchOnCast(v, false);
}

export function brOnCastFail(v: CodeValidator): void {
  branchOnCast(v, true);
}

function convert(v: CodeValidator, from: HeapType, to: HeapType): void {
  const type = v.pop(refType(from, true));
  v.push(refType(to, type !== BOTTOM && isNullable(type)));
}

export function anyConvertExtern(v: CodeValidator): void {
  convert(v, HEAP_EXTERN, HEAP_ANY);
}

export function externConvertAny(v: CodeValidator): void {
  convert(v, HEAP_ANY, HEAP_EXTERN);
}

export function refI31(v: CodeValidator): void {
  v.pop(I32);
  v.push(refType(HEAP_I31, false));
}

export function i31Get(v: CodeValidator): void {
  v.pop(I31REF);
  v.push(I32);
}
