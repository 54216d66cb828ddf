/** A cache of compiled code for `compile` and `createWebAssembly`, on hosts that have a place for it. */

import { NUMBER, type OptionNames, requireOptions, TEXT } from "../base/wrong-option.ts";
import type { CodeCache } from "../driver/code-cache.ts";
import { nodeOnly } from "../driver/on-node.ts";
import { environment } from "./environment.ts";
import { pageCache } from "./page-cache.ts";

export interface CacheOptions {
  /** Where the files are, on Node; the user's own folder for caches unless it is given. */
  readonly folder?: string;
  /** What is kept may take so many bytes: 256 MiB in files, 128 MiB in a page, unless it is given. */
  readonly maxBytes?: number;
  /**
   * In a page, which build of the code this is: what another one compiled is not taken. The polyfill's own bundle knows; somebody else's, with
   * the compiler in it, has to tell, by a hash of itself or the like.
   */
  readonly build?: string;
}

const CACHE_OPTIONS: OptionNames<CacheOptions> = { folder: TEXT, maxBytes: NUMBER, build: TEXT };

/** In the polyfill's bundle a string stands for it (`tools/bundle.ts`); elsewhere there is nothing of that name. */
declare const COMPILER_BUILD: string | undefined;

/**
 * Opens the cache, in files on Node from 20.16 (`../driver/node/disk-cache.ts`), and of a page in its origin's storage
 * (`page-cache.ts`). Null on other hosts, where the environment says `SPILLWAY_CACHE=off`, and in a page whose build is not known.
 */
export function openCache(options: CacheOptions = {}): CodeCache | null {
  requireOptions(options, CACHE_OPTIONS, "openCache");
  const { build = ownBuild(), ...others } = options;
  if (environment()["SPILLWAY_CACHE"] === "off") return null;
  const node = nodeOnly();
  if (node !== null) return node.diskCache(others);
  const { maxBytes } = others;
  return build === null ? null : pageCache({ build, ...(maxBytes === undefined ? {} : { maxBytes }) });
}

function ownBuild(): string | null {
  return typeof COMPILER_BUILD === "string" ? COMPILER_BUILD : null;
}

/** The same, opened when the first module is compiled: a program that compiles none does not pay for it. */
export function cacheOnDemand(): CodeCache {
  let opened: CodeCache | null | undefined;
  const cache = (): CodeCache | null => {
    if (opened === undefined) opened = openCache();
    return opened;
  };
  return {
    entry: (bytes, settings) => cache()?.entry(bytes, settings) ?? null,
    entryLater: async (bytes, settings) => {
      const found = cache();
      return (await found?.entryLater?.(bytes, settings)) ?? found?.entry(bytes, settings) ?? null;
    },
  };
}
