/**
 * The string builtins: functions that modules import as "wasm:js-string", "wasm:text-encoder" and "wasm:text-decoder", when they are
 * compiled with these names among their `builtins`.
 *
 * They work on what references are in the store, so that a string is not converted on its way. As specified, a wrong operand traps.
 * Where the engine has them itself, Wasm calls it for those that take and give no array (`link/js-string-module.ts`).
 *
 * WebAssembly JavaScript Interface, "JS String Builtins"; the JS text-encoding builtins proposal.
 */
import { ELEMENTS_OFFSET, LENGTH_OFFSET } from "../gc/layout.ts";
import { jsStringModule } from "../link/js-string-module.ts";
import type { Import, Module } from "../wasm/module.ts";
import { TypeStore } from "../wasm/subtyping.ts";
import * as wasm from "../wasm/types.ts";
import { TypeTable, type ValType } from "../wasm/types.ts";
import { arrayAllocator } from "./arrays.ts";
import type { FunctionExtern } from "./extern.ts";
import { type HostFunction, type HostModule, hostWebAssembly } from "./host-webassembly.ts";
import type { References } from "./references.ts";
import type { Store as CoreStore } from "./store.ts";

/** The sets of builtins, by the module that they are imported from, without "wasm:". */
export const BUILTIN_SETS = ["js-string", "text-encoder", "text-decoder"] as const;

/** A type in a builtin's signature: a number, a string or null, a string, an array of bytes or of char codes. */
type Part = "i32" | "string?" | "string" | "bytes" | "bytes!" | "codes";

type Row = readonly [name: string, params: readonly Part[], result: Part];

const ROWS: Readonly<Record<(typeof BUILTIN_SETS)[number], readonly Row[]>> = {
  "js-string": [
    ["cast", ["string?"], "string"],
    ["test", ["string?"], "i32"],
    ["fromCharCodeArray", ["codes", "i32", "i32"], "string"],
    ["intoCharCodeArray", ["string?", "codes", "i32"], "i32"],
    ["fromCharCode", ["i32"], "string"],
    ["fromCodePoint", ["i32"], "string"],
    ["charCodeAt", ["string?", "i32"], "i32"],
    ["codePointAt", ["string?", "i32"], "i32"],
    ["length", ["string?"], "i32"],
    ["concat", ["string?", "string?"], "string"],
    ["substring", ["string?", "i32", "i32"], "string"],
    ["equals", ["string?", "string?"], "i32"],
    ["compare", ["string?", "string?"], "i32"],
  ],
  "text-encoder": [
    ["measureStringAsUTF8", ["string?"], "i32"],
    ["encodeStringIntoUTF8Array", ["string?", "bytes", "i32"], "i32"],
    ["encodeStringToUTF8Array", ["string?"], "bytes!"],
  ],
  "text-decoder": [["decodeStringFromUTF8Array", ["bytes", "i32", "i32"], "string"]],
};

/** What a module is compiled with: the sets whose builtins it gets, and the module whose globals are strings. */
export interface ProvidedOptions {
  readonly builtins: readonly string[];
  readonly stringConstants: string | null;
}

/** Whether a module's import is a builtin of a set that it is compiled with: any other name is an import like others. */
export function isBuiltin({ module, name }: ImportName, builtins: readonly string[]): boolean {
  return rowOf(module, name, builtins) !== undefined;
}

type ImportName = Pick<Import, "module" | "name">;

function rowOf(module: string, name: string, builtins: readonly string[]): Row | undefined {
  const set = module.slice(5);
  if (!module.startsWith("wasm:") || !builtins.includes(set) || !(set in ROWS)) return undefined;
  return ROWS[set as keyof typeof ROWS].find(([own]) => own === name);
}

/** The first import that is a builtin or a string by its name, and not by its type; null where all are. */
export function mistypedImport(
  module: Module,
  { builtins, stringConstants }: ProvidedOptions,
): Import | null {
  if (builtins.length === 0 && stringConstants === null) return null;
  const store = new TypeStore();
  // Of all types, so only where a builtin asks.
  let ids: Uint32Array | null = null;
  const isRight = (imported: Import): boolean => {
    const { module: from, name, type } = imported;
    const row = rowOf(from, name, builtins);
    if (row !== undefined) {
      if (type.kind !== "func") return false;
      ids ??= store.canonicalize(module.types);
      return store.isSubtypeOf(canonicalType(store, row), ids[type.type]!);
    }
    if (from !== stringConstants) return true;
    if (type.kind !== "global" || type.global.mutable || !wasm.isRef(type.global.type)) return false;
    return wasm.heapOf(type.global.type) === wasm.HEAP_EXTERN;
  };
  return module.imports.find((imported) => !isRight(imported)) ?? null;
}

