/**
 * The static memory of one linked module: the stack maps, which code names most often, so that they have the smallest numbers; a region
 * of cells, the static objects and a list of the addresses of words in them, then whatever symbols its code names, in the order in
 * which they are first asked for.
 *
 *     stack map      `runtime/assembly/heap.ts`
 *     cells          next region (the runtime's), how many words, the words (see `runtime/collectors.ts`); those of functions
 *     objects        `static-image.ts`
 *     imports        pairs: the address of an imported cell, the address of a word in an object that is to hold the same
 *     addresses      the list of the addresses of references that may come to be to the heap (`runtime/assembly/heap.ts`)
 *     descriptor     `gc/layout.ts`; those of supertypes come first. Equal types (by the canonical id) have one
 *     types          of a module that stands alone: by number, the descriptors of functions that references exist of, if code asks
 *     table          of a table that never changes: by index, the descriptors of the functions in it, if code asks
 *     tag            the canonical type of one of the module's tags (`gc/layout.ts`)
 *     exports        of a global without a cell: a word with its reference, for whoever imports it
 */
import { ByteWriter } from "../base/byte-writer.ts";
import {
  builtinDescriptor,
  builtinKey,
  type DescriptorMemory,
  descriptorOf,
  exceptionDescriptor,
} from "../gc/descriptors.ts";
import { isTraced, Kind, OBJECT_ALIGN, TagRecord, ZERO_BYTES } from "../gc/layout.ts";
import type { KnownReference } from "../gc/module-plan.ts";
import {
  BUILTIN_DESCRIPTORS,
  CELLS,
  DESCRIPTORS,
  EXCEPTION_DESCRIPTORS,
  FIRST_FRAMES,
  FUNCTION_NUMBERS,
  FUNCTION_TYPES,
  STACK_MAPS,
  STATIC_OBJECTS,
  TABLE_TYPES,
  TAG_RECORDS,
} from "../object/symbol-spaces.ts";
import type { FrameMap, SymbolTable } from "../object/symbols.ts";
import { gapsOf } from "./address-gaps.ts";
import type { CompiledCode } from "./compiled-code.ts";
import type { InstanceLayout } from "./instance-layout.ts";
import { knownTable } from "./known-tables.ts";
import { mapsByUse } from "./map-order.ts";
import type { Cell, OutputPlan } from "./plan.ts";
import { NULL_ITEM } from "./segment-items.ts";
import { StaticImage } from "./static-image.ts";

/** What of the static memory is others'. */
export interface Surroundings {
  /** Where the region begins; a multiple of 8. */
  readonly base: number;
  /** Where the module's functions go in the table of functions: the number of the first, not 0. */
  readonly firstFunction: number;
  /** The address of the word that says where the descriptors of all functions are; -1 where they are to be laid out here. */
  readonly functionTypes: number;
  /** Where the shadow stack ends, from which code counts to stack maps. */
  readonly stackTop: number;
  /** The canonical ids of the module's types, where the descriptors are known by them. */
  readonly canonicalIds: Uint32Array;
  /** Descriptors by canonical type, or by `builtinKey`; those made here are added. */
  readonly descriptors: Map<number, number>;
  /** The address of an imported cell. */
  importedCell(cell: number): number;
  /** The number of an imported function, or 0 where it is to get one here. */
  importedFunction(func: number): number;
  /** The address of the record of an imported tag. */
  importedTag(tag: number): number;
}

/** Where pairs of addresses lie: a word is copied from the first to the second. */
export interface WordCopies {
  readonly start: number;
  readonly end: number;
}

const REGION_HEADER = 8;
const NONE = -1;

/** How many there are of a kind, and their bytes. */
export interface StaticPart {
  readonly count: number;
  readonly bytes: number;
}

/** What static memory holds, by kind; the types in tables and padding count with the descriptors. */
export interface StaticSummary {
  readonly cells: StaticPart;
  readonly descriptors: StaticPart;
  readonly maps: StaticPart;
  /** Functions that references exist of, and the table of their types. */
  readonly functions: StaticPart;
  /** Those of globals and element segments, with the addresses that go with them. */
  readonly objects: StaticPart;
  readonly tags: StaticPart;
}

