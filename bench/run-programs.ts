/**
 * `npm run bench:run`: programs that use garbage collection, compiled to core Wasm with their collector, beside the same
 * programs on the engine's own.
 *
 * Every program runs in a process of its own (`program-rounds.ts`), where native and lowered code take turns. A ratio below 1
 * means that the lowered program is the faster one. Where a Node 20 is on the path (an engine without garbage collection),
 * the lowered program also runs there, by itself.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Command } from "commander";
import ora from "ora";
import { markdownTable } from "./markdown-table.ts";
import { type ProgramResult, type RoundsSpec, VARIANTS } from "./program-rounds.ts";
import { PROGRAMS, type Program } from "./programs.ts";
import { geometricMean, median } from "./statistics.ts";

const ROUNDS = 21;
const MB = 1e6;

/** What runs on Node 20: warm-up, then rounds; prints their times and the last checksum. */
const SCRIPT = `
  const [lowered, size, testSize] = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(lowered, "base64"))).exports;
  for (let i = 0; i < 300; i++) run(testSize);
  const times = [];
  let result = 0;
  const cpuMs = () => process.resourceUsage().userCPUTime / 1000 + process.resourceUsage().systemCPUTime / 1000;
  const warm = performance.now();
  while (performance.now() - warm < 700) result = run(size);
  while (times.length < 9) {
    const before = cpuMs();
    let runs = 0;
    while (runs < 3 || cpuMs() - before < 40) runs++, (result = run(size));
    times.push((cpuMs() - before) / runs);
  }
  console.log(JSON.stringify([times, result]));`;

interface Options {
  readonly program?: string[];
  readonly rounds?: string;
  readonly json?: boolean;
}

interface Row extends ProgramResult {
  readonly program: Program;
  /** Milliseconds a run on Node 20, or null without it. */
  readonly node20Ms: number | null;
}

const command = new Command("bench:run")
  .description("Measure compiled programs beside the engine's own garbage collection.")
  .option("--program <name...>", `only these: ${PROGRAMS.map(({ name }) => name).join(", ")}`)
  .option("--rounds <n>", `rounds a program (${ROUNDS})`)
  .option("--json", "print one JSON document instead of the table")
  .action(main);
command.parse();

function main(options: Options): void {
  const programs = PROGRAMS.filter(({ name }) => options.program?.includes(name) ?? true);
  const rounds = Number(options.rounds ?? ROUNDS);
  if (programs.length === 0) command.error("no program is selected");
  if (!Number.isInteger(rounds) || rounds < 1) command.error("--rounds takes a whole number above 0");
  const rows = measureAll(programs, rounds);
  process.stdout.write(options.json === true ? jsonText(rows) : tableText(rows));
  if (rows.length < programs.length) process.exitCode = 1;
}

function measureAll(programs: readonly Program[], rounds: number): Row[] {
  const node20 = nodeWithoutGc();
  const progress = ora({ isEnabled: process.stderr.isTTY === true }).start();
  const rows: Row[] = [];
  programs.forEach((program, i) => {
    progress.text = `${i + 1} of ${programs.length}: ${program.name}`;
    progress.render();
    const result = measure({ program, rounds });
    if (result === null) process.stderr.write(`${program.name}: failed\n`);
    else rows.push({ ...result, program, node20Ms: node20 === null ? null : on20(node20, program, result) });
  });
  progress.stop();
  return rows;
}

function measure(spec: RoundsSpec): ProgramResult | null {
  const script = join(import.meta.dirname, "program-rounds.ts");
  const done = spawnSync(process.execPath, [script, JSON.stringify(spec)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 16 * MB,
  });
  return done.status === 0 ? (JSON.parse(done.stdout) as ProgramResult) : null;
}

/** The first Node 20 on the path. */
function nodeWithoutGc(): string | null {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, "node");
    if (folder.includes("node_modules") || !existsSync(path)) continue;
    if (execFileSync(path, ["--version"], { encoding: "utf8" }).startsWith("v20.")) return path;
  }
  return null;
}

function on20(node: string, program: Program, { lowered, checksum }: ProgramResult): number {
  const input = JSON.stringify([lowered, program.size, program.testSize]);
  const printed = execFileSync(node, ["-e", SCRIPT], { encoding: "utf8", input });
  const [times, result] = JSON.parse(printed) as [number[], number];
  if (result !== checksum)
    throw new Error(`${program.name}: ${result} on Node 20 where natively ${checksum}`);
  return median(times);
}

function jsonText(rows: readonly Row[]): string {
  const results = rows.map(({ lowered: _, ...figures }) => figures);
  return `${JSON.stringify({ node: process.version, results }, null, 2)}\n`;
}

function tableText(rows: readonly Row[]): string {
  const head = [
    "program",
    "native ms",
    "lowered ms",
    "ratio",
    "Node 20 ms",
    "GCs a run",
    "MB a run",
    "copied",
    "memory MB",
    "code native",
    "lowered",
    "ratio",
    "compile ms",
  ];
  const variants = ["program", ...VARIANTS.map(({ name }) => name)];
  const ratios = rows.map((row) => [row.program.name, ...row.ratios.map((ratio) => ratio.toFixed(2))]);
  const cells = rows.map((row) => [
    row.program.name,
    row.nativeMs.toFixed(2),
    row.copyingMs.toFixed(2),
    row.ratios[0]!.toFixed(2),
    row.node20Ms === null ? "" : row.node20Ms.toFixed(2),
    row.collections.toFixed(1),
    (row.bytesAllocated / MB).toFixed(1),
    (row.bytesCopied / MB).toFixed(1),
    (row.memoryBytes / MB).toFixed(1),
    String(row.nativeBytes),
    String(ownBytes(row)),
    (ownBytes(row) / row.nativeBytes).toFixed(2),
    row.compileMs.toFixed(2),
  ]);
  const tables = [markdownTable(head, cells, 1), markdownTable(variants, [...ratios, ...meanRows(rows)], 1)];
  return `${tables.join("\n")}\n${meansText(rows)}`;
}

/** Code bytes without the runtime's. */
function ownBytes({ loweredBytes, runtimeBytes }: ProgramResult): number {
  return loweredBytes - runtimeBytes;
}

/** Of the programs that work on something, the geometric mean of a figure. */
function meanOf(rows: readonly Row[], worksOn: Program["worksOn"], figure: (row: Row) => number): string {
  const some = rows.filter(({ program }) => program.worksOn === worksOn);
  return some.length === 0 ? "-" : geometricMean(some.map(figure)).toFixed(2);
}

function meanRows(rows: readonly Row[]): string[][] {
  return (["references", "numbers", "memory"] as const).map((worksOn) => [
    `mean of ${worksOn}`,
    ...VARIANTS.map((_, i) => meanOf(rows, worksOn, ({ ratios }) => ratios[i]!)),
  ]);
}

function meansText(rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  // What the project measures itself by: memory has a price of its own.
  const counted = rows.filter(({ program }) => program.worksOn !== "memory");
  const mean = (figure: (row: Row) => number): string =>
    counted.length === 0 ? "-" : geometricMean(counted.map(figure)).toFixed(3);
  return [
    "Geometric means of the programs that work on references or numbers:",
    `run time ${mean(({ ratios }) => ratios[0]!)}, code bytes ${mean((row) => ownBytes(row) / row.nativeBytes)}`,
    `and the runtime's ${Math.max(...rows.map((row) => row.runtimeBytes))} in each with a heap.\nCalibration kernel:`,
    `${median(rows.map((row) => row.calibrationNs)).toFixed(2)} ns a step, Node ${process.version}.\n`,
  ].join(" ");
}
