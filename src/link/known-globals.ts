/**
 * Which globals hold references that are known when a module is compiled, and which element segments have only such items.
 *
 * Constant expressions are worked out, each once and in order, so that an object is made where the specification makes one: every
 * evaluation of `struct.new` is an object of its own. A reference that is imported, as string constants are, may be in an immutable
 * field: it is put there before anything else happens. What is not known: an expression that reads a global which is not known, or
 * an imported number; one that would trap; and what takes more room than it is worth (`MAX_OBJECT_BYTES`, `MAX_TOTAL_BYTES`), so that neither
 * `array.new_default` of millions nor thousands of it fill the output with zeros. These are left to the initialiser.
 */
import { arrayLayout, ELEMENTS_OFFSET, OBJECT_ALIGN, type StructLayout, structLayout } from "../gc/layout.ts";
import type { KnownReference } from "../gc/module-plan.ts";
import { BUILTIN_DESCRIPTORS, FUNCTION_NUMBERS, STATIC_OBJECTS } from "../object/symbol-spaces.ts";
import { type Module, SECTION_GLOBAL } from "../wasm/module.ts";
import { OperatorReader } from "../wasm/operators.ts";
import * as wasm from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";
import { type ConstantValue, type ConstantValues, isConstant, isWide } from "./constant-value.ts";
import { StaticObjects, StaticValue, StaticValues } from "./static-objects.ts";

/** Of one object, beyond what its expression spells out; and of all. */
const MAX_OBJECT_BYTES = 1 << 12;
const MAX_TOTAL_BYTES = 1 << 24;
const ALL_FEATURES = -1;

export class KnownGlobals {
  readonly objects: StaticObjects;
  /** By element segment: the array of its items, or -1 where some are not known. */
  readonly segments: Int32Array;

  private readonly module: Module;
  private readonly constants: ConstantValues;
  private readonly reader: OperatorReader;
  private readonly stack: StaticValues;
  /** What is known of the globals so far, as rows; and, of those asked for, as references. */
  private readonly globals: StaticValues;
  private readonly references: KnownReference[];
  private readonly layouts: Map<number, StructLayout>;
  private bytes: number;

  /** `segments` says which element segments are asked for. */
  constructor(module: Module, constants: ConstantValues, segments: (segment: number) => boolean) {
    this.module = module;
    this.constants = constants;
    const { start, end } = module.sections[SECTION_GLOBAL]!;
    // What spells a value takes two bytes at least; items of segments may need more room.
    this.objects = new StaticObjects((end - start) >> 1);
    this.reader = new OperatorReader(module.bytes, 0, 0, ALL_FEATURES);
    this.reader.typeLimit = module.types.length;
    this.stack = new StaticValues();
    this.globals = new StaticValues(module.globals.length);
    this.layouts = new Map();
    this.bytes = 0;
    this.references = new Array<KnownReference>(module.globals.length);
    for (let i = 0; i < module.globals.length; i++) this.global(i);
    this.segments = Int32Array.from(module.elements, (_, i) => (segments(i) ? this.segment(i) : UNKNOWN));
  }

  /** Whether it is known what a global holds first. */
  isKnown(global: number): boolean {
    const kind = this.globals.kind(global);
    return kind !== UNKNOWN && kind !== StaticValue.Import;
  }

  /** By global: 1 where it is known what it holds first, and 0 elsewhere. */
  flags(): Uint8Array {
    return Uint8Array.from(this.references, (_, global) => (this.isKnown(global) ? 1 : 0));
  }

  /** What a global holds first, or null where it is not known. */
  reference(global: number): KnownReference | null {
    if (!this.isKnown(global)) return null;
    this.references[global] ??= referenceOf(this.globals, global);
    return this.references[global];
  }

  private global(index: number): void {
    const { type, initStart, initEnd } = this.module.globals[index]!;
    this.stack.truncate(0);
    if (index < this.module.importedGlobalCount) {
      this.globals.push(StaticValue.Import, index);
      return;
    }
    const { objects, bytes } = this;
    const count = objects.length;
    if (wasm.isRef(type) && this.expression(initStart, initEnd) && this.isStackKnown()) {
      this.globals.copy(this.stack, 0);
    } else {
      this.takeBack(count, bytes);
      this.globals.push(UNKNOWN, 0);
    }
  }

  private segment(index: number): number {
    const { types, elements } = this.module;
    const { items, itemCount, itemsAreExprs } = elements[index]!;
    this.stack.truncate(0);
    this.reader.seek(items.start, items.end);
    const { objects, bytes } = this;
    const count = objects.length;
    let known = true;
    for (let i = 0; i < itemCount && known; i++) {
      if (itemsAreExprs) known = this.operators();
      else this.stack.push(StaticValue.Function, this.reader.u32());
    }
    // References to what never moves are words like others.
    const words = types.length + BUILTIN_DESCRIPTORS.Words;
    const object = known ? this.array(words, itemCount, 2, itemCount) : UNKNOWN;
    if (object === UNKNOWN) this.takeBack(count, bytes);
    return object;
  }

  /** Takes back the objects of an expression that is not known after all: only so many stay, of so many bytes. */
  private takeBack(objects: number, bytes: number): void {
    this.objects.truncate(objects);
    this.bytes = bytes;
  }

  /** Whether the only value on the stack is known, and not only where it comes from. */
  private isStackKnown(): boolean {
    return this.stack.kind(0) !== StaticValue.Import;
  }

