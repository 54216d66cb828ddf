/**
 * The bytes of static objects: like objects of the heap (`gc/layout.ts`), one behind the other in the order of their numbers.
 *
 * What a program stores into them later may lie in the heap, so the words for it are listed: mutable fields and elements that hold
 * references which a collector follows. Immutable ones hold what they were made with, which never moves; but what is imported does,
 * and is put there when an instance is made. The items of an element segment never change, though they are of a built-in type.
 */
import {
  ELEMENTS_OFFSET,
  isTraced,
  LENGTH_OFFSET,
  OBJECT_ALIGN,
  storageLog2,
  structLayout,
} from "../gc/layout.ts";
import * as wasm from "../wasm/types.ts";
import { type StaticObjects, StaticValue } from "./static-objects.ts";

/** What the objects are made of, and where it lies. */
export interface ImageParts {
  readonly types: wasm.TypeTable;
  readonly objects: StaticObjects;
  /** The bytes of the module, for vectors. */
  readonly moduleBytes: Uint8Array;
  /** The address of a type's descriptor. */
  descriptor(type: number): number;
  /** What a reference to a function is. */
  functionNumber(func: number): number;
}

/** The bytes of static objects, and the addresses in them that others have to know. */
export interface WrittenImage {
  readonly bytes: Uint8Array;
  /** Of words that may come to refer to the heap. */
  readonly roots: readonly number[];
  /** Pairs: an imported global, by its index in the input, and the address of a word that is to hold its reference. */
  readonly imports: readonly number[];
}

/** Where something of a type lies in an object. */
interface Field {
  readonly offset: number;
  readonly type: wasm.ValType;
  readonly isRoot: boolean;
}

interface Shape {
  /** Of a struct. */
  readonly fields: readonly Field[];
  /** Of an array: its first element. */
  readonly element: Field | null;
  readonly structBytes: number;
  readonly descriptor: number;
}

export class StaticImage {
  /** By object, from the beginning of the image. */
  readonly offsets: Int32Array;
  readonly length: number;
  private readonly parts: ImageParts;
  private readonly shapes: Map<number, Shape>;

  /** Asks for all descriptors. */
  constructor(parts: ImageParts) {
    const { objects } = parts;
    this.parts = parts;
    this.shapes = new Map();
    this.offsets = new Int32Array(objects.length);
    let end = 0;
    for (let object = 0; object < objects.length; object++) {
      this.offsets[object] = end;
      end += this.objectBytes(object);
    }
    this.length = end;
  }

  private objectBytes(object: number): number {
    const { structBytes, element } = this.shape(object);
    if (element === null) return structBytes;
    const length = this.parts.objects.arrayLength(object);
    const bytes = ELEMENTS_OFFSET + length * 2 ** storageLog2(element.type);
    return Math.ceil(bytes / OBJECT_ALIGN) * OBJECT_ALIGN;
  }

  private shape(object: number): Shape {
    const type = this.parts.objects.type(object);
    let shape = this.shapes.get(type);
    if (shape === undefined) {
      shape = shapeOf(this.parts, type);
      this.shapes.set(type, shape);
    }
    return shape;
  }

  /** The image as it lies at `base`, a multiple of 8. */
  write(base: number): WrittenImage {
    const bytes = new Uint8Array(this.length);
    const writer = new ImageWriter(this.parts, this.offsets, bytes, base);
    for (let object = 0; object < this.offsets.length; object++) writer.object(object, this.shape(object));
    return { bytes, roots: writer.roots, imports: writer.imports };
  }
}

class ImageWriter {
  readonly roots: number[] = [];
  readonly imports: number[] = [];
  private readonly parts: ImageParts;
  private readonly offsets: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly base: number;

  constructor(parts: ImageParts, offsets: Int32Array, bytes: Uint8Array, base: number) {
    this.parts = parts;
    this.offsets = offsets;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.base = base;
  }

  object(object: number, { fields, element, descriptor }: Shape): void {
    const at = this.offsets[object]!;
    this.view.setUint32(at, descriptor, true);
    if (element !== null) {
      this.elements(object, element);
      return;
    }
    const { objects } = this.parts;
    const start = objects.valuesStart(object);
    const count = objects.valuesEnd(object) - start;
    for (let i = 0; i < fields.length; i++) {
      const { type, offset, isRoot } = fields[i]!;
      if (isRoot) this.roots.push(this.base + at + offset);
      if (count > 0) this.value(start + i, type, at + offset);
    }
  }

  private elements(object: number, { type, offset, isRoot }: Field): void {
    const { objects } = this.parts;
    const length = objects.arrayLength(object);
    const start = objects.valuesStart(object);
    const count = objects.valuesEnd(object) - start;
    const step = 2 ** storageLog2(type);
    let at = this.offsets[object]!;
    this.view.setUint32(at + LENGTH_OFFSET, length, true);
    at += offset;
    for (let i = 0; i < length; i++, at += step) {
      if (isRoot) this.roots.push(this.base + at);
      if (count > 0) this.value(count === 1 ? start : start + i, type, at);
    }
  }

  private value(row: number, type: wasm.ValType, at: number): void {
    const { parts } = this;
    const { objects, moduleBytes } = parts;
    const { values } = objects;
    const low = values.low(row);
    switch (values.kind(row)) {
      case StaticValue.Vector:
        this.bytes.set(moduleBytes.subarray(low, low + 16), at);
        break;
      case StaticValue.Function:
        this.view.setUint32(at, parts.functionNumber(low), true);
        break;
      case StaticValue.Object:
        this.view.setUint32(at, this.base + this.offsets[low]!, true);
        break;
      case StaticValue.Import:
        this.imports.push(low, this.base + at);
        if (isTraced(type, parts.types)) this.roots.push(this.base + at);
        break;
      default:
        this.bits(storageLog2(type), low, values.high(row), at);
    }
  }

  private bits(log2: number, low: number, high: number, at: number): void {
    const { view } = this;
    if (log2 === 0) view.setUint8(at, low);
    else if (log2 === 1) view.setUint16(at, low, true);
    else view.setInt32(at, low, true);
    if (log2 === 3) view.setInt32(at + 4, high, true);
  }
}

function shapeOf(parts: ImageParts, type: number): Shape {
  const { types } = parts;
  const shape = { fields: [], element: null, structBytes: 0, descriptor: parts.descriptor(type) };
  // Behind the module's types: the items of a segment, which are words.
  if (type >= types.length) {
    return { ...shape, element: { offset: ELEMENTS_OFFSET, type: wasm.I32, isRoot: false } };
  }
  const field = (i: number, offset: number): Field => {
    const stored = types.field(type, i);
    return { offset, type: stored, isRoot: types.isMutable(type, i) && isTraced(stored, types) };
  };
  if (types.kind(type) === wasm.KIND_ARRAY) return { ...shape, element: field(0, ELEMENTS_OFFSET) };
  if (types.kind(type) !== wasm.KIND_STRUCT) throw new Error(`no objects of ${types.describe(type)}`);
  const { offsets, sizeBytes } = structLayout(types, type);
  return { ...shape, fields: offsets.map((offset, i) => field(i, offset)), structBytes: sizeBytes };
}
