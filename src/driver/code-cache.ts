/**
 * Where compiled code is kept from one program to the next. What keeps it is elsewhere: of Node `node/disk-cache.ts`, of a page
 * `../embed/page-cache.ts`.
 */

import type { CompiledCode, KeptBytes } from "../link/compiled-code.ts";
import type { ObjectCode } from "../object/object-code.ts";
import type { CodeOptions } from "./compile.ts";
import { compileFunctions } from "./compile-functions.ts";
import { type PreparedModule, prepareModule } from "./prepare.ts";
import { settingsText } from "./recorded-settings.ts";
import {
  objectOf,
  type RestoredPlan,
  restoredCode,
  restoredObject,
  restoredPlan,
  storedCode,
} from "./stored-code.ts";

export interface CodeCache {
  /** The place for a module's code under these settings; null for one that is not worth a place. */
  entry(bytes: Uint8Array, settings: string): CacheEntry | null;
  /** The same for those who can wait, where that finds more. */
  entryLater?(bytes: Uint8Array, settings: string): Promise<CacheEntry | null>;
}

export interface CacheEntry extends KeptBytes {
  /**
   * A second place, for the code as it was linked; there are those that have none. One object for one place, since only the first instance of
   * a program uses it.
   */
  readonly link?: KeptBytes;
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
  if (stored === null) return null;
  const link = entry?.link;
  // Without a second place it is linked for certain, and wanted whole.
  if (link === undefined) return restoredCode(bytes, options, stored);
  const found = restoredPlan(bytes, options, stored);
  return found === null ? null : new KeptCode(found, link);
}

/** Code that is read when somebody links it, which nobody does where a link was kept, too. */
class KeptCode implements CompiledCode {
  readonly link: KeptBytes;
  private readonly found: RestoredPlan;
  private object: ObjectCode | null;

  constructor(found: RestoredPlan, link: KeptBytes) {
    this.link = link;
    this.found = found;
    this.object = null;
  }

  get plan(): CompiledCode["plan"] {
    return this.found.prepared.plan;
  }

  get symbols(): CompiledCode["symbols"] {
    return this.read().symbols;
  }

  get bodies(): CompiledCode["bodies"] {
    return this.read().bodies;
  }

  get initializers(): CompiledCode["initializers"] {
    return this.read().initializers;
  }

  /** What was stored, or, where that cannot be read, the same compiled again. */
  private read(): ObjectCode {
    const { plan, options } = this.found.prepared;
    this.object ??= restoredObject(this.found) ?? objectOf(compileFunctions(plan, options));
    return this.object;
  }
}

/** Code that was just compiled, and is kept. */
export function keptCode(
  prepared: PreparedModule,
  code: CompiledCode,
  entry: CacheEntry | null,
): CompiledCode {
  if (entry === null) return code;
  entry.save(storedCode(prepared, code));
  return entry.link === undefined ? code : { ...code, link: entry.link };
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
  return keptCode(prepared, code, entry);
}
