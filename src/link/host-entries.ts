/**
 * Where the host enters a module that stands alone.
 *
 * A trap leaves the shadow stack's pointer where it was: nothing of a Wasm function runs after it. What lies below is dead, but the
 * next collection would take it for live frames, of which the innermost may not even have a map. In a closed module no frame is live
 * when the host calls, so the stack begins anew: in the exported function itself if nobody else calls it (`hostEntries`), or in
 * a wrapper (`export-wrappers.ts`). A module that is not closed may be called back while frames are live: there frames have a map
 * from their entry on (`mapOnEntry`), what a trap left behind stays until the instance is dropped. In a store the host keeps
 * the pointer.
 */
import type { Module } from "../wasm/module.ts";
import type { OutputPlan } from "./plan.ts";

/** No frame is live when the host calls an export: compiled code calls nothing that could call back. */
export function isClosed({ importedFunctionCount, importedTableCount, exports }: Module): boolean {
  const seen = importedTableCount > 0 || exports.some(({ kind }) => kind === "table");
  return importedFunctionCount === 0 && !seen;
}

/** The input's functions in which the stack begins anew. */
export function hostEntries({ module, mode, usage, usesHeap, checksExceptions }: OutputPlan): Set<number> {
  const entries = new Set<number>();
  // Where exceptions unwind by returning, a wrapper looks for one that is left.
  if (mode !== "standalone" || !usesHeap || checksExceptions || !isClosed(module)) return entries;
  const referenced = new Set(usage.referencedFunctions);
  for (const { kind, index } of module.exports) {
    const isCalled = usage.calledExports.has(index) || referenced.has(index) || index === module.start;
    if (kind === "func" && !isCalled) entries.add(index);
  }
  return entries;
}
