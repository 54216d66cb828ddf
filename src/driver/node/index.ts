/**
 * What compiling gains on Node: a cache in files, threads, and the optimiser's command. Only `../on-node.ts` imports this, and gives it to
 * others only on Node; the package's `browser` field takes it out of what is bundled for anything else.
 */
export { type DiskCacheOptions, diskCache } from "./disk-cache.ts";
export { compileInThreads, defaultJobs, hasThreads, type ThreadOptions } from "./threads.ts";

/** What only `-O` needs, and what it stands on, is loaded when it is asked for. */
export async function loadOptimizer(): Promise<typeof import("./optimize-mapped.ts")> {
  return await import("./optimize-mapped.ts");
}
