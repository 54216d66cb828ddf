/**
 * Small modules that call another module's exports and hand everything over as integers.
 *
 * JavaScript cannot pass v128, exnref, or the payload of a NaN, and cannot tell a struct from an array. So an
 * adapter is made for each instance whose exports need it: it copies the type section (so that every function
 * type, rec groups and all, is the same type), imports the exported functions and globals, and exports one
 * function for each, whose parameters and results are flat:
 *
 *     f32, f64       the bits, as i32, i64
 *     v128           two i64, the low half first
 *     …externref     itself; null, a host object, or something of the module's
 *     …anyref        a class (i32: 0 null, 1 i31, 2 struct, 3 array, 4 other), and itself as an externref
 *     …funcref, exnref   as a result whether it is not null, as an i32; as an argument only null exists
 *
 * Functions of integers and externref alone need no adapter. A parameter of the any hierarchy comes as an
 * externref and is cast.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { type Export, type Module, types, type ValType } from "../wasm/index.ts";
import type { ReferenceHierarchy } from "./engine.ts";
import type { NumberType } from "./script.ts";

/** How one parameter or result is handed over. */
export type Shape = NumberType | "v128" | ReferenceHierarchy;

/** The way to one export. */
export interface Route {
  /** The name of the adapter's function; `null` to call the export itself. */
  readonly adapter: string | null;
  readonly params: readonly Shape[];
  readonly results: readonly Shape[];
}

export interface Adapter {
  /** The adapter's binary; `null` where no export needs it. Its imports are `""."name of the export"`. */
  readonly bytes: Uint8Array | null;
  readonly routes: ReadonlyMap<string, Route>;
}

const I32_CODE = 0x7f;
const I64_CODE = 0x7e;
const EXTERNREF_CODE = 0x6f;
const ANYREF_CODE = 0x6e;
const FUNCTION_TYPE = 0x60;
const SECTION_TYPE = 1;

const NUMBER_SHAPES: Readonly<Record<ValType, Shape>> = {
  [types.I32]: "i32",
  [types.I64]: "i64",
  [types.F32]: "f32",
  [types.F64]: "f64",
  [types.V128]: "v128",
};

const NUMBER_CODES: Readonly<Record<ValType, number>> = {
  [types.I32]: I32_CODE,
  [types.I64]: I64_CODE,
  [types.F32]: 0x7d,
  [types.F64]: 0x7c,
  [types.V128]: 0x7b,
};

/** The adapter for the functions and globals that `module` exports. */
export function buildAdapter(module: Module): Adapter {
  return new AdapterBuilder(module).build();
}

/** What of one export goes into the adapter. */
interface Wrapped {
  readonly exported: Export;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

class AdapterBuilder {
  private readonly module: Module;
  private readonly wrapped: Wrapped[];
  private readonly routes: Map<string, Route>;

  constructor(module: Module) {
    this.module = module;
    this.wrapped = [];
    this.routes = new Map();
  }

  build(): Adapter {
    for (const exported of this.module.exports) {
      if (exported.kind === "func") this.planFunction(exported);
      else if (exported.kind === "global") this.planGlobal(exported);
    }
    return { bytes: this.wrapped.length === 0 ? null : this.emit(), routes: this.routes };
  }

  private planFunction(exported: Export): void {
    const { types: table, functionTypes } = this.module;
    const type = functionTypes.get(exported.index);
    const params: ValType[] = [];
    const results: ValType[] = [];
    for (let i = 0; i < table.paramCount(type); i++) params.push(table.param(type, i));
    for (let i = 0; i < table.resultCount(type); i++) results.push(table.result(type, i));
    this.plan({ exported, params, results }, [...params, ...results].every(passesPlainly));
  }

  private planGlobal(exported: Export): void {
    this.plan({ exported, params: [], results: [this.module.globals[exported.index]!.type] }, false);
  }

  private plan(wrapped: Wrapped, plainly: boolean): void {
    const { name } = wrapped.exported;
    this.routes.set(name, {
      adapter: plainly ? null : name,
      params: wrapped.params.map((type) => this.shapeOf(type)),
      results: wrapped.results.map((type) => this.shapeOf(type)),
    });
    if (!plainly) this.wrapped.push(wrapped);
  }

  private shapeOf(type: ValType): Shape {
    if (!types.isRef(type)) return NUMBER_SHAPES[type]!;
    const heap = types.heapOf(type);
    if (types.isConcrete(heap)) {
      return this.module.types.kind(types.typeIndexOf(heap)) === types.KIND_FUNC ? "func" : "any";
    }
    if (heap === types.HEAP_FUNC || heap === types.HEAP_NOFUNC) return "func";
    if (heap === types.HEAP_EXTERN || heap === types.HEAP_NOEXTERN) return "extern";
    if (heap === types.HEAP_EXN || heap === types.HEAP_NOEXN) return "exn";
    return "any";
  }

