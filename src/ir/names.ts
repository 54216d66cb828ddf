/** Names of functions: the function's own, and those of what it calls. Source: `cranelift/codegen/src/ir/extname.rs`. */
import type { SigRef, UserExternalNameRef } from "./entities.ts";

/** A function's own name: `u0:7`, or `%name` as tests use. */
export type FunctionName =
  | { readonly kind: "user"; readonly namespace: number; readonly index: number }
  | { readonly kind: "testcase"; readonly name: string };

/**
 * The user namespace of Wasm operators that CLIF has no opcode for (globals, tables, the size of memory): the name's index is
 * the operator's id, and the first arguments of a call are its immediates, as constants.
 */
export const WASM_OPERATORS = 1;

/** The user namespace of the runtime's functions; the indices stand in `gc/runtime-functions.ts`. */
export const RUNTIME_FUNCTIONS = 2;

/** The user namespace of functions that reach memories which the heap's module cannot name; numbered by the plan of the output. */
export const MEMORY_FUNCTIONS = 8;

/** A name in the user's name spaces. */
export interface UserExternalName {
  readonly namespace: number;
  readonly index: number;
}

/** The name of something outside the function. */
export type ExternalName =
  | { readonly kind: "user"; readonly ref: UserExternalNameRef }
  | { readonly kind: "testcase"; readonly name: string }
  | { readonly kind: "libcall"; readonly name: string }
  | { readonly kind: "symbol"; readonly name: string };

/** By number: those asked for so far. Each function numbers its names from 0, and they are the same objects in all. */
const USER_NAMES: ExternalName[] = [];

export function userName(ref: UserExternalNameRef): ExternalName {
  USER_NAMES[ref] ??= { kind: "user", ref };
  return USER_NAMES[ref];
}

/** Runtime routines and symbols that `%Name` means when it is one of these. */
export const LIB_CALLS: readonly string[] = [
  "Probestack",
  "CeilF32",
  "CeilF64",
  "FloorF32",
  "FloorF64",
  "TruncF32",
  "TruncF64",
  "NearestF32",
  "NearestF64",
  "FmaF32",
  "FmaF64",
  "Memcpy",
  "Memset",
  "Memmove",
  "Memcmp",
  "ElfTlsGetAddr",
  "ElfTlsGetOffset",
  "X86Pshufb",
];
export const KNOWN_SYMBOLS: readonly string[] = ["ElfGlobalOffsetTable", "CoffTlsIndex"];

/** A function that can be called. */
export interface ExtFunc {
  readonly name: ExternalName;
  readonly signature: SigRef;
  /** Near enough for a direct call. */
  readonly colocated: boolean;
  /** Can be replaced by nothing at run time. */
  readonly patchable: boolean;
  /** A call of it can never collect, so it is no safepoint: the directive `; no-collect: fn0`. */
  readonly noCollect: boolean;
}

export const DEFAULT_FUNCTION_NAME: FunctionName = { kind: "user", namespace: 0, index: 0 };
