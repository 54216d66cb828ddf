/**
 * What compiling gains on Node: a cache in files, threads, and the optimiser's command. Only `../on-node.ts` imports this, and only on Node; the package's
 * `browser` field takes it out of what is bundled for anything else.
 */
export { type DiskCacheOptions, diskCache } from "./disk-cache.ts";
export { optimizeMapped } from "./optimize-mapped.ts";
export { compileInThreads, defaultJobs, hasThreads, type ThreadOptions } from "./threads.ts";
