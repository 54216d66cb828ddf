/** `spillway fuzz --wasm`: random modules, natively and compiled; those that fail are saved. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../base/diagnostics.ts";
import type { PolicyName } from "../frontend/index.ts";
import { writeFileAtomically } from "../lab/atomic-file.ts";
import { reduceWasm } from "../lab/reduce/index.ts";
import {
  type ModuleCampaignResult,
  type ModuleFailure,
  ModuleSource,
  runModuleCampaign,
} from "../lab/wasm-fuzz/index.ts";
import { binaryToText } from "../wast/index.ts";
import { ExitCode } from "./exit.ts";
import { FuzzProgress, Interrupt } from "./fuzz-progress.ts";
import { openOutput } from "./output.ts";
import { jsonText, note } from "./report.ts";

export interface FuzzModulesOptions {
  readonly firstSeed: number;
  readonly count: number;
  /** Milliseconds, or no limit. */
  readonly timeMs: number | null;
  readonly jobs: number;
  readonly policy: PolicyName;
  readonly target: string | undefined;
  readonly everyCollector: boolean;
  /** Where failures are saved. */
  readonly folder: string;
  readonly startFrom: readonly string[];
  /** Make the first failure of each kind small. */
  readonly reduce: boolean;
  readonly maxFailures: number;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** Of each kind of failure, so many are saved. */
const SAVED_PER_KIND = 20;

export async function fuzzModules(options: FuzzModulesOptions): Promise<void> {
  const { firstSeed, count, timeMs, jobs, policy, everyCollector } = options;
  const startFrom = options.startFrom.map((path) => resolve(path));
  const target = options.target === undefined ? {} : { target: options.target };
  const interrupt = new Interrupt();
  note(`first seed ${firstSeed}`);
  const progress = new FuzzProgress("modules", count, options);
  const result = await runModuleCampaign({
    firstSeed,
    count,
    jobs,
    policy,
    startFrom,
    everyCollector,
    ...target,
    ...(timeMs === null ? {} : { timeMs }),
    onProgress: (done, failures) => progress.show(done, failures),
    onFailure: (failure) => progress.fail(failure),
    stop: () => interrupt.pressed,
  });
  progress.end(result.failures.length);
  const files = await saveFailures(result.failures, { ...options, startFrom }, interrupt);
  const output = openOutput(undefined);
  output.write(options.json ? jsonText(jsonResult(result, files)) : `${summary(result, files)}\n`);
  await output.end();
  if (result.failures.length > 0) process.exitCode = ExitCode.Input;
}

/** Makes the modules of the failures once more and saves them, the first of each kind reduced as well; gives the paths. */
async function saveFailures(
  failures: readonly ModuleFailure[],
  { folder, startFrom, reduce, policy, jobs, target }: FuzzModulesOptions,
  interrupt: Interrupt,
): Promise<string[]> {
  if (failures.length === 0) return [];
  mkdirSync(folder, { recursive: true });
  const source = new ModuleSource(startFrom, target);
  const saved = new Map<string, number>();
  const files: string[] = [];
  const save = async (path: string, content: Uint8Array): Promise<void> => {
    await writeFileAtomically(path, Buffer.from(content));
    files.push(path);
  };
  for (const { seed, kind } of failures) {
    const before = saved.get(kind) ?? 0;
    saved.set(kind, before + 1);
    if (before >= SAVED_PER_KIND) continue;
    const path = join(folder, `${kind}-${seed}`);
    const bytes = await source.at(seed);
    await save(`${path}.wasm`, bytes);
    if (before > 0 || kind === "hang" || !reduce) continue;
    const small = await reducedText(bytes, { policy, target, jobs }, interrupt);
    if (small !== null) await save(`${path}-reduced.wat`, small);
  }
  source.end();
  return files;
}

/** The text of a smaller module that fails in the same way; null where the failure does not show by itself. */
async function reducedText(
  bytes: Uint8Array,
  { policy, target, jobs }: Pick<FuzzModulesOptions, "policy" | "target" | "jobs">,
  interrupt: Interrupt,
): Promise<Uint8Array | null> {
  try {
    const text = new TextEncoder().encode(await binaryToText(bytes));
    const condition = { kind: "runs", policy, ...(target === undefined ? {} : { target }) } as const;
    const { file } = await reduceWasm(text, { form: "wat", condition, jobs, stop: () => interrupt.pressed });
    return file;
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

function summary(
  { firstSeed, done, failures, tally }: ModuleCampaignResult,
  files: readonly string[],
): string {
  const range = done === 0 ? "" : ` (seeds ${firstSeed} to ${firstSeed + done - 1})`;
  const { agreed, atLimit, events, refused, skipped, notAlone, notInStore } = tally;
  const lines = [
    `${done} modules${range}, ${failures.length} failed`,
    `${agreed} do the same compiled, in ${events} events; ${atLimit} of them to where memory or stack ran out`,
    ...listed("refused", refused),
    ...listed("skipped", skipped),
    ...listed("not compiled to stand alone", notAlone),
    ...listed("not run in a store", notInStore),
    ...files.map((file) => `saved ${file}`),
  ];
  return lines.join("\n");
}

function listed(what: string, reasons: ReadonlyMap<string, number>): string[] {
  const sorted = [...reasons].sort((a, b) => b[1] - a[1]);
  return sorted.map(([why, times]) => `${what}: ${times} times, ${why}`);
}

function jsonResult(result: ModuleCampaignResult, files: readonly string[]): object {
  const { firstSeed, done, failures, tally } = result;
  const { refused, skipped, notAlone, notInStore } = tally;
  return {
    firstSeed,
    done,
    tally: {
      ...tally,
      refused: Object.fromEntries(refused),
      skipped: Object.fromEntries(skipped),
      notAlone: Object.fromEntries(notAlone),
      notInStore: Object.fromEntries(notInStore),
    },
    failures,
    files,
  };
}
