/** A module that the library writes by itself: some functions around what they import. */
import { ByteWriter } from "../base/byte-writer.ts";
import { I32List } from "../base/column.ts";
import { encodeModule } from "../wasm/encode.ts";
import type { ExternKind, Global, GlobalType, Import, ImportType } from "../wasm/module.ts";
import { TypeTable, type ValType } from "../wasm/types.ts";
import { addFunctionType } from "./output-types.ts";

export class WrittenModule {
  private readonly types: TypeTable;
  private readonly imports: Import[];
  private readonly functionTypes: I32List;
  private readonly globals: Global[];
  private readonly out: ByteWriter;
  private readonly code: { readonly starts: I32List; readonly ends: I32List };
  private readonly exports: { name: string; kind: ExternKind; index: number; offset: number }[];

  constructor() {
    this.types = new TypeTable();
    this.imports = [];
    this.functionTypes = new I32List();
    this.globals = [];
    this.out = new ByteWriter();
    this.code = { starts: new I32List(), ends: new I32List() };
    this.exports = [];
  }

  addType(params: readonly ValType[], results: readonly ValType[]): number {
    return addFunctionType(this.types, params, results);
  }

  /** The index of what is imported, in the space of its kind. All imports come first. */
  import(from: string, name: string, type: ImportType): number {
    const index = this.importCount(type.kind);
    this.imports.push({ module: from, name, type, offset: 0 });
    if (type.kind === "func") this.functionTypes.push(type.type);
    if (type.kind === "global") this.globals.push({ ...type.global, initStart: 0, initEnd: 0 });
    return index;
  }

  importFunction(
    from: string,
    name: string,
    params: readonly ValType[],
    results: readonly ValType[],
  ): number {
    return this.import(from, name, { kind: "func", type: this.addType(params, results) });
  }

  /** A memory of any size. */
  importMemory(from: string, name: string): void {
    const memory = { limits: { min: 0n, max: null }, is64: false, shared: false, pageSizeLog2: 16 };
    this.import(from, name, { kind: "memory", memory });
  }

  /** A global that begins with what the expression gives. */
  addGlobal(type: GlobalType, init: Uint8Array): number {
    const initStart = this.out.length;
    this.out.append(init);
    this.globals.push({ ...type, initStart, initEnd: this.out.length });
    return this.globals.length - 1;
  }

  /** A function, exported where it has a name. */
  addFunction(type: number, body: Uint8Array, name?: string): number {
    const index = this.functionTypes.length;
    this.functionTypes.push(type);
    this.code.starts.push(this.out.length);
    this.out.append(body);
    this.code.ends.push(this.out.length);
    if (name !== undefined) this.exportFunction(name, index);
    return index;
  }

  exportFunction(name: string, index: number): void {
    this.exports.push({ name, kind: "func", index, offset: 0 });
  }

  encode(): Uint8Array {
    return encodeModule({
      bytes: this.out.bytes(),
      types: this.types,
      imports: this.imports,
      functionTypes: this.functionTypes,
      importedFunctionCount: this.importCount("func"),
      tables: [],
      importedTableCount: this.importCount("table"),
      memories: [],
      importedMemoryCount: this.importCount("memory"),
      tags: [],
      importedTagCount: this.importCount("tag"),
      globals: this.globals,
      importedGlobalCount: this.importCount("global"),
      exports: this.exports,
      start: -1,
      startOffset: 0,
      elements: [],
      dataCount: -1,
      code: this.code,
      data: [],
      customs: [],
      sections: [],
    });
  }

  private importCount(kind: ExternKind): number {
    return this.imports.filter(({ type }) => type.kind === kind).length;
  }
}
