/**
 * `node bench/compile.ts [NAME…]`: how fast real modules are compiled to modules without garbage collection, and in how much memory.
 *
 * Every module is compiled for a store, in a process of its own: once with cold code, then, after warming up, several times, of
 * which the median counts. Time is the CPU time of the main thread, so that a busy machine counts less; V8 collects its garbage
 * and compiles on that thread, too (`--single-threaded`). Memory is the peak of a process that compiles once, less that of one
 * that has only loaded the code and the module.
 */
import { spawnSync } from "node:child_process";
import { compileCode } from "../src/driver/compile.ts";
import type { CompiledCode } from "../src/link/compiled-code.ts";
import { decodeModule } from "../src/wasm/index.ts";
import { REAL_MODULES, type RealModule, readRealModule } from "../test/wasm/real-modules.ts";
import { calibrate, threadMs } from "./calibration.ts";
import { markdownTable } from "./markdown-table.ts";
import { median } from "./statistics.ts";

const WARM_UP_MS = 3000;
const BUDGET_MS = 2000;
const MIN_RUNS = 3;
const MB = 1e6;

interface Measured {
  readonly bytes: number;
  readonly functions: number;
  readonly coldMs: number;
  readonly warmMs: number;
  /** Bytes of function bodies, before and after. */
  readonly codeBefore: number;
  readonly codeAfter: number;
  readonly stepNs: number;
}

function timed(run: () => unknown): number {
  const start = threadMs();
  run();
  return threadMs() - start;
}

/** Times of several runs, until they have taken that long together. */
function times(run: () => unknown, budgetMs: number): number[] {
  const found: number[] = [];
  let spent = 0;
  while (spent < budgetMs || found.length < MIN_RUNS) {
    found.push(timed(run));
    spent += found.at(-1)!;
  }
  return found;
}

function codeBytes({ bodies, initializers }: CompiledCode): number {
  return [...bodies, ...initializers].reduce((sum, body) => sum + body.bytes.length, 0);
}

/** In the child: all figures of one module but memory. */
function measure(bytes: Uint8Array): Measured {
  const { code } = decodeModule(bytes);
  let codeBefore = 0;
  for (let i = 0; i < code.starts.length; i++) codeBefore += code.ends.get(i) - code.starts.get(i);
  const compile = (): CompiledCode => compileCode(bytes);
  const coldMs = timed(compile);
  times(compile, WARM_UP_MS);
  const warmMs = median(times(compile, BUDGET_MS));
  const functions = code.starts.length;
  const codeAfter = codeBytes(compile());
  return { bytes: bytes.length, functions, coldMs, warmMs, codeBefore, codeAfter, stepNs: calibrate() };
}

/** In the child: does `task` to one module and answers with one line of JSON. */
function child(task: string, name: string): void {
  const bytes = readRealModule(REAL_MODULES.find((module) => module.name === name)!)!;
  let answer: unknown;
  if (task === "measure") answer = measure(bytes);
  else {
    // Kept until the peak is read.
    const kept = task === "once" ? compileCode(bytes) : null;
    const peak = process.resourceUsage().maxRSS * 1024;
    answer = kept !== null && kept.bodies.length === 0 ? 0 : peak;
  }
  process.stdout.write(JSON.stringify(answer));
}

function ask<T>(task: string, name: string): T | null {
  const args = ["--single-threaded", import.meta.filename, "--child", task, name];
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return status === 0 ? (JSON.parse(stdout) as T) : null;
}

/** The least of three peaks, since what else the process does only adds. */
function peak(task: string, name: string): number {
  return Math.min(...[0, 1, 2].map(() => ask<number>(task, name) ?? Number.POSITIVE_INFINITY));
}

function row({ name, maker }: RealModule): { readonly cells: string[]; readonly stepNs: number } | null {
  const figures = ask<Measured>("measure", name);
  if (figures === null) return null;
  const { bytes, functions, coldMs, warmMs, codeBefore, codeAfter, stepNs } = figures;
  const memory = peak("once", name) - peak("load", name);
  const cells = [
    name,
    maker,
    (bytes / MB).toFixed(2),
    String(functions),
    coldMs.toFixed(0),
    warmMs.toFixed(0),
    (bytes / MB / (warmMs / 1000)).toFixed(2),
    (memory / MB).toFixed(0),
    `${(memory / bytes).toFixed(0)}×`,
    (codeBefore / 1000).toFixed(0),
    (codeAfter / 1000).toFixed(0),
    (codeAfter / codeBefore).toFixed(2),
  ];
  return { cells, stepNs };
}

const HEAD = [
  "module",
  "made by",
  "MB",
  "functions",
  "cold ms",
  "warm ms",
  "MB/s",
  "peak MB",
  "of input",
  "code kB",
  "compiled kB",
  "ratio",
];

function main(names: readonly string[]): void {
  const wanted = REAL_MODULES.filter(({ name }) => names.length === 0 || names.includes(name));
  const rows = wanted.flatMap((module) => {
    if (readRealModule(module) === null) return [];
    return row(module) ?? [];
  });
  const steps = rows.map(({ stepNs }) => stepNs);
  process.stdout.write(
    markdownTable(
      HEAD,
      rows.map(({ cells }) => cells),
      2,
    ),
  );
  if (steps.length > 0)
    process.stdout.write(`\nCalibration kernel: ${median(steps).toFixed(2)} ns a step.\n`);
}

const [first, ...rest] = process.argv.slice(2);
if (first === "--child") child(rest[0]!, rest[1]!);
else main(first === undefined ? [] : [first, ...rest]);
