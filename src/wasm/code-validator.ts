/**
 * The state of validating one body: operand stack, control stack, locals; and the steps that move it.
 *
 * The spec's validation algorithm (appendix "Validation Algorithm") on typed arrays. A frame remembers the
 * height of the operand stack below it; after an unconditional branch the frame is unreachable, its stack is
 * cut back, and popping from the empty rest gives `BOTTOM`, which matches everything. One validator serves
 * all bodies and constant expressions of a module; types on the stack are canonical.
 *
 * Locals beyond the first `FLAT_LOCALS` are looked up in their run, and whether a local is initialised is a
 * mark of the body's number, so that opening a body costs what its bytes cost however many locals it claims.
 */
import { grownCapacity, grownColumn } from "../base/column.ts";
import { featureBit } from "./features.ts";
import { MAX_LOCALS, MAX_OPERANDS } from "./limits.ts";
import { beyondLimit, invalid, malformed, TOO_MANY_LOCALS, typeMismatch, unknown } from "./messages.ts";
import type { Module } from "./module.ts";
import { ADDRESS_TYPE, opcodeName, SIGNATURE } from "./opcodes.ts";
import { blockResult, EMPTY_BLOCK, OperatorReader } from "./operators.ts";
import { canonicalType, type TypeStore } from "./subtyping.ts";
import {
  BOTTOM,
  FIRST_TYPE,
  heapOf,
  I32,
  I64,
  isConcrete,
  isDefaultable,
  isNullable,
  isRef,
  KIND_FUNC,
  refType,
  type TypeTable,
  typeIndexOf,
  type ValType,
  valTypeName,
} from "./types.ts";

// What opened a frame.
export const FRAME_BLOCK = 0;
export const FRAME_LOOP = 1;
export const FRAME_IF = 2;
export const FRAME_ELSE = 3;
export const FRAME_TRY = 4;
export const FRAME_CATCH = 5;
export const FRAME_CATCH_ALL = 6;
export const FRAME_TRY_TABLE = 7;

const FLAT_LOCALS = 128;

export class CodeValidator {
  readonly module: Module;
  readonly store: TypeStore;
  /** The canonical types. */
  readonly types: TypeTable;
  /** The canonical id of each of the module's types. */
  readonly ids: Uint32Array;
  readonly mask: number;
  readonly reader: OperatorReader;
  /** The canonical types of the globals. */
  readonly globalTypes: Int32Array;
  /** The canonical element types of the tables. */
  readonly tableTypes: Int32Array;
  /** The canonical element types of the element segments. */
  readonly elementTypes: Int32Array;
  /** I32 or I64 for each table and each memory. */
  readonly tableAddressTypes: Uint8Array;
  readonly memoryAddressTypes: Uint8Array;
  /** 1 for each function that `ref.func` may name in a body. */
  readonly declared: Uint8Array;
  /** In a constant expression: globals from here on may not be read; -1 in a body. */
  globalLimit: number;
  /** The opcode being validated. */
  op: number;
  /** The type of the function whose body it is, or -1. */
  functionType: number;

  operands: Int32Array;
  height: number;
  private frameKinds: Uint8Array;
  private frameTypes: Int32Array;
  private frameHeights: Uint32Array;
  private frameInits: Uint32Array;
  private frameDead: Uint8Array;
  frameCount: number;
  /** Of the innermost frame: the height below it, and whether its code cannot be reached. */
  private base: number;
  private dead: boolean;

  /** By canonical type: the first field without a default value, or -1. */
  private readonly undefaultable: Map<number, number>;
  private readonly flatLocals: Int32Array;
  private runEnds: Uint32Array;
  private runTypes: Int32Array;
  private runCount: number;
  private localCount: number;
  private paramCount: number;
  /** By local: the number of the body in which it was last initialised. */
  private readonly initMarks: Uint32Array;
  private bodyNumber: number;
  private inits: Uint32Array;
  private initCount: number;

