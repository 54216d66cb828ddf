/**
 * What a function's translation needs to know of the module that it goes into: where globals, tables, segments and memories of the
 * input live in the output.
 *
 * What holds references lives in a *cell*, a word in static memory that collectors know as a root: a global that holds a
 * reference, a table (the cell holds an array of the heap), an element segment (as well). An immutable global needs none where
 * its reference is known. What holds numbers, and tables that need not be looked into, stay what they are.
 */

import type { TypeTable } from "../wasm/types.ts";
import type { TypeFunctions } from "./type-functions.ts";

/** A memory of the input that is the lower part of the heap's. */
export interface ProgramMemory {
  /** The output's global with the program's size of it in bytes, an i64. */
  readonly size: number;
  /** The most that it may grow to. */
  readonly pages: number;
  /** Its size where nothing in the program makes it grow, else null. */
  readonly fixedBytes: number | null;
}

/** A reference that is known before the program runs: null or an i31 as a word, or what the linker has for a symbol. */
export type KnownReference =
  | { readonly kind: "word"; readonly word: number }
  | { readonly kind: "symbol"; readonly space: number; readonly index: number };

export interface ModulePlan {
  readonly types: TypeTable;
  /** How many supertypes a type has. */
  depth(type: number): number;
  /** Whether the collector leaves room for allocations inline: the one that counts references finds a block for each. */
  readonly allocatesInline: boolean;
  /** The output's globals of the runtime that an inline allocation reads and writes. */
  readonly allocPtr: number;
  readonly allocEnd: number;
  /** What stores of references into objects owe the collector (`barriers.ts`), and for cards, where their bytes are. */
  readonly barrier: "none" | "cards" | "counts";
  readonly cardBase: number;
  /** The output's index of a global, or -1 for one that holds references. */
  globalIndex(global: number): number;
  /** The cell of a global that holds references, or -1 for one without. */
  cellOfGlobal(global: number): number;
  /** What an immutable global holds, if that is known; it has no cell then. */
  knownReference(global: number): KnownReference | null;
  /** The output's index of a table, or -1 for one in a cell. */
  tableIndex(table: number): number;
  cellOfTable(table: number): number;
  /** Whether the type of what is called has to be checked by code, for a table that stays one (`TABLE_TYPES`). */
  isCallChecked(table: number, type: number): boolean;
  /** The output's index of an element segment for native tables, or -1. */
  elementsIndex(segment: number): number;
  /** The cell of an element segment, or -1 where none is needed. */
  cellOfElements(segment: number): number;
  /** Whether the items of a segment in a cell are known, and made by the linker. */
  hasStaticElements(segment: number): boolean;
  /** The output's table of all functions that references exist of: a reference is the index there, and 0, null, has no function. */
  readonly functionTable: number;
  /** Whether the descriptors of functions may come to lie elsewhere, so that `FUNCTION_TYPES` is a word with their address. */
  readonly functionTypesMove: boolean;
  /** The output's index of a memory, or -1 for one that is reached by way of functions (`memoryFunction`). */
  memoryIndex(memory: number): number;
  /**
   * Which function, in `MEMORY_FUNCTIONS`, stands for an operator on a memory that is reached by way of functions. `other` is the
   * lane, the memory copied from or the data segment, 0 for none.
   */
  memoryFunction(operator: number, memory: number, other: number): number;
  /** The functions that drop a data segment where it stands beside such memories. */
  remoteDrops(segment: number): readonly number[];
  /** The cell through which exceptions travel, and the output's tag that they are thrown with; -1 where nothing throws or catches. */
  readonly exceptionCell: number;
  readonly exceptionTag: number;
  /** The program's memory if it is the lower part of the one with the heap; null where it is a memory of its own. */
  readonly programMemory: ProgramMemory | null;
  /** The memory with the heap. */
  readonly heapMemory: number;
  /** The functions that make objects; null where none are outlined. */
  readonly typeFunctions: TypeFunctions | null;
  /** Whether a call of the function may collect. */
  mayCollect(func: number): boolean;
  /** Every function begins with a collection: for tests. */
  readonly collectsOnEntry: boolean;
}

/** What an instance has to set up itself, before its start function. */
export interface InitializerPlan extends ModulePlan {
  /** Whether a global's initialiser is run, in a cell or not. */
  isComputed(global: number): boolean;
  /** The functions of `MEMORY_FUNCTIONS` that copy active data segments, in order; the engine copies the others. */
  readonly activeData: readonly number[];
  /** The start function, or -1. */
  readonly start: number;
}