export class StaticLayout implements DescriptorMemory, InstanceLayout {
  /** Bytes of the largest frame on the shadow stack that code of the module makes; 0 without any. */
  largestFrame: number;
  private readonly plan: OutputPlan;
  private readonly symbols: SymbolTable;
  private readonly around: Surroundings;
  private readonly out: ByteWriter;
  /** Addresses by symbol, 0 for those that have none yet. */
  private readonly values: Map<number, number>;
  private cellsStart: number;
  /** The module's own cells that a collector looks at. */
  private rootCells: number;
  private readonly cellAddresses: Int32Array;
  private objectAddresses: Int32Array;
  private objectBytes: number;
  private rootAddresses: number;
  private copies: WordCopies | null;
  /** Of exported globals without cells, by index in the input. */
  private readonly exportedWords: Map<number, number>;
  /** By function of the input. */
  private readonly functionNumbers: Map<number, number>;
  private readonly tagRecords: number[];
  /** The module's functions in the table of functions, from `firstFunction` on. */
  private readonly functions: number[];
  /** The address of the table of functions' types, or `NONE` as long as no code asks. */
  private functionTypes: number;

  constructor({ plan, symbols, bodies, initializers }: CompiledCode, around: Surroundings) {
    this.largestFrame = 0;
    this.plan = plan;
    this.symbols = symbols;
    this.around = around;
    this.out = new ByteWriter();
    this.values = new Map();
    this.functionNumbers = new Map();
    this.functions = [];
    this.functionTypes = NONE;
    this.cellAddresses = new Int32Array(plan.cells.length);
    this.objectAddresses = new Int32Array(0);
    this.objectBytes = 0;
    this.rootAddresses = NONE;
    this.copies = null;
    this.exportedWords = new Map();
    this.placeMaps(mapsByUse(symbols, [...bodies, ...initializers]));
    this.cellsStart = this.end;
    this.rootCells = 0;
    this.placeCells();
    this.placeObjects();
    this.fillCells();
    this.placeExports();
    this.tagRecords = plan.module.tags.map(({ type }, tag) =>
      tag < plan.module.importedTagCount ? around.importedTag(tag) : this.words([around.canonicalIds[type]!]),
    );
  }

  get descriptors(): Map<number, number> {
    return this.around.descriptors;
  }

  /** The region of cells that a collector has to know, or -1. */
  get cellRegion(): number {
    return this.rootCells > 0 ? this.cellsStart : NONE;
  }

  /** The list of addresses of words that a collector has to know, or -1. */
  get rootAddressList(): number {
    return this.rootAddresses;
  }

  /** Where the cells lie, by number; imported ones elsewhere. */
  get cellPlaces(): Int32Array {
    return this.cellAddresses;
  }

  /** Where the static objects lie, by number. */
  get staticObjectAddresses(): Int32Array {
    return this.objectAddresses;
  }

  /** What an instance copies before anything else, or null. */
  get wordCopies(): WordCopies | null {
    return this.copies;
  }

  /** The bytes so far, from `base` on. */
  bytes(): Uint8Array {
    return this.out.bytes();
  }

  get byteLength(): number {
    return this.out.length;
  }

  /** The number of a function, or 0 where nothing has asked for one. */
  knownFunction(func: number): number {
    return this.functionNumbers.get(func) ?? 0;
  }

  /** Whether code asks for the types of functions. */
  get asksFunctionTypes(): boolean {
    return this.functionTypes !== NONE;
  }

  /** The functions that got numbers, in order, by their index in the input. */
  get functionItems(): readonly number[] {
    return this.functions;
  }

  cellAddress(cell: number): number {
    return this.cellAddresses[cell]!;
  }

  /** The address of a word with the reference of a global that is exported or has a cell. */
  globalCell(global: number): number {
    const cell = this.plan.cellOfGlobal(global);
    return cell < 0 ? this.exportedWords.get(global)! : this.cellAddress(cell);
  }

  /** What the module's code has for a symbol: an address, or the word by which a frame names its stack map. */
  valueOf(symbol: number): number {
    const found = this.values.get(symbol);
    if (found !== undefined) return found;
    const { space, index } = this.symbols.symbol(symbol);
    const value = this.place(space, index);
    this.values.set(symbol, value);
    return value;
  }

