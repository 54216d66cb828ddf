/**
 * Whether AFTER's tables begin with BEFORE's: slots, signatures, functions, global values and the rest, which
 * instructions name by number. Behind them AFTER may have more.
 */
import { NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { type SafepointError, type SafepointErrorCode, safepointError } from "./safepoint-error.ts";

export function compareTables(before: Function, after: Function, errors: SafepointError[]): void {
  const complain = (code: SafepointErrorCode, message: string): void => {
    errors.push(safepointError(code, message));
  };
  if (!same(before.signature, after.signature)) complain("changed-signature", "another signature");
  if (before.stackLimit !== after.stackLimit && (before.stackLimit !== NONE || after.stackLimit !== NONE)) {
    complain("changed-table", "another stack limit");
  }
  const tables: [string, SafepointErrorCode, readonly unknown[], readonly unknown[]][] = [
    ["ss", "changed-slot", before.stackSlots, after.stackSlots],
    ["dss", "changed-slot", before.dynamicStackSlots, after.dynamicStackSlots],
    ["dt", "changed-table", before.dynamicTypes, after.dynamicTypes],
    ["gv", "changed-table", before.globalValues, after.globalValues],
    ["region", "changed-table", before.aliasRegions, after.aliasRegions],
    ["sig", "changed-table", before.dfg.signatures, after.dfg.signatures],
    ["fn", "changed-table", callees(before), callees(after)],
  ];
  for (const [prefix, code, rows, others] of tables) {
    const at = rows.findIndex((row, i) => !same(row, others[i]));
    if (at >= 0) complain(code, `${prefix}${at} is not what it is in BEFORE`);
  }
}

/**
 * Functions with their names spelt out. Whether a call may collect is said by BEFORE: the directive is a comment that
 * AFTER's text need not carry.
 */
function callees(func: Function): readonly unknown[] {
  return func.dfg.extFuncs.map((callee) => ({
    ...callee,
    noCollect: false,
    name:
      callee.name.kind === "user"
        ? { kind: "user", ...func.dfg.userNames.get(callee.name.ref) }
        : callee.name,
  }));
}

/** Whether two rows of a table say the same; rows are plain records, at most a few levels deep. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}
