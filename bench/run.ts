/**
 * `npm run bench`: how fast parser, printer, verifier, SSA construction and spiller are, and how much memory they take,
 * beside native Cranelift.
 *
 * Every case runs in a process of its own (`measure.ts`). The table gives nanoseconds an instruction (median), the ratio
 * to native where there is a figure, and the peak memory net of a process that only loads the code. Below it: how flat
 * the time an instruction is from 10,000 to 1,000,000 instructions, and the calibration kernel's time, by which figures
 * of different machines, or of a busy and a quiet one, can be compared.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import ora from "ora";
import { InputError } from "../src/base/diagnostics.ts";
import { parseFunctions } from "../src/text/index.ts";
import { markdownTable } from "./markdown-table.ts";
import type { Measured, MeasuredIdle } from "./measure.ts";
import { NATIVE, nativeFigure, nativeSpill } from "./native-baseline.ts";
import { SHAPES } from "./shapes.ts";
import { type CaseSpec, STAGES } from "./stages.ts";

const SIZES = [1000, 10_000, 100_000, 1_000_000];
const LIVES = [16, 256, 4096];
/** Live references where only the size matters. */
const DEFAULT_LIVE = 16;
const BUDGET_MS = 400;
const HEAP_MB = 12_000;
const CORPUS = join(import.meta.dirname, "..", "..", "shared", "parity", "cat", "cat-dev.jsonl");
const MB = 1e6;

interface Options {
  readonly stage?: string[];
  readonly shape?: string[];
  readonly size?: string[];
  readonly live?: string[];
  readonly json?: boolean;
}

interface Result extends Measured {
  readonly spec: CaseSpec;
  readonly nsPerInst: number;
  /** Our time over native time. */
  readonly ratio: number | null;
  /** Peak memory net of an idle process. */
  readonly netBytes: number;
  readonly nativePeakMb: number | null;
}

const command = new Command("bench")
  .description("Measure parser, printer, verifier, SSA construction and spiller beside native Cranelift.")
  .option("--stage <name...>", `only these: ${STAGES.join(", ")}`)
  .option("--shape <name...>", `only these: ${SHAPES.join(", ")}, switch4 … switch4096, corpus`)
  .option("--size <n...>", `only these numbers of instructions: ${SIZES.join(", ")}`)
  .option("--live <n...>", `only these numbers of live references: ${LIVES.join(", ")}`)
  .option("--json", "print one JSON document instead of the table")
  .action(main);
command.parse();

