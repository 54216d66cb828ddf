/** Who takes items from an element segment: tables, whichever of them stay tables, and arrays. */
import type { Module } from "../wasm/module.ts";
import type { ModuleUsage } from "./module-usage.ts";

export interface SegmentUsers {
  /** The tables that items go into. */
  readonly tables: readonly number[];
  /** Whether items are needed in a cell: for a table in one, or for arrays. */
  readonly needsCell: boolean;
}

export function segmentUsers(
  module: Module,
  usage: ModuleUsage,
  native: ReadonlySet<number>,
  segment: number,
): SegmentUsers {
  const { mode, table } = module.elements[segment]!;
  const tables: number[] = mode === "active" ? [table] : [];
  for (let i = 0; mode !== "active" && i < module.tables.length; i++) {
    if (usage.tableInits.has(segment * module.tables.length + i)) tables.push(i);
  }
  const needsCell = usage.arraySegments.has(segment) || tables.some((one) => !native.has(one));
  return { tables, needsCell };
}
