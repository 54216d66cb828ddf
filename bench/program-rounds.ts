/**
 * Measures one program and prints the result as JSON: started by `run-programs.ts`, once a program, in a process of its own.
 *
 * The program is compiled natively by the engine, and lowered by this compiler with each collector and for several targets
 * (`VARIANTS`). All run in turn, round after round in one process, in an order that rotates; a round's times are compared with
 * each other only. Time is the CPU time of the main thread, which other work on the machine disturbs less than time on the clock;
 * the system counts it in steps of some milliseconds, so a round makes a batch of runs of each. What the engine's collector
 * and compiler do on other threads is not in it, to the engine's credit.
 *
 * Code is warmed up first, by many short calls and then by as many full ones as a time takes: the engine compiles functions
 * again when they have run for a while, in the background, and a function on the stack is not replaced. Collectors that leave
 * garbage, all or in cycles, have a new instance each batch, made outside the measured time.
 */
import { compile } from "../src/driver/compile.ts";
import type { TargetName } from "../src/driver/targets.ts";
import { type CollectorName, collectorModule } from "../src/runtime/collectors.ts";
import { decodeModule } from "../src/wasm/decode.ts";
import { DEFAULT_FEATURES } from "../src/wasm/features.ts";
import type { Module } from "../src/wasm/module.ts";
import { textToBinary } from "../src/wast/index.ts";
import { calibrate, threadMs } from "./calibration.ts";
import { type Program, programText } from "./programs.ts";
import { median } from "./statistics.ts";
import { type Statistics, withStatistics } from "./with-statistics.ts";

export interface RoundsSpec {
  readonly program: Program;
  readonly rounds: number;
}

/** A way to lower a program; what is not said is the default. */
interface Variant {
  readonly name: string;
  readonly collector?: CollectorName;
  readonly target?: TargetName;
  /** Leaves garbage. */
  readonly leaks?: boolean;
}

/** The first is what the other figures are of. */
export const VARIANTS: readonly Variant[] = [
  { name: "copying" },
  { name: "generational", collector: "generational" },
  { name: "drc", collector: "drc", leaks: true },
  { name: "null", collector: "null", leaks: true },
  { name: "mvp", target: "mvp" },
  { name: "wasm2", target: "wasm2" },
  { name: "wasm3.0-nogc", target: "wasm3.0-nogc" },
];

/** What one program gave. Times are medians in milliseconds, ratios medians of the rounds' own. */
export interface ProgramResult {
  readonly nativeMs: number;
  readonly copyingMs: number;
  /** To native, in the order of `VARIANTS`. */
  readonly ratios: readonly number[];
  /** By the copying collector, a run. */
  readonly collections: number;
  readonly bytesAllocated: number;
  readonly bytesCopied: number;
  /** Of the copying collector's memory, at the end. */
  readonly memoryBytes: number;
  readonly nativeBytes: number;
  /** With the copying collector's own `runtimeBytes`. */
  readonly loweredBytes: number;
  readonly runtimeBytes: number;
  readonly compileMs: number;
  readonly checksum: number;
  readonly calibrationNs: number;
  /** The lowered module (copying), in base64, for another engine to run. */
  readonly lowered: string;
}

/** A batch takes the native program about this long, in milliseconds. */
const BATCH_MS = 40;
const MAX_BATCH = 20;
const WARM_CALLS = 300;
const WARM_MS = 700;
const COMPILES = 15;

type Run = (size: number) => number;

