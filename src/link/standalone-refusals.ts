/** What a module that stands alone cannot have yet: references across its borders, and tags there. Each is refused by name. */
import { InputError } from "../base/diagnostics.ts";
import type { Module } from "../wasm/module.ts";
import * as wasm from "../wasm/types.ts";
import { notLinkedYet } from "./messages.ts";

const ALONE = "in a module that stands alone";

/** Throws `InputError` for the first; `native` has the tables that stay tables. */
export function refuseStandalone(module: Module, native: ReadonlySet<number>): void {
  for (const { type, offset } of module.imports) {
    if (type.kind === "global" && wasm.isRef(type.global.type)) {
      refuse(`an imported global of type ${wasm.valTypeName(type.global.type)} ${ALONE}`, offset);
    }
    if (type.kind === "tag") refuse(`an imported tag ${ALONE}`, offset);
    if (type.kind === "func") refuseReferences(module, type.type, "an imported function", offset);
  }
  module.tables.forEach((table, i) => {
    const isSeen =
      i < module.importedTableCount ||
      module.exports.some(({ kind, index }) => kind === "table" && index === i);
    if (isSeen && !native.has(i)) refuse(`a table that others see, ${ALONE},`, table.offset);
  });
  for (const { kind, index, offset } of module.exports) {
    if (kind === "tag") refuse(`an exported tag ${ALONE}`, offset);
    if (kind === "global" && wasm.isRef(module.globals[index]!.type)) {
      refuse(`an exported global of type ${wasm.valTypeName(module.globals[index]!.type)} ${ALONE}`, offset);
    }
    if (kind === "func")
      refuseReferences(module, module.functionTypes.get(index), "an exported function", offset);
  }
}

function refuse(what: string, offset: number): never {
  throw new InputError(notLinkedYet(what, offset));
}

function refuseReferences({ types }: Module, type: number, what: string, offset: number): void {
  for (let i = 0; i < types.valueCountOf(type); i++) {
    if (wasm.isRef(types.rawValue(type, i))) {
      refuse(`${what} with references (${types.describe(type)}) ${ALONE}`, offset);
    }
  }
}
