/**
 * Bytes to a `Module`: the sections, in their order, and what each holds.
 *
 * Bodies are not looked into: their ranges are noted, and `OperatorReader` reads them on demand. Constant
 * expressions are walked to find their ends. What is found wrong here is mostly malformed; references to
 * types and the features that types need are checked on the way, the rest is the validator's.
 *
 * Source: WebAssembly 3.0, chapter 5 "Binary Format".
 */
import { I32List } from "../base/column.ts";
import { skipConstantExpression } from "./constant-expressions.ts";
import { readDataSection, readElementSection } from "./decode-segments.ts";
import {
  readGlobalMutability,
  readMemoryType,
  readTableType,
  readTagType,
  readTypeIndex,
  readTypeSection,
} from "./decode-types.ts";
import { DEFAULT_FEATURES, type Features, featureBit, featureMask } from "./features.ts";
import { unknownImportKind } from "./later-proposals.ts";
import * as limits from "./limits.ts";
import * as messages from "./messages.ts";
import { beyondLimit, malformed } from "./messages.ts";
import type {
  ByteRange,
  CustomSection,
  DataSegment,
  ElementSegment,
  Export,
  ExternKind,
  Global,
  Import,
  ImportType,
  Memory,
  Module,
  Table,
  Tag,
} from "./module.ts";
import * as layout from "./module.ts";
import { OperatorReader } from "./operators.ts";
import { TypeTable, type ValType } from "./types.ts";

/** The module while it is read: `Module` with everything still changing. */
interface Draft {
  readonly bytes: Uint8Array;
  readonly types: TypeTable;
  readonly imports: Import[];
  readonly functionTypes: I32List;
  importedFunctionCount: number;
  readonly tables: Table[];
  importedTableCount: number;
  readonly memories: Memory[];
  importedMemoryCount: number;
  readonly tags: Tag[];
  importedTagCount: number;
  readonly globals: Global[];
  importedGlobalCount: number;
  readonly exports: Export[];
  start: number;
  startOffset: number;
  elements: ElementSegment[];
  dataCount: number;
  readonly code: { readonly starts: I32List; readonly ends: I32List };
  data: DataSegment[];
  readonly customs: CustomSection[];
  readonly sections: ByteRange[];
}

