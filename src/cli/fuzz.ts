/** `spillway fuzz`: random functions, spilled under the policies and proved; failures are saved and reduced. */
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { hasGarbageCollection } from "../embed/install-polyfill.ts";
import { isPolicyName, POLICY_NAMES, type PolicyName } from "../frontend/safepoints/policies.ts";
import { writeFileAtomically } from "../lab/atomic-file.ts";
import {
  type CampaignResult,
  DEFAULT_SEED_OPTIONS,
  reduceFailure,
  runCampaign,
  type SeedFailure,
} from "../lab/fuzz/index.ts";
import { ExitCode } from "./exit.ts";
import { FuzzProgress, Interrupt } from "./fuzz-progress.ts";
import { noEngineToCompare } from "./messages.ts";
import { requireBinaryen } from "./optional-packages.ts";
import { openOutput } from "./output.ts";
import { jsonText, note } from "./report.ts";
import { targetOption } from "./target-option.ts";

interface FuzzCommandOptions {
  readonly count?: number;
  readonly time?: number;
  readonly seed?: number;
  readonly policy: PolicyName;
  readonly jobs: number;
  readonly inputs: number;
  readonly fuel: number;
  readonly reduce: boolean;
  readonly maxFailures: number;
  readonly output: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly wasm?: boolean;
  readonly startFrom: readonly string[];
  readonly target?: string;
  readonly everyCollector?: boolean;
}

/** Of each kind of failure, so many are saved, and one is reduced. */
const SAVED_PER_KIND = 5;
const DEFAULT_MAX_FAILURES = 10;
const DEFAULT_COUNT = 10_000;
const DEFAULT_MODULES = 1000;
const MAX_SEED = Number.MAX_SAFE_INTEGER;

export function createFuzzCommand(): Command {
  return new Command("fuzz")
    .description(
      "Make random functions, spill them under the policies, and check everything that is known about the results:\n" +
        "validity, the checker's proof, the oracle's runs, text that reads back, agreement of the policies.\n" +
        "With --wasm: make random modules with garbage collection, run them on this host's own engine and compiled under\n" +
        "the collectors, all functions proven, and compare results, traps, calls of imports and the state in the end.",
    )
    .option("--wasm", "random modules instead of functions")
    .addOption(
      new Option("--start-from <module>", "with --wasm: build half of the modules upon this one; repeatable")
        .default([], "none")
        .argParser((path: string, before: readonly string[]) => [...before, path]),
    )
    .addOption(
      targetOption(
        "with --wasm: the engine that the output is for; modules also run standing alone, without what cannot",
      ),
    )
    .option(
      "--every-collector",
      "with --wasm: each module under all of them, not under the stressing one and another by turn",
    )
    .option(
      "-n, --count <number>",
      `how many (without --time ${DEFAULT_COUNT} functions, or ${DEFAULT_MODULES} modules)`,
      wholeNumber(1),
    )
    .option("-t, --time <seconds>", "how long at most", wholeNumber(1))
    .option("-s, --seed <number>", "the first one's seed; drawn and printed unless given", wholeNumber(0))
    .addOption(
      new Option("--policy <name>", `the policy that is to be right: ${POLICY_NAMES.join(", ")}`)
        .default("spillway")
        .argParser(policyOf),
    )
    .addOption(
      new Option("-j, --jobs <count>", "how many are checked at a time; the result does not depend on it")
        .default(availableParallelism(), "one for each processor")
        .argParser(wholeNumber(1)),
    )
    .addOption(
      new Option("--inputs <count>", "inputs that the oracle tries for each function")
        .default(DEFAULT_SEED_OPTIONS.oracleSeeds)
        .argParser(wholeNumber(1)),
    )
    .addOption(
      new Option("--fuel <blocks>", "blocks that one run of the oracle may enter")
        .default(DEFAULT_SEED_OPTIONS.fuel)
        .argParser(wholeNumber(1)),
    )
    .option("-o, --output <folder>", "where failures are saved", "fuzz-failures")
    .option("--no-reduce", "do not make failures small")
    .addOption(
      new Option("--max-failures <count>", "how many failures to print, 0 for all; the rest is counted")
        .default(DEFAULT_MAX_FAILURES)
        .argParser(wholeNumber(0)),
    )
    .option("-q, --quiet", "no progress")
    .option("--json", "one JSON document: the seeds, what was checked, the failures")
    .addHelpText("after", HELP)
    .action((options: FuzzCommandOptions) => (options.wasm === true ? fuzzWasm(options) : fuzz(options)));
}

/** The other kind of fuzzing is loaded only when it is asked for. */
async function fuzzWasm(options: FuzzCommandOptions): Promise<void> {
  requireBinaryen("--wasm");
  if (!hasGarbageCollection()) throw noEngineToCompare();
  const { fuzzModules } = await import("./fuzz-wasm.ts");
  const { seed, count, time, quiet, json } = options;
  await fuzzModules({
    firstSeed: seed ?? Math.floor(Math.random() * 2 ** 40),
    count: count ?? (time === undefined ? DEFAULT_MODULES : MAX_SEED),
    timeMs: time === undefined ? null : time * 1000,
    jobs: options.jobs,
    policy: options.policy,
    folder: options.output,
    startFrom: options.startFrom,
    target: options.target,
    everyCollector: options.everyCollector === true,
    reduce: options.reduce,
    maxFailures: options.maxFailures,
    quiet: quiet === true,
    json: json === true,
  });
}

