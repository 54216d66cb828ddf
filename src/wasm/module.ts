/**
 * A decoded module: everything of the binary but the instructions, which stay where they are.
 *
 * Nothing of the input is copied: bodies, constant expressions, data and custom sections are ranges
 * (`start`…`end`, byte offsets) of `Module.bytes`, so a module holds on to its input. Index spaces begin with
 * the imports, as in the format; what is defined comes after. Types are in the module's own indices.
 */
import type { I32List } from "../base/column.ts";
import type { TypeTable, ValType } from "./types.ts";

/** A range of `Module.bytes`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Bounds of a memory, in pages, or of a table, in elements. */
export interface Limits {
  readonly min: bigint;
  readonly max: bigint | null;
}

export interface MemoryType {
  readonly limits: Limits;
  /** Addresses are i64 instead of i32. */
  readonly is64: boolean;
  readonly shared: boolean;
  /** Log2 of the page size: 16 unless the module says otherwise. */
  readonly pageSizeLog2: number;
}

export interface TableType {
  readonly element: ValType;
  readonly limits: Limits;
  readonly is64: boolean;
}

export interface GlobalType {
  readonly type: ValType;
  readonly mutable: boolean;
}

export type ExternKind = "func" | "table" | "memory" | "global" | "tag";

/** What an import asks for; functions and tags by the index of their type. */
export type ImportType =
  | { readonly kind: "func"; readonly type: number }
  | { readonly kind: "table"; readonly table: TableType }
  | { readonly kind: "memory"; readonly memory: MemoryType }
  | { readonly kind: "global"; readonly global: GlobalType }
  | { readonly kind: "tag"; readonly type: number };

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly type: ImportType;
  /** Where it stands in the binary. */
  readonly offset: number;
}

export interface Export {
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
  readonly offset: number;
}

/** A table of the table index space; `init` is the expression of a defined table that has one. */
export interface Table {
  readonly type: TableType;
  readonly init: ByteRange | null;
  readonly offset: number;
}

/** A memory of the memory index space. */
export interface Memory {
  readonly type: MemoryType;
  readonly offset: number;
}

/** A global of the global index space. Of an imported one `initEnd` is 0, and `initStart` where the first of a row of equal ones is. */
export interface Global {
  readonly type: ValType;
  readonly mutable: boolean;
  readonly initStart: number;
  readonly initEnd: number;
}

/** A tag of the tag index space. */
export interface Tag {
  readonly type: number;
  readonly offset: number;
}

export type SegmentMode = "active" | "passive" | "declarative";

export interface ElementSegment {
  readonly mode: SegmentMode;
  /** The flags as written (0 to 7), which choose among equivalent forms. */
  readonly flags: number;
  readonly element: ValType;
  /** Of an active segment; 0 otherwise. */
  readonly table: number;
  readonly offsetExpr: ByteRange | null;
  readonly itemCount: number;
  /** The items: function indices in LEB128, or constant expressions if `itemsAreExprs`. */
  readonly items: ByteRange;
  readonly itemsAreExprs: boolean;
  readonly offset: number;
}

export interface DataSegment {
  readonly mode: "active" | "passive";
  readonly flags: number;
  readonly memory: number;
  readonly offsetExpr: ByteRange | null;
  readonly data: ByteRange;
  readonly offset: number;
}

export interface CustomSection {
  readonly name: string;
  /** What follows the name. */
  readonly payload: ByteRange;
  /** The id of the last section before it that is not custom, or 0. */
  readonly after: number;
}

/** The bodies of the defined functions: size prefix excluded, local declarations included. */
export interface CodeSection {
  readonly starts: I32List;
  readonly ends: I32List;
}

export interface Module {
  readonly bytes: Uint8Array;
  readonly types: TypeTable;
  readonly imports: readonly Import[];
  /** The type index of each function, imported ones first. */
  readonly functionTypes: I32List;
  readonly importedFunctionCount: number;
  readonly tables: readonly Table[];
  readonly importedTableCount: number;
  readonly memories: readonly Memory[];
  readonly importedMemoryCount: number;
  readonly tags: readonly Tag[];
  readonly importedTagCount: number;
  readonly globals: readonly Global[];
  readonly importedGlobalCount: number;
  readonly exports: readonly Export[];
  /** The start function, or -1. */
  readonly start: number;
  readonly startOffset: number;
  readonly elements: readonly ElementSegment[];
  /** What the data count section says, or -1 without one. */
  readonly dataCount: number;
  readonly code: CodeSection;
  readonly data: readonly DataSegment[];
  readonly customs: readonly CustomSection[];
  /** Where each section that is not custom stands, by its id; start and end are 0 for one that is absent. */
  readonly sections: readonly ByteRange[];
}

export const SECTION_CUSTOM = 0;
export const SECTION_TYPE = 1;
export const SECTION_IMPORT = 2;
export const SECTION_FUNCTION = 3;
export const SECTION_TABLE = 4;
export const SECTION_MEMORY = 5;
export const SECTION_GLOBAL = 6;
export const SECTION_EXPORT = 7;
export const SECTION_START = 8;
export const SECTION_ELEMENT = 9;
export const SECTION_CODE = 10;
export const SECTION_DATA = 11;
export const SECTION_DATA_COUNT = 12;
export const SECTION_TAG = 13;

/** By number, as people call them. */
export const SECTION_NAMES: readonly string[] = [
  "custom",
  "type",
  "import",
  "function",
  "table",
  "memory",
  "global",
  "export",
  "start",
  "element",
  "code",
  "data",
  "data count",
  "tag",
];

/** The bytes of the body of defined function `i` (not counting imports), as a view. */
export function bodyBytes(module: Module, i: number): Uint8Array {
  return module.bytes.subarray(module.code.starts.get(i), module.code.ends.get(i));
}