/** The non-custom sections in the order in which they must come. */
const SECTION_ORDER: readonly number[] = [
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
const SECTION_COUNT = 14;
/** `\0asm`. */
const MAGIC: readonly number[] = [0, 0x61, 0x73, 0x6d];
const HEADER_BYTES = 8;
/** What version numbers of components have where those of modules have zeros. */
const COMPONENT_LAYER = 1;
const ABSENT: ByteRange = { start: 0, end: 0 };
const EXTERN_KINDS: readonly ExternKind[] = ["func", "table", "memory", "global", "tag"];

const EXCEPTIONS: number = featureBit("exceptions") | featureBit("legacy-exceptions");
const BULK_MEMORY: number = featureBit("bulk-memory");

/**
 * Decodes a binary module. `bytes` is kept and not copied. Throws an `InputError` with the byte offset if it
 * is malformed, beyond a limit, or uses a feature that is off.
 */
export function decodeModule(bytes: Uint8Array, features: Features = DEFAULT_FEATURES): Module {
  checkHeader(bytes);
  const draft = emptyDraft(bytes);
  const reader = new OperatorReader(bytes, HEADER_BYTES, bytes.length, featureMask(features));
  let last = -1;
  while (reader.pos < bytes.length) {
    const idOffset = reader.pos;
    const id = reader.u8();
    if (id >= SECTION_COUNT) throw malformed(messages.SECTION_ID, idOffset);
    const size = reader.u32();
    const start = reader.pos;
    if (size > bytes.length - start)
      throw malformed(
        messages.sectionCutOff(layout.SECTION_NAMES[id]!, size, bytes.length - start),
        idOffset,
      );
    reader.end = start + size;
    if (id === layout.SECTION_CUSTOM) {
      readCustomSection(reader, draft, last < 0 ? 0 : SECTION_ORDER[last]!);
    } else {
      const position = SECTION_ORDER.indexOf(id);
      if (position <= last) throw malformed(messages.SECTION_ORDER, idOffset);
      last = position;
      draft.sections[id] = { start, end: reader.end };
      SECTION_READERS[id]!(reader, draft);
      if (reader.pos !== reader.end) throw malformed(messages.SECTION_SIZE, reader.pos);
    }
    reader.pos = start + size;
    reader.end = bytes.length;
  }
  checkCounts(draft);
  return draft;
}

function checkHeader(bytes: Uint8Array): void {
  if (bytes.length === 0) throw malformed(messages.EMPTY, 0);
  if (MAGIC.some((byte, i) => i < bytes.length && bytes[i] !== byte)) throw messages.noMagic(bytes);
  if (bytes.length < HEADER_BYTES) throw malformed(messages.HEADER_CUT_OFF, bytes.length);
  if (bytes[6] === COMPONENT_LAYER && bytes[7] === 0) throw malformed(messages.COMPONENT, 4);
  if (bytes[4] !== 1 || bytes[5] !== 0 || bytes[6] !== 0 || bytes[7] !== 0) {
    throw malformed(messages.VERSION, 4);
  }
  if (bytes.length > limits.MAX_MODULE_BYTES) {
    throw beyondLimit("module bytes", bytes.length, limits.MAX_MODULE_BYTES, 0);
  }
}

function emptyDraft(bytes: Uint8Array): Draft {
  return {
    bytes,
    types: new TypeTable(),
    imports: [],
    functionTypes: new I32List(),
    importedFunctionCount: 0,
    tables: [],
    importedTableCount: 0,
    memories: [],
    importedMemoryCount: 0,
    tags: [],
    importedTagCount: 0,
    globals: [],
    importedGlobalCount: 0,
    exports: [],
    start: -1,
    startOffset: 0,
    elements: [],
    dataCount: -1,
    code: { starts: new I32List(), ends: new I32List() },
    data: [],
    customs: [],
    sections: new Array<ByteRange>(SECTION_COUNT).fill(ABSENT),
  };
}

/** How each section is read, by its id. */
const SECTION_READERS: Readonly<Record<number, (reader: OperatorReader, draft: Draft) => void>> = {
  [layout.SECTION_TYPE]: (reader, draft) => readTypeSection(reader, draft.types),
  [layout.SECTION_IMPORT]: readImportSection,
  [layout.SECTION_FUNCTION]: readFunctionSection,
  [layout.SECTION_TABLE]: readTableSection,
  [layout.SECTION_MEMORY]: readMemorySection,
  [layout.SECTION_TAG]: readTagSection,
  [layout.SECTION_GLOBAL]: readGlobalSection,
  [layout.SECTION_EXPORT]: readExportSection,
  [layout.SECTION_START]: readStartSection,
  [layout.SECTION_ELEMENT]: (reader, draft) => {
    draft.elements = readElementSection(reader);
  },
  [layout.SECTION_DATA_COUNT]: readDataCountSection,
  [layout.SECTION_CODE]: readCodeSection,
  [layout.SECTION_DATA]: (reader, draft) => {
    draft.data = readDataSection(reader);
  },
};

/** Reads the count of a section whose items take at least `least` bytes each. */
function itemCount(
  reader: OperatorReader,
  least: number,
  what: string,
  already: number,
  most: number,
): number {
  const start = reader.pos;
  const count = reader.count(least);
  if (already + count > most) throw beyondLimit(what, already + count, most, start);
  return count;
}

function readCustomSection(reader: OperatorReader, draft: Draft, after: number): void {
  if (draft.customs.length === limits.MAX_CUSTOM_SECTIONS) {
    const count = limits.MAX_CUSTOM_SECTIONS;
    throw beyondLimit("custom sections", count + 1, count, reader.pos);
  }
  const name = reader.name();
  draft.customs.push({ name, payload: { start: reader.pos, end: reader.end }, after });
}

function readImportSection(reader: OperatorReader, draft: Draft): void {
  const count = itemCount(reader, 4, "imports", 0, limits.MAX_IMPORTS);
  for (let i = 0; i < count; i++) {
    const offset = reader.pos;
    const before = draft.imports.at(-1) ?? null;
    const module = reader.name();
    const name = reader.name();
    const type = readImportType(reader, draft, before);
    // Thousands of strings may be imported one behind the other, all from one module and of one type: these are kept once.
    draft.imports.push({ module: before?.module === module ? before.module : module, name, type, offset });
  }
  draft.importedFunctionCount = draft.functionTypes.length;
  draft.importedTableCount = draft.tables.length;
  draft.importedMemoryCount = draft.memories.length;
  draft.importedTagCount = draft.tags.length;
  draft.importedGlobalCount = draft.globals.length;
}

function readImportType(reader: OperatorReader, draft: Draft, before: Import | null): ImportType {
  const offset = reader.pos;
  const byte = reader.u8();
  const kind = EXTERN_KINDS[byte];
  switch (kind) {
    case "func": {
      const type = readTypeIndex(reader);
      draft.functionTypes.push(type);
      return { kind, type };
    }
    case "table": {
      const table = readTableType(reader);
      draft.tables.push({ type: table, init: null, offset });
      return { kind, table };
    }
    case "memory": {
      const memory = readMemoryType(reader);
      draft.memories.push({ type: memory, offset });
      return { kind, memory };
    }
    case "global": {
      const type = reader.readValType();
      const mutable = readGlobalMutability(reader);
      if (before !== null && isGlobal(before.type, type, mutable)) {
        draft.globals.push(draft.globals.at(-1)!);
        return before.type;
      }
      draft.globals.push({ type, mutable, initStart: offset, initEnd: 0 });
      return { kind, global: { type, mutable } };
    }
    case "tag": {
      reader.need(EXCEPTIONS, "exceptions", "an imported tag", offset);
      const type = readTagType(reader);
      draft.tags.push({ type, offset });
      return { kind, type };
    }
    default:
      throw unknownImportKind(byte, messages.IMPORT_KIND, offset);
  }
}

function isGlobal(of: ImportType, type: ValType, mutable: boolean): boolean {
  return of.kind === "global" && of.global.type === type && of.global.mutable === mutable;
}

function readFunctionSection(reader: OperatorReader, draft: Draft): void {
  const count = itemCount(reader, 1, "functions", draft.functionTypes.length, limits.MAX_FUNCTIONS);
  for (let i = 0; i < count; i++) draft.functionTypes.push(readTypeIndex(reader));
}

function readTableSection(reader: OperatorReader, draft: Draft): void {
  const count = itemCount(reader, 3, "tables", draft.tables.length, limits.MAX_TABLES);
  for (let i = 0; i < count; i++) {
    const offset = reader.pos;
    const hasInit = reader.peek() === 0x40;
    if (hasInit) {
      reader.pos++;
      if (reader.u8() !== 0) throw malformed(messages.TABLE_PREFIX, offset);
    }
    const type = readTableType(reader);
    draft.tables.push({ type, init: hasInit ? skipConstantExpression(reader) : null, offset });
  }
}

function readMemorySection(reader: OperatorReader, draft: Draft): void {
  const count = itemCount(reader, 2, "memories", draft.memories.length, limits.MAX_MEMORIES);
  for (let i = 0; i < count; i++) {
    const offset = reader.pos;
    draft.memories.push({ type: readMemoryType(reader), offset });
  }
}

function readTagSection(reader: OperatorReader, draft: Draft): void {
  reader.need(EXCEPTIONS, "exceptions", "a tag section", reader.pos);
  const count = itemCount(reader, 2, "tags", draft.tags.length, limits.MAX_TAGS);
  for (let i = 0; i < count; i++) {
    const offset = reader.pos;
    draft.tags.push({ type: readTagType(reader), offset });
  }
}

function readGlobalSection(reader: OperatorReader, draft: Draft): void {
  const count = itemCount(reader, 3, "globals", draft.globals.length, limits.MAX_GLOBALS);
  for (let i = 0; i < count; i++) {
    const type = reader.readValType();
    const mutable = readGlobalMutability(reader);
    const initStart = reader.pos;
    skipConstantExpression(reader);
    draft.globals.push({ type, mutable, initStart, initEnd: reader.pos });
  }
}

function readExportSection(reader: OperatorReader, draft: Draft): void {
  const count = itemCount(reader, 3, "exports", 0, limits.MAX_EXPORTS);
  for (let i = 0; i < count; i++) {
    const offset = reader.pos;
    const name = reader.name();
    const kindOffset = reader.pos;
    const byte = reader.u8();
    const kind = EXTERN_KINDS[byte];
    if (kind === undefined) throw malformed(messages.EXPORT_KIND, kindOffset);
    draft.exports.push({ name, kind, index: reader.u32(), offset });
  }
}

function readStartSection(reader: OperatorReader, draft: Draft): void {
  draft.startOffset = reader.pos;
  draft.start = reader.u32();
}

function readDataCountSection(reader: OperatorReader, draft: Draft): void {
  reader.need(BULK_MEMORY, "bulk-memory", "a data count section", reader.pos);
  draft.dataCount = reader.u32();
}

function readCodeSection(reader: OperatorReader, draft: Draft): void {
  const start = reader.pos;
  const count = itemCount(reader, 2, "bodies", 0, limits.MAX_FUNCTIONS);
  if (count !== draft.functionTypes.length - draft.importedFunctionCount) {
    throw malformed(messages.FUNCTION_COUNTS, start);
  }
  for (let i = 0; i < count; i++) {
    const sizeOffset = reader.pos;
    const size = reader.u32();
    if (size > limits.MAX_BODY_BYTES)
      throw beyondLimit("body bytes", size, limits.MAX_BODY_BYTES, sizeOffset);
    draft.code.starts.push(reader.pos);
    reader.skip(size);
    draft.code.ends.push(reader.pos);
  }
}

/** What must agree between sections, whether or not they are there. */
function checkCounts(draft: Draft): void {
  const bodies = draft.functionTypes.length - draft.importedFunctionCount;
  if (draft.code.starts.length !== bodies) {
    throw malformed(messages.FUNCTION_COUNTS, draft.sections[layout.SECTION_FUNCTION]!.start);
  }
  if (draft.dataCount >= 0 && draft.dataCount !== draft.data.length) {
    throw malformed(messages.DATA_COUNTS, draft.sections[layout.SECTION_DATA_COUNT]!.start);
  }
}
