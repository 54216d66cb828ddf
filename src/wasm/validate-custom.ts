/**
 * What custom sections must fulfil to mean anything. They never make a module invalid; who wants to know
 * whether they are in order asks here. Checked: branch hints stand at an `if` or a `br_if`.
 */
import { DEFAULT_FEATURES, type Features, featureMask } from "./features.ts";
import { HINT_FUNCTION, HINT_TARGET, invalid } from "./messages.ts";
import type { Module } from "./module.ts";
import { readBranchHints } from "./names.ts";
import { OperatorReader } from "./operators.ts";
import * as WasmOp from "./wasm-op.gen.ts";

/** Throws an `InputError` if a branch hint of the valid `module` is misplaced. */
export function validateCustomSections(module: Module, features: Features = DEFAULT_FEATURES): void {
  const byFunction = new Map<number, number[]>();
  for (const { func, offset } of readBranchHints(module)) {
    const offsets = byFunction.get(func);
    if (offsets === undefined) byFunction.set(func, [offset]);
    else offsets.push(offset);
  }
  const reader = new OperatorReader(module.bytes, 0, 0, featureMask(features));
  reader.typeLimit = module.types.length;
  for (const [func, offsets] of byFunction) {
    const body = func - module.importedFunctionCount;
    if (body < 0 || body >= module.code.starts.length) throw invalid(HINT_FUNCTION, 0);
    checkHints(reader, module, body, new Set(offsets));
  }
}

function checkHints(reader: OperatorReader, module: Module, body: number, offsets: Set<number>): void {
  const start = module.code.starts.get(body);
  reader.seek(start, module.code.ends.get(body));
  const runs = reader.u32();
  for (let i = 0; i < runs; i++) {
    reader.u32();
    reader.readValType();
  }
  while (reader.pos < reader.end && offsets.size > 0) {
    const op = reader.next();
    const offset = reader.opStart - start;
    if (!offsets.delete(offset)) continue;
    if (op !== WasmOp.BrIf && op !== WasmOp.If) throw invalid(HINT_TARGET, reader.opStart);
  }
  if (offsets.size > 0) throw invalid(HINT_TARGET, start);
}