  constructor(module: Module, mask: number, store: TypeStore, ids: Uint32Array) {
    this.module = module;
    this.store = store;
    this.types = store.types;
    this.ids = ids;
    this.mask = mask;
    this.reader = new OperatorReader(module.bytes, 0, 0, mask);
    this.reader.canonicalIds = ids;
    this.reader.typeLimit = module.types.length;
    this.globalTypes = Int32Array.from(module.globals, (global) => canonicalType(global.type, ids));
    this.tableTypes = Int32Array.from(module.tables, (table) => canonicalType(table.type.element, ids));
    this.elementTypes = Int32Array.from(module.elements, (segment) => canonicalType(segment.element, ids));
    this.tableAddressTypes = Uint8Array.from(module.tables, (table) => (table.type.is64 ? I64 : I32));
    this.memoryAddressTypes = Uint8Array.from(module.memories, (memory) => (memory.type.is64 ? I64 : I32));
    this.declared = new Uint8Array(module.functionTypes.length);
    this.globalLimit = -1;
    this.op = 0;
    this.functionType = -1;
    this.operands = new Int32Array(256);
    this.height = 0;
    this.frameKinds = new Uint8Array(64);
    this.frameTypes = new Int32Array(64);
    this.frameHeights = new Uint32Array(64);
    this.frameInits = new Uint32Array(64);
    this.frameDead = new Uint8Array(64);
    this.frameCount = 0;
    this.base = 0;
    this.dead = false;
    this.undefaultable = new Map();
    this.flatLocals = new Int32Array(FLAT_LOCALS);
    this.runEnds = new Uint32Array(64);
    this.runTypes = new Int32Array(64);
    this.runCount = 0;
    this.localCount = 0;
    this.paramCount = 0;
    this.initMarks = new Uint32Array(MAX_LOCALS);
    this.bodyNumber = 0;
    this.inits = new Uint32Array(64);
    this.initCount = 0;
  }

  // Errors.

  /** The rule that `message` names is broken by the current instruction. */
  fail(message: string): never {
    throw invalid(`${message} (at ${opcodeName(this.op)})`, this.reader.opStart);
  }

  /** A type as the module's author knows it: with the module's own type index. */
  typeName(type: ValType): string {
    if (!isRef(type) || !isConcrete(heapOf(type))) return valTypeName(type);
    const index = this.ids.indexOf(typeIndexOf(heapOf(type)));
    return valTypeName(refType(Math.max(index, 0) + FIRST_TYPE, isNullable(type)));
  }

  failTypes(expected: string, found: ValType): never {
    this.fail(typeMismatch(`expected ${expected}, found ${this.typeName(found)}`));
  }

  failEmpty(expected: string): never {
    this.fail(typeMismatch(`expected ${expected}, but nothing is on the stack`));
  }

  // Operands.

  push(type: ValType): void {
    if (this.height === this.operands.length) this.growOperands(this.height + 1);
    this.operands[this.height++] = type;
  }

  private growOperands(needed: number): void {
    if (needed > MAX_OPERANDS) throw beyondLimit("operands", needed, MAX_OPERANDS, this.reader.opStart);
    this.operands = grownColumn(
      this.operands,
      Math.min(MAX_OPERANDS, grownCapacity(this.operands.length, needed)),
    );
  }

  /** Pops an operand of any type; `BOTTOM` where code cannot be reached. */
  popAny(): ValType {
    if (this.height === this.base) {
      if (this.dead) return BOTTOM;
      this.failEmpty("a value");
    }
    return this.operands[--this.height]!;
  }

  /** Pops an operand that must match `expected`; returns its own type. */
  pop(expected: ValType): ValType {
    if (this.height === this.base) {
      if (this.dead) return BOTTOM;
      this.failEmpty(this.typeName(expected));
    }
    const found = this.operands[--this.height]!;
    if (found !== expected && !this.store.matches(found, expected)) {
      this.failTypes(this.typeName(expected), found);
    }
    return found;
  }

  /** Pops a reference of any type; `BOTTOM` where code cannot be reached. */
  popRef(): ValType {
    const found = this.popAny();
    if (found !== BOTTOM && !isRef(found)) this.failTypes("a reference", found);
    return found;
  }

  /** Whether popping further would only give `BOTTOM`. */
  exhausted(): boolean {
    return this.dead && this.height === this.base;
  }

  /** Pops the operands and pushes the results of a regular opcode; `address` stands for the address type. */
  applySignature(at: number, address: ValType): void {
    const first = at + 2;
    const results = first + SIGNATURE[at]!;
    for (let i = results - 1; i >= first; i--) {
      const type = SIGNATURE[i]!;
      this.pop(type === ADDRESS_TYPE ? address : type);
    }
    const end = results + SIGNATURE[at + 1]!;
    for (let i = results; i < end; i++) {
      const type = SIGNATURE[i]!;
      this.push(type === ADDRESS_TYPE ? address : type);
    }
  }

  popParams(type: number): void {
    for (let i = this.types.paramCount(type) - 1; i >= 0 && !this.exhausted(); i--) {
      this.pop(this.types.param(type, i));
    }
  }

  pushParams(type: number): void {
    const count = this.types.paramCount(type);
    for (let i = 0; i < count; i++) this.push(this.types.param(type, i));
  }

  pushResults(type: number): void {
    const count = this.types.resultCount(type);
    for (let i = 0; i < count; i++) this.push(this.types.result(type, i));
  }

  // Frames.

