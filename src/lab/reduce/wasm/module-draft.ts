/**
 * A module under edit: what stands in its parts, in lists that can be changed, and new code and expressions in a buffer of
 * its own behind the old ones. `close` makes a subject of it.
 */
import { ByteWriter } from "../../../base/byte-writer.ts";
import { I32List } from "../../../base/column.ts";
import type {
  ByteRange,
  CustomSection,
  DataSegment,
  ElementSegment,
  Export,
  Global,
  Import,
  Memory,
  Module,
  Table,
  Tag,
} from "../../../wasm/module.ts";
import type { TypeTable } from "../../../wasm/types.ts";
import { closeModule, type ModuleSubject } from "./module-subject.ts";

export class ModuleDraft {
  types: TypeTable;
  imports: Import[];
  functionTypes: number[];
  importedFunctionCount: number;
  tables: Table[];
  importedTableCount: number;
  memories: Memory[];
  importedMemoryCount: number;
  tags: Tag[];
  importedTagCount: number;
  globals: Global[];
  importedGlobalCount: number;
  exports: Export[];
  start: number;
  elements: ElementSegment[];
  data: DataSegment[];
  dataCount: number;
  bodies: ByteRange[];
  customs: CustomSection[];
  private readonly source: Module;
  private readonly pool: ByteWriter;

  constructor(source: Module) {
    this.source = source;
    this.types = source.types;
    this.imports = [...source.imports];
    this.functionTypes = listed(source.functionTypes);
    this.importedFunctionCount = source.importedFunctionCount;
    this.tables = [...source.tables];
    this.importedTableCount = source.importedTableCount;
    this.memories = [...source.memories];
    this.importedMemoryCount = source.importedMemoryCount;
    this.tags = [...source.tags];
    this.importedTagCount = source.importedTagCount;
    this.globals = [...source.globals];
    this.importedGlobalCount = source.importedGlobalCount;
    this.exports = [...source.exports];
    this.start = source.start;
    this.elements = [...source.elements];
    this.data = [...source.data];
    this.dataCount = source.dataCount;
    const { starts, ends } = source.code;
    this.bodies = listed(starts).map((start, i) => ({ start, end: ends.get(i) }));
    this.customs = [...source.customs];
    this.pool = new ByteWriter(source.bytes.length + 256);
    this.pool.append(source.bytes);
  }

  /** Where the bytes stand from now on. */
  add(bytes: Uint8Array): ByteRange {
    const start = this.pool.length;
    this.pool.append(bytes);
    return { start, end: this.pool.length };
  }

  setBody(body: number, bytes: Uint8Array): void {
    this.bodies[body] = this.add(bytes);
  }

  module(): Module {
    const { source, bodies } = this;
    const starts = new I32List();
    const ends = new I32List();
    for (const { start, end } of bodies) {
      starts.push(start);
      ends.push(end);
    }
    const functionTypes = new I32List();
    for (const type of this.functionTypes) functionTypes.push(type);
    return {
      bytes: this.pool.bytes(),
      types: this.types,
      imports: this.imports,
      functionTypes,
      importedFunctionCount: this.importedFunctionCount,
      tables: this.tables,
      importedTableCount: this.importedTableCount,
      memories: this.memories,
      importedMemoryCount: this.importedMemoryCount,
      tags: this.tags,
      importedTagCount: this.importedTagCount,
      globals: this.globals,
      importedGlobalCount: this.importedGlobalCount,
      exports: this.exports,
      start: this.start,
      startOffset: 0,
      elements: this.elements,
      dataCount: this.data.length === 0 ? -1 : this.dataCount,
      code: { starts, ends },
      data: this.data,
      customs: this.customs,
      sections: source.sections,
    };
  }

  /** `null` if what it has become is not valid. */
  close(): ModuleSubject | null {
    return closeModule(this.module());
  }
}

function listed(list: I32List): number[] {
  return Array.from({ length: list.length }, (_, i) => list.get(i));
}
