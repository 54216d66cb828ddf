/**
 * A `Module` to bytes, in the canonical encoding.
 *
 * Canonical: sections in the order of the spec and absent when empty, every integer in its shortest LEB128,
 * reference types in their short forms, sub types only where something is declared. Segment flags, explicit
 * rec groups, the data count section and the places of custom sections are kept as they were, so decoding
 * and encoding a canonical binary gives the same bytes. Bodies and constant expressions are copied.
 *
 * The branch hints and source maps of a module that is changed, not just re-encoded, are their maker's care.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { encodeTypeSection, writeLimits, writeValType } from "./encode-types.ts";
import type {
  ByteRange,
  CustomSection,
  DataSegment,
  ElementSegment,
  ExternKind,
  MemoryType,
  Module,
  TableType,
} from "./module.ts";
import * as layout from "./module.ts";

const ORDER: readonly number[] = [
  layout.SECTION_TYPE,
  layout.SECTION_IMPORT,
  layout.SECTION_FUNCTION,
  layout.SECTION_TABLE,
  layout.SECTION_MEMORY,
  layout.SECTION_TAG,
  layout.SECTION_GLOBAL,
  layout.SECTION_EXPORT,
  layout.SECTION_START,
  layout.SECTION_ELEMENT,
  layout.SECTION_DATA_COUNT,
  layout.SECTION_CODE,
  layout.SECTION_DATA,
];
const KIND_BYTES: Readonly<Record<ExternKind, number>> = { func: 0, table: 1, memory: 2, global: 3, tag: 4 };
const PAGE_SIZE_FLAG = 8;
const SHARED_FLAG = 2;
const TEXT = new TextEncoder();

/** Encodes a module; the result shares nothing with it. */
export function encodeModule(module: Module): Uint8Array {
  const writer = new ByteWriter(module.bytes.length + 64);
  writer.u32le(0x6d736100);
  writer.u32le(1);
  const body = new ByteWriter(1 << 12);
  writeCustoms(writer, body, module, 0);
  for (const id of ORDER) {
    body.clear();
    if (writeSection(body, module, id)) appendSection(writer, id, body);
    writeCustoms(writer, body, module, id);
  }
  return writer.bytes().slice();
}

function appendSection(writer: ByteWriter, id: number, body: ByteWriter): void {
  writer.byte(id);
  writer.u32(body.length);
  writer.append(body.bytes());
}

/** The custom sections that stood after section `id`, or before all for 0. */
function writeCustoms(writer: ByteWriter, body: ByteWriter, module: Module, id: number): void {
  for (const custom of module.customs) {
    if (custom.after !== id) continue;
    body.clear();
    writeCustom(body, module, custom);
    appendSection(writer, layout.SECTION_CUSTOM, body);
  }
}

function writeCustom(body: ByteWriter, module: Module, custom: CustomSection): void {
  writeName(body, custom.name);
  writeRange(body, module, custom.payload);
}

function writeName(writer: ByteWriter, name: string): void {
  const bytes = TEXT.encode(name);
  writer.u32(bytes.length);
  writer.append(bytes);
}

function writeRange(writer: ByteWriter, module: Module, range: ByteRange): void {
  writer.range(module.bytes, range.start, range.end);
}

/** Writes the contents of section `id`; false if there is nothing to write. */
function writeSection(w: ByteWriter, module: Module, id: number): boolean {
  switch (id) {
    case layout.SECTION_TYPE:
      return encodeTypeSection(w, module.types);
    case layout.SECTION_IMPORT:
      return writeImports(w, module);
    case layout.SECTION_FUNCTION:
      return writeFunctions(w, module);
    case layout.SECTION_TABLE:
      return writeTables(w, module);
    case layout.SECTION_MEMORY:
      return writeMemories(w, module);
    case layout.SECTION_TAG:
      return writeTags(w, module);
    case layout.SECTION_GLOBAL:
      return writeGlobals(w, module);
    case layout.SECTION_EXPORT:
      return writeExports(w, module);
    case layout.SECTION_START:
      if (module.start >= 0) w.u32(module.start);
      return module.start >= 0;
    case layout.SECTION_ELEMENT:
      return writeElements(w, module);
    case layout.SECTION_DATA_COUNT:
      if (module.dataCount >= 0) w.u32(module.data.length);
      return module.dataCount >= 0;
    case layout.SECTION_CODE:
      return writeCode(w, module);
    default:
      return writeData(w, module);
  }
}

