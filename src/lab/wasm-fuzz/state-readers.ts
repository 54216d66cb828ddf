/**
 * What a module's tables and memories hold in the end, read by modules that import them: every engine links those as it does any other,
 * so nothing need be known of how it keeps them.
 */
import { type Module, types } from "../../wasm/index.ts";
import { typeText } from "./surroundings.ts";

/** Reads one table or memory. */
export interface StateReader {
  /** What the module exports it as. */
  readonly name: string;
  /** Imports it, and exports what is to be called, in that order, without arguments but a table's index. */
  readonly text: string;
  readonly kind: "table" | "memory";
}

/** One for each table and memory that is exported and whose type can be written without the module's own types. */
export function stateReadersOf({ exports, tables, memories }: Module): StateReader[] {
  const readers: StateReader[] = [];
  const seen = new Set<string>();
  for (const { name, kind, index } of exports) {
    if ((kind !== "table" && kind !== "memory") || seen.has(`${kind} ${index}`)) continue;
    seen.add(`${kind} ${index}`);
    if (kind === "memory") {
      const { is64, limits, shared, pageSizeLog2 } = memories[index]!.type;
      if (pageSizeLog2 !== 16 || shared) continue;
      const max = limits.max === null ? "" : ` ${limits.max}`;
      readers.push({ name, kind, text: memoryReader(is64 ? "i64" : "i32", `0${max}`) });
      continue;
    }
    const { element, is64, limits } = tables[index]!.type;
    const type = typeText(element);
    if (type === null) continue;
    const max = limits.max === null ? "" : ` ${limits.max}`;
    const what = types.isNullable(element) ? type : `(ref null ${types.heapTypeName(types.heapOf(element))})`;
    readers.push({ name, kind, text: tableReader(is64 ? "i64" : "i32", `0${max}`, type, what) });
  }
  return readers;
}

export const SIZE = "size";
export const ELEMENT = "element";
export const DIGEST = "digest";

/** A sum of all words, each turned by where it stands (FNV-1a by words). */
function memoryReader(address: string, limits: string): string {
  return `(module (import "" "" (memory ${address === "i64" ? "i64 " : ""}${limits}))
    (func (export "${SIZE}") (result i64) ${wide(address, "(memory.size)")})
    (func (export "${DIGEST}") (result i64) (local $at ${address}) (local $end ${address}) (local $sum i64)
      (local.set $end (${address}.mul (memory.size) (${address}.const 65536)))
      (local.set $sum (i64.const 0xcbf29ce484222325))
      (loop $next
        (if (${address}.lt_u (local.get $at) (local.get $end)) (then
          (local.set $sum (i64.mul (i64.xor (local.get $sum) (i64.load (local.get $at))) (i64.const 0x100000001b3)))
          (local.set $at (${address}.add (local.get $at) (${address}.const 8)))
          (br $next))))
      (local.get $sum)))`;
}

function tableReader(address: string, limits: string, element: string, result: string): string {
  const index = address === "i64" ? "(i64.extend_i32_u (local.get 0))" : "(local.get 0)";
  return `(module (import "" "" (table ${address === "i64" ? "i64 " : ""}${limits} ${element}))
    (func (export "${SIZE}") (result i64) ${wide(address, "(table.size)")})
    (func (export "${ELEMENT}") (param i32) (result ${result}) (table.get ${index})))`;
}

function wide(address: string, value: string): string {
  return address === "i64" ? value : `(i64.extend_i32_u ${value})`;
}
