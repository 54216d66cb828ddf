/**
 * What lowering adds to a module: types, functions and globals behind those that it has, so that no index changes.
 *
 * A module under construction lists only what it defines of globals and tables, so index spaces are counted with its imports.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { writeOpcode } from "../wasm/encode-operators.ts";
import type { ExternKind, Global, Module } from "../wasm/module.ts";
import { F32, F64, I32, I64, KIND_FUNC, TypeTable, type ValType } from "../wasm/types.ts";
import * as WasmOp from "../wasm/wasm-op.gen.ts";

export interface FunctionShape {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

export class Additions {
  readonly types: TypeTable;
  readonly globals: Global[];
  private readonly module: Module;
  private readonly bytes: ByteWriter;
  private readonly functionTypes: number[];
  private readonly bodies: (Uint8Array | null)[];
  private readonly known: Map<string, number>;
  private readonly firstGlobal: number;

  constructor(module: Module) {
    this.module = module;
    this.types = new TypeTable();
    this.globals = [];
    this.bytes = new ByteWriter(module.bytes.length * 2);
    this.bytes.append(module.bytes);
    this.functionTypes = [];
    this.bodies = [];
    this.known = new Map();
    this.firstGlobal = countOf(module, "global");
  }

  /** What was made under the key before, or is made now: an index. */
  once(key: string, make: () => number): number {
    let index = this.known.get(key);
    if (index === undefined) {
      index = make();
      this.known.set(key, index);
    }
    return index;
  }

  /** The index of a new function type. */
  addType({ params, results }: FunctionShape): number {
    this.types.beginGroup(false);
    this.types.begin(KIND_FUNC, true, -1);
    for (const type of [...params, ...results]) this.types.addValue(type);
    return this.types.finish(params.length);
  }

  typeOf(shape: FunctionShape): number {
    return this.once(`type ${shapeKey(shape)}`, () => this.addType(shape));
  }

  addFunction(type: number, body: Uint8Array | null): number {
    this.functionTypes.push(type);
    this.bodies.push(body);
    return this.module.functionTypes.length + this.functionTypes.length - 1;
  }

  /** Gives a function that was added without a body its own. */
  setBody(func: number, body: Uint8Array): void {
    this.bodies[func - this.module.functionTypes.length] = body;
  }

  /** A mutable global. */
  addGlobal(type: ValType, value = 0): number {
    const out = new ByteWriter();
    switch (type) {
      case I32:
        writeOpcode(out, WasmOp.I32Const);
        out.s32(value);
        break;
      case I64:
        writeOpcode(out, WasmOp.I64Const);
        out.s64(value, 0);
        break;
      case F32:
        writeOpcode(out, WasmOp.F32Const);
        out.u32le(0);
        break;
      case F64:
        writeOpcode(out, WasmOp.F64Const);
        out.u64(0, 0);
        for (let i = 1; i < 8; i++) out.byte(0);
        break;
      default:
        writeOpcode(out, WasmOp.V128Const);
        for (let i = 0; i < 16; i++) out.byte(0);
    }
    writeOpcode(out, WasmOp.End);
    const { start, end } = this.append(out.bytes());
    this.globals.push({ type, mutable: true, initStart: start, initEnd: end });
    return this.firstGlobal + this.globals.length - 1;
  }

  append(bytes: Uint8Array): { readonly start: number; readonly end: number } {
    const start = this.bytes.length;
    this.bytes.append(bytes);
    return { start, end: this.bytes.length };
  }

  /** The module with other bodies for its own functions, and all that was added. */
  applyTo(module: Module, bodies: readonly Uint8Array[]): Module {
    const starts = new I32List();
    const ends = new I32List();
    const functionTypes = new I32List();
    for (let i = 0; i < module.functionTypes.length; i++) functionTypes.push(module.functionTypes.get(i));
    for (const type of this.functionTypes) functionTypes.push(type);
    for (const body of [...bodies, ...this.bodies]) {
      if (body === null) throw new Error("a function was added without a body");
      const { start, end } = this.append(body);
      starts.push(start);
      ends.push(end);
    }
    return {
      ...module,
      types: this.types,
      functionTypes,
      globals: [...module.globals, ...this.globals],
      code: { starts, ends },
      bytes: this.bytes.bytes(),
    };
  }
}

export function shapeKey({ params, results }: FunctionShape): string {
  return `${params.length}:${[...params, ...results].join()}`;
}

export function shapeOf(types: TypeTable, type: number): FunctionShape {
  return {
    params: Array.from({ length: types.paramCount(type) }, (_, i) => types.param(type, i)),
    results: Array.from({ length: types.resultCount(type) }, (_, i) => types.result(type, i)),
  };
}

/** How many items of a kind the index space has. */
export function countOf(module: Module, kind: ExternKind & ("global" | "table")): number {
  const imported = module.imports.filter(({ type }) => type.kind === kind).length;
  if (kind === "global") return imported - module.importedGlobalCount + module.globals.length;
  return imported - module.importedTableCount + module.tables.length;
}
