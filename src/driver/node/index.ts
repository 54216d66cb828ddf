/**
 * What compiling gains on Node: a cache in files, and threads. Only `../on-node.ts` imports this, and gives it to others only on Node; the
 * package's `browser` field takes it out of what is bundled for anything else.
 */
export { type DiskCacheOptions, diskCache } from "./disk-cache.ts";
export { compileInThreads, defaultJobs, hasThreads, type ThreadOptions } from "./threads.ts";