  /** Opens a frame whose parameters are already popped, and pushes them inside. */
  openFrame(kind: number, blockType: number): void {
    const frame = this.frameCount;
    if (frame === this.frameKinds.length) this.growFrames();
    if (frame > 0) this.frameDead[frame - 1] = this.dead ? 1 : 0;
    this.frameKinds[frame] = kind;
    this.frameTypes[frame] = blockType;
    this.frameHeights[frame] = this.height;
    this.frameInits[frame] = this.initCount;
    this.frameCount = frame + 1;
    this.base = this.height;
    this.dead = false;
    if (blockType >= 0 && kind !== FRAME_CATCH && kind !== FRAME_CATCH_ALL) this.pushParams(blockType);
  }

  private growFrames(): void {
    const capacity = grownCapacity(this.frameKinds.length, this.frameCount + 1);
    this.frameKinds = grownColumn(this.frameKinds, capacity);
    this.frameTypes = grownColumn(this.frameTypes, capacity);
    this.frameHeights = grownColumn(this.frameHeights, capacity);
    this.frameInits = grownColumn(this.frameInits, capacity);
    this.frameDead = grownColumn(this.frameDead, capacity);
  }

  /** Closes the innermost frame: its results must be on the stack and nothing else; they are popped. */
  closeFrame(): void {
    const frame = this.frameCount - 1;
    this.popBlockResults(this.frameTypes[frame]!);
    if (this.height !== this.base) {
      this.fail(typeMismatch(`${this.height - this.base} more values on the stack than the block gives`));
    }
    this.resetInits(this.frameInits[frame]!);
    this.frameCount = frame;
    if (frame === 0) return;
    this.base = this.frameHeights[frame - 1]!;
    this.dead = this.frameDead[frame - 1] !== 0;
  }

  frameKind(depth: number): number {
    return this.frameKinds[this.frameCount - 1 - depth]!;
  }

  frameType(depth: number): number {
    return this.frameTypes[this.frameCount - 1 - depth]!;
  }

  /** The rest of the innermost frame cannot be reached. */
  markDead(): void {
    this.height = this.base;
    this.dead = true;
  }

  popBlockParams(blockType: number): void {
    if (blockType >= 0) this.popParams(blockType);
  }

  popBlockResults(blockType: number): void {
    if (blockType < 0) {
      if (blockType !== EMPTY_BLOCK) this.pop(blockResult(blockType));
      return;
    }
    for (let i = this.types.resultCount(blockType) - 1; i >= 0 && !this.exhausted(); i--) {
      this.pop(this.types.result(blockType, i));
    }
  }

  pushBlockResults(blockType: number): void {
    if (blockType >= 0) this.pushResults(blockType);
    else if (blockType !== EMPTY_BLOCK) this.push(blockResult(blockType));
  }

  // Labels.

  /** Fails unless a frame is that deep. */
  checkLabel(depth: number): void {
    if (depth < 0 || depth >= this.frameCount) this.fail(unknown("label", depth >>> 0));
  }

  /** How many values a branch to this label takes. */
  labelArity(depth: number): number {
    const type = this.frameType(depth);
    if (this.frameKind(depth) === FRAME_LOOP) return type < 0 ? 0 : this.types.paramCount(type);
    if (type < 0) return type === EMPTY_BLOCK ? 0 : 1;
    return this.types.resultCount(type);
  }

  /** The type of the i-th value that a branch to this label takes. */
  labelType(depth: number, i: number): ValType {
    const type = this.frameType(depth);
    if (type < 0) return blockResult(type);
    return this.frameKind(depth) === FRAME_LOOP ? this.types.param(type, i) : this.types.result(type, i);
  }

  /** Pops the values that a branch to this label takes. */
  popLabel(depth: number): void {
    for (let i = this.labelArity(depth) - 1; i >= 0 && !this.exhausted(); i--)
      this.pop(this.labelType(depth, i));
  }

  pushLabel(depth: number): void {
    const arity = this.labelArity(depth);
    for (let i = 0; i < arity; i++) this.push(this.labelType(depth, i));
  }

  /** Fails unless the values that a branch to this label takes are on the stack, and leaves them there. */
  checkTopForLabel(depth: number): void {
    const arity = this.labelArity(depth);
    for (let i = 0; i < arity; i++) {
      const at = this.height - 1 - i;
      const expected = this.labelType(depth, arity - 1 - i);
      if (at < this.base) {
        if (this.dead) return;
        this.failEmpty(this.typeName(expected));
      }
      const found = this.operands[at]!;
      if (!this.store.matches(found, expected)) this.failTypes(this.typeName(expected), found);
    }
  }

  // Locals.

