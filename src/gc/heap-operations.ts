/**
 * What is done to objects, as CLIF: allocation, fields, elements, i31. Several elements at a time are in `elements.ts`, ranges of arrays in `array-ranges.ts`, tests of types in
 * `type-tests.ts`.
 *
 * An allocation bumps a pointer, and the cold path calls the runtime, which may collect; where a collector never leaves room, all
 * call it. Null, bounds and cast checks trap with the codes in `GcTrap`. Every value made here that may be an object is declared to
 * need a stack map.
 */
import { I32List } from "../base/column.ts";
import { EpochTable } from "../base/epoch-table.ts";
import type { FunctionBuilder } from "../frontend/builder.ts";
import { type FuncRef, type GlobalValue, type Inst, NONE, type Value } from "../ir/entities.ts";
import type { InstBuilder } from "../ir/inst-builder.gen.ts";
import { type MemFlags, TRUSTED_MEMFLAGS, withReadonly } from "../ir/memflags.ts";
import { RUNTIME_FUNCTIONS, userName } from "../ir/names.ts";
import * as Op from "../ir/op.gen.ts";
import { type Signature, signatureOf } from "../ir/signature.ts";
import type { GlobalValueData } from "../ir/tables.ts";
import type { TrapCode } from "../ir/trap-codes.ts";
import { F32, F64, I8, I8X16, I16, I32, I64 } from "../ir/types.ts";
import { ValueKind } from "../ir/values.ts";
import { CELLS, DESCRIPTORS, SPACES } from "../object/symbol-spaces.ts";
import type { ValType } from "../wasm/types.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { WriteBarriers } from "./barriers.ts";
import {
  arrayLayout,
  DESCRIPTOR_OFFSET,
  ELEMENTS_OFFSET,
  HEADER_BYTES,
  isTraced,
  LENGTH_OFFSET,
  memoryType,
  OBJECT_ALIGN,
  storageLog2,
  structLayout,
} from "./layout.ts";
import type { ModulePlan } from "./module-plan.ts";
import type { OperatorCalls } from "./operator-calls.ts";
import { RUNTIME_CALLS, type RuntimeFunction } from "./runtime-functions.ts";
import { GcTrap } from "./traps.ts";

/** Arrays are at most this many bytes, so that sizes never overflow. */
const MAX_ARRAY_BYTES = 1 << 30;

/** What is longer is set to zeros by `memory.fill`, which takes a while to begin. */
const MOST_CLEARED = 64;

/** Of what is never stored to once an object is made: lengths, immutable fields, descriptors. */
export const CONSTANT_MEMFLAGS: MemFlags = withReadonly(TRUSTED_MEMFLAGS);

export class HeapOperations {
  readonly builder: FunctionBuilder;
  readonly operators: OperatorCalls;
  readonly plan: ModulePlan;
  /** Values that are not null, by their types or because they were just made. */
  readonly nonNull: I32List;
  /** By space and index. */
  private readonly symbols: readonly EpochTable[];
  /** By the number of its name: each function numbers its names from 0, so these serve all. */
  private readonly symbolData: GlobalValueData[];
  /** Addresses of objects that never move (`known-references.ts`). */
  readonly staticObjects: I32List;
  private readonly runtime: Map<RuntimeFunction, FuncRef>;
  /** The function that allocates, once it is used. */
  private allocator: FuncRef | typeof NONE;
  /** Whether code that allocates has no call on its way, since it runs often. */
  allocatesInPlace: boolean;
  readonly barriers: WriteBarriers;

  constructor(builder: FunctionBuilder, operators: OperatorCalls, plan: ModulePlan) {
    this.builder = builder;
    this.operators = operators;
    this.plan = plan;
    this.nonNull = new I32List();
    this.symbols = Array.from({ length: SPACES }, () => new EpochTable());
    this.symbolData = [];
    this.staticObjects = new I32List();
    this.runtime = new Map();
    this.allocator = NONE;
    this.allocatesInPlace = false;
    this.barriers = new WriteBarriers(builder, operators, plan, (name, args) => {
      this.ins.call(this.runtimeFunction(name), args);
    });
  }

  /** For the next function. */
  clear(): void {
    this.nonNull.clear();
    this.staticObjects.clear();
    for (let space = 0; space < SPACES; space++) this.symbols[space]!.clear();
    if (this.runtime.size > 0) this.runtime.clear();
    this.allocator = NONE;
    this.allocatesInPlace = false;
  }

  get ins(): InstBuilder {
    return this.builder.ins;
  }

  /** Declares a value that may be an object, and notes it if it cannot be null. */
  declareReference(value: Value, type: ValType): Value {
    if (!wasm.isRef(type)) return value;
    if (isTraced(type, this.plan.types)) this.builder.declareValueNeedsStackMap(value);
    if (!wasm.isNullable(type)) this.nonNull.push(value);
    return value;
  }

