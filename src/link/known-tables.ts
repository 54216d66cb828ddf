/** What is in tables that nothing changes once an instance is made: no code but that of their active segments writes to them. */
import type { Module } from "../wasm/module.ts";
import { ConstantValues } from "./constant-value.ts";
import type { ModuleUsage } from "./module-usage.ts";
import { NULL_ITEM, plainItems } from "./segment-items.ts";

/** Larger ones are left out: what is known of a table takes room. */
const MAX_LENGTH = 1 << 20;

/**
 * The functions in a table of the module's own, by their index in the input, and `NULL_ITEM` where there is none; null where that is
 * not known. The table is seen by nobody else, and not open (`ModuleUsage`).
 */
export function knownTable(module: Module, usage: ModuleUsage, table: number): Int32Array | null {
  const { type, init } = module.tables[table]!;
  if (init !== null || type.limits.min > MAX_LENGTH || isFilledLater(module, usage, table)) return null;
  const functions = new Int32Array(Number(type.limits.min)).fill(NULL_ITEM);
  const constants = new ConstantValues(module, () => null);
  for (const segment of module.elements) {
    if (segment.mode !== "active" || segment.table !== table) continue;
    const start = constants.ofExpression(segment.offsetExpr!);
    const items = plainItems(module, segment);
    if (start === null || start.kind !== "bits" || items === null) return null;
    // One that does not fit is a trap, and there will be no instance.
    if (Number(start.bits) + items.length > functions.length) return null;
    functions.set(items, Number(start.bits));
  }
  return functions;
}

/** Whether code copies elements into the table. */
function isFilledLater({ tables }: Module, { tableInits, tableCopies }: ModuleUsage, table: number): boolean {
  const count = tables.length;
  return (
    [...tableInits].some((pair) => pair % count === table) ||
    [...tableCopies].some((pair) => Math.floor(pair / count) === table)
  );
}
