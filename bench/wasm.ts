/**
 * `node bench/wasm.ts [NAME…]`: how fast real Wasm modules are decoded and validated, and in how much memory,
 * beside the host's own `WebAssembly.validate` and wasm-tools in the same run.
 *
 * Every module is measured in a process of its own: the first time (cold code), then, after warming up, the
 * mean over half a second; V8 and we take turns. Rates are megabytes of module a second of this thread's CPU
 * time, so that a busy machine counts less; its clock is coarse, hence the mean and not the median. Memory is the peak of a process that decodes and validates once, less
 * that of one that only loads the code and the module; it is given as a multiple of the module, which itself
 * is not in it. V8 validates on all cores unless told otherwise, so it is told (`--single-threaded`).
 *
 * wasm-tools, here compiled to Wasm, offers no validation by itself: what is measured is its `print`, which
 * decodes and writes text, once.
 */
import { spawnSync } from "node:child_process";
import { decodeAndValidate, decodeModule, encodeModule } from "../src/wasm/index.ts";
import { REAL_MODULES, type RealModule, readRealModule } from "../test/wasm/real-modules.ts";

const BUDGET_MS = 500;
const TURNS = 5;
const MB = 1e6;

interface Measured {
  readonly bytes: number;
  readonly coldMs: number;
  readonly warmMs: number;
  readonly decodeMs: number;
  readonly encodeMs: number;
  readonly hostMs: number;
}

const host = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } }).WebAssembly;

/** This thread's CPU time, so that a busy machine does not count. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The mean time of `run` over one turn. */
function meanMs(run: () => unknown): number {
  const start = cpuMs();
  let runs = 0;
  let spent = 0;
  do {
    run();
    runs++;
    spent = cpuMs() - start;
  } while (spent < BUDGET_MS / TURNS);
  return spent / runs;
}

/** In the child: all times of one module. */
function measure(bytes: Uint8Array): Measured {
  const start = cpuMs();
  const module = decodeAndValidate(bytes);
  const coldMs = cpuMs() - start;
  const tasks = [
    () => decodeAndValidate(bytes),
    () => decodeModule(bytes),
    () => encodeModule(module),
    () => host.validate(bytes),
  ];
  for (const task of tasks) meanMs(task);
  const sums = tasks.map(() => 0);
  for (let turn = 0; turn < TURNS; turn++) {
    tasks.forEach((task, i) => {
      sums[i]! += meanMs(task) / TURNS;
    });
  }
  const [warmMs, decodeMs, encodeMs, hostMs] = sums as [number, number, number, number];
  return { bytes: bytes.length, coldMs, warmMs, decodeMs, encodeMs, hostMs };
}

async function printMs(bytes: Uint8Array): Promise<number> {
  const { print } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  await print(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const start = cpuMs();
  await print(bytes);
  return cpuMs() - start;
}

/** In the child: does `task` to one module and answers with one line of JSON. */
async function child(task: string, name: string): Promise<void> {
  const bytes = readRealModule(REAL_MODULES.find((module) => module.name === name)!)!;
  let answer: unknown = null;
  if (task === "measure") answer = measure(bytes);
  else if (task === "print") answer = await printMs(bytes);
  else {
    // Kept until the peak is read.
    const kept = task === "once" ? decodeAndValidate(bytes) : null;
    answer = process.resourceUsage().maxRSS * 1024 + (kept === null ? 0 : Math.min(kept.types.length, 0));
  }
  process.stdout.write(JSON.stringify(answer));
}

function ask<T>(task: string, name: string): T | null {
  const args = ["--single-threaded", import.meta.filename, "--child", task, name];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 1 << 20 });
  return status === 0 ? (JSON.parse(stdout) as T) : null;
}

/** The least of three peaks, since what else the process does only adds. */
function peak(task: string, name: string): number {
  return Math.min(...[0, 1, 2].map(() => ask<number>(task, name) ?? Number.POSITIVE_INFINITY));
}

function row(real: RealModule): string[] | null {
  const figures = ask<Measured>("measure", real.name);
  if (figures === null) return null;
  const rate = (ms: number): string => (figures.bytes / MB / (ms / 1000)).toFixed(1);
  const printed = ask<number>("print", real.name);
  const memory = (peak("once", real.name) - peak("idle", real.name)) / figures.bytes;
  return [
    real.name,
    (figures.bytes / MB).toFixed(2),
    rate(figures.coldMs),
    rate(figures.warmMs),
    rate(figures.decodeMs),
    rate(figures.encodeMs),
    rate(figures.hostMs),
    printed === null ? "fails" : rate(printed),
    `${Math.max(memory, 0).toFixed(1)}x`,
  ];
}

const HEADS = ["module", "MB", "cold", "warm", "decode", "encode", "V8", "wasm-tools", "memory"];

function table(rows: readonly (readonly string[])[]): string {
  const widths = HEADS.map((_, i) => Math.max(...rows.map((cells) => cells[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return rows.map(line).join("\n");
}

if (process.argv[2] === "--child") {
  await child(process.argv[3]!, process.argv[4]!);
} else {
  const wanted = process.argv.slice(2);
  const chosen = REAL_MODULES.filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  );
  const rows = chosen.filter((real) => readRealModule(real) !== null).flatMap((real) => [row(real) ?? []]);
  console.log(
    "MB/s: decode and validate (cold, warm), decode only, encode only, V8's validate, wasm-tools' print",
  );
  console.log(table([HEADS, ...rows.filter((cells) => cells.length > 0)]));
}