  // Null and i31.

  nullReference(): Value {
    return this.ins.iconst(I32, 0);
  }

  isNull(ref: Value): Value {
    return this.ins.uextend(I32, this.ins.icmpImmS("eq", ref, 0));
  }

  trapIfNull(ref: Value, code: TrapCode): void {
    this.ins.trapz(ref, code);
  }

  i31(value: Value): Value {
    return this.ins.borImmS(this.ins.ishlImmS(value, 1), 1);
  }

  i31Get(ref: Value, signed: boolean): Value {
    this.trapIfNull(ref, GcTrap.NullI31);
    return signed ? this.ins.sshrImmS(ref, 1) : this.ins.ushrImmS(ref, 1);
  }

  // What lies in static memory.

  /** The address that the linker gives to a symbol (`object/symbol-spaces.ts`). */
  symbol(space: number, index: number): Value {
    const { builder } = this;
    const known = this.symbols[space]!;
    let global = known.get(index) as GlobalValue;
    if (global < 0) {
      const ref = builder.declareImportedUserFunction(space, index);
      this.symbolData[ref] ??= {
        kind: "symbol",
        name: userName(ref),
        offset: 0n,
        colocated: true,
        tls: false,
      };
      global = builder.createGlobalValue(this.symbolData[ref]);
      known.set(index, global);
    }
    return this.ins.symbolValue(I32, global);
  }

  /** The reference in a cell, of a Wasm type. */
  cellGet(cell: number, type: ValType): Value {
    return this.declareReference(this.ins.load(I32, TRUSTED_MEMFLAGS, this.symbol(CELLS, cell), 0), type);
  }

  /** What a cell holds, for reading at once: not declared, so not good after anything that may collect. */
  cellAddress(cell: number): Value {
    return this.ins.load(I32, TRUSTED_MEMFLAGS, this.symbol(CELLS, cell), 0);
  }

  cellSet(cell: number, value: Value): void {
    this.ins.store(TRUSTED_MEMFLAGS, value, this.symbol(CELLS, cell), 0);
  }

  // Allocation.

  /** An object of that many bytes (a multiple of 8), with its descriptor set. Everything else may have moved. */
  allocate(bytes: Value, descriptor: Value): Value {
    const allocator = this.allocatesInPlace ? -1 : (this.plan.typeFunctions?.allocator ?? -1);
    const object =
      allocator < 0
        ? this.allocateInline(bytes, descriptor)
        : this.firstResult(this.ins.call(this.allocatorFunction(allocator), [bytes, descriptor]));
    this.builder.declareValueNeedsStackMap(object);
    this.nonNull.push(object);
    return object;
  }

  private allocateInline(bytes: Value, descriptor: Value): Value {
    return this.bump(bytes, descriptor, () => this.roomOfRuntime(bytes));
  }

  /** Of the runtime's own, which may collect. */
  roomOfRuntime(bytes: Value): Value {
    return this.firstResult(this.ins.call(this.runtimeFunction("allocSlow"), [bytes]));
  }

  /**
   * An object with its descriptor set: bumps the pointer and lets `fill` work on what is there, or without room takes what `slow`
   * gives, on the cold path. Where a collector never leaves room, `slow` makes all.
   */
  bump(bytes: Value, descriptor: Value, slow: () => Value, fill?: (object: Value) => void): Value {
    const { ins, plan } = this;
    const object = plan.allocatesInline ? this.bumpOr(slow, bytes, fill) : slow();
    ins.store(TRUSTED_MEMFLAGS, descriptor, object, DESCRIPTOR_OFFSET);
    return object;
  }

  private bumpOr(slow: () => Value, bytes: Value, fill?: (object: Value) => void): Value {
    const { builder, ins, plan } = this;
    const full = builder.createBlock();
    const room = builder.createBlock();
    const done = builder.createBlock();
    builder.setColdBlock(full);
    const object = builder.appendBlockParam(done, I32);
    const top = this.globalGet(plan.allocPtr);
    const next = ins.iadd(top, bytes);
    // Sizes are below 2^31 and so is memory, so the sum cannot wrap around.
    const tooFar = ins.icmp("ugt", next, this.globalGet(plan.allocEnd));
    ins.brif(tooFar, builder.blockCall(full), builder.blockCall(room));
    builder.sealBlock(full);
    builder.sealBlock(room);
    builder.switchToBlock(full);
    ins.jump(builder.blockCall(done, [slow()]));
    builder.switchToBlock(room);
    this.operators.emit(WasmOp.GlobalSet, [plan.allocPtr], [next], []);
    fill?.(top);
    ins.jump(builder.blockCall(done, [top]));
    builder.sealBlock(done);
    builder.switchToBlock(done);
    return object;
  }

