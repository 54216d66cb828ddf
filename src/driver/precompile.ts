/** Compiling a module for stores ahead of time: the module with its code in a section of its own (`precompiled.ts`). */
import type { CodeOptions } from "./compile.ts";
import { type AsyncOptions, compileForStore } from "./compile-async.ts";
import { withCode, withoutCode } from "./precompiled.ts";
import { storedCode } from "./stored-code.ts";

/**
 * The same module, with its code; code that it had before is replaced. Rejects with `InputError` for one that cannot be compiled, with `NotProven`
 * for one that was to be proven and is not.
 */
export async function precompile(
  bytes: Uint8Array,
  { jobs, progress, ...options }: CodeOptions & AsyncOptions = {},
): Promise<Uint8Array> {
  const module = withoutCode(bytes);
  const { prepared, code } = await compileForStore(module, options, { jobs, progress });
  // Whether it was proven makes no difference to the code.
  return withCode(module, { ...options, prove: false }, storedCode(prepared, code));
}