function canonicalType(store: TypeStore, [, params, result]: Row): number {
  const table = new TypeTable();
  const arrayOf = (element: ValType): wasm.HeapType => {
    table.beginGroup(false);
    table.begin(wasm.KIND_ARRAY, true, -1);
    table.addField(element, true);
    return wasm.FIRST_TYPE + table.finish(0);
  };
  const codes = arrayOf(wasm.I16);
  const bytes = arrayOf(wasm.I8);
  const types: Readonly<Record<Part, ValType>> = {
    i32: wasm.I32,
    "string?": wasm.EXTERNREF,
    string: wasm.refType(wasm.HEAP_EXTERN, false),
    codes: wasm.refType(codes, true),
    bytes: wasm.refType(bytes, true),
    "bytes!": wasm.refType(bytes, false),
  };
  table.beginGroup(false);
  table.begin(wasm.KIND_FUNC, true, -1);
  for (const part of [...params, result]) table.addValue(types[part]);
  const index = table.finish(params.length);
  return store.canonicalize(table)[index]!;
}

export class JsStrings {
  private readonly store: CoreStore;
  private readonly references: References;
  private readonly externs: Map<string, FunctionExtern>;
  /** By name; null until one is asked for. */
  private functions: Readonly<Record<string, HostFunction>> | null;

  constructor(store: CoreStore, references: References) {
    this.store = store;
    this.references = references;
    this.externs = new Map();
    this.functions = null;
  }

  /** The builtin, or undefined where the set has none of that name. */
  externOf(module: string, name: string): FunctionExtern | undefined {
    const key = `${module} ${name}`;
    const found = this.externs.get(key);
    if (found !== undefined) return found;
    const row = ROWS[module.slice(5) as keyof typeof ROWS].find(([own]) => own === name);
    if (row === undefined) return undefined;
    const type = canonicalType(this.store.types, row);
    this.functions ??= this.makeFunctions();
    const raw = this.functions[name]!;
    const extern: FunctionExtern = {
      kind: "func",
      type,
      raw,
      isHost: true,
      isPlain: false,
      reference: 0,
      throwsAsStore: true,
    };
    this.externs.set(key, extern);
    return extern;
  }

  private makeFunctions(): Readonly<Record<string, HostFunction>> {
    const functions = { ...this.strings(), ...this.texts(), ...engineStrings(this.store, this.references) };
    return functions as Readonly<Record<string, HostFunction>>;
  }

  // Operands.

  private string(reference: number): string {
    const value = this.references.boxed(reference);
    if (typeof value === "string") return value;
    throw new hostWebAssembly.RuntimeError("illegal cast");
  }

  private give(text: string): number {
    return this.references.boxes.box(text);
  }

  /** The array's length; traps on null. */
  private arrayLength(array: number): number {
    if (array === 0) throw new hostWebAssembly.RuntimeError("null array reference");
    return this.store.memory.read(array + LENGTH_OFFSET) >>> 0;
  }

  /** Where the elements of an array of code units begin in `memory.units`; traps if it has not so many. */
  private unitsOf(array: number, from: number, to: number): number {
    checkRange(from, to, this.arrayLength(array));
    return ((array >>> 0) + ELEMENTS_OFFSET) >>> 1;
  }

  private bytes(array: number): Uint8Array {
    const length = this.arrayLength(array);
    return new Uint8Array(this.store.memory.host.buffer, (array >>> 0) + ELEMENTS_OFFSET, length);
  }

  // The functions. Integers are unsigned where the specification has them so.

