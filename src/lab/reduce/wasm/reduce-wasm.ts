/**
 * Reduces a module or a script under a condition, and gives it in the form that it came in.
 *
 * Candidates of a module are binaries until they have to be text: for a command of the user's, and in the end. Those of a
 * script are its text.
 */
import { InputError } from "../../../base/diagnostics.ts";
import { binaryToText, textToBinary } from "../../../wast/index.ts";
import { MALFORMED_UTF8 } from "../../../wast/messages.ts";
import { CommandCondition, type CommandOptions } from "../command-condition.ts";
import { conditionDoesNotHold, dependsOnForm } from "../messages.ts";
import {
  type Condition,
  Reducer,
  type Reduction,
  type ReductionKind,
  type ReductionProgress,
} from "../reducer.ts";
import { SymptomPool, TIMEOUT } from "../worker-pool.ts";
import { ModuleDraft } from "./module-draft.ts";
import { BINARY_MODULE } from "./module-passes.ts";
import { closeModule, type ModuleSubject, openModule } from "./module-subject.ts";
import { SCRIPT } from "./script-passes.ts";
import { asWritten, openScript, type ScriptSubject, scriptBytes } from "./script-subject.ts";
import { describeWasmCondition, type WasmConditionSpec } from "./wasm-conditions.ts";

export const WASM_FORMS = ["wasm", "wat", "wast"] as const;
export type WasmForm = (typeof WASM_FORMS)[number];

export interface ReduceWasmOptions {
  readonly form: WasmForm;
  readonly condition: WasmConditionSpec | (CommandOptions & { readonly kind: "command" });
  /** Candidates tested at a time; the result does not depend on it. */
  readonly jobs?: number;
  /** How long the first file may take under a built-in condition. */
  readonly timeoutSeconds?: number;
  readonly onProgress?: (progress: ReductionProgress) => void;
  /** Called with every better file, in the form that it came in. */
  readonly onBetter?: (file: Uint8Array) => void | Promise<void>;
  readonly stop?: () => boolean;
}

export interface ReducedWasm {
  readonly file: Uint8Array;
  /** What was kept, in words. */
  readonly condition: string;
  readonly tested: number;
  readonly rounds: number;
  readonly stopped: boolean;
}

interface OpenCondition extends Condition {
  readonly words: string;
  end(): Promise<void>;
}

/** Throws `InputError` if the file is not what it should be, or the condition does not hold for it. */
export async function reduceWasm(source: Uint8Array, options: ReduceWasmOptions): Promise<ReducedWasm> {
  return options.form === "wast" ? reduceScript(source, options) : reduceModule(source, options);
}

async function reduceScript(source: Uint8Array, options: ReduceWasmOptions): Promise<ReducedWasm> {
  const subject = await openScript(source);
  const condition = await openCondition(source, options);
  try {
    const start = await startingScript(source, subject, condition);
    const reduction = await runReducer(SCRIPT, condition, start, options, async (bytes) => bytes);
    return reduced(reduction, reduction.bytes, condition);
  } finally {
    await condition.end();
  }
}

async function reduceModule(source: Uint8Array, options: ReduceWasmOptions): Promise<ReducedWasm> {
  const { form, condition: asked } = options;
  const binary = form === "wat" ? await textToBinary(decodeText(source)) : source;
  const subject = openModule(binary);
  const print = async (bytes: Uint8Array): Promise<Uint8Array> =>
    form === "wat" ? new TextEncoder().encode(`${(await binaryToText(bytes)).trimEnd()}\n`) : bytes;
  const isCommand = asked.kind === "command";
  const condition = await openCondition(isCommand ? source : binary, options);
  try {
    // A command is given the file in its own form.
    const tested: Condition = isCommand
      ? { holds: async (candidate) => condition.holds(await print(candidate)) }
      : condition;
    const start = await startingModule(subject, tested, condition.words);
    const reduction = await runReducer(BINARY_MODULE, tested, start, options, print);
    return reduced(reduction, await print(reduction.bytes), condition);
  } finally {
    await condition.end();
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError({ code: "wat-syntax", message: MALFORMED_UTF8 });
  }
}

