/** Validation of the irregular opcodes of structs and arrays. */
import type { CodeValidator } from "./code-validator.ts";
import { MAX_ARRAY_NEW_FIXED } from "./limits.ts";
import {
  ARRAY_NOT_NUMERIC,
  ARRAY_TYPES,
  beyondLimit,
  IMMUTABLE_ARRAY,
  IMMUTABLE_FIELD,
  NOT_DEFAULTABLE,
  PACKED_FIELD,
  typeMismatch,
  UNPACKED_FIELD,
  unknown,
} from "./messages.ts";
import {
  FIRST_TYPE,
  HEAP_ARRAY,
  I32,
  isDefaultable,
  isPacked,
  isRef,
  KIND_ARRAY,
  KIND_STRUCT,
  refType,
  unpacked,
  type ValType,
} from "./types.ts";
import { checkDataSegment, elementType } from "./validate-variables.ts";

function structType(v: CodeValidator): number {
  return v.definedType(v.reader.index, KIND_STRUCT, "struct");
}

function arrayType(v: CodeValidator): number {
  return v.definedType(v.reader.index, KIND_ARRAY, "array");
}

function pushNew(v: CodeValidator, type: number): void {
  v.push(refType(type + FIRST_TYPE, false));
}

function popReference(v: CodeValidator, type: number): void {
  v.pop(refType(type + FIRST_TYPE, true));
}

export function structNew(v: CodeValidator): void {
  const type = structType(v);
  for (let i = v.types.fieldCount(type) - 1; i >= 0 && !v.exhausted(); i--) {
    v.pop(unpacked(v.types.field(type, i)));
  }
  pushNew(v, type);
}

export function structNewDefault(v: CodeValidator): void {
  const type = structType(v);
  const field = v.fieldWithoutDefault(type);
  if (field >= 0) v.fail(typeMismatch(`field ${field} ${NOT_DEFAULTABLE}`));
  pushNew(v, type);
}

/** The field that the immediates name; fails if there is none. */
function fieldIndex(v: CodeValidator, type: number): number {
  const field = v.reader.index2;
  if (field >= v.types.fieldCount(type)) v.fail(unknown("field", field));
  return field;
}

function checkPacking(v: CodeValidator, type: ValType, packed: boolean): void {
  if (isPacked(type) !== packed) v.fail(typeMismatch(packed ? UNPACKED_FIELD : PACKED_FIELD));
}

function readField(v: CodeValidator, packed: boolean): void {
  const type = structType(v);
  const field = v.types.field(type, fieldIndex(v, type));
  checkPacking(v, field, packed);
  popReference(v, type);
  v.push(unpacked(field));
}

export function structGet(v: CodeValidator): void {
  readField(v, false);
}

export function structGetPacked(v: CodeValidator): void {
  readField(v, true);
}

export function structSet(v: CodeValidator): void {
  const type = structType(v);
  const field = fieldIndex(v, type);
  if (!v.types.isMutable(type, field)) v.fail(IMMUTABLE_FIELD);
  v.pop(unpacked(v.types.field(type, field)));
  popReference(v, type);
}

export function arrayNew(v: CodeValidator): void {
  const type = arrayType(v);
  v.pop(I32);
  v.pop(unpacked(v.types.field(type, 0)));
  pushNew(v, type);
}

export function arrayNewDefault(v: CodeValidator): void {
  const type = arrayType(v);
  if (!isDefaultable(v.types.field(type, 0))) v.fail(typeMismatch(`the element ${NOT_DEFAULTABLE}`));
  v.pop(I32);
  pushNew(v, type);
}

export function arrayNewFixed(v: CodeValidator): void {
  const type = arrayType(v);
  const count = v.reader.index2;
  if (count > MAX_ARRAY_NEW_FIXED) {
    throw beyondLimit("array.new_fixed", count, MAX_ARRAY_NEW_FIXED, v.reader.opStart);
  }
  const element = unpacked(v.types.field(type, 0));
  for (let i = 0; i < count && !v.exhausted(); i++) v.pop(element);
  pushNew(v, type);
}

/** Bytes make numbers and vectors only. */
function checkNumeric(v: CodeValidator, type: number): void {
  if (isRef(v.types.field(type, 0))) v.fail(ARRAY_NOT_NUMERIC);
}

function checkElements(v: CodeValidator, type: number): void {
  const found = elementType(v, v.reader.index2);
  const expected = v.types.field(type, 0);
  if (!v.store.matches(found, expected)) v.failTypes(v.typeName(expected), found);
}

export function arrayNewData(v: CodeValidator): void {
  const type = arrayType(v);
  checkNumeric(v, type);
  checkDataSegment(v, v.reader.index2);
  v.pop(I32);
  v.pop(I32);
  pushNew(v, type);
}

export function arrayNewElem(v: CodeValidator): void {
  const type = arrayType(v);
  checkElements(v, type);
  v.pop(I32);
  v.pop(I32);
  pushNew(v, type);
}

function readElement(v: CodeValidator, packed: boolean): void {
  const type = arrayType(v);
  const element = v.types.field(type, 0);
  checkPacking(v, element, packed);
  v.pop(I32);
  popReference(v, type);
  v.push(unpacked(element));
}

export function arrayGet(v: CodeValidator): void {
  readElement(v, false);
}

export function arrayGetPacked(v: CodeValidator): void {
  readElement(v, true);
}

/** The array type that the immediates name, which must be mutable. */
function mutableArrayType(v: CodeValidator): number {
  const type = arrayType(v);
  if (!v.types.isMutable(type, 0)) v.fail(IMMUTABLE_ARRAY);
  return type;
}

export function arraySet(v: CodeValidator): void {
  const type = mutableArrayType(v);
  v.pop(unpacked(v.types.field(type, 0)));
  v.pop(I32);
  popReference(v, type);
}

export function arrayLen(v: CodeValidator): void {
  v.pop(refType(HEAP_ARRAY, true));
  v.push(I32);
}

export function arrayFill(v: CodeValidator): void {
  const type = mutableArrayType(v);
  v.pop(I32);
  v.pop(unpacked(v.types.field(type, 0)));
  v.pop(I32);
  popReference(v, type);
}

export function arrayCopy(v: CodeValidator): void {
  const target = mutableArrayType(v);
  const source = v.definedType(v.reader.index2, KIND_ARRAY, "array");
  if (!v.store.matches(v.types.field(source, 0), v.types.field(target, 0))) v.fail(ARRAY_TYPES);
  v.pop(I32);
  v.pop(I32);
  popReference(v, source);
  v.pop(I32);
  popReference(v, target);
}

function popInit(v: CodeValidator, type: number): void {
  v.pop(I32);
  v.pop(I32);
  v.pop(I32);
  popReference(v, type);
}

export function arrayInitData(v: CodeValidator): void {
  const type = mutableArrayType(v);
  checkNumeric(v, type);
  checkDataSegment(v, v.reader.index2);
  popInit(v, type);
}

export function arrayInitElem(v: CodeValidator): void {
  const type = mutableArrayType(v);
  checkElements(v, type);
  popInit(v, type);
}
