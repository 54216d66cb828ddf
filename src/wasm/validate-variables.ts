/** Validation of the irregular opcodes of operands, locals, globals, tables, segments and bulk memory. */
import type { CodeValidator } from "./code-validator.ts";
import {
  DATA_COUNT_REQUIRED,
  IMMUTABLE_GLOBAL,
  malformed,
  SELECT_ARITY,
  typeMismatch,
  uninitializedLocal,
  unknown,
} from "./messages.ts";
import { BOTTOM, I32, I64, isRef, type ValType } from "./types.ts";

export function drop(v: CodeValidator): void {
  v.popAny();
}

export function select(v: CodeValidator): void {
  v.pop(I32);
  const first = v.popAny();
  const second = v.popAny();
  if (isRef(first) || isRef(second)) v.fail(typeMismatch("select of references must say their type"));
  if (first !== second && first !== BOTTOM && second !== BOTTOM) v.failTypes(v.typeName(second), first);
  v.push(first === BOTTOM ? second : first);
}

export function selectTyped(v: CodeValidator): void {
  if (v.reader.listLength !== 1) v.fail(SELECT_ARITY);
  const type = v.reader.list[0]!;
  v.pop(I32);
  v.pop(type);
  v.pop(type);
  v.push(type);
}

export function localGet(v: CodeValidator): void {
  const local = v.reader.index;
  const type = v.localType(local);
  if (!v.locals.isInitialized(local, type)) v.fail(uninitializedLocal(local));
  v.push(type);
}

export function localSet(v: CodeValidator): void {
  const local = v.reader.index;
  const type = v.localType(local);
  v.pop(type);
  v.locals.initialize(local, type);
}

export function localTee(v: CodeValidator): void {
  const local = v.reader.index;
  const type = v.localType(local);
  v.pop(type);
  v.locals.initialize(local, type);
  v.push(type);
}

export function globalGet(v: CodeValidator): void {
  const index = v.reader.index;
  if (index >= v.globalTypes.length) v.fail(unknown("global", index));
  v.push(v.globalTypes[index]!);
}

export function globalSet(v: CodeValidator): void {
  const index = v.reader.index;
  if (index >= v.globalTypes.length) v.fail(unknown("global", index));
  if (!v.module.globals[index]!.mutable) v.fail(IMMUTABLE_GLOBAL);
  v.pop(v.globalTypes[index]!);
}

export function tableGet(v: CodeValidator): void {
  v.pop(v.tableAddress(v.reader.index));
  v.push(v.tableTypes[v.reader.index]!);
}

export function tableSet(v: CodeValidator): void {
  const address = v.tableAddress(v.reader.index);
  v.pop(v.tableTypes[v.reader.index]!);
  v.pop(address);
}

export function tableSize(v: CodeValidator): void {
  v.push(v.tableAddress(v.reader.index));
}

export function tableGrow(v: CodeValidator): void {
  const address = v.tableAddress(v.reader.index);
  v.pop(address);
  v.pop(v.tableTypes[v.reader.index]!);
  v.push(address);
}

export function tableFill(v: CodeValidator): void {
  const address = v.tableAddress(v.reader.index);
  v.pop(address);
  v.pop(v.tableTypes[v.reader.index]!);
  v.pop(address);
}

/** A length that both sides can hold. */
function commonLength(first: ValType, second: ValType): ValType {
  return first === I64 && second === I64 ? I64 : I32;
}

export function tableCopy(v: CodeValidator): void {
  const { index, index2 } = v.reader;
  const target = v.tableAddress(index);
  const source = v.tableAddress(index2);
  if (!v.store.matches(v.tableTypes[index2]!, v.tableTypes[index]!)) {
    v.failTypes(v.typeName(v.tableTypes[index]!), v.tableTypes[index2]!);
  }
  v.pop(commonLength(target, source));
  v.pop(source);
  v.pop(target);
}

/** The canonical element type of an element segment; fails if there is none. */
export function elementType(v: CodeValidator, segment: number): ValType {
  if (segment >= v.elementTypes.length) v.fail(unknown("elem segment", segment));
  return v.elementTypes[segment]!;
}

export function tableInit(v: CodeValidator): void {
  const { index, index2 } = v.reader;
  const address = v.tableAddress(index2);
  const element = elementType(v, index);
  if (!v.store.matches(element, v.tableTypes[index2]!))
    v.failTypes(v.typeName(v.tableTypes[index2]!), element);
  v.pop(I32);
  v.pop(I32);
  v.pop(address);
}

export function elemDrop(v: CodeValidator): void {
  elementType(v, v.reader.index);
}

/** A body that names a data segment needs the count before the bodies. */
export function checkDataSegment(v: CodeValidator, segment: number): void {
  if (v.module.dataCount < 0) throw malformed(DATA_COUNT_REQUIRED, v.reader.opStart);
  if (segment >= v.module.dataCount) v.fail(unknown("data segment", segment));
}

export function memoryInit(v: CodeValidator): void {
  const address = v.memoryAddress(v.reader.index2);
  checkDataSegment(v, v.reader.index);
  v.pop(I32);
  v.pop(I32);
  v.pop(address);
}

export function dataDrop(v: CodeValidator): void {
  checkDataSegment(v, v.reader.index);
}

export function memoryCopy(v: CodeValidator): void {
  const target = v.memoryAddress(v.reader.index);
  const source = v.memoryAddress(v.reader.index2);
  v.pop(commonLength(target, source));
  v.pop(source);
  v.pop(target);
}