function writeImports(w: ByteWriter, { imports }: Module): boolean {
  w.u32(imports.length);
  for (const { module, name, type } of imports) {
    writeName(w, module);
    writeName(w, name);
    w.byte(KIND_BYTES[type.kind]);
    switch (type.kind) {
      case "func":
        w.u32(type.type);
        break;
      case "table":
        writeTableType(w, type.table);
        break;
      case "memory":
        writeMemoryType(w, type.memory);
        break;
      case "global":
        writeValType(w, type.global.type);
        w.byte(type.global.mutable ? 1 : 0);
        break;
      case "tag":
        w.byte(0);
        w.u32(type.type);
        break;
    }
  }
  return imports.length > 0;
}

function writeTableType(w: ByteWriter, type: TableType): void {
  writeValType(w, type.element);
  writeLimits(w, type.limits, type.is64, 0);
}

function writeMemoryType(w: ByteWriter, type: MemoryType): void {
  const paged = type.pageSizeLog2 !== 16;
  writeLimits(w, type.limits, type.is64, (type.shared ? SHARED_FLAG : 0) | (paged ? PAGE_SIZE_FLAG : 0));
  if (paged) w.u32(type.pageSizeLog2);
}

function writeFunctions(w: ByteWriter, { functionTypes, importedFunctionCount }: Module): boolean {
  const count = functionTypes.length - importedFunctionCount;
  w.u32(count);
  for (let i = 0; i < count; i++) w.u32(functionTypes.get(importedFunctionCount + i));
  return count > 0;
}

function writeTables(w: ByteWriter, module: Module): boolean {
  const tables = module.tables.slice(module.importedTableCount);
  w.u32(tables.length);
  for (const { type, init } of tables) {
    if (init !== null) {
      w.byte(0x40);
      w.byte(0);
    }
    writeTableType(w, type);
    if (init !== null) writeRange(w, module, init);
  }
  return tables.length > 0;
}

function writeMemories(w: ByteWriter, { memories, importedMemoryCount }: Module): boolean {
  const defined = memories.slice(importedMemoryCount);
  w.u32(defined.length);
  for (const { type } of defined) writeMemoryType(w, type);
  return defined.length > 0;
}

function writeTags(w: ByteWriter, { tags, importedTagCount }: Module): boolean {
  const defined = tags.slice(importedTagCount);
  w.u32(defined.length);
  for (const { type } of defined) {
    w.byte(0);
    w.u32(type);
  }
  return defined.length > 0;
}

function writeGlobals(w: ByteWriter, { bytes, globals, importedGlobalCount }: Module): boolean {
  w.u32(globals.length - importedGlobalCount);
  for (let i = importedGlobalCount; i < globals.length; i++) {
    const { type, mutable, initStart, initEnd } = globals[i]!;
    writeValType(w, type);
    w.byte(mutable ? 1 : 0);
    w.range(bytes, initStart, initEnd);
  }
  return globals.length > importedGlobalCount;
}

function writeExports(w: ByteWriter, { exports }: Module): boolean {
  w.u32(exports.length);
  for (const { name, kind, index } of exports) {
    writeName(w, name);
    w.byte(KIND_BYTES[kind]);
    w.u32(index);
  }
  return exports.length > 0;
}

function writeElements(w: ByteWriter, module: Module): boolean {
  w.u32(module.elements.length);
  for (const segment of module.elements) writeElement(w, module, segment);
  return module.elements.length > 0;
}

const FLAG_PASSIVE = 1;
const FLAG_INDEX = 2;

function writeElement(w: ByteWriter, module: Module, segment: ElementSegment): void {
  const { flags } = segment;
  w.u32(flags);
  if (segment.offsetExpr !== null) {
    if ((flags & FLAG_INDEX) !== 0) w.u32(segment.table);
    writeRange(w, module, segment.offsetExpr);
  }
  if ((flags & (FLAG_PASSIVE | FLAG_INDEX)) !== 0) {
    if (segment.itemsAreExprs) writeValType(w, segment.element);
    else w.byte(0);
  }
  w.u32(segment.itemCount);
  writeRange(w, module, segment.items);
}

function writeData(w: ByteWriter, module: Module): boolean {
  w.u32(module.data.length);
  for (const segment of module.data) writeDataSegment(w, module, segment);
  return module.data.length > 0;
}

function writeDataSegment(w: ByteWriter, module: Module, segment: DataSegment): void {
  w.u32(segment.flags);
  if (segment.flags === FLAG_INDEX) w.u32(segment.memory);
  if (segment.offsetExpr !== null) writeRange(w, module, segment.offsetExpr);
  w.u32(segment.data.end - segment.data.start);
  writeRange(w, module, segment.data);
}

function writeCode(w: ByteWriter, { bytes, code }: Module): boolean {
  const count = code.starts.length;
  w.u32(count);
  for (let i = 0; i < count; i++) {
    const start = code.starts.get(i);
    const end = code.ends.get(i);
    w.u32(end - start);
    w.range(bytes, start, end);
  }
  return count > 0;
}
