/**
 * The state of validating one body: operand stack, control stack, locals; and the steps that move it.
 *
 * The spec's validation algorithm (appendix "Validation Algorithm") on typed arrays. A frame remembers the
 * height of the operand stack below it; after an unconditional branch the frame is unreachable, its stack is
 * cut back, and popping from the empty rest gives `BOTTOM`, which matches everything. One validator serves
 * all bodies and constant expressions of a module; types on the stack are canonical.
 */
import { grownCapacity, grownColumn } from "../base/column.ts";
import { featureBit } from "./features.ts";
import { MAX_LOCALS, MAX_MOVED_VALUES, MAX_OPERANDS } from "./limits.ts";
import { Locals } from "./locals.ts";
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

  /** How many values calls and branches have moved so far, in the whole module. */
  private moves: number;
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
  readonly locals: Locals;

  constructor(module: Module, mask: number, store: TypeStore, ids: Uint32Array) {
    this.module = module;
    this.store = store;
    this.types = store.types;
    this.ids = ids;
    this.mask = mask;
    this.reader = new OperatorReader(module.bytes, 0, 0, mask);
    this.reader.canonicalIds = ids;
    this.reader.typeLimit = module.types.length;
    // Not made from the list itself: there are thousands, and each step of an iterator is an object.
    this.globalTypes = new Int32Array(module.globals.length);
    for (let i = 0; i < this.globalTypes.length; i++)
      this.globalTypes[i] = canonicalType(module.globals[i]!.type, ids);
    this.tableTypes = Int32Array.from(module.tables, (table) => canonicalType(table.type.element, ids));
    this.elementTypes = Int32Array.from(module.elements, (segment) => canonicalType(segment.element, ids));
    this.tableAddressTypes = Uint8Array.from(module.tables, (table) => (table.type.is64 ? I64 : I32));
    this.memoryAddressTypes = Uint8Array.from(module.memories, (memory) => (memory.type.is64 ? I64 : I32));
    this.declared = new Uint8Array(module.functionTypes.length);
    this.globalLimit = -1;
    this.op = 0;
    this.functionType = -1;
    this.moves = 0;
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
    this.locals = new Locals();
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

  /** Pops `count` operands that must match `types.valueColumn` from `first` on. */
  private popRange(first: number, count: number): void {
    this.countMoves(count);
    const values = this.types.valueColumn;
    const operands = this.operands;
    for (let i = first + count - 1; i >= first; i--) {
      if (this.height > this.base && operands[this.height - 1] === values[i]) this.height--;
      else if (this.exhausted()) return;
      else this.pop(values[i]!);
    }
  }

  private pushRange(first: number, count: number): void {
    this.countMoves(count);
    if (this.height + count > this.operands.length) this.growOperands(this.height + count);
    const values = this.types.valueColumn;
    const operands = this.operands;
    let height = this.height;
    for (let i = first; i < first + count; i++) operands[height++] = values[i]!;
    this.height = height;
  }

  /** Two bytes of code can move a thousand values; this keeps a small module from costing minutes. */
  private countMoves(count: number): void {
    this.moves += count;
    if (this.moves > MAX_MOVED_VALUES) {
      throw beyondLimit(
        "values moved by calls and branches",
        this.moves,
        MAX_MOVED_VALUES,
        this.reader.opStart,
      );
    }
  }

  popParams(type: number): void {
    this.popRange(this.types.valueStart(type), this.types.paramCount(type));
  }

  pushParams(type: number): void {
    this.pushRange(this.types.valueStart(type), this.types.paramCount(type));
  }

  popResults(type: number): void {
    const { types } = this;
    this.popRange(types.valueStart(type) + types.paramCount(type), types.resultCount(type));
  }

  pushResults(type: number): void {
    const { types } = this;
    this.pushRange(types.valueStart(type) + types.paramCount(type), types.resultCount(type));
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
    this.frameInits[frame] = this.locals.initCount;
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
    this.locals.resetInits(this.frameInits[frame]!);
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
    if (blockType >= 0) this.popResults(blockType);
    else if (blockType !== EMPTY_BLOCK) this.pop(blockResult(blockType));
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
    if (this.frameKind(depth) === FRAME_LOOP) this.popBlockParams(this.frameType(depth));
    else this.popBlockResults(this.frameType(depth));
  }

  pushLabel(depth: number): void {
    const type = this.frameType(depth);
    if (this.frameKind(depth) !== FRAME_LOOP) this.pushBlockResults(type);
    else if (type >= 0) this.pushParams(type);
  }

  /** Fails unless the values that a branch to this label takes are on the stack, and leaves them there. */
  checkTopForLabel(depth: number): void {
    const arity = this.labelArity(depth);
    this.countMoves(arity);
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
    this.base = 0;
    this.readLocals(functionType);
    this.openFrame(FRAME_BLOCK, functionType);
    // The frame's parameters are locals, not operands.
    this.height = 0;
  }

  private readLocals(functionType: number): void {
    const { reader, types, locals } = this;
    locals.begin();
    const params = types.paramCount(functionType);
    for (let i = 0; i < params; i++) locals.add(1, types.param(functionType, i));
    locals.endParams();
    const start = reader.pos;
    const runs = reader.count(2);
    let declared = 0;
    for (let i = 0; i < runs; i++) {
      const count = reader.u32();
      declared += count;
      if (declared > 0xffff_ffff) throw malformed(TOO_MANY_LOCALS, start);
      locals.add(count, reader.readValType());
    }
    if (locals.count > MAX_LOCALS) throw beyondLimit(TOO_MANY_LOCALS, locals.count, MAX_LOCALS, start);
  }

  /** The type of a local; fails if there is none. */
  localType(local: number): ValType {
    if (local >= this.locals.count) this.fail(unknown("local", local));
    return this.locals.type(local);
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
