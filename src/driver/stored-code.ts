/**
 * Compiled code as bytes, to be had again without compiling: what was found out by walking the module's code (`module-facts.ts`), and
 * bodies with their symbols (`object-code.ts`). Decoding and planning are done anew, from the module's bytes, which are not in here;
 * validating is not, since a module that is not valid has no code.
 *
 *     length of the facts, an unsigned LEB128 · facts · object code
 *
 * `settingsText` (`recorded-settings.ts`) with the module's bytes and the compiler's version says which code it is: whoever stores it finds it by these three.
 */
import { ByteCursor } from "../base/byte-cursor.ts";
import { ByteWriter } from "../base/byte-writer.ts";
import type { CompiledCode } from "../link/compiled-code.ts";
import { type ObjectCode, readObject, writeObject } from "../object/object-code.ts";
import type { CodeOptions } from "./compile.ts";
import { readFacts, writeFacts } from "./module-facts.ts";
import { type PreparedModule, prepareAgain } from "./prepare.ts";

export function objectOf({ symbols, bodies, initializers }: CompiledCode): ObjectCode {
  return { symbols, bodies, initializers };
}

export function codeOf(plan: PreparedModule["plan"], object: ObjectCode): CompiledCode {
  return { plan, ...object };
}

export function storedCode({ facts }: PreparedModule, code: CompiledCode): Uint8Array {
  const first = new ByteWriter();
  writeFacts(first, facts);
  const out = new ByteWriter(code.plan.module.bytes.length);
  out.u32(first.length);
  out.append(first.bytes());
  writeObject(out, objectOf(code));
  return out.bytes();
}

/** The code of the module, or null where `stored` is none, or another module's. */
export function restoredCode(
  bytes: Uint8Array,
  options: CodeOptions,
  stored: Uint8Array,
): CompiledCode | null {
  const found = restoredPlan(bytes, options, stored);
  const object = found === null ? null : restoredObject(found);
  return object === null ? null : codeOf(found!.prepared.plan, object);
}

/** A plan that was made again, and the bytes of the object code that goes with it. */
export interface RestoredPlan {
  readonly prepared: PreparedModule;
  readonly object: Uint8Array;
}

/** The first part of that, or null for the same reasons. */
export function restoredPlan(
  bytes: Uint8Array,
  options: CodeOptions,
  stored: Uint8Array,
): RestoredPlan | null {
  const cursor = new ByteCursor(stored);
  const factsBytes = cursor.take(cursor.count());
  const facts = cursor.isMalformed ? null : readFacts(factsBytes);
  if (facts === null) return null;
  const prepared = prepareAgain(bytes, options, "store", facts);
  return prepared === null ? null : { prepared, object: cursor.rest() };
}

/** The second part, or null where it is none, or of another number of functions. */
export function restoredObject({ prepared, object }: RestoredPlan): ObjectCode | null {
  const read = readObject(object);
  return read?.bodies.length === prepared.plan.module.code.starts.length ? read : null;
}
