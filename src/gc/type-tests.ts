/**
 * Tests of what type a reference is of, as CLIF: one compare of the descriptor for a final type, the display of supertypes for others,
 * the descriptor's kind for abstract ones. An object begins with its descriptor; a function's is found by its number.
 */
import type { Block, Value } from "../ir/entities.ts";
import { TRUSTED_MEMFLAGS } from "../ir/memflags.ts";
import { I8, I32 } from "../ir/types.ts";
import { DESCRIPTORS, FUNCTION_TYPES } from "../object/symbol-spaces.ts";
import * as wasm from "../wasm/types.ts";
import { CONSTANT_MEMFLAGS, type HeapOperations } from "./heap-operations.ts";
import { Descriptor, displayOffset, Kind } from "./layout.ts";
import { isFunction, isQuick } from "./test-kinds.ts";

const TOPS: ReadonlySet<wasm.HeapType> = new Set([
  wasm.HEAP_ANY,
  wasm.HEAP_FUNC,
  wasm.HEAP_EXTERN,
  wasm.HEAP_EXN,
]);
const BOTTOMS: ReadonlySet<wasm.HeapType> = new Set([
  wasm.HEAP_NONE,
  wasm.HEAP_NOFUNC,
  wasm.HEAP_NOEXTERN,
  wasm.HEAP_NOEXN,
]);

/** 1 when the reference is of the heap type, or null and `nullable`; 0 otherwise. */
export function testType(heap: HeapOperations, ref: Value, wanted: wasm.HeapType, nullable: boolean): Value {
  const { builder, ins } = heap;
  const done = builder.createBlock();
  const result = builder.appendBlockParam(done, I32);
  const notNull = builder.createBlock();
  const ofNull = ins.iconst(I32, nullable ? 1 : 0);
  ins.brif(ref, builder.blockCall(notNull), builder.blockCall(done, [ofNull]));
  builder.sealBlock(notNull);
  builder.switchToBlock(notNull);
  testNotNull(heap, ref, wanted, done);
  builder.sealBlock(done);
  builder.switchToBlock(done);
  return result;
}

/**
 * As `testType` of a type of objects, null failing, where nothing is known of the reference: null, 0, and i31, which are odd, are told
 * from objects in one branch: turned by a bit, an odd word is negative, and an even one is not.
 */
export function testUnknown(heap: HeapOperations, ref: Value, type: number): Value {
  const isObject = heap.ins.icmpImmS("sgt", heap.ins.rotrImmS(ref, 1), 0);
  return testIf(heap, isObject, ref, type, 0);
}

/** As `testType` of a type of objects, where the reference is null or an object. */
export function testAddress(heap: HeapOperations, ref: Value, type: number, nullable: boolean): Value {
  return testIf(heap, ref, ref, type, nullable ? 1 : 0);
}

/** Whether an object is of the type; `otherwise` for what is none. */
function testIf(heap: HeapOperations, isObject: Value, ref: Value, type: number, otherwise: number): Value {
  const { builder, ins } = heap;
  const done = builder.createBlock();
  const result = builder.appendBlockParam(done, I32);
  const object = builder.createBlock();
  ins.brif(isObject, builder.blockCall(object), builder.blockCall(done, [ins.iconst(I32, otherwise)]));
  builder.sealBlock(object);
  builder.switchToBlock(object);
  testConcrete(heap, ins.load(I32, CONSTANT_MEMFLAGS, ref, 0), type, done);
  builder.sealBlock(done);
  builder.switchToBlock(done);
  return result;
}

/** Jumps to `done` with the answer. */
function answer({ builder, ins }: HeapOperations, value: Value, done: Block): void {
  ins.jump(builder.blockCall(done, [value]));
}

