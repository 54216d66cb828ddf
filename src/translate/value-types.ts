/** How Wasm's value types are held in CLIF, as far as they are compiled. */
import { InputError } from "../base/diagnostics.ts";
import { memoryType } from "../gc/layout.ts";
import type { Type } from "../ir/types.ts";
import * as wasm from "../wasm/types.ts";
import { unsupportedType } from "./messages.ts";

/** Throws `InputError` for what is not compiled yet; references are when `references` has the module's types. */
export function clifType(type: wasm.ValType, offset: number, references: wasm.TypeTable | null): Type {
  const isCompiled = wasm.isRef(type) ? references !== null : type !== wasm.BOTTOM && !wasm.isPacked(type);
  if (!isCompiled) throw new InputError(unsupportedType(wasm.valTypeName(type), offset));
  return memoryType(type);
}