  private expression(start: number, end: number): boolean {
    this.reader.seek(start, end);
    return this.operators();
  }

  /** One expression from where the reader stands, its value left on the stack; false where it is not known. */
  private operators(): boolean {
    for (;;) {
      const op = this.reader.next();
      if (op === WasmOp.End) return true;
      if (!this.operator(op)) return false;
    }
  }

  private operator(op: number): boolean {
    const { reader, stack } = this;
    switch (op) {
      case WasmOp.RefNull:
        stack.push(StaticValue.Bits, 0);
        return true;
      case WasmOp.RefFunc:
        stack.push(StaticValue.Function, reader.index);
        return true;
      case WasmOp.RefI31:
        stack.push(StaticValue.Bits, (this.popWord() << 1) | 1);
        return true;
      case WasmOp.AnyConvertExtern:
      case WasmOp.ExternConvertAny:
        return true;
      case WasmOp.GlobalGet:
        return this.globalGet(reader.index);
      case WasmOp.StructNew:
        return this.struct(reader.index, this.module.types.fieldCount(reader.index));
      case WasmOp.StructNewDefault:
        return this.struct(reader.index, 0);
      case WasmOp.ArrayNew:
        return this.arrayOf(reader.index, this.popWord() >>> 0, 1);
      case WasmOp.ArrayNewDefault:
        return this.arrayOf(reader.index, this.popWord() >>> 0, 0);
      case WasmOp.ArrayNewFixed:
        return this.arrayOf(reader.index, reader.index2, reader.index2);
      default:
        return this.number(op);
    }
  }

  private popWord(): number {
    const row = this.stack.length - 1;
    const word = this.stack.low(row);
    this.stack.truncate(row);
    return word;
  }

  private globalGet(index: number): boolean {
    if (!wasm.isRef(this.module.globals[index]!.type)) return this.number(WasmOp.GlobalGet);
    if (this.globals.kind(index) === UNKNOWN) return false;
    this.stack.copy(this.globals, index);
    return true;
  }

  private number(op: number): boolean {
    const { stack, reader } = this;
    // There are tens of thousands, which a big integer each would make slow.
    if (isConstant(op)) {
      stack.push(StaticValue.Bits, reader.lo | 0, isWide(op) ? reader.hi | 0 : 0);
      return true;
    }
    const operands: ConstantValue[] = [];
    // Of what takes numbers and gives one, all takes two.
    if (this.constants.isArithmetic(op)) {
      const first = stack.length - 2;
      for (let row = first; row < first + 2; row++) operands.push(bitsOf(stack.low(row), stack.high(row)));
      stack.truncate(first);
    }
    const value = this.constants.step(reader, op, operands);
    if (value === null || value.kind === "import") return false;
    if (value.kind === "vector") stack.push(StaticValue.Vector, value.start);
    else stack.push(StaticValue.Bits, Number(value.bits & 0xffff_ffffn) | 0, Number(value.bits >> 32n) | 0);
    return true;
  }

  // Objects.

  private struct(type: number, values: number): boolean {
    let layout = this.layouts.get(type);
    if (layout === undefined) {
      layout = structLayout(this.module.types, type);
      this.layouts.set(type, layout);
    }
    return this.push(type, 0, values, layout.sizeBytes) !== UNKNOWN;
  }

  private arrayOf(type: number, length: number, values: number): boolean {
    return this.array(type, length, arrayLayout(this.module.types, type).elementLog2, values) !== UNKNOWN;
  }

  /** `values` of the stack are its elements. One that the input does not spell out has to be small. */
  private array(type: number, length: number, elementLog2: number, values: number): number {
    const bytes = ELEMENTS_OFFSET + length * 2 ** elementLog2;
    if (length !== values && bytes > MAX_OBJECT_BYTES) return UNKNOWN;
    return this.push(type, length, values, Math.ceil(bytes / OBJECT_ALIGN) * OBJECT_ALIGN);
  }

  /** Replaces `values` of the stack by an object of them. */
  private push(type: number, length: number, values: number, bytes: number): number {
    this.bytes += bytes;
    if (this.bytes > MAX_TOTAL_BYTES) return UNKNOWN;
    const first = this.stack.length - values;
    for (let row = first; row < this.stack.length; row++) {
      if (this.stack.kind(row) === StaticValue.Import && !this.isConstant(type, row - first)) return UNKNOWN;
    }
    const object = this.objects.add(type, length, this.stack, first);
    this.stack.truncate(first);
    this.stack.push(StaticValue.Object, object);
    return object;
  }

  /** Whether a field, or the elements of an array, stay what they were made with. */
  private isConstant(type: number, field: number): boolean {
    const { types } = this.module;
    // Items of segments are taken for words.
    if (type >= types.length) return false;
    return !types.isMutable(type, types.kind(type) === wasm.KIND_STRUCT ? field : 0);
  }
}

const UNKNOWN = -1;

function bitsOf(low: number, high: number): ConstantValue {
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return { kind: "bits", operator: WasmOp.I64Const, bits };
}

function referenceOf(values: StaticValues, row: number): KnownReference {
  const low = values.low(row);
  switch (values.kind(row)) {
    case StaticValue.Function:
      return { kind: "symbol", space: FUNCTION_NUMBERS, index: low };
    case StaticValue.Object:
      return { kind: "symbol", space: STATIC_OBJECTS, index: low };
    default:
      return { kind: "word", word: low };
  }
}