function main(options: Options): void {
  const folder = mkdtempSync(join(tmpdir(), "spillway-bench-"));
  try {
    const cases = allCases(folder).filter((spec) => selected(spec, options));
    if (cases.length === 0) command.error("no case is selected");
    const results = measureAll(cases);
    process.stdout.write(options.json === true ? jsonText(results) : tableText(results));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function allCases(folder: string): CaseSpec[] {
  const cases: CaseSpec[] = [];
  for (const stage of STAGES) {
    if (stage === "spill") cases.push(...spillCases());
    else {
      for (const shape of SHAPES) {
        for (const n of SIZES) cases.push({ stage, shape, n, live: DEFAULT_LIVE, budgetMs: BUDGET_MS });
      }
      const corpus = stage === "ssa" ? null : corpusFile(folder);
      if (corpus !== null) cases.push({ stage, shape: "corpus", n: 0, live: 0, corpus, budgetMs: BUDGET_MS });
    }
  }
  return cases;
}

/** Where native Cranelift was measured, and, where it took too long or too much memory, the cases it failed. */
function spillCases(): CaseSpec[] {
  const cases: CaseSpec[] = [];
  for (const shape of SHAPES) {
    for (const live of LIVES) {
      for (const n of SIZES) {
        const measured = nativeSpill({ shape, n, live }) !== undefined;
        if (measured || (live <= 256 && n >= 10_000)) {
          cases.push({ stage: "spill", shape, n, live, budgetMs: BUDGET_MS });
        }
      }
    }
  }
  for (const { shape, n, live } of NATIVE.spiller) {
    if (/^switch\d/.test(shape)) cases.push({ stage: "spill", shape, n, live, budgetMs: BUDGET_MS });
  }
  return cases;
}

/** The texts of upstream's filetests in one file, or `null` where they are not beside the checkout. */
function corpusFile(folder: string): string | null {
  if (!existsSync(CORPUS)) return null;
  const path = join(folder, "corpus.clif");
  if (!existsSync(path)) {
    const lines = readFileSync(CORPUS, "utf8").trim().split("\n");
    const texts = lines.flatMap((line) => (JSON.parse(line) as { functions: string[] }).functions);
    writeFileSync(path, texts.filter(parses).join("\n"));
  }
  return path;
}

/** Two of the texts that upstream prints cannot be read again, by upstream either. */
function parses(text: string): boolean {
  try {
    return parseFunctions(text).length === 1;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

function selected(spec: CaseSpec, options: Options): boolean {
  const admits = (wanted: string[] | undefined, value: string | number): boolean =>
    wanted === undefined || wanted.includes(String(value));
  return (
    admits(options.stage, spec.stage) &&
    admits(options.shape, spec.shape) &&
    admits(options.size, spec.n) &&
    admits(options.live, spec.live)
  );
}

function measureAll(cases: readonly CaseSpec[]): Result[] {
  const idle = (child({ stage: "idle" }) as MeasuredIdle | null)?.peakBytes ?? 0;
  const results: Result[] = [];
  const progress = ora({ isEnabled: process.stderr.isTTY === true && process.stderr.columns > 0 }).start();
  cases.forEach((spec, i) => {
    progress.text = `${i + 1} of ${cases.length}: ${caseName(spec)}`;
    progress.render();
    const measured = child(spec) as Measured | null;
    if (measured === null) process.stderr.write(`${caseName(spec)}: failed\n`);
    else results.push(resultOf(spec, measured, idle));
  });
  progress.stop();
  return results;
}

function child(spec: CaseSpec | { stage: "idle" }): unknown {
  const script = join(import.meta.dirname, "measure.ts");
  const done = spawnSync(
    process.execPath,
    [`--max-old-space-size=${HEAP_MB}`, script, JSON.stringify(spec)],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  return done.status === 0 ? JSON.parse(done.stdout) : null;
}

function resultOf(spec: CaseSpec, measured: Measured, idleBytes: number): Result {
  const native = nativeFigure(spec);
  const ns = measured.medianMs * 1e6;
  const units = native?.per === "byte" ? measured.bytes : measured.insts;
  return {
    ...measured,
    spec,
    nsPerInst: ns / measured.insts,
    ratio: native === null ? null : ns / units / native.ns,
    netBytes: Math.max(0, measured.peakBytes - idleBytes),
    nativePeakMb: native?.peakMb ?? null,
  };
}

function caseName({ stage, shape, n, live }: CaseSpec): string {
  return shape === "corpus" ? `${stage} corpus` : `${stage} ${shape} ${n} live ${live}`;
}

function jsonText(results: readonly Result[]): string {
  return `${JSON.stringify({ node: process.version, native: NATIVE.source, results }, null, 2)}\n`;
}

function tableText(results: readonly Result[]): string {
  const head = [
    "stage",
    "shape",
    "n",
    "live",
    "insts",
    "ns/inst",
    "MB/s",
    "to native",
    "net MB",
    "native MB",
  ];
  const rows = results.map((result) => [
    result.spec.stage,
    result.spec.shape,
    String(result.spec.n),
    String(result.spec.live),
    String(result.insts),
    result.nsPerInst.toFixed(0),
    result.bytes === 0 ? "" : (result.bytes / 1000 / result.medianMs).toFixed(0),
    result.ratio === null ? "" : `${result.ratio.toFixed(result.ratio < 0.1 ? 3 : 2)}×`,
    (result.netBytes / MB).toFixed(0),
    result.nativePeakMb === null ? "" : String(result.nativePeakMb),
  ]);
  return `${markdownTable(head, rows, 2)}\n${flatnessText(results)}\n${calibrationText(results)}\nNative: ${NATIVE.source}.\n`;
}

/** The slowest time an instruction from 10,000 instructions on, over the fastest, for each stage, shape and live. */
function flatnessText(results: readonly Result[]): string {
  const groups = new Map<string, number[]>();
  for (const { spec, nsPerInst } of results) {
    if (spec.n < 10_000) continue;
    const key = `${spec.stage} ${spec.shape} live ${spec.live}`;
    groups.set(key, [...(groups.get(key) ?? []), nsPerInst]);
  }
  const parts = [...groups].flatMap(([key, times]) =>
    times.length < 2 ? [] : [`${key}: ${(Math.max(...times) / Math.min(...times)).toFixed(2)}`],
  );
  return parts.length === 0
    ? ""
    : `Slowest over fastest from 10,000 instructions on:\n${parts.map((part) => `  ${part}\n`).join("")}`;
}

function calibrationText(results: readonly Result[]): string {
  const times = results.map((result) => result.calibrationNs).sort((a, b) => a - b);
  if (times.length === 0) return "";
  const [low, middle, high] = [times[0]!, times[times.length >> 1]!, times.at(-1)!];
  return `Calibration kernel: ${middle.toFixed(2)} ns a step (${low.toFixed(2)} to ${high.toFixed(2)}), Node ${process.version}.\n`;
}
