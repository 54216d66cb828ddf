/** Validation (in construction). */
import { decodeModule } from "./decode.ts";
import type { Features } from "./features.ts";
import type { Module } from "./module.ts";
import { TypeStore } from "./subtyping.ts";

/** Throws an `InputError` if `module` is invalid. */
export function validateModule(
  _module: Module,
  _features?: Features,
  _store: TypeStore = new TypeStore(),
): void {}

/** Decodes `bytes` and validates the module; throws an `InputError` if either fails. */
export function decodeAndValidate(bytes: Uint8Array, features?: Features, store?: TypeStore): Module {
  const module = decodeModule(bytes, features);
  validateModule(module, features, store);
  return module;
}
