/**
 * What instances of a store import and export.
 *
 * Types are in the canonical ids of the store. What holds references has a *cell*, the address of a word in the store's memory; what
 * holds numbers is the host's own object.
 */
import type { ExternType } from "../wasm/extern-types.ts";
import type { ValType } from "../wasm/types.ts";
import type { HostFunction, HostGlobal, HostMemory } from "./host-webassembly.ts";

/** A function of JavaScript's own and how it is called: numbers, references that are values of JavaScript's, one result at most. */
export interface HostCall {
  readonly func: HostFunction;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** What makes a reference of its result; null where that is none. */
  readonly give: ((value: unknown) => unknown) | null;
  /** Whether that takes any value but null, at least. */
  readonly givesAny: boolean;
}

export interface FunctionExtern {
  readonly kind: "func";
  /** The canonical type. */
  readonly type: number;
  /** What JavaScript calls the function object: of a module's function its index there; not there where the engine has named it. */
  readonly name?: string;
  /**
   * Takes and gives what the output's functions do: references as numbers. One of an instance is called within `guarded`; one of
   * JavaScript's own may throw what it likes (`exceptions.ts`).
   */
  readonly raw: HostFunction;
  /** Of compiled code that may need to know where the shadow stack ends: the function that is told, behind its own parameters. */
  readonly told?: HostFunction | null;
  /** Of compiled code that has no use for it. */
  readonly isQuiet?: boolean;
  /** `raw` is JavaScript's own, and no function of an instance. */
  readonly isHost: boolean;
  /** Of a module without references that calls no other: a call needs no guarding. */
  readonly isPlain: boolean;
  /** Of a host's own: what it throws is what a function of the store could throw. */
  readonly throwsAsStore?: boolean;
  /** Of a function of JavaScript's own, where instances can do without `raw` (`crossings.ts`). */
  readonly call?: HostCall | null;
  /** What references to it are: its number in the store's table of functions, or 0 as long as it has none. */
  reference: number;
}

export interface GlobalExtern {
  readonly kind: "global";
  readonly type: ExternType & { kind: "global" };
  /** Null for one in a cell. */
  readonly host: HostGlobal | null;
  /** -1 for one that holds a number. */
  readonly cell: number;
}

export interface TableExtern {
  readonly kind: "table";
  /** As declared; the cell holds an array of the present length. */
  readonly type: ExternType & { kind: "table" };
  readonly cell: number;
}

export interface MemoryExtern {
  readonly kind: "memory";
  readonly type: ExternType & { kind: "memory" };
  readonly host: HostMemory;
  /** Its size in bytes, where its pages are not the host's; null otherwise. */
  readonly size: HostGlobal | null;
}

export interface TagExtern {
  readonly kind: "tag";
  readonly type: ExternType & { kind: "tag" };
  /** The address that exceptions name it by. */
  readonly record: number;
}

export type Extern = FunctionExtern | GlobalExtern | TableExtern | MemoryExtern | TagExtern;
