/**
 * The custom sections that tools agree on: names, source map, producers, branch hints.
 *
 * All are read lazily and forgivingly: a custom section never makes a module invalid, so what is malformed in
 * one ends the reading of it, and what was read before counts.
 *
 * Source: WebAssembly 3.0, appendix "Custom Sections"; the tool-conventions repository (producers, source
 * maps); the branch-hinting and extended-name-section proposals.
 */
import { InputError } from "../base/diagnostics.ts";
import type { CustomSection, Module } from "./module.ts";
import { BinaryReader } from "./reader.ts";

/** The subsections of the name section that name the items of one index space. */
const NAME_MODULE = 0;
const NAME_FUNCTION = 1;
const NAME_LOCAL = 2;
const NAME_LABEL = 3;
const NAME_FIELD = 10;

/** Index spaces by the subsection's id. */
const PLAIN_SUBSECTIONS: Readonly<Record<number, keyof IndexSpaceNames>> = {
  [NAME_FUNCTION]: "functions",
  4: "types",
  5: "tables",
  6: "memories",
  7: "globals",
  8: "elements",
  9: "data",
  11: "tags",
};
const INDIRECT_SUBSECTIONS: Readonly<Record<number, keyof IndirectNames>> = {
  [NAME_LOCAL]: "locals",
  [NAME_LABEL]: "labels",
  [NAME_FIELD]: "fields",
};

interface IndexSpaceNames {
  readonly functions: ReadonlyMap<number, string>;
  readonly types: ReadonlyMap<number, string>;
  readonly tables: ReadonlyMap<number, string>;
  readonly memories: ReadonlyMap<number, string>;
  readonly globals: ReadonlyMap<number, string>;
  readonly elements: ReadonlyMap<number, string>;
  readonly data: ReadonlyMap<number, string>;
  readonly tags: ReadonlyMap<number, string>;
}

interface IndirectNames {
  /** By function, then by local. */
  readonly locals: ReadonlyMap<number, ReadonlyMap<number, string>>;
  /** By function, then by label in the order of the blocks. */
  readonly labels: ReadonlyMap<number, ReadonlyMap<number, string>>;
  /** By type, then by field. */
  readonly fields: ReadonlyMap<number, ReadonlyMap<number, string>>;
}

/** What the name section says; maps are empty where it says nothing. */
export interface Names extends IndexSpaceNames, IndirectNames {
  readonly module: string | null;
}

/** A branch hint: in function `func`, the branch at byte `offset` of the body, is it likely taken. */
export interface BranchHint {
  readonly func: number;
  readonly offset: number;
  readonly likely: boolean;
}

/** What the producers section says of one field (`language`, `processed-by`, `sdk`). */
export interface Producer {
  readonly field: string;
  readonly name: string;
  readonly version: string;
}

const exportedOfModule = new WeakMap<Module, ReadonlyMap<number, string>>();

/** What functions are exported as, by their index: of several names the first. */
export function exportedFunctionNames(module: Module): ReadonlyMap<number, string> {
  let names = exportedOfModule.get(module);
  if (names === undefined) {
    const functions = module.exports.filter(({ kind }) => kind === "func").reverse();
    names = new Map(functions.map(({ index, name }) => [index, name]));
    exportedOfModule.set(module, names);
  }
  return names;
}

const namesOfModule = new WeakMap<Module, Names>();

/** The names of a module; read once, on the first call. */
export function readNames(module: Module): Names {
  let names = namesOfModule.get(module);
  if (names === undefined) {
    const section = findCustom(module, "name");
    names = section === null ? emptyNames() : parseNames(module, section);
    namesOfModule.set(module, names);
  }
  return names;
}

/** The first custom section of this name, or `null`. */
export function findCustom(module: Module, name: string): CustomSection | null {
  return module.customs.find((section) => section.name === name) ?? null;
}