  /** What is there so far, by kind. */
  summary(): StaticSummary {
    const { plan, symbols } = this;
    const part = (sizes: readonly number[]): StaticPart => ({
      count: sizes.length,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
    });
    const own = plan.cells.filter((cell) => !plan.isImportedCell(cell));
    const header = this.rootCells === 0 ? 0 : REGION_HEADER;
    const cells = { count: own.length, bytes: header + 4 * own.length };
    const mapSizes: number[] = [];
    for (const symbol of this.values.keys()) {
      const { space, index } = symbols.symbol(symbol);
      if (space === STACK_MAPS) mapSizes.push(4 * mapWords(symbols.frameMap(index)).length);
    }
    const maps = part(mapSizes);
    const typesBytes = this.layTypes ? 4 * (this.mostFunctions + 1) : 0;
    const functions = { count: this.functions.length, bytes: this.asksFunctionTypes ? typesBytes : 0 };
    const objects = { count: plan.staticObjects.length, bytes: this.objectBytes };
    const tags = part(
      [...this.values.keys()].flatMap((symbol) =>
        symbols.symbol(symbol).space === TAG_RECORDS ? [TagRecord.Bytes] : [],
      ),
    );
    const rest =
      this.out.length - [cells, maps, functions, objects, tags].reduce((sum, { bytes }) => sum + bytes, 0);
    const descriptors = { count: this.descriptors.size, bytes: rest };
    return { cells, descriptors, maps, functions, objects, tags };
  }

  private place(space: number, index: number): number {
    switch (space) {
      case CELLS:
        return this.cellAddresses[index]!;
      case DESCRIPTORS:
        return this.descriptor(index);
      case FUNCTION_NUMBERS:
        return this.functionNumber(index);
      case FUNCTION_TYPES:
        return this.placeFunctionTypes();
      case TABLE_TYPES:
        return this.placeTableTypes(index);
      case TAG_RECORDS:
        return this.tagRecord(index);
      case STATIC_OBJECTS:
        return this.objectAddresses[index]!;
      case EXCEPTION_DESCRIPTORS:
        return exceptionDescriptor(this, this.plan.types, index, (type) => this.around.canonicalIds[type]!);
      case FIRST_FRAMES:
        return this.around.stackTop - ZERO_BYTES - index;
      default:
        throw new Error(`no symbols in space ${space}`);
    }
  }

  private placeMaps(maps: readonly number[]): void {
    const { symbols } = this;
    for (const symbol of maps) {
      const map = symbols.frameMap(symbols.symbol(symbol).index);
      this.largestFrame = Math.max(this.largestFrame, map.frameBytes);
      const address = this.words(mapWords(map));
      this.values.set(symbol, (address - this.around.stackTop) >>> 2);
    }
  }

  /** Those that a collector looks at, and behind them, out of its sight, those of references to functions. */
  private placeCells(): void {
    const roots: number[] = [];
    const others: number[] = [];
    this.plan.cells.forEach((cell, i) => {
      if (this.plan.isImportedCell(cell)) this.cellAddresses[i] = this.around.importedCell(i);
      else (this.isRoot(cell) ? roots : others).push(i);
    });
    this.rootCells = roots.length;
    if (roots.length > 0) this.words([0, roots.length]);
    for (const cell of [...roots, ...others]) this.cellAddresses[cell] = this.words([0]);
  }

  private isRoot({ kind, index }: Cell): boolean {
    const { module, types } = this.plan;
    return kind !== "global" || isTraced(module.globals[index]!.type, types);
  }

  private placeObjects(): void {
    const { module, types, staticObjects } = this.plan;
    const image = new StaticImage({
      types,
      objects: staticObjects,
      moduleBytes: module.bytes,
      descriptor: (type) => this.descriptor(type),
      functionNumber: (func) => this.functionNumber(func),
    });
    if (image.length === 0) return;
    this.align(OBJECT_ALIGN);
    const base = this.end;
    const { bytes, roots, imports } = image.write(base);
    this.out.append(bytes);
    if (imports.length > 0) this.placeImports(imports);
    this.objectAddresses = image.offsets.map((offset) => base + offset);
    if (roots.length > 0) this.placeRootAddresses(roots);
    this.objectBytes = this.end - base;
  }

  private placeRootAddresses(roots: readonly number[]): void {
    const gaps = gapsOf(roots);
    const address = this.words([0, 0, roots[0]!]);
    this.out.append(gaps);
    this.patch(address + 4, this.end);
    this.align(4);
    this.rootAddresses = address;
  }

  private placeImports(imports: readonly number[]): void {
    const { plan } = this;
    const pairs = imports.map((part, i) =>
      i % 2 === 0 ? this.cellAddresses[plan.cellOfGlobal(part)]! : part,
    );
    this.copies = { start: this.words(pairs), end: this.end };
  }

  /** What cells hold from the start. */
  private fillCells(): void {
    const { plan } = this;
    plan.cells.forEach(({ kind, index }, cell) => {
      if (kind === "elements" && plan.hasStaticElements(index)) {
        this.patch(this.cellAddresses[cell]!, this.objectAddresses[plan.staticElements(index)]!);
      } else if (kind === "global") {
        const first = plan.firstReference(index);
        if (first !== null) this.patch(this.cellAddresses[cell]!, this.wordOf(first));
      }
    });
  }

