/** A cache of compiled code for `compile` and `createWebAssembly`, on hosts that have a place for it. */
import type { CodeCache } from "../driver/code-cache.ts";
import { loadNodeOnly } from "../driver/on-node.ts";

export interface CacheOptions {
  /** Where the files are; the user's own folder for caches unless it is given. */
  readonly folder?: string;
  /** What they may take together: 256 MiB unless it is given. */
  readonly maxBytes?: number;
}

/**
 * Opens the cache, in files on Node (`../driver/node/disk-cache.ts`). Null on other hosts, and where the environment says
 * `SPILLWAY_CACHE=off`.
 */
export async function openCache(options: CacheOptions = {}): Promise<CodeCache | null> {
  const node = await loadNodeOnly();
  return node === null ? null : node.diskCache(options);
}
