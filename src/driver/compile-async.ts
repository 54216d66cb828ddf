/**
 * Compiling for those who can wait: in threads where that is quicker and the host has them, otherwise as `compile.ts` does. What comes
 * out is the same.
 */

import { wrongOption } from "../base/wrong-option.ts";
import type { CompiledCode } from "../link/compiled-code.ts";
import type { LinkedModule } from "../link/output-module.ts";
import type { OutputMode } from "../link/plan.ts";
import { type CodeCache, cachedCode, cacheEntryLater, keptCode } from "./code-cache.ts";
import { type CodeOptions, type CompileOptions, linkCompiled } from "./compile.ts";
import { compileFunctions } from "./compile-functions.ts";
import { nodeOnly } from "./on-node.ts";
import { type PreparedModule, type PrepareOptions, prepareModule } from "./prepare.ts";

export interface AsyncOptions {
  /** How many threads compile, 64 at most; by the size of the module and the number of processors unless it is given. */
  readonly jobs?: number;
  /** Called now and then, by threads, with the number of functions that are done, of how many. */
  readonly progress?: (done: number, of: number) => void;
}

/** Options as they were given, or not. */
type Given<T> = { readonly [Name in keyof T]: T[Name] | undefined };

/**
 * Below it, one thread is as quick: a worker needs 130 ms of a processor to load the compiler, and the engine optimises that anew.
 */
const THREADS_FROM_BYTES = 1 << 19;

/** Each has a compiler of its own in memory. */
export const MOST_JOBS = 64;

/** As `compile`. */
export async function compileAsync(
  bytes: Uint8Array,
  options: CompileOptions & AsyncOptions = {},
): Promise<Uint8Array> {
  return (await compileLinked(bytes, options)).bytes;
}

/** The module, and where its code comes from if the options say to keep that. */
export async function compileLinked(
  bytes: Uint8Array,
  { jobs, progress, ...options }: CompileOptions & AsyncOptions = {},
): Promise<LinkedModule> {
  const { prepared, code } = await compileEither(bytes, options, { jobs, progress }, "standalone");
  return linkCompiled(prepared, code, options);
}

/** As `compileCode`, or what was compiled before. */
export async function compileCodeAsync(
  bytes: Uint8Array,
  { jobs, progress, ...options }: CodeOptions & AsyncOptions = {},
  cache: CodeCache | null = null,
): Promise<CompiledCode> {
  const entry = await cacheEntryLater(bytes, options, cache);
  const cached = cachedCode(bytes, options, entry);
  if (cached !== null) return cached;
  const { prepared, code } = await compileForStore(bytes, options, { jobs, progress });
  return keptCode(prepared, code, entry);
}

/** Code for a store, and what is stored with it. */
export function compileForStore(
  bytes: Uint8Array,
  options: CodeOptions,
  how: Given<AsyncOptions>,
): Promise<Compiled> {
  return compileEither(bytes, options, how, "store");
}

interface Compiled {
  readonly prepared: PreparedModule;
  readonly code: CompiledCode;
}

async function compileEither(
  bytes: Uint8Array,
  options: PrepareOptions,
  { jobs, progress }: Given<AsyncOptions>,
  mode: OutputMode,
): Promise<Compiled> {
  const { observers = [], ...others } = options;
  if (jobs !== undefined) requireJobs(jobs);
  const isAlone =
    observers.length > 0 || jobs === 1 || (jobs === undefined && bytes.length < THREADS_FROM_BYTES);
  const node = isAlone ? null : nodeOnly();
  const count = jobs ?? node?.defaultJobs() ?? 1;
  if (node?.hasThreads() === true && count > 1) {
    const progressing = progress === undefined ? {} : { progress };
    return await node.compileInThreads(bytes, { ...others, jobs: count, ...progressing }, mode);
  }
  const prepared = prepareModule(bytes, options, mode);
  return { prepared, code: compileFunctions(prepared.plan, prepared.options) };
}

/** Throws a `TypeError` or a `RangeError` for what is no number of threads. */
function requireJobs(jobs: unknown): void {
  if (typeof jobs !== "number") throw new TypeError(wrongOption("jobs", "a number", jobs));
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= MOST_JOBS) return;
  throw new RangeError(wrongOption("jobs", `a whole number from 1 to ${MOST_JOBS}`, jobs));
}