  /** Moves bytes of the heap, which may overlap. */
  copyMemory(target: Value, source: Value, bytes: Value): void {
    const { heapMemory } = this.plan;
    this.operators.emit(WasmOp.MemoryCopy, [heapMemory, heapMemory], [target, source, bytes], []);
  }

  globalGet(index: number): Value {
    return this.firstResult(this.operators.emit(WasmOp.GlobalGet, [index], [], [I32]));
  }

  private firstResult(inst: Inst): Value {
    return this.builder.func.dfg.firstResult(inst);
  }

  runtimeFunction(name: RuntimeFunction): FuncRef {
    const found = this.runtime.get(name);
    if (found !== undefined) return found;
    const { index, params, results, collects } = RUNTIME_CALLS[name];
    const callee = this.importFunction(RUNTIME_FUNCTIONS, index, signatureOf(params, results), collects);
    this.runtime.set(name, callee);
    return callee;
  }

  /** The module's function that allocates (`type-functions.ts`). */
  private allocatorFunction(index: number): FuncRef {
    if (this.allocator === NONE)
      this.allocator = this.importFunction(0, index, signatureOf([I32, I32], [I32], "tail"), true);
    return this.allocator as FuncRef;
  }

  private importFunction(namespace: number, index: number, signature: Signature, collects: boolean): FuncRef {
    const { builder } = this;
    return builder.importFunction({
      name: builder.userName(namespace, index),
      signature: builder.importSignature(signature),
      colocated: true,
      patchable: false,
      noCollect: !collects,
    });
  }

  // Structs.

  structNew(type: number, fields: readonly Value[]): Value {
    const { types } = this.plan;
    const layout = structLayout(types, type);
    const object = this.allocate(this.ins.iconst(I32, layout.sizeBytes), this.symbol(DESCRIPTORS, type));
    for (let i = 0; i < fields.length; i++) {
      this.initialize(types.field(type, i), fields[i]!, object, layout.offsets[i]!);
    }
    return object;
  }

  structNewDefault(type: number): Value {
    const { sizeBytes } = structLayout(this.plan.types, type);
    const object = this.allocate(this.ins.iconst(I32, sizeBytes), this.symbol(DESCRIPTORS, type));
    this.clearBytes(object, HEADER_BYTES, sizeBytes);
    return object;
  }

  /** Sets a new object to zeros, from one offset to another; both are multiples of 4. */
  private clearBytes(object: Value, start: number, end: number): void {
    const { ins } = this;
    if (end - start > MOST_CLEARED) {
      this.fillBytes(ins.iaddImmS(object, start), ins.iconst(I32, end - start));
      return;
    }
    let offset = start;
    if (offset % 8 !== 0 && offset < end) {
      ins.store(TRUSTED_MEMFLAGS, ins.iconst(I32, 0), object, offset);
      offset += 4;
    }
    for (; offset + 8 <= end; offset += 8) ins.store(TRUSTED_MEMFLAGS, ins.iconst(I64, 0), object, offset);
    if (offset < end) ins.store(TRUSTED_MEMFLAGS, ins.iconst(I32, 0), object, offset);
  }

  private fillBytes(start: Value, bytes: Value): void {
    const zero = this.ins.iconst(I32, 0);
    this.operators.emit(WasmOp.MemoryFill, [this.plan.heapMemory], [start, zero, bytes], []);
  }

  structGet(type: number, field: number, ref: Value, signed: boolean): Value {
    this.trapIfNull(ref, GcTrap.NullStructure);
    const { types } = this.plan;
    const flags = types.isMutable(type, field) ? TRUSTED_MEMFLAGS : CONSTANT_MEMFLAGS;
    return this.loadAt(
      types.field(type, field),
      ref,
      structLayout(types, type).offsets[field]!,
      signed,
      flags,
    );
  }

  structSet(type: number, field: number, ref: Value, value: Value): void {
    this.trapIfNull(ref, GcTrap.NullStructure);
    const { types } = this.plan;
    this.overwrite(types.field(type, field), value, ref, structLayout(types, type).offsets[field]!);
  }

  zero(type: ValType): Value {
    const stored = memoryType(type);
    if (stored === F32) return this.ins.f32const(0);
    if (stored === F64) return this.ins.f64const(0n);
    if (stored === I8X16) {
      return this.ins.vconst(I8X16, this.builder.func.dfg.constants.insert(new Uint8Array(16)));
    }
    return this.ins.iconst(stored === I64 ? I64 : I32, 0);
  }

  /** The field of a storage type that lies there. */
  loadAt(
    type: ValType,
    base: Value,
    offset: number,
    signed: boolean,
    flags: MemFlags = TRUSTED_MEMFLAGS,
  ): Value {
    const stored = memoryType(type);
    const value = this.ins.load(stored, flags, base, offset);
    if (stored === I8 || stored === I16) {
      return signed ? this.ins.sextend(I32, value) : this.ins.uextend(I32, value);
    }
    return this.declareReference(value, type);
  }