function runReducer<T>(
  kind: ReductionKind<T>,
  condition: Condition,
  start: T,
  { jobs = 1, onProgress, onBetter, stop }: ReduceWasmOptions,
  print: (bytes: Uint8Array) => Promise<Uint8Array>,
): Promise<Reduction<T>> {
  return new Reducer(kind, condition, start, {
    jobs,
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(stop === undefined ? {} : { stop }),
    ...(onBetter === undefined ? {} : { onBetter: async (_, bytes) => onBetter(await print(bytes)) }),
  }).run();
}

function reduced<T>(
  { tested, rounds, stopped }: Reduction<T>,
  file: Uint8Array,
  { words }: OpenCondition,
): ReducedWasm {
  return { file, condition: words, tested, rounds, stopped };
}

/** The module written again, without custom sections if the failure does not need them. */
async function startingModule(
  subject: ModuleSubject,
  condition: Condition,
  words: string,
): Promise<ModuleSubject> {
  const draft = new ModuleDraft(subject.module);
  draft.customs = [];
  const starts = [draft.close(), closeModule(subject.module), subject];
  for (const start of starts) if (start !== null && (await condition.holds(start.bytes))) return start;
  throw new InputError(dependsOnForm(words));
}

/** The script with its modules printed again, but for those that must stay as they were written. */
async function startingScript(
  source: Uint8Array,
  subject: ScriptSubject,
  condition: OpenCondition,
): Promise<ScriptSubject> {
  const bare = { ...subject, commands: subject.commands.map(withoutCustoms) };
  if (await condition.holds(await scriptBytes(bare))) return bare;
  const written = { ...subject, commands: subject.commands.map((_, i) => asWritten(source, subject, i)) };
  if (!(await condition.holds(await scriptBytes(written))))
    throw new InputError(dependsOnForm(condition.words));
  let start: ScriptSubject = written;
  for (const [i, command] of bare.commands.entries()) {
    if (command.module === null) continue;
    const next = { ...start, commands: start.commands.with(i, command) };
    if (await condition.holds(await scriptBytes(next))) start = next;
  }
  return start;
}

function withoutCustoms(command: ScriptSubject["commands"][number]): ScriptSubject["commands"][number] {
  if (command.module === null || command.module.module.customs.length === 0) return command;
  const draft = new ModuleDraft(command.module.module);
  draft.customs = [];
  return { ...command, module: draft.close() ?? command.module };
}

const DEFAULT_TIMEOUT_SECONDS = 60;
/** A candidate is smaller than the first file: what takes much longer does not end. */
const SLOWER = 4;
const LEAST_LIMIT_MS = 2000;

async function openCondition(first: Uint8Array, options: ReduceWasmOptions): Promise<OpenCondition> {
  const { condition: asked } = options;
  if (asked.kind === "command") {
    const command = await CommandCondition.start({ ...asked, isValid: () => true }, first);
    const match = asked.match === undefined ? "" : ` with \`${asked.match}\` in its output`;
    return {
      words: `\`${asked.command}\` ends with ${command.ending}${match}`,
      holds: (candidate) => command.holds(candidate),
      end: () => command.end(),
    };
  }
  const longestMs = (options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
  const pool = new SymptomPool(asked, options.jobs ?? 1, longestMs);
  const words = describeWasmCondition(asked);
  const symptom = await pool.symptom(first);
  if (symptom === null) {
    await pool.end();
    throw new InputError(conditionDoesNotHold(words));
  }
  /** Whether it shows the symptom; what does sets the time for those to come. */
  const holds = async (candidate: Uint8Array): Promise<boolean> => {
    const begin = performance.now();
    if ((await pool.symptom(candidate)) !== symptom) return false;
    const limitMs = Math.max(LEAST_LIMIT_MS, (performance.now() - begin) * SLOWER);
    if (symptom !== TIMEOUT) pool.limitMs = Math.min(pool.limitMs, limitMs);
    return true;
  };
  // Once more, now that everything is loaded.
  if (symptom !== TIMEOUT) await holds(first);
  return {
    words: `${words} (${symptom})`,
    holds,
    end: () => pool.end(),
  };
}
