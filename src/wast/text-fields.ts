/**
 * The fields of a module's text that are no functions, in the order in which the binary has what they define, and which of them an offset of
 * the binary is of. So what is wrong outside of code can be shown in the text; what is in code is `text-source-map.ts`'s.
 *
 * Only the heads of fields are read. Where the text has not as many of a kind as the binary, nothing is known of that kind. Types are left
 * out: those that functions write in place have no field.
 *
 * Source: WebAssembly 3.0, 6.6 "Modules" ("Abbreviations").
 */
import { InputError } from "../base/diagnostics.ts";
import { decodeModule } from "../wasm/decode.ts";
import * as layout from "../wasm/module.ts";
import { Lexer } from "./lexer.ts";
import { enterModule, skipName } from "./text-instructions.ts";

/** By section: where each thing's parenthesis stands. Exports go by their names, for those that stand within a field have another order. */
interface FieldPlaces {
  readonly sections: ReadonlyMap<number, readonly number[]>;
  readonly exports: ReadonlyMap<string, readonly number[]>;
}

/** The sections of what may be imported or defined, and exported, by the word of its field; functions have no places here. */
const DEFINITIONS: Readonly<Record<string, number>> = {
  table: layout.SECTION_TABLE,
  memory: layout.SECTION_MEMORY,
  global: layout.SECTION_GLOBAL,
  tag: layout.SECTION_TAG,
  func: layout.SECTION_FUNCTION,
};
const OTHERS: Readonly<Record<string, number>> = {
  import: layout.SECTION_IMPORT,
  start: layout.SECTION_START,
  elem: layout.SECTION_ELEMENT,
  data: layout.SECTION_DATA,
};
/** What a table or a memory may have within it. */
const SEGMENT_WORDS: readonly string[] = ["elem", "data"];

/** Where in `text` the field begins that what stands at `offset` of its binary was made of, from 1 on; null where that is not known. */
export function fieldPlace(
  text: string,
  bytes: Uint8Array,
  offset: number,
): { readonly line: number; readonly column: number } | null {
  try {
    const lexer = new Lexer(text);
    const module = decodeModule(bytes);
    const section = module.sections.findIndex(({ start, end }) => offset >= start && offset < end);
    if (section < 0) return null;
    const places = readFields(lexer);
    const place =
      section === layout.SECTION_EXPORT
        ? exportPlace(module, places, offset)
        : placeInSection(module, places, section, offset);
    return place === null ? null : lexer.place(place);
  } catch (error) {
    // What cannot be decoded, or is not made of tokens, has no places.
    if (error instanceof InputError) return null;
    throw error;
  }
}

function placeInSection(
  module: layout.Module,
  { sections }: FieldPlaces,
  section: number,
  offset: number,
): number | null {
  const offsets = offsetsIn(module, section);
  const places = sections.get(section) ?? [];
  if (offsets === null || offsets.length !== places.length) return null;
  const next = offsets.findIndex((one) => one > offset);
  return places.at(next < 0 ? -1 : Math.max(next - 1, 0)) ?? null;
}

/** Where the things of a section stand in the binary, or null for one that is not looked into. */
function offsetsIn(module: layout.Module, section: number): readonly number[] | null {
  const offsetOf = (one: { readonly offset: number }): number => one.offset;
  switch (section) {
    case layout.SECTION_IMPORT:
      return module.imports.map(offsetOf);
    case layout.SECTION_TABLE:
      return module.tables.slice(module.importedTableCount).map(offsetOf);
    case layout.SECTION_MEMORY:
      return module.memories.slice(module.importedMemoryCount).map(offsetOf);
    case layout.SECTION_TAG:
      return module.tags.slice(module.importedTagCount).map(offsetOf);
    case layout.SECTION_GLOBAL:
      return module.globals.slice(module.importedGlobalCount).map(({ initStart }) => initStart);
    case layout.SECTION_START:
      return [module.startOffset];
    case layout.SECTION_ELEMENT:
      return module.elements.map(offsetOf);
    case layout.SECTION_DATA:
      return module.data.map(offsetOf);
    default:
      return null;
  }
}

function exportPlace({ exports }: layout.Module, places: FieldPlaces, offset: number): number | null {
  const found = exports.findLast((one) => one.offset <= offset);
  if (found === undefined) return null;
  const before = exports.filter(({ name, offset: at }) => name === found.name && at < found.offset).length;
  return places.exports.get(found.name)?.[before] ?? null;
}

function readFields(lexer: Lexer): FieldPlaces {
  const sections = new Map<number, number[]>();
  const exports = new Map<string, number[]>();
  const add = (section: number, place: number): void => push(sections, section, place);
  const addExport = (place: number): void => {
    // Behind `(export`. A name with escapes is not found again.
    lexer.advance();
    const name = lexer.text().slice(1, -1);
    push(exports, name, place);
  };
  enterModule(lexer);
  while (lexer.kind === "(") {
    const { start } = lexer;
    lexer.advance();
    const word = lexer.text();
    if (Object.hasOwn(DEFINITIONS, word)) {
      const isImport = readHead(lexer, addExport);
      add(isImport ? layout.SECTION_IMPORT : DEFINITIONS[word]!, start);
      const segment = isImport ? null : segmentWithin(lexer, word);
      if (segment !== null) add(OTHERS[segment]!, start);
    } else if (word === "export") addExport(start);
    else if (Object.hasOwn(OTHERS, word)) add(OTHERS[word]!, start);
    lexer.rewind(start);
    lexer.skipList();
  }
  return { sections, exports };
}

function push<K>(lists: Map<K, number[]>, key: K, place: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [place]);
  else list.push(place);
}

/** With the lexer at a field's word: moves behind its name, exports and import. Gives whether there was one of these. */
function readHead(lexer: Lexer, addExport: (place: number) => void): boolean {
  lexer.advance();
  skipName(lexer);
  let isImport = false;
  while (lexer.kind === "(") {
    const { start } = lexer;
    lexer.advance();
    if (lexer.isWord("export")) addExport(start);
    else if (lexer.isWord("import")) isImport = true;
    else {
      lexer.rewind(start);
      break;
    }
    lexer.rewind(start);
    lexer.skipList();
  }
  return isImport;
}

/** Behind a field's head: the word of the segment that stands in it, or null. */
function segmentWithin(lexer: Lexer, word: string): string | null {
  if (word !== "table" && word !== "memory") return null;
  while (lexer.kind === "word" || lexer.kind === "(") {
    if (lexer.kind === "word") {
      lexer.advance();
      continue;
    }
    const { start } = lexer;
    lexer.advance();
    const found = SEGMENT_WORDS.find((one) => lexer.isWord(one));
    if (found !== undefined) return found;
    lexer.rewind(start);
    lexer.skipList();
  }
  return null;
}