  private emit(): Uint8Array {
    const functions = this.wrapped.filter(({ exported }) => exported.kind === "func").length;
    const needsClass = this.wrapped.some(({ results }) =>
      results.some((type) => this.shapeOf(type) === "any"),
    );
    const classifier = needsClass ? functions : -1;
    const out = new ByteWriter();
    for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) out.byte(byte);
    section(out, 1, this.typeSection(needsClass));
    section(out, 2, this.importSection());
    section(out, 3, this.functionSection(needsClass));
    section(out, 7, this.exportSection(functions + (needsClass ? 1 : 0)));
    section(out, 10, this.codeSection(classifier));
    return out.bytes().slice();
  }

  /** The module's own types, then one for each wrapper, then the classifier's. */
  private typeSection(needsClass: boolean): ByteWriter {
    const { module } = this;
    const own = module.sections[SECTION_TYPE];
    const out = new ByteWriter();
    out.u32(module.types.groupCount + this.wrapped.length + (needsClass ? 1 : 0));
    if (own !== undefined && own.end > own.start) {
      let at = own.start;
      while (module.bytes[at]! >= 0x80) at++;
      out.range(module.bytes, at + 1, own.end);
    }
    for (const { params, results } of this.wrapped) {
      out.byte(FUNCTION_TYPE);
      codes(
        out,
        params.flatMap((type) => flatParam(this.shapeOf(type))),
      );
      codes(
        out,
        results.flatMap((type) => flatResult(this.shapeOf(type))),
      );
    }
    if (needsClass) {
      out.byte(FUNCTION_TYPE);
      codes(out, [ANYREF_CODE]);
      codes(out, [I32_CODE]);
    }
    return out;
  }

  private importSection(): ByteWriter {
    const out = new ByteWriter();
    out.u32(this.wrapped.length);
    for (const { exported } of this.wrapped) {
      writeName(out, "");
      writeName(out, exported.name);
      if (exported.kind === "func") {
        out.byte(0);
        out.u32(this.module.functionTypes.get(exported.index));
      } else {
        const { type, mutable } = this.module.globals[exported.index]!;
        out.byte(3);
        writeType(out, type);
        out.byte(mutable ? 1 : 0);
      }
    }
    return out;
  }

  private functionSection(needsClass: boolean): ByteWriter {
    const out = new ByteWriter();
    const count = this.wrapped.length + (needsClass ? 1 : 0);
    out.u32(count);
    const first = this.module.types.length;
    if (needsClass) out.u32(first + this.wrapped.length);
    for (let i = 0; i < this.wrapped.length; i++) out.u32(first + i);
    return out;
  }

  private exportSection(firstWrapper: number): ByteWriter {
    const out = new ByteWriter();
    out.u32(this.wrapped.length);
    this.wrapped.forEach(({ exported }, i) => {
      writeName(out, exported.name);
      out.byte(0);
      out.u32(firstWrapper + i);
    });
    return out;
  }

  private codeSection(classifier: number): ByteWriter {
    const out = new ByteWriter();
    out.u32(this.wrapped.length + (classifier < 0 ? 0 : 1));
    if (classifier >= 0) sized(out, classifierBody());
    let functionIndex = 0;
    let globalIndex = 0;
    for (const wrapped of this.wrapped) {
      const isFunction = wrapped.exported.kind === "func";
      const index = isFunction ? functionIndex++ : globalIndex++;
      sized(out, this.wrapperBody(wrapped, isFunction, index, classifier));
    }
    return out;
  }

  private wrapperBody(wrapped: Wrapped, isFunction: boolean, index: number, classifier: number): ByteWriter {
    const out = new ByteWriter();
    // One local a result: results come off the stack last first.
    out.u32(wrapped.results.length);
    for (const type of wrapped.results) {
      out.u32(1);
      writeType(out, type);
    }
    let local = 0;
    for (const type of wrapped.params) local = this.passParam(out, type, local);
    out.byte(isFunction ? CALL : GLOBAL_GET);
    out.u32(index);
    for (let i = wrapped.results.length - 1; i >= 0; i--) {
      out.byte(LOCAL_SET);
      out.u32(local + i);
    }
    wrapped.results.forEach((type, i) => {
      this.passResult(out, type, local + i, classifier);
    });
    out.byte(END);
    return out;
  }