/** Answers for a reference that is not null. */
function testNotNull(heap: HeapOperations, ref: Value, wanted: wasm.HeapType, done: Block): void {
  const { builder, ins } = heap;
  if (TOPS.has(wanted)) {
    answer(heap, ins.iconst(I32, 1), done);
    return;
  }
  if (BOTTOMS.has(wanted)) {
    answer(heap, ins.iconst(I32, 0), done);
    return;
  }
  if (isFunction(wanted, heap.plan.types)) {
    testConcrete(heap, functionDescriptor(heap, ref), wasm.typeIndexOf(wanted), done);
    return;
  }
  const isI31 = ins.bandImmS(ref, 1);
  if (wanted === wasm.HEAP_I31) {
    answer(heap, isI31, done);
    return;
  }
  const object = builder.createBlock();
  const ofI31 = ins.iconst(I32, wanted === wasm.HEAP_EQ ? 1 : 0);
  ins.brif(isI31, builder.blockCall(done, [ofI31]), builder.blockCall(object));
  builder.sealBlock(object);
  builder.switchToBlock(object);
  const descriptor = ins.load(I32, CONSTANT_MEMFLAGS, ref, 0);
  if (!wasm.isConcrete(wanted)) {
    const kind = ins.uextend(I32, ins.load(I8, CONSTANT_MEMFLAGS, descriptor, Descriptor.Kind));
    answer(heap, ins.uextend(I32, isOfKind(heap, kind, wanted)), done);
    return;
  }
  testConcrete(heap, descriptor, wasm.typeIndexOf(wanted), done);
}

/** Whether an object's kind is one of an abstract type's: struct, array, or either. */
function isOfKind(heap: HeapOperations, kind: Value, wanted: wasm.HeapType): Value {
  const { ins } = heap;
  if (wanted === wasm.HEAP_STRUCT) return ins.icmpImmS("eq", kind, Kind.Struct);
  if (wanted === wasm.HEAP_EQ) return ins.icmpImmU("ule", kind, Kind.ReferenceArray);
  const fromPlain = ins.iaddImmS(kind, -Kind.PlainArray);
  return ins.icmpImmU("ule", fromPlain, Kind.ReferenceArray - Kind.PlainArray);
}

/** 1 when a function whose type has this descriptor is of the type, 0 otherwise. */
export function testFunctionType(heap: HeapOperations, descriptor: Value, type: number): Value {
  const { builder } = heap;
  const done = builder.createBlock();
  const result = builder.appendBlockParam(done, I32);
  testConcrete(heap, descriptor, type, done);
  builder.sealBlock(done);
  builder.switchToBlock(done);
  return result;
}

/** The descriptor of the type of a function, by the reference. */
function functionDescriptor(heap: HeapOperations, ref: Value): Value {
  const { ins, plan } = heap;
  const symbol = heap.symbol(FUNCTION_TYPES, 0);
  // Asked anew for each test: a call in between may have added functions.
  const types = plan.functionTypesMove ? ins.load(I32, TRUSTED_MEMFLAGS, symbol, 0) : symbol;
  return ins.load(I32, CONSTANT_MEMFLAGS, ins.iadd(types, ins.ishlImmS(ref, 2)), 0);
}

/** One compare, where the type is final or has a place in every display; else as far as the object's own depth goes. */
function testConcrete(heap: HeapOperations, descriptor: Value, type: number, done: Block): void {
  const { builder, ins } = heap;
  const depth = heap.plan.depth(type);
  if (isQuick(heap.plan.types, type)) {
    answer(heap, isDescribed(heap, descriptor, type), done);
    return;
  }
  const deep = builder.createBlock();
  const own = ins.uextend(I32, ins.load(I8, CONSTANT_MEMFLAGS, descriptor, Descriptor.Depth));
  const isDeep = ins.icmpImmU("uge", own, depth);
  ins.brif(isDeep, builder.blockCall(deep), builder.blockCall(done, [ins.iconst(I32, 0)]));
  builder.sealBlock(deep);
  builder.switchToBlock(deep);
  answer(heap, isDescribed(heap, descriptor, type), done);
}

/** Whether a descriptor is of the type; one of a type that is not quick is deep enough. */
function isDescribed(heap: HeapOperations, descriptor: Value, type: number): Value {
  const { ins, plan } = heap;
  const found = plan.types.isFinal(type)
    ? descriptor
    : ins.load(I32, CONSTANT_MEMFLAGS, descriptor, displayOffset(plan.depth(type)));
  return ins.uextend(I32, ins.icmp("eq", found, heap.symbol(DESCRIPTORS, type)));
}

/** A test for which `isTestedInPlace` holds. Null has no type: it was told apart beforehand, or what lies behind it is zero. */
export function testInPlace(
  heap: HeapOperations,
  ref: Value,
  wanted: wasm.HeapType,
  nullable: boolean,
): Value {
  const { ins } = heap;
  const descriptor = ins.load(I32, CONSTANT_MEMFLAGS, ref, 0);
  const isOfType = isDescribed(heap, descriptor, wasm.typeIndexOf(wanted));
  return nullable ? ins.bor(isOfType, ins.uextend(I32, ins.icmpImmS("eq", ref, 0))) : isOfType;
}
