/** What is asked of a reference's type, and in which way it is answered: in place, or by a function of the type's. */
import type { OperatorReader } from "../wasm/operators.ts";
import type { TypeTable, ValType } from "../wasm/types.ts";
import * as wasm from "../wasm/types.ts";
import { FIXED_DISPLAY } from "./layout.ts";

/** Whether a reference of a static type is null or the address of an object: neither an i31 nor perhaps one. */
function isAddress(operand: ValType, types: TypeTable): boolean {
  if (!wasm.isRef(operand)) return false;
  const heap = wasm.heapOf(operand);
  if (heap === wasm.HEAP_STRUCT || heap === wasm.HEAP_ARRAY) return true;
  return wasm.isConcrete(heap) && !isFunction(heap, types);
}

/** What is asked of a reference. */
export interface TypeTest {
  /** Its static type, or `BOTTOM` where that is not known. */
  readonly operand: ValType;
  readonly heap: wasm.HeapType;
  /** Null passes. */
  readonly nullable: boolean;
  /** What does not pass traps. */
  readonly traps?: boolean;
}

/** What tests depend on besides their types. */
export interface TestGround {
  readonly types: TypeTable;
  /** What lies behind null is zero, so that null has no type. */
  readonly hasZeroBytes: boolean;
}

/** Of the `br_on_cast` or `br_on_cast_fail` that was read. */
export function branchTest({ castSource, castTarget }: OperatorReader): TypeTest {
  return { operand: castSource, heap: wasm.heapOf(castTarget), nullable: wasm.isNullable(castTarget) };
}

/** Of objects: the operand is null or an object. */
export const TEST_KINDS = ["test", "test or null", "object test", "object test or null"] as const;
export type TestKind = (typeof TEST_KINDS)[number];

export function isTestKind(kind: string): kind is TestKind {
  return (TEST_KINDS as readonly string[]).includes(kind);
}

export function passesNull(kind: TestKind): boolean {
  return kind === "test or null" || kind === "object test or null";
}

/** Something for each kind. */
export function byTestKind<T>(make: (kind: TestKind) => T): Readonly<Record<TestKind, T>> {
  return {
    test: make("test"),
    "test or null": make("test or null"),
    "object test": make("object test"),
    "object test or null": make("object test or null"),
  };
}

export function testKind(types: TypeTable, { operand, nullable }: TypeTest): TestKind {
  if (isAddress(operand, types)) return nullable ? "object test or null" : "object test";
  return nullable ? "test or null" : "test";
}

/**
 * Whether a test is short enough to stand where it is asked for: the operand is null or an object, and one place says of which type. Where
 * null looks like an object of another type, only an operand that is not null, or is checked beforehand: `traps`.
 */
export function isTestedInPlace(
  { types, hasZeroBytes }: TestGround,
  { operand, heap, nullable, traps = false }: TypeTest,
): boolean {
  if (!wasm.isConcrete(heap) || isFunction(heap, types) || !isAddress(operand, types)) return false;
  if (!hasZeroBytes && (nullable || (!traps && wasm.isNullable(operand)))) return false;
  return isQuick(types, wasm.typeIndexOf(heap));
}

/** Whether one place of a descriptor says all: of a final type the address, of another that is not too deep the display. */
export function isQuick(types: TypeTable, type: number): boolean {
  if (types.isFinal(type)) return true;
  let depth = 0;
  for (let above = types.supertype(type); above >= 0 && depth < FIXED_DISPLAY; depth++)
    above = types.supertype(above);
  return depth < FIXED_DISPLAY;
}

export function isFunction(heap: wasm.HeapType, types: TypeTable): boolean {
  return wasm.isConcrete(heap) && types.kind(wasm.typeIndexOf(heap)) === wasm.KIND_FUNC;
}
