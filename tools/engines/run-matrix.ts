/**
 * Runs every program on every engine: compiled for what fits the engine with each collector, and for the first version of Wasm, as it
 * is and optimised; and says what each run came to, beside what the program gives natively.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../src/base/diagnostics.ts";
import { compile } from "../../src/driver/compile.ts";
import { optimizeOutput } from "../../src/driver/optimize-output.ts";
import { parseTarget } from "../../src/driver/targets.ts";
import type { CollectorName } from "../../src/runtime/collectors.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { commandForm, resultOfCommand } from "./command-form.ts";
import type { Engine, Form, Job, Outcome, PresentEngine } from "./engine.ts";
import type { Known } from "./known.ts";
import type { Program } from "./programs.ts";

/** How a program is compiled. */
export interface Variant {
  readonly target: string;
  readonly collector: CollectorName;
  /** By binaryen, as `-O` asks for. */
  readonly optimized: boolean;
}

const COLLECTORS: readonly CollectorName[] = ["copying", "generational", "drc", "null"];

/** So little that programs which allocate at all collect, although their arguments are small; what never frees has no limit. */
const HEAP_BYTES = 256 << 10;

export function heapLimit(collector: CollectorName): { readonly maxHeapBytes?: number } {
  return collector === "null" ? {} : { maxHeapBytes: HEAP_BYTES };
}

export function variantText({ target, collector, optimized }: Variant): string {
  return `${target} ${collector}${optimized ? " -O" : ""}`;
}

/** What fits the engine comes first. */
function variantsFor(target: string): Variant[] {
  const variants: Variant[] = COLLECTORS.map((collector) => ({ target, collector, optimized: false }));
  const plain: Variant = { target: "mvp", collector: "copying", optimized: false };
  if (target !== "mvp") variants.push(plain);
  variants.push({ ...plain, optimized: true });
  return variants;
}

export type Verdict =
  | "ok"
  /** The compiler refused the program by name, and was right: the target lacks what the program needs. */
  | "refused"
  /** Listed in `known.ts`, with its reason. */
  | "known"
  /** Another result than natively. */
  | "differs"
  /** The engine rejected the module or broke down, or the compiler refused what it should compile. */
  | "rejected";

export interface Run extends Variant {
  readonly engine: string;
  readonly program: string;
  readonly verdict: Verdict;
  /** What is to say besides `ok`. */
  readonly note: string;
}

export interface FoundEngine {
  readonly engine: Engine;
  readonly present: PresentEngine;
}

export interface MatrixSettings {
  readonly programs: readonly Program[];
  readonly engines: readonly FoundEngine[];
  readonly reference: PresentEngine;
  readonly known: readonly Known[];
  /** A folder for modules and what engines write. */
  readonly scratch: string;
  /** How many engines run at a time. */
  readonly jobs: number;
  /** After each run. */
  progress(done: number, of: number): void;
}

interface Task {
  readonly found: FoundEngine;
  readonly program: Program;
  readonly variant: Variant;
}

export async function runMatrix(settings: MatrixSettings): Promise<Run[]> {
  const tasks = tasksOf(settings);
  const modules = new Modules(settings.scratch);
  const expected = await expectedResults(settings, modules);
  const runs: Run[] = new Array(tasks.length);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < tasks.length) {
      const i = next++;
      runs[i] = await runTask(tasks[i]!, expected.get(tasks[i]!.program)!, modules, settings.known);
      settings.progress(++done, tasks.length);
    }
  };
  await Promise.all(Array.from({ length: settings.jobs }, work));
  return runs;
}

function tasksOf({ programs, engines }: MatrixSettings): Task[] {
  const tasks: Task[] = [];
  for (const found of engines) {
    const { target, forms } = found.engine;
    for (const program of programs) {
      // A command can only be run as such; calls can be made a command.
      if (program.form === "command" && !forms.includes("command")) continue;
      for (const variant of variantsFor(target)) tasks.push({ found, program, variant });
    }
  }
  return tasks;
}

/** What each program gives natively. Throws where the reference itself fails. */
async function expectedResults(settings: MatrixSettings, modules: Modules): Promise<Map<Program, string>> {
  const expected = new Map<Program, string>();
  for (const program of settings.programs) {
    const wasm = await modules.native(program);
    const features = parseTarget("node20");
    const { form, words } = program;
    const outcome = await settings.reference.run({ wasm, features, form, words, scratch: modules.folder() });
    if (outcome.kind !== "ran")
      throw new Error(`${program.name} does not run natively: ${JSON.stringify(outcome)}`);
    expected.set(program, outcome.said);
  }
  return expected;
}

