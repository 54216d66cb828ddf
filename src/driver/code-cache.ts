/**
 * Where compiled code is kept from one program to the next. What keeps it is elsewhere: of Node `node/disk-cache.ts`, of a page
 * `../embed/page-cache.ts`.
 */

import type { CompiledCode } from "../link/compiled-code.ts";
import type { CodeOptions } from "./compile.ts";
import { compileFunctions } from "./compile-functions.ts";
import { prepareModule } from "./prepare.ts";
import { settingsText } from "./recorded-settings.ts";
import { restoredCode, storedCode } from "./stored-code.ts";

export interface CodeCache {
  /** The place for a module's code under these settings; null for one that is not worth a place. */
  entry(bytes: Uint8Array, settings: string): CacheEntry | null;
  /** The same for those who can wait, where that finds more. */
  entryLater?(bytes: Uint8Array, settings: string): Promise<CacheEntry | null>;
}

export interface CacheEntry {
  /** What was saved there, whole and unchanged, or null. */
  load(): Uint8Array | null;
  /** Saves it, or does not: that is nobody's concern. */
  save(stored: Uint8Array): void;
}

/**
 * The place for a module's code, or null where the code is to be compiled in any case: without a cache, when somebody watches, and
 * when a proof is asked for, which is to be found now.
 */
function cacheEntry(bytes: Uint8Array, options: CodeOptions, cache: CodeCache | null): CacheEntry | null {
  return isKept(options) ? (cache?.entry(bytes, settingsText(options)) ?? null) : null;
}

/** The same for those who can wait. */
export async function cacheEntryLater(
  bytes: Uint8Array,
  options: CodeOptions,
  cache: CodeCache | null,
): Promise<CacheEntry | null> {
  if (cache?.entryLater === undefined) return cacheEntry(bytes, options, cache);
  return isKept(options) ? await cache.entryLater(bytes, settingsText(options)) : null;
}

function isKept({ observers = [], prove = false }: CodeOptions): boolean {
  return observers.length === 0 && !prove;
}

/** The code that is kept there, or null. */
export function cachedCode(
  bytes: Uint8Array,
  options: CodeOptions,
  entry: CacheEntry | null,
): CompiledCode | null {
  const stored = entry?.load() ?? null;
  return stored === null ? null : restoredCode(bytes, options, stored);
}

/** Compiles for a store as `compileCode` does, or finds that it was done before. */
export function compileCached(
  bytes: Uint8Array,
  options: CodeOptions,
  cache: CodeCache | null,
): CompiledCode {
  const entry = cacheEntry(bytes, options, cache);
  const cached = cachedCode(bytes, options, entry);
  if (cached !== null) return cached;
  const prepared = prepareModule(bytes, options, "store");
  const code = compileFunctions(prepared.plan, prepared.options);
  entry?.save(storedCode(prepared, code));
  return code;
}