interface HostWebAssembly {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const { Module: HostModule, Instance } = (globalThis as unknown as { readonly WebAssembly: HostWebAssembly })
  .WebAssembly;

if (import.meta.main) {
  process.stdout.write(`${JSON.stringify(await measure(JSON.parse(process.argv[2]!) as RoundsSpec))}\n`);
}

async function measure({ program, rounds }: RoundsSpec): Promise<ProgramResult> {
  const native = await textToBinary(programText(program.name));
  const lowered = compile(native);
  const copying = withStatistics(lowered, "copying");
  const copyingExports = new Instance(new HostModule(copying)).exports as Statistics & { readonly run: Run };
  const nativeRun = runOf(new HostModule(native));
  const checksum = nativeRun(program.size);
  const others = VARIANTS.slice(1).map((variant) => candidateOf(native, variant));
  const candidates = [() => nativeRun, () => copyingExports.run, ...others];
  warmUp(program, candidates);
  const batch = Math.min(MAX_BATCH, Math.ceil(BATCH_MS / quickestMs(program, nativeRun)));
  const before = statisticsOf(copyingExports);
  const times = interleave({ program, checksum, rounds, batch, candidates });
  const after = statisticsOf(copyingExports);
  const runs = rounds * batch;
  const [nativeMs, ...loweredMs] = times as [number[], ...number[][]];
  return {
    nativeMs: median(nativeMs),
    copyingMs: median(loweredMs[0]!),
    ratios: loweredMs.map((variant) => median(variant.map((ms, i) => ms / nativeMs[i]!))),
    collections: (after.collections - before.collections) / runs,
    bytesAllocated: (after.bytesAllocated - before.bytesAllocated) / runs,
    bytesCopied: (after.bytesCopied - before.bytesCopied) / runs,
    memoryBytes: copyingExports.memory?.buffer.byteLength ?? 0,
    nativeBytes: codeBytes(native),
    loweredBytes: codeBytes(lowered),
    runtimeBytes: copyingExports.memory === undefined ? 0 : codeBytesOf(collectorModule("copying")),
    compileMs: compileMs(native),
    checksum,
    calibrationNs: calibrate(),
    lowered: Buffer.from(lowered).toString("base64"),
  };
}

function candidateOf(native: Uint8Array, { name: _, leaks = false, ...options }: Variant): () => Run {
  const module = new HostModule(compile(native, options));
  const kept = runOf(module);
  return () => (leaks ? runOf(module) : kept);
}

function runOf(module: object): Run {
  return (new Instance(module).exports as { readonly run: Run }).run;
}

/** All in turn, first with small arguments, so that also a function that is called once a run is called often. */
function warmUp(program: Program, candidates: readonly (() => Run)[]): void {
  for (const candidate of candidates) {
    const run = candidate();
    for (let i = 0; i < WARM_CALLS; i++) run(program.testSize);
  }
  const start = performance.now();
  while (performance.now() - start < WARM_MS * candidates.length) {
    for (const candidate of candidates) candidate()(program.size);
  }
}

/** On the clock, so that one run can be timed. */
function quickestMs(program: Program, run: Run): number {
  let quickest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    run(program.size);
    quickest = Math.min(quickest, performance.now() - start);
  }
  return quickest;
}

interface Rounds {
  readonly program: Program;
  readonly checksum: number;
  readonly rounds: number;
  /** Runs a round, of each candidate. */
  readonly batch: number;
  readonly candidates: readonly (() => Run)[];
}

/** Milliseconds a run of each candidate, by round. Throws when a checksum is not the native one. */
function interleave({ program, checksum, rounds, batch, candidates }: Rounds): number[][] {
  const times: number[][] = candidates.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const which = (round + turn) % candidates.length;
      const run = candidates[which]!();
      let wrong = 0;
      const start = threadMs();
      for (let i = 0; i < batch; i++) wrong |= run(program.size) ^ checksum;
      times[which]!.push((threadMs() - start) / batch);
      if (wrong !== 0) throw new Error(`${program.name}: another checksum than natively`);
    }
  }
  return times;
}

/** Compile time with warm code. */
function compileMs(native: Uint8Array): number {
  const times: number[] = [];
  for (let i = 0; i < COMPILES * 2; i++) {
    const start = performance.now();
    compile(native);
    if (i >= COMPILES) times.push(performance.now() - start);
  }
  return median(times);
}

/** Bytes of functions, local declarations included. */
function codeBytes(bytes: Uint8Array): number {
  return codeBytesOf(decodeModule(bytes, DEFAULT_FEATURES));
}

function codeBytesOf({ code }: Module): number {
  let sum = 0;
  for (let i = 0; i < code.starts.length; i++) sum += code.ends.get(i) - code.starts.get(i);
  return sum;
}

interface Counts {
  readonly collections: number;
  readonly bytesAllocated: number;
  readonly bytesCopied: number;
}

function statisticsOf({ collections, bytesAllocated, bytesCopied }: Statistics): Counts {
  return {
    collections: collections?.value ?? 0,
    bytesAllocated: Number(bytesAllocated?.value ?? 0),
    bytesCopied: Number(bytesCopied?.value ?? 0),
  };
}