const HELP = `
Interrupting it ends it with what is under way.

Exit code: 0 nothing found · 1 failures, saved as .clif, or .wasm · 2 wrong usage

Examples:
  spillway fuzz --time 60
  spillway fuzz --seed 12345 --count 1                  one function once more
  spillway fuzz --policy wrong:loop-invariant-slot      how soon a known mistake is found
  spillway fuzz --wasm --time 600                       the compiler of modules
  spillway fuzz --wasm --target mvp                     the same for the first version of Wasm`;

function policyOf(name: string): PolicyName {
  if (isPolicyName(name)) return name;
  throw new InvalidArgumentError(`The policies are: ${POLICY_NAMES.join(", ")}.`);
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= least && number <= MAX_SEED) return number;
    throw new InvalidArgumentError(`It is a whole number from ${least} on.`);
  };
}

async function fuzz(options: FuzzCommandOptions): Promise<void> {
  const interrupt = new Interrupt();
  const firstSeed = options.seed ?? Math.floor(Math.random() * 2 ** 40);
  const count = options.count ?? (options.time === undefined ? DEFAULT_COUNT : MAX_SEED - firstSeed);
  note(`first seed ${firstSeed}`);
  const progress = new FuzzProgress("functions", count, {
    quiet: options.quiet === true,
    maxFailures: options.maxFailures,
  });
  const result = await runCampaign({
    firstSeed,
    count,
    jobs: options.jobs,
    seedOptions: { policy: options.policy, oracleSeeds: options.inputs, fuel: options.fuel },
    ...(options.time === undefined ? {} : { timeMs: options.time * 1000 }),
    onProgress: ({ done, failures }) => progress.show(done, failures),
    onFailure: (failure) => progress.fail(failure),
    stop: () => interrupt.pressed,
  });
  progress.end(result.failed);
  const files = await saveFailures(result.failures, options, interrupt);
  const output = openOutput(undefined);
  output.write(options.json === true ? jsonText(jsonResult(result, files)) : `${summary(result, files)}\n`);
  await output.end();
  if (result.failures.length > 0) process.exitCode = ExitCode.Input;
}

/** Saves the first failures of each kind, the very first one of each reduced as well. Gives the paths. */
async function saveFailures(
  failures: readonly SeedFailure[],
  options: FuzzCommandOptions,
  interrupt: Interrupt,
): Promise<string[]> {
  const seen = new Map<string, number>();
  const files: string[] = [];
  if (failures.length > 0) mkdirSync(options.output, { recursive: true });
  const save = async (failure: SeedFailure, suffix: string, text: string): Promise<void> => {
    const path = join(options.output, `${failure.kind.replaceAll(":", "-")}-${failure.seed}${suffix}.clif`);
    await writeFileAtomically(path, headOf(failure) + text);
    files.push(path);
  };
  for (const failure of failures) {
    const before = seen.get(failure.kind) ?? 0;
    seen.set(failure.kind, before + 1);
    if (before >= SAVED_PER_KIND) continue;
    await save(failure, "", failure.text);
    if (before > 0 || !options.reduce) continue;
    const reduced = await reduceFailure(failure, () => interrupt.pressed);
    if (reduced !== null) await save(failure, "-reduced", reduced);
  }
  return files;
}

function headOf({ seed, kind, message, options }: SeedFailure): string {
  const policy = options.policy === "spillway" ? "" : ` --policy ${options.policy}`;
  const lines = [`spillway fuzz --seed ${seed} --count 1${policy}`, kind, ...message.split("\n")];
  return lines.map((line) => `; ${line}\n`).join("");
}

function summary({ firstSeed, done, failed, tally }: CampaignResult, files: readonly string[]): string {
  const range = done === 0 ? "" : ` (seeds ${firstSeed} to ${firstSeed + done - 1})`;
  const lines = [
    `${done} functions${range}, ${failed} failed`,
    `${tally.spilled} with spills: ${tally.slots} slots, ${tally.reloads} reloads, ${tally.mapEntries} map entries`,
    "known mistakes, made on purpose: not every function shows them, and no failure is among these",
    `  upstream's, in functions of a kind that it spills wrong: ${tally.unsound}, of which the checker rejects ${tally.unsoundRejected}`,
    `  of the wrong policies: ${tally.wrong}, of which the checker rejects ${tally.wrongRejected}, and the oracle shows ${tally.wrongShown}`,
    ...files.map((file) => `saved ${file}`),
  ];
  return lines.join("\n");
}

function jsonResult(
  { firstSeed, done, failed, failures, tally }: CampaignResult,
  files: readonly string[],
): object {
  return {
    firstSeed,
    done,
    tally,
    failed,
    failures: failures.map(({ seed, kind, message }) => ({ seed, kind, message })),
    files,
  };
}