  private strings(): Record<string, (...args: number[]) => number> {
    return {
      cast: (ref) => {
        this.string(ref!);
        return ref!;
      },
      test: (ref) => (typeof this.references.boxed(ref!) === "string" ? 1 : 0),
      fromCharCodeArray: (array, from, to) => {
        const first = this.unitsOf(array!, from! >>> 0, to! >>> 0);
        return this.give(textOfUnits(this.store.memory.units, first + (from! >>> 0), first + (to! >>> 0)));
      },
      intoCharCodeArray: (ref, array, start) => {
        const text = this.string(ref!);
        const { length } = text;
        const first = this.unitsOf(array!, start! >>> 0, (start! >>> 0) + length) + (start! >>> 0);
        const { units } = this.store.memory;
        for (let i = 0; i < length; i++) units[first + i] = text.charCodeAt(i);
        return length;
      },
      fromCharCode: (code) => this.give(String.fromCharCode(code!)),
      fromCodePoint: (point) => {
        if (point! >>> 0 > 0x10ffff) throw new hostWebAssembly.RuntimeError("Invalid code point");
        return this.give(String.fromCodePoint(point! >>> 0));
      },
      charCodeAt: (ref, index) => {
        const text = this.string(ref!);
        checkRange(index! >>> 0, (index! >>> 0) + 1, text.length);
        return text.charCodeAt(index! >>> 0);
      },
      codePointAt: (ref, index) => {
        const text = this.string(ref!);
        checkRange(index! >>> 0, (index! >>> 0) + 1, text.length);
        return text.codePointAt(index! >>> 0)!;
      },
      length: (ref) => this.string(ref!).length,
      concat: (first, second) => this.give(this.string(first!) + this.string(second!)),
      substring: (ref, from, to) => {
        const text = this.string(ref!);
        const start = from! >>> 0;
        const end = to! >>> 0;
        return this.give(start > end || start > text.length ? "" : text.substring(start, end));
      },
      equals: (first, second) => {
        const a = first === 0 ? null : this.string(first!);
        const b = second === 0 ? null : this.string(second!);
        return a === b ? 1 : 0;
      },
      compare: (first, second) => {
        const a = this.string(first!);
        const b = this.string(second!);
        return a === b ? 0 : a < b ? -1 : 1;
      },
    };
  }

  private texts(): Record<string, (...args: number[]) => number> {
    return {
      measureStringAsUTF8: (ref) => ENCODER.encode(this.string(ref!)).length,
      encodeStringIntoUTF8Array: (ref, array, start) => {
        const encoded = ENCODER.encode(this.string(ref!));
        const bytes = this.bytes(array!);
        checkRange(start! >>> 0, (start! >>> 0) + encoded.length, bytes.length);
        bytes.set(encoded, start! >>> 0);
        return encoded.length;
      },
      encodeStringToUTF8Array: (ref) => {
        const encoded = ENCODER.encode(this.string(ref!));
        const array = this.allocateBytes(encoded.length);
        this.bytes(array).set(encoded);
        return array;
      },
      decodeStringFromUTF8Array: (array, from, to) => {
        const bytes = this.bytes(array!);
        checkRange(from! >>> 0, to! >>> 0, bytes.length);
        return this.give(DECODER.decode(bytes.subarray(from! >>> 0, to! >>> 0)));
      },
    };
  }

  private allocateBytes(length: number): number {
    return arrayAllocator(this.store, wasm.I8)(length);
  }
}

/** Those that the engine has, with references for strings; none where it has not all, or values are not where it could find them. */
function engineStrings({ memory }: CoreStore, { table, boxes, hostDescriptor }: References): object {
  const module = table === null ? null : engineStringModule(hostDescriptor);
  if (table === null || module === null) return {};
  const common = {
    memory: memory.host,
    values: table.host,
    box: table.box,
    boxSlowly: (value: unknown) => boxes.box(value),
  };
  return new hostWebAssembly.Instance(module, { "": common }).exports;
}

/** Null where the engine would ask for the builtins as for any import, or does not know their types. */
function engineStringModule(descriptor: number): HostModule | null {
  try {
    const module = new hostWebAssembly.Module(jsStringModule(descriptor), { builtins: ["js-string"] });
    const asked = hostWebAssembly.Module.imports(module);
    return asked.every((imported) => imported.module === "") ? module : null;
  } catch {
    return null;
  }
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
/** As many arguments as every engine takes. */
const CHUNK = 4096;
/** From so many units on a decoder is faster, by three times in the end: of ASCII, it makes a string of bytes. */
const MANY_UNITS = 128;
const ASCII_END = 128;

function textOfUnits(units: Uint16Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at += CHUNK) {
    const end = Math.min(at + CHUNK, to);
    text += textOfAscii(units, at, end) ?? textOfCodes(units, at, end);
  }
  return text;
}

const bytes: Uint8Array = new Uint8Array(CHUNK);

/** Null where they are too few, or not all ASCII. */
function textOfAscii(units: Uint16Array, from: number, to: number): string | null {
  if (to - from < MANY_UNITS) return null;
  for (let i = from; i < to; i++) {
    if (units[i]! >= ASCII_END) return null;
    bytes[i - from] = units[i]!;
  }
  return DECODER.decode(bytes.subarray(0, to - from));
}

function textOfCodes(units: Uint16Array, from: number, to: number): string {
  // A list is passed three times as fast as a part of a typed array, and ten times as fast as that is spread.
  const codes = new Array<number>(to - from);
  for (let i = from; i < to; i++) codes[i - from] = units[i]!;
  return String.fromCharCode.apply(null, codes);
}

function checkRange(from: number, to: number, length: number): void {
  if (from <= to && to <= length) return;
  throw new hostWebAssembly.RuntimeError("array or string index out of bounds");
}