  /** Puts the parameter on the stack, from flat locals that begin at `local`; answers the next local. */
  private passParam(out: ByteWriter, type: ValType, local: number): number {
    const shape = this.shapeOf(type);
    if (shape === "func" || shape === "exn") {
      out.byte(REF_NULL);
      out.byte(shape === "func" ? 0x73 : 0x74);
      if (!types.isNullable(type)) out.byte(REF_AS_NON_NULL);
      return local;
    }
    out.byte(LOCAL_GET);
    out.u32(local);
    if (shape === "f32") out.byte(F32_REINTERPRET_I32);
    else if (shape === "f64") out.byte(F64_REINTERPRET_I64);
    else if (shape === "v128") {
      bytes(out, [0xfd, 0x12, LOCAL_GET]);
      out.u32(local + 1);
      bytes(out, [0xfd, 0x1e, 1]);
      return local + 2;
    } else if (type === types.EXTERNREF) {
      return local + 1;
    } else if (shape === "any" || shape === "extern") {
      if (shape === "any") bytes(out, [0xfb, 0x1a]);
      bytes(out, [0xfb, types.isNullable(type) ? 0x17 : 0x16]);
      out.s33(heapCode(types.heapOf(type)));
    }
    return local + 1;
  }

  private passResult(out: ByteWriter, type: ValType, local: number, classifier: number): void {
    out.byte(LOCAL_GET);
    out.u32(local);
    switch (this.shapeOf(type)) {
      case "f32":
        out.byte(I32_REINTERPRET_F32);
        break;
      case "f64":
        out.byte(I64_REINTERPRET_F64);
        break;
      case "v128":
        bytes(out, [0xfd, 0x1d, 0, LOCAL_GET]);
        out.u32(local);
        bytes(out, [0xfd, 0x1d, 1]);
        break;
      case "any":
        out.byte(CALL);
        out.u32(classifier);
        out.byte(LOCAL_GET);
        out.u32(local);
        bytes(out, [0xfb, 0x1b]);
        break;
      case "func":
      case "exn":
        bytes(out, [REF_IS_NULL, I32_EQZ]);
        break;
      default:
        break;
    }
  }
}

const CALL = 0x10;
const END = 0x0b;
const IF = 0x04;
const RETURN = 0x0f;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const GLOBAL_GET = 0x23;
const I32_CONST = 0x41;
const I32_EQZ = 0x45;
const I32_REINTERPRET_F32 = 0xbc;
const I64_REINTERPRET_F64 = 0xbd;
const F32_REINTERPRET_I32 = 0xbe;
const F64_REINTERPRET_I64 = 0xbf;
const REF_NULL = 0xd0;
const REF_IS_NULL = 0xd1;
const REF_AS_NON_NULL = 0xd4;
const EMPTY_BLOCK = 0x40;

/** `[anyref] → [i32]`: the class of a reference. */
function classifierBody(): ByteWriter {
  const out = new ByteWriter();
  out.u32(0);
  const answer = (value: number): void => bytes(out, [IF, EMPTY_BLOCK, I32_CONST, value, RETURN, END]);
  bytes(out, [LOCAL_GET, 0, REF_IS_NULL]);
  answer(0);
  for (const [value, code] of [
    [1, 0x6c],
    [2, 0x6b],
    [3, 0x6a],
  ] as const) {
    bytes(out, [LOCAL_GET, 0, 0xfb, 0x14, code]);
    answer(value);
  }
  bytes(out, [I32_CONST, 4, END]);
  return out;
}

function passesPlainly(type: ValType): boolean {
  return type === types.I32 || type === types.I64 || type === types.EXTERNREF;
}

function flatParam(shape: Shape): number[] {
  if (shape === "func" || shape === "exn") return [];
  return shape === "any" ? [EXTERNREF_CODE] : flatResult(shape);
}

function flatResult(shape: Shape): number[] {
  switch (shape) {
    case "i64":
    case "f64":
      return [I64_CODE];
    case "v128":
      return [I64_CODE, I64_CODE];
    case "extern":
      return [EXTERNREF_CODE];
    case "any":
      return [I32_CODE, EXTERNREF_CODE];
    default:
      return [I32_CODE];
  }
}

/** A heap type as the signed number that stands for it in a binary. */
function heapCode(heap: number): number {
  return types.isConcrete(heap) ? types.typeIndexOf(heap) : (heap | 0x60) - 0x80;
}

function writeType(out: ByteWriter, type: ValType): void {
  if (!types.isRef(type)) {
    out.byte(NUMBER_CODES[type]!);
    return;
  }
  out.byte(types.isNullable(type) ? 0x63 : 0x64);
  out.s33(heapCode(types.heapOf(type)));
}

function writeName(out: ByteWriter, name: string): void {
  const encoded = new TextEncoder().encode(name);
  out.u32(encoded.length);
  out.append(encoded);
}

function bytes(out: ByteWriter, values: readonly number[]): void {
  for (const value of values) out.byte(value);
}

function codes(out: ByteWriter, values: readonly number[]): void {
  out.u32(values.length);
  bytes(out, values);
}

function sized(out: ByteWriter, content: ByteWriter): void {
  out.u32(content.length);
  out.append(content.bytes());
}

function section(out: ByteWriter, id: number, content: ByteWriter): void {
  out.byte(id);
  sized(out, content);
}