  /** Without a barrier. */
  storeAt(type: ValType, value: Value, base: Value, offset: number): void {
    const stored = memoryType(type);
    const narrow = stored === I8 || stored === I16 ? this.ins.ireduce(stored, value) : value;
    this.ins.store(TRUSTED_MEMFLAGS, narrow, base, offset);
  }

  /** Stores into a new object. */
  initialize(type: ValType, value: Value, object: Value, offset: number): void {
    this.storeAt(type, value, object, offset);
    this.barriers.initialized(type, value, null);
  }

  /** Stores into an object that need not be new; see `barriers.ts` for `base`. */
  overwrite(type: ValType, value: Value, base: Value, offset: number): void {
    const barrier = this.barriers.kindFor(type);
    if (barrier === "counts") {
      this.barriers.storeCounted(value, base, offset);
      return;
    }
    this.storeAt(type, value, base, offset);
    if (barrier === "cards") this.barriers.markCard(value, base);
  }

  // Arrays.

  /** An array of `length` elements, not filled. */
  allocateArray(type: number, length: Value): Value {
    return this.allocateElements(arrayLayout(this.plan.types, type).elementLog2, type, length);
  }

  /** An array of a type of the module, or of one of the built-in types behind those. */
  allocateElements(elementLog2: number, type: number, length: Value): Value {
    const { ins } = this;
    const most = (MAX_ARRAY_BYTES >> elementLog2) - ELEMENTS_OFFSET;
    ins.trapnz(ins.icmpImmU("ugt", length, most), GcTrap.TooLarge);
    const bytes = ins.iaddImmS(ins.ishlImmS(length, elementLog2), ELEMENTS_OFFSET + OBJECT_ALIGN - 1);
    const object = this.allocate(ins.bandImmS(bytes, -OBJECT_ALIGN), this.symbol(DESCRIPTORS, type));
    ins.store(TRUSTED_MEMFLAGS, length, object, LENGTH_OFFSET);
    return object;
  }

  /** An array of zeros. */
  arrayNewDefault(type: number, length: Value): Value {
    const { ins } = this;
    const { elementLog2 } = arrayLayout(this.plan.types, type);
    const object = this.allocateArray(type, length);
    const count = this.constantOf(length);
    if (count !== null && count <= MOST_CLEARED >> elementLog2) {
      const bytes = Math.ceil((count << elementLog2) / 4) * 4;
      this.clearBytes(object, ELEMENTS_OFFSET, ELEMENTS_OFFSET + bytes);
    } else this.fillBytes(ins.iaddImmS(object, ELEMENTS_OFFSET), ins.ishlImmS(length, elementLog2));
    return object;
  }

  /** An integer constant, unsigned, or null. */
  private constantOf(value: Value): number | null {
    const { dfg } = this.builder.func;
    const resolved = dfg.resolveAliases(value);
    if (dfg.valueKind(resolved) !== ValueKind.Result) return null;
    const inst = dfg.valueInst(resolved);
    return dfg.opcode(inst) === Op.Iconst ? dfg.immLow(inst) >>> 0 : null;
  }

  arrayNewFixed(type: number, values: readonly Value[]): Value {
    const { types } = this.plan;
    const element = types.field(type, 0);
    const object = this.allocateArray(type, this.ins.iconst(I32, values.length));
    for (let i = 0; i < values.length; i++) {
      this.initialize(element, values[i]!, object, ELEMENTS_OFFSET + (i << storageLog2(element)));
    }
    return object;
  }

  arrayLength(ref: Value): Value {
    this.trapIfNull(ref, GcTrap.NullArray);
    return this.ins.load(I32, CONSTANT_MEMFLAGS, ref, LENGTH_OFFSET);
  }

  /** The address of an element, less `ELEMENTS_OFFSET`, with null and bounds checked. */
  private elementBase(type: number, ref: Value, index: Value): Value {
    const { ins } = this;
    ins.trapnz(ins.icmp("uge", index, this.arrayLength(ref)), GcTrap.ArrayBounds);
    return ins.iadd(ref, ins.ishlImmS(index, arrayLayout(this.plan.types, type).elementLog2));
  }

  arrayGet(type: number, ref: Value, index: Value, signed: boolean): Value {
    const base = this.elementBase(type, ref, index);
    return this.loadAt(this.plan.types.field(type, 0), base, ELEMENTS_OFFSET, signed);
  }

  arraySet(type: number, ref: Value, index: Value, value: Value): void {
    const base = this.elementBase(type, ref, index);
    this.overwrite(this.plan.types.field(type, 0), value, base, ELEMENTS_OFFSET);
  }

  trapUnless(condition: Value, code: TrapCode): void {
    this.ins.trapz(condition, code);
  }
}