/** `function 3` or `function 3 "main"`, for messages. */
export function functionLabel(module: Module, index: number): string {
  const name = readNames(module).functions.get(index);
  return name === undefined ? `function ${index}` : `function ${index} ${JSON.stringify(name)}`;
}

/** The address of the source map that the module names, or `null`. */
export function readSourceMappingUrl(module: Module): string | null {
  const section = findCustom(module, "sourceMappingURL");
  if (section === null) return null;
  let url: string | null = null;
  forgiving(module, section, (reader) => {
    url = reader.name();
  });
  return url;
}

/** Who made the module; empty without a producers section. */
export function readProducers(module: Module): readonly Producer[] {
  const producers: Producer[] = [];
  const section = findCustom(module, "producers");
  if (section === null) return producers;
  forgiving(module, section, (reader) => {
    const fields = reader.count(2);
    for (let i = 0; i < fields; i++) {
      const field = reader.name();
      const count = reader.count(2);
      for (let j = 0; j < count; j++) producers.push({ field, name: reader.name(), version: reader.name() });
    }
  });
  return producers;
}

/** The branch hints, in the order of the section; empty without one. */
export function readBranchHints(module: Module): readonly BranchHint[] {
  const hints: BranchHint[] = [];
  const section = findCustom(module, "metadata.code.branch_hint");
  if (section === null) return hints;
  forgiving(module, section, (reader) => {
    const functions = reader.count(2);
    for (let i = 0; i < functions; i++) {
      const func = reader.u32();
      const count = reader.count(3);
      for (let j = 0; j < count; j++) {
        const offset = reader.u32();
        const size = reader.u32();
        const value = reader.u8();
        if (size !== 1 || value > 1) return;
        hints.push({ func, offset, likely: value === 1 });
      }
    }
  });
  return hints;
}

/** Runs `read` on a section's payload; stops quietly at what is malformed. */
function forgiving(module: Module, section: CustomSection, read: (reader: BinaryReader) => void): void {
  const { start, end } = section.payload;
  try {
    read(new BinaryReader(module.bytes, start, end, 0));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}

type MutableNames = {
  -readonly [K in keyof IndexSpaceNames]: Map<number, string>;
} & {
  -readonly [K in keyof IndirectNames]: Map<number, Map<number, string>>;
} & { module: string | null };

function emptyNames(): MutableNames {
  return {
    module: null,
    functions: new Map(),
    types: new Map(),
    tables: new Map(),
    memories: new Map(),
    globals: new Map(),
    elements: new Map(),
    data: new Map(),
    tags: new Map(),
    locals: new Map(),
    labels: new Map(),
    fields: new Map(),
  };
}

function parseNames(module: Module, section: CustomSection): Names {
  const names = emptyNames();
  forgiving(module, section, (reader) => {
    while (reader.pos < section.payload.end) {
      const id = reader.u8();
      const size = reader.u32();
      const start = reader.pos;
      reader.skip(size);
      reader.pos = start;
      reader.end = start + size;
      parseSubsection(reader, id, names);
      reader.pos = start + size;
      reader.end = section.payload.end;
    }
  });
  return names;
}

function parseSubsection(reader: BinaryReader, id: number, names: MutableNames): void {
  if (id === NAME_MODULE) names.module = reader.name();
  const plain = PLAIN_SUBSECTIONS[id];
  if (plain !== undefined) parseNameMap(reader, names[plain]);
  const indirect = INDIRECT_SUBSECTIONS[id];
  if (indirect === undefined) return;
  const count = reader.count(2);
  for (let i = 0; i < count; i++) {
    const inner = new Map<number, string>();
    names[indirect].set(reader.u32(), inner);
    parseNameMap(reader, inner);
  }
}

function parseNameMap(reader: BinaryReader, map: Map<number, string>): void {
  const count = reader.count(2);
  for (let i = 0; i < count; i++) {
    const index = reader.u32();
    map.set(index, reader.name());
  }
}
