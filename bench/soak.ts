/**
 * `node bench/soak.ts [--collector NAME] [--seconds N] [--max-heap BYTES]`: minutes of churn through a small heap.
 *
 * Runs the compiled `soak.wat` in short steps, and reports how the memory grew and how long the collector held the program up. A step's
 * pause is what it took longer than the median step without a collection; steps are short, so what several collections
 * in one step take is a pause too. A wrong object ends the program with a trap.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compile } from "../src/driver/compile.ts";
import { COLLECTOR_NAMES, type CollectorName } from "../src/runtime/collectors.ts";
import { textToBinary } from "../src/wast/index.ts";
import { type Statistics, withStatistics } from "./with-statistics.ts";

const ROUNDS_PER_STEP = 20;
/** Steps until every list is there and code is compiled. */
const WARM_STEPS = 30_000;
const MEGABYTE = 1 << 20;

type Exports = Statistics & { run(rounds: number): number };
interface HostWebAssembly {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}
const host = (globalThis as unknown as { readonly WebAssembly: HostWebAssembly }).WebAssembly;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      collector: { type: "string", default: "copying" },
      seconds: { type: "string", default: "120" },
      "max-heap": { type: "string", default: String(64 * MEGABYTE) },
    },
  });
  const collector = COLLECTOR_NAMES.find((name) => name === values.collector);
  if (collector === undefined) throw new Error(`no collector ${values.collector}: ${COLLECTOR_NAMES.join()}`);
  const program = await load(collector, Number(values["max-heap"]));
  for (let i = 0; i < WARM_STEPS; i++) program.run(ROUNDS_PER_STEP);
  soak(program, collector, Number(values.seconds));
}

async function load(collector: CollectorName, maxHeapBytes: number): Promise<Exports> {
  const text = readFileSync(join(import.meta.dirname, "soak.wat"), "utf8");
  const compiled = compile(await textToBinary(text), { collector, maxHeapBytes });
  const module = new host.Module(withStatistics(compiled, collector));
  return new host.Instance(module).exports as Exports;
}

function soak(program: Exports, collector: CollectorName, seconds: number): void {
  const before = { bytes: program.memory.buffer.byteLength, collections: program.collections.value };
  const allocated = program.bytesAllocated.value;
  const [quiet, held]: [number[], number[]] = [[], []];
  const start = performance.now();
  let now = start;
  while (now - start < seconds * 1000) {
    const { value } = program.collections;
    program.run(ROUNDS_PER_STEP);
    const end = performance.now();
    (program.collections.value === value ? quiet : held).push(end - now);
    now = end;
  }
  quiet.sort((a, b) => a - b);
  const usual = at(quiet, 0.5);
  const pauses = held.map((ms) => Math.max(0, ms - usual)).sort((a, b) => a - b);
  const pausedMs = pauses.reduce((sum, ms) => sum + ms, 0);
  const megabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(1);
  const allocatedBytes = Number(program.bytesAllocated.value - allocated);
  console.log(
    [
      `${collector}: ${seconds} s, ${quiet.length + held.length} steps, ${usual.toFixed(3)} ms the median one`,
      `memory ${megabytes(before.bytes)} MB, at the end ${megabytes(program.memory.buffer.byteLength)} MB`,
      `alive ${megabytes(program.liveBytes.value >>> 0)} MB; allocated ${megabytes(allocatedBytes / seconds)} MB a second`,
      `${program.collections.value - before.collections} collections, ${((100 * pausedMs) / (now - start)).toFixed(1)} % of the time`,
      `pauses: median ${at(pauses, 0.5).toFixed(2)} ms, 99 % ${at(pauses, 0.99).toFixed(2)} ms, worst ${at(pauses, 1).toFixed(2)} ms`,
    ].join("\n  "),
  );
}

function at(sorted: readonly number[], fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0;
}

await main();