  /** Begins a body: reads its local declarations and opens the function's frame. */
  openBody(functionType: number, start: number, end: number): void {
    this.reader.seek(start, end);
    this.reader.opStart = start;
    this.functionType = functionType;
    this.height = 0;
    this.frameCount = 0;
    this.initCount = 0;
    this.bodyNumber++;
    this.base = 0;
    this.readLocals(functionType);
    this.openFrame(FRAME_BLOCK, functionType);
    // The frame's parameters are locals, not operands.
    this.height = 0;
  }

  private readLocals(functionType: number): void {
    this.runCount = 0;
    this.localCount = 0;
    this.paramCount = this.types.paramCount(functionType);
    for (let i = 0; i < this.paramCount; i++) this.addLocals(1, this.types.param(functionType, i));
    const reader = this.reader;
    const start = reader.pos;
    const runs = reader.count(2);
    let declared = 0;
    for (let i = 0; i < runs; i++) {
      const count = reader.u32();
      declared += count;
      if (declared > 0xffff_ffff) throw malformed(TOO_MANY_LOCALS, start);
      this.addLocals(count, reader.readValType());
    }
    if (this.localCount > MAX_LOCALS) throw beyondLimit(TOO_MANY_LOCALS, this.localCount, MAX_LOCALS, start);
  }

  private addLocals(count: number, type: ValType): void {
    const run = this.runCount++;
    if (run === this.runEnds.length) {
      this.runEnds = grownColumn(this.runEnds, grownCapacity(run, run + 1));
      this.runTypes = grownColumn(this.runTypes, grownCapacity(run, run + 1));
    }
    const first = this.localCount;
    this.localCount += count;
    this.runEnds[run] = this.localCount;
    this.runTypes[run] = type;
    const flatEnd = Math.min(this.localCount, FLAT_LOCALS);
    for (let i = first; i < flatEnd; i++) this.flatLocals[i] = type;
  }

  /** The type of a local; fails if there is none. */
  localType(local: number): ValType {
    if (local >= this.localCount) this.fail(unknown("local", local));
    if (local < FLAT_LOCALS) return this.flatLocals[local]!;
    let low = 0;
    let high = this.runCount - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.runEnds[middle]! > local) high = middle;
      else low = middle + 1;
    }
    return this.runTypes[low]!;
  }

  /** Whether a local of this type surely has a value here. */
  isInitialized(local: number, type: ValType): boolean {
    return isDefaultable(type) || local < this.paramCount || this.initMarks[local] === this.bodyNumber;
  }

  /** From here to the end of the block the local has a value. */
  initialize(local: number, type: ValType): void {
    if (this.isInitialized(local, type)) return;
    this.initMarks[local] = this.bodyNumber;
    if (this.initCount === this.inits.length) {
      this.inits = grownColumn(this.inits, grownCapacity(this.initCount, this.initCount + 1));
    }
    this.inits[this.initCount++] = local;
  }

  private resetInits(count: number): void {
    while (this.initCount > count) this.initMarks[this.inits[--this.initCount]!] = 0;
  }

  // What instructions name.

  /** The canonical type `type` if it is of `kind`; fails otherwise. */
  definedType(index: number, kind: number, what: string): number {
    if (index >= this.module.types.length) this.fail(unknown("type", index));
    const type = this.ids[index]!;
    if (this.types.kind(type) !== kind) this.fail(typeMismatch(`type ${index} is no ${what} type`));
    return type;
  }

  /** The first field without a default value, or -1; remembered, since types are long and code is short. */
  fieldWithoutDefault(type: number): number {
    let field = this.undefaultable.get(type);
    if (field === undefined) {
      const count = this.types.fieldCount(type);
      field = 0;
      while (field < count && isDefaultable(this.types.field(type, field))) field++;
      if (field === count) field = -1;
      this.undefaultable.set(type, field);
    }
    return field;
  }

  /** The canonical type of a function of the module. */
  typeOfFunction(index: number): number {
    if (index >= this.module.functionTypes.length) this.fail(unknown("function", index));
    return this.ids[this.module.functionTypes.get(index)]!;
  }

  typeOfTag(index: number): number {
    const tag = this.module.tags[index];
    if (tag === undefined) this.fail(unknown("tag", index));
    const type = this.ids[tag.type]!;
    if (this.types.kind(type) !== KIND_FUNC) this.fail(typeMismatch(`tag ${index} has no function type`));
    return type;
  }

  /** The address type of a table; fails if there is none. */
  tableAddress(index: number): ValType {
    if (index >= this.tableTypes.length) this.fail(unknown("table", index));
    return this.tableAddressTypes[index]!;
  }

  /** The address type of a memory; fails if there is none. */
  memoryAddress(index: number): ValType {
    if (index >= this.memoryAddressTypes.length) this.fail(unknown("memory", index));
    return this.memoryAddressTypes[index]!;
  }

  isOn(feature: Parameters<typeof featureBit>[0]): boolean {
    return (this.mask & featureBit(feature)) !== 0;
  }
}
