/** A cache of compiled code for `compile` and `createWebAssembly`, on hosts that have a place for it. */
import { type OptionNames, requireOptions } from "../base/wrong-option.ts";
import type { CodeCache } from "../driver/code-cache.ts";
import { nodeOnly } from "../driver/on-node.ts";

export interface CacheOptions {
  /** Where the files are; the user's own folder for caches unless it is given. */
  readonly folder?: string;
  /** What they may take together: 256 MiB unless it is given. */
  readonly maxBytes?: number;
}

const CACHE_OPTIONS: OptionNames<CacheOptions> = { folder: true, maxBytes: true };

/**
 * Opens the cache, in files on Node from 20.16 (`../driver/node/disk-cache.ts`). Null on other hosts, and where the environment says
 * `SPILLWAY_CACHE=off`.
 */
export function openCache(options: CacheOptions = {}): CodeCache | null {
  requireOptions(options, CACHE_OPTIONS, "openCache");
  return nodeOnly()?.diskCache(options) ?? null;
}

/** The same, opened when the first module is compiled: a program that compiles none does not pay for it. */
export function cacheOnDemand(): CodeCache {
  let opened: CodeCache | null | undefined;
  return {
    entry: (bytes, settings) => {
      if (opened === undefined) opened = openCache();
      return opened?.entry(bytes, settings) ?? null;
    },
  };
}