  private placeExports(): void {
    for (const { kind, index } of this.plan.module.exports) {
      const known =
        kind === "global" && !this.exportedWords.has(index) ? this.plan.knownReference(index) : null;
      if (known !== null) this.exportedWords.set(index, this.words([this.wordOf(known)]));
    }
  }

  private wordOf(known: KnownReference): number {
    return known.kind === "word" ? known.word : this.place(known.space, known.index);
  }

  /** The address of the record of one of the module's tags. */
  tagRecord(tag: number): number {
    return this.tagRecords[tag]!;
  }

  // Descriptors.

  private descriptor(type: number): number {
    const { types } = this.plan;
    if (type >= types.length) return this.builtin(type - types.length);
    return descriptorOf(this, types, type, (one) => this.around.canonicalIds[one]!);
  }

  private builtin(builtin: number): number {
    if (builtin === BUILTIN_DESCRIPTORS.Words) return builtinDescriptor(this, builtin, Kind.PlainArray);
    if (builtin === BUILTIN_DESCRIPTORS.References)
      return builtinDescriptor(this, builtin, Kind.ReferenceArray);
    const known = this.descriptors.get(builtinKey(builtin));
    if (known !== undefined) return known;
    const words = this.builtin(BUILTIN_DESCRIPTORS.Words);
    this.align(OBJECT_ALIGN);
    const address = this.words([words, 0]);
    this.descriptors.set(builtinKey(builtin), address);
    return address;
  }

  // Functions.

  /** What a reference to a function is, by its index in the input. */
  functionNumber(func: number): number {
    const found = this.functionNumbers.get(func);
    if (found !== undefined) return found;
    const imported = func < this.plan.module.importedFunctionCount ? this.around.importedFunction(func) : 0;
    const number = imported > 0 ? imported : this.around.firstFunction + this.functions.push(func) - 1;
    this.functionNumbers.set(func, number);
    if (imported === 0 && this.functionTypes !== NONE) this.noteType(number, func);
    return number;
  }

  /** Whether the types of functions are laid out here, and not by others for several modules. */
  private get layTypes(): boolean {
    return this.around.functionTypes < 0;
  }

  /** Numbers are at most this many, and from 1 on, where types are laid out here. */
  private get mostFunctions(): number {
    return this.plan.usage.referencedFunctions.length;
  }

  private placeFunctionTypes(): number {
    if (!this.layTypes) {
      this.functionTypes = this.around.functionTypes;
      return this.functionTypes;
    }
    this.functionTypes = this.words(new Array<number>(this.mostFunctions + 1).fill(0));
    for (const [func, number] of this.functionNumbers) this.noteType(number, func);
    return this.functionTypes;
  }

  /** The types of what is in a table, by index, 0 where nothing is. */
  private placeTableTypes(table: number): number {
    const { module, usage } = this.plan;
    const functions = knownTable(module, usage, table)!;
    const address = this.words(new Array<number>(functions.length).fill(0));
    functions.forEach((func, i) => {
      if (func !== NULL_ITEM) this.patch(address + 4 * i, this.descriptor(module.functionTypes.get(func)));
    });
    return address;
  }

  private noteType(number: number, func: number): void {
    if (!this.layTypes) return;
    this.patch(this.functionTypes + 4 * number, this.descriptor(this.plan.module.functionTypes.get(func)));
  }

  // Bytes.

  private get end(): number {
    return this.around.base + this.out.length;
  }

  private align(bytes: number): void {
    while (this.out.length % bytes !== 0) this.out.byte(0);
  }

  /** Appends words; returns the address of the first. */
  words(values: readonly number[]): number {
    const address = this.end;
    for (const value of values) this.out.u32le(value >>> 0);
    return address;
  }

  patch(address: number, value: number): void {
    const offset = address - this.around.base;
    for (let i = 0; i < 4; i++) this.out.setByte(offset + i, (value >>> (8 * i)) & 0xff);
  }
}

/** The words of frame that a word of a map is about. */
const MAPPED_WORDS = 32;

/** A stack map as collectors read it. */
function mapWords({ frameBytes, offsets }: FrameMap): number[] {
  const words = [frameBytes, ...new Array<number>(Math.ceil(frameBytes / 4 / MAPPED_WORDS)).fill(0)];
  for (const offset of offsets) {
    if (offset % 4 !== 0) throw new Error("references lie at words of a frame");
    const word = offset / 4;
    words[1 + (word >>> 5)]! |= 1 << (word & 31);
  }
  return words;
}