async function runTask(
  task: Task,
  expected: string,
  modules: Modules,
  known: readonly Known[],
): Promise<Run> {
  const { found, program, variant } = task;
  const { engine, present } = found;
  const form = engine.forms.includes(program.form) ? program.form : "command";
  const end = (verdict: Verdict, note = ""): Run => {
    return { engine: engine.name, program: program.name, ...variant, verdict, note };
  };
  const wasm = await modules.compiled(program, form, variant);
  if (wasm instanceof InputError) return end(isRight(wasm, task) ? "refused" : "rejected", wasm.message);
  const job: Job = {
    wasm,
    features: parseTarget(variant.target),
    form,
    words: program.words,
    scratch: modules.folder(),
  };
  const outcome = form === program.form ? await present.run(job) : await runAsCommands(present, job);
  const got = differenceOf(outcome, expected);
  if (got === null) return end("ok");
  const entry = known.find((one) => matches(one, task) && one.got.test(got));
  if (entry !== undefined) return end("known", entry.reason);
  return end(outcome.kind === "ran" ? "differs" : "rejected", got);
}

/** Whether the target lacks what the program needs, and the refusal says so. */
function isRight(refusal: InputError, { program: { needs }, variant: { target } }: Task): boolean {
  return needs !== undefined && !parseTarget(target).has(needs) && refusal.message.includes(`needs ${needs}`);
}

function matches({ engine, programs, target }: Known, task: Task): boolean {
  if (engine !== task.found.engine.name || !programs.includes(task.program.name)) return false;
  return target === undefined || target === task.variant.target;
}

/** A command for each call. */
async function runAsCommands(present: PresentEngine, job: Job): Promise<Outcome> {
  const results: string[] = [];
  for (const word of job.words) {
    const outcome = await present.run({ ...job, words: [word] });
    if (outcome.kind !== "ran") return outcome;
    const result = resultOfCommand(outcome.said);
    if (result === null) return { kind: "failed", reason: outcome.said };
    results.push(result);
  }
  return { kind: "ran", said: results.join(" ") };
}

/** What is wrong with an outcome, in a line, or null. */
function differenceOf(outcome: Outcome, expected: string): string | null {
  if (outcome.kind === "accepted") return null;
  if (outcome.kind === "failed") return outcome.reason;
  if (outcome.said === expected) return null;
  return `${shortened(outcome.said)} where natively ${shortened(expected)}`;
}

function shortened(text: string): string {
  const line = text.replaceAll("\n", "⏎");
  return line.length <= 120 ? line : `${line.slice(0, 117)}…`;
}

/** Compiles each module once, into a file. */
class Modules {
  private readonly scratch: string;
  private readonly files: Map<string, Promise<string | InputError>>;
  private folders: number;

  constructor(scratch: string) {
    this.scratch = scratch;
    this.files = new Map();
    this.folders = 0;
  }

  async native(program: Program): Promise<string> {
    return this.write(`${program.name}.native`, await binaryOf(program, program.form));
  }

  /** The module's path, or why the compiler refuses it. */
  compiled(program: Program, form: Form, variant: Variant): Promise<string | InputError> {
    const name = `${program.name}.${form}.${variantText(variant)}`;
    const file = this.files.get(name) ?? this.compile(name, binaryOf(program, form), variant);
    this.files.set(name, file);
    return file;
  }

  /** A new folder, for one run. */
  folder(): string {
    const folder = join(this.scratch, String(this.folders++));
    mkdirSync(folder);
    return folder;
  }

  private async compile(
    name: string,
    native: Promise<Uint8Array>,
    { target, collector, optimized }: Variant,
  ): Promise<string | InputError> {
    const input = await native;
    try {
      const output = compile(input, { target, collector, ...heapLimit(collector) });
      return this.write(name, optimized ? await optimizeOutput(output) : output);
    } catch (error) {
      if (error instanceof InputError) return error;
      throw error;
    }
  }

  private write(name: string, bytes: Uint8Array): string {
    const path = join(this.scratch, `${name}.wasm`);
    writeFileSync(path, bytes);
    return path;
  }
}

function binaryOf({ text, form: own }: Program, form: Form): Promise<Uint8Array> {
  return textToBinary(form === own ? text : commandForm(text));
}
