/** `npm run engines`: compiled programs on every engine that this machine has, compared with what they give natively. */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import ora from "ora";
import type { Engine } from "./engine.ts";
import { install } from "./install.ts";
import { JAVASCRIPT_ENGINES, REFERENCE } from "./javascript-engines.ts";
import { KNOWN, type Known } from "./known.ts";
import { countsOf, matrixText, staleEntries } from "./matrix.ts";
import { OTHER_ENGINES } from "./other-engines.ts";
import { type Places, placesOf } from "./places.ts";
import { PROGRAMS, type Program } from "./programs.ts";
import { type FoundEngine, type Run, runMatrix } from "./run-matrix.ts";
import { WABT_ENGINES } from "./wabt-engines.ts";

const ENGINES: readonly Engine[] = [...JAVASCRIPT_ENGINES, ...WABT_ENGINES, ...OTHER_ENGINES];

interface Options {
  readonly engine?: string[];
  readonly program?: string[];
  readonly install?: true;
  readonly jobs: string;
  readonly json?: true;
}

const command = new Command("engines")
  .description("Run compiled programs on every engine that is here, and compare.")
  .option("--engine <name...>", `only these: ${ENGINES.map(({ name }) => name).join(", ")}`)
  .option("--program <name...>", `only these: ${PROGRAMS.map(({ name }) => name).join(", ")}`)
  .option("--install", "first install those that are not here, into the engines' folder")
  .option("--jobs <count>", "how many engines run at a time", String(availableParallelism()))
  .option("--json", "print one JSON document: engines, missing, counts, runs")
  .addHelpText(
    "after",
    `
Each program is compiled for what fits the engine with every collector, and for mvp, also with -O; a cell shows the worst of
these runs:

  ok         what Node 26 gives with its own garbage collection
  refused    the compiler refused by name what the target lacks
  known      the engine is at fault, for a reason that tools/engines/known.ts gives
  DIFFERS    another result
  REJECTED   the engine rejected the module or broke down, or the compiler refused it
  -          the engine has no WASI

Engines are looked for in the folder that SPILLWAY_ENGINES names (else engines in the user's folder for caches) and on PATH.

Exit code: 0 every engine that is here is green · 1 one is not, or one asked for by name is missing`,
  )
  .action(main);
await command.parseAsync();

async function main(options: Options): Promise<void> {
  const engines = chosen(ENGINES, options.engine, "engine");
  const programs = chosen(PROGRAMS, options.program, "program");
  const jobs = Number(options.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) command.error("--jobs takes a whole number above 0");
  const places = placesOf(process.env);
  if (options.install === true) await install(engines, places);
  const { found, missing } = await findAll(engines, places);
  const runs = await runAll(found, programs, jobs);
  const stale = staleEntries(runs, KNOWN);
  const report = { found, missing, runs, stale };
  process.stdout.write(options.json === true ? jsonText(report) : reportText(report));
  const asked = options.engine !== undefined && missing.length > 0;
  if (countsOf(runs).failed > 0 || stale.length > 0 || asked) process.exitCode = 1;
}

function chosen<T extends Engine | Program>(
  all: readonly T[],
  names: readonly string[] | undefined,
  what: string,
): T[] {
  const unknown = names?.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) command.error(`unknown ${what} ${unknown}; --help lists them`);
  return all.filter(({ name }) => names?.includes(name) ?? true);
}

async function findAll(
  engines: readonly Engine[],
  places: Places,
): Promise<{ found: FoundEngine[]; missing: Engine[] }> {
  const found: FoundEngine[] = [];
  const missing: Engine[] = [];
  for (const engine of engines) {
    const present = await engine.find(places);
    if (present === null) missing.push(engine);
    else found.push({ engine, present });
  }
  return { found, missing };
}

async function runAll(
  engines: readonly FoundEngine[],
  programs: readonly Program[],
  jobs: number,
): Promise<Run[]> {
  const scratch = mkdtempSync(join(tmpdir(), "spillway-engines-"));
  const spinner = ora({ isEnabled: process.stderr.isTTY === true }).start();
  try {
    const progress = (done: number, of: number): void => {
      spinner.text = `${done} of ${of} runs`;
    };
    return await runMatrix({
      programs,
      engines,
      reference: REFERENCE,
      known: KNOWN,
      scratch,
      jobs,
      progress,
    });
  } finally {
    spinner.stop();
    rmSync(scratch, { recursive: true });
  }
}

interface Report {
  readonly found: readonly FoundEngine[];
  readonly missing: readonly Engine[];
  readonly runs: readonly Run[];
  readonly stale: readonly Known[];
}

function jsonText({ found, missing, runs, stale }: Report): string {
  const document = {
    engines: found.map(({ engine: { name, target }, present: { version } }) => ({ name, version, target })),
    missing: missing.map(({ name, get }) => ({ name, get })),
    counts: countsOf(runs),
    stale: stale.map(({ engine, reason }) => ({ engine, reason })),
    runs,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function reportText({ found, missing, runs, stale }: Report): string {
  const { passed, refused, known, failed } = countsOf(runs);
  const lines = [
    matrixText(runs),
    ...found.map(
      ({ engine, present }) => `${engine.name.padEnd(14)}${present.version}, for ${engine.target}`,
    ),
    ...missing.map(({ name, get }) => `${name.padEnd(14)}not here: ${get}`),
    ...stale.map(
      ({ engine, reason }) => `${engine}: takes no harm any more from "${reason}": take the entry out`,
    ),
    `${passed} runs as natively, ${refused} refused, ${known} known, ${failed} failed`,
  ];
  return `${lines.join("\n")}\n`;
}
