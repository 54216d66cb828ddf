/**
 * What a module that stands alone cannot have: references across its borders, tags there, and there a global that only code can set
 * up, since it would be mutable to others. Each is refused by name.
 */
import { InputError } from "../base/diagnostics.ts";
import type { Module } from "../wasm/module.ts";
import * as wasm from "../wasm/types.ts";
import { notStandalone } from "./messages.ts";

/**
 * Throws `InputError` for the first; `native` has the tables that stay tables, and `isComputed` tells of a global whether code gives
 * it its first value.
 */
export function refuseStandalone(
  module: Module,
  native: ReadonlySet<number>,
  isComputed: (global: number) => boolean,
): void {
  for (const { module: from, name, type, offset } of module.imports) {
    const what = `${JSON.stringify(from)} ${JSON.stringify(name)}`;
    if (type.kind === "global" && wasm.isRef(type.global.type))
      refuse(module, `the imported global ${what} of type ${wasm.valTypeName(type.global.type)}`, offset);
    if (type.kind === "tag") refuse(module, `the imported tag ${what}`, offset);
    if (type.kind === "func") refuseReferences(module, type.type, `the imported function ${what}`, offset);
  }
  module.tables.forEach((table, i) => {
    const isSeen =
      i < module.importedTableCount ||
      module.exports.some(({ kind, index }) => kind === "table" && index === i);
    if (isSeen && !native.has(i)) refuse(module, "a table that others see", table.offset);
  });
  for (const { kind, name, index, offset } of module.exports) {
    const what = JSON.stringify(name);
    if (kind === "tag") refuse(module, `the exported tag ${what}`, offset);
    if (kind === "global" && wasm.isRef(module.globals[index]!.type))
      refuse(
        module,
        `the exported global ${what} of type ${wasm.valTypeName(module.globals[index]!.type)}`,
        offset,
      );
    if (kind === "global" && !module.globals[index]!.mutable && isComputed(index))
      refuse(module, `the exported global ${what}, computed from an imported one`, offset);
    if (kind === "func") {
      refuseReferences(module, module.functionTypes.get(index), `the exported function ${what}`, offset);
    }
  }
}

function refuse(module: Module, what: string, offset: number): never {
  throw new InputError(notStandalone(module, what, offset));
}

function refuseReferences(module: Module, type: number, what: string, offset: number): void {
  const { types } = module;
  for (let i = 0; i < types.valueCountOf(type); i++) {
    if (wasm.isRef(types.rawValue(type, i)))
      refuse(module, `${what} with references, ${types.describe(type)}`, offset);
  }
}
