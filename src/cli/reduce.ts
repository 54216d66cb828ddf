/** `spillway reduce`: makes a CLIF file, a module or a script small while it still shows a failure. */
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Ora } from "ora";
import { InputError } from "../base/diagnostics.ts";
import { isPolicyName, POLICY_NAMES, type PolicyName } from "../frontend/safepoints/policies.ts";
import { writeFileAtomically } from "../lab/atomic-file.ts";
import {
  type ConditionSpec,
  type ReduceClifOptions,
  type ReductionProgress,
  reduceClif,
  reduceWasm,
  showsFailure,
  WASM_FORMS,
  type WasmForm,
} from "../lab/reduce/index.ts";
import { type Input, readInput } from "./input.ts";
import { cannotWrite } from "./messages.ts";
import { checkOutput, openOutput } from "./output.ts";
import { startSpinner } from "./progress.ts";
import { type WasmConditionOptions, wasmConditionOf } from "./reduce-wasm-condition.ts";
import { note, reporting } from "./report.ts";
import { targetOption } from "./target-option.ts";

const CONDITIONS = ["checker", "oracle", "verifier", "policies"] as const;

const FORMS = ["clif", ...WASM_FORMS] as const;
type Form = (typeof FORMS)[number];

interface ReduceCommandOptions extends WasmConditionOptions {
  readonly as?: Form;
  readonly condition: (typeof CONDITIONS)[number];
  readonly policy: PolicyName;
  readonly unlike?: PolicyName | "none";
  readonly jobs: number;
  readonly output?: string;
  readonly quiet?: boolean;
}

export function createReduceCommand(): Command {
  return new Command("reduce")
    .description(
      "Make a CLIF file, a module or a script as small as it can be while it still shows a failure: whatever it consists of\n" +
        "goes as long as the failure stays. The result is of the form that the file was.",
    )
    .argument("<file>", "named .clif, .wasm, .wat or .wast; or - for standard input")
    .addOption(
      new Option(
        "--as <form>",
        "what the file is, whatever its name; by default CLIF for other names",
      ).choices(FORMS),
    )
    .option(
      "--check <command>",
      "a shell command that must end as it does on the whole file; {} is the candidate's path, or it comes last",
    )
    .option(
      "--wast-fails <options>",
      "a script must fail under `spillway wast` with these options, as one word; '' for none",
    )
    .option("--wast-passes <options>", "with --wast-fails: and must pass with these")
    .option(
      "--compile-fails <options>",
      "`spillway compile` with these options must refuse a module, or break on it, or make an invalid one",
    )
    .option(
      "--run-fails",
      "a module must do another thing compiled than natively, as `spillway fuzz --wasm` sees it",
    )
    .addOption(
      targetOption("with --run-fails: the engine that the output is for, as `spillway fuzz --wasm` has it"),
    )
    .option("--match <text>", "a text that the output, the failure or the message must hold")
    .addOption(
      new Option(
        "--timeout <seconds>",
        "how long the command, the script or the compiler may take on the whole file",
      )
        .default(60)
        .argParser(positive),
    )
    .addOption(
      new Option("--condition <name>", "for CLIF without --check: what must stay so, see below")
        .choices(CONDITIONS)
        .default("checker"),
    )
    .addOption(
      new Option("--policy <name>", `by which rules to spill: ${POLICY_NAMES.join(", ")}`)
        .default("spillway")
        .argParser(policyOf),
    )
    .addOption(
      new Option(
        "--unlike <name>",
        "a policy that must do well where --policy does not, or none; by default, for the policies with a mistake, cranelift if it does",
      ).argParser((name: string) => (name === "none" ? name : policyOf(name))),
    )
    .addOption(
      new Option("-j, --jobs <count>", "candidates tested at a time; the result does not depend on it")
        .default(availableParallelism(), "one for each processor")
        .argParser(positive),
    )
    .option("-o, --output <file>", "write there, each better file at once, instead of standard output")
    .option("-q, --quiet", "no progress and no summary")
    .addHelpText("after", HELP)
    .action(reduce);
}

const HELP = `
Conditions for CLIF:
  checker    the checker rejects what --policy makes of it
  oracle     what --policy makes of it behaves otherwise than before
  verifier   the verifier rejects it
  policies   --policy and --unlike make different texts of it

Modules and scripts need one of --check, --wast-fails (scripts), --compile-fails and --run-fails (modules). What fails must stay the same, so that
one failure does not become another: of a script the directive of its first failure (the first with --match), what was
expected and what came; of the compiler its message. Names, numbers and quoted texts in them may change. A wrong result is
told from any other only by --wast-passes: give an engine on which it is right. Every candidate is valid; one that takes four
times as long as a larger one did, and two seconds, has no end. Custom sections and comments go.

Interrupting it gives what there is so far.

Exit code: 0 reduced · 1 the input is at fault or shows no failure · 2 wrong usage

Examples:
  spillway reduce bug.clif --policy wrong:loop-invariant-slot
  spillway reduce bug.clif --condition policies --policy spillway --unlike cranelift -o small.clif
  spillway reduce bug.clif --check 'clif-util verify {}' --match 'uses value'
  spillway reduce bug.wast --wast-fails '--engine spillway --gc-stress' --wast-passes '--engine native' -o small.wast
  spillway reduce bug.wast --wast-fails '-W -gc' --wast-passes ''
  spillway reduce app.wasm --compile-fails '' --match 'not compiled yet' -o small.wasm
  spillway reduce app.wat --check '! wasmtime compile {}'`;

function policyOf(name: string): PolicyName {
  if (isPolicyName(name)) return name;
  throw new InvalidArgumentError(`The policies are: ${POLICY_NAMES.join(", ")}.`);
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("It is a number from 1 on.");
}

async function reduce(path: string, options: ReduceCommandOptions, command: Command): Promise<void> {
  checkOutput(options.output, [path], command);
  const form = options.as ?? formOf(path);
  const isClif = form === "clif";
  if (isClif && options.match !== undefined && options.check === undefined) {
    command.error("error: --match needs --check");
  }
  if (isClif && (options.wastFails ?? options.compileFails ?? options.runFails) !== undefined) {
    command.error(
      "error: --wast-fails, --compile-fails and --run-fails are for modules and scripts, not for CLIF",
    );
  }
  const run = isClif ? clifReduction(options) : wasmReduction(path, form, options, command);
  const input = await reporting({ name: path }, () => readInput(path));
  if (input !== null) await reporting(input, () => reduceInput(input, options, run));
}

function formOf(path: string): Form {
  return FORMS.find((form) => path.endsWith(`.${form}`)) ?? "clif";
}

/** What a reduction is given while it runs. */
interface Hooks {
  readonly jobs: number;
  readonly stop: () => boolean;
  readonly onProgress: (progress: ReductionProgress) => void;
  readonly onBetter: (file: Uint8Array) => Promise<void>;
}

interface Outcome {
  readonly file: Uint8Array;
  readonly summary: string;
}

type Reduction = (source: Uint8Array, hooks: Hooks) => Promise<Outcome>;

function clifReduction(options: ReduceCommandOptions): Reduction {
  return async (source, hooks) => {
    const condition = conditionOf(options, source);
    const reduced = await reduceClif(source, { condition, ...hooks });
    const { instsBefore, instsAfter, text, tested, stopped, condition: words } = reduced;
    const sizes = `${instsBefore} instructions became ${instsAfter}, ${source.length} bytes ${text.length}`;
    return { file: text, summary: summary(sizes, tested, words, stopped) };
  };
}

function wasmReduction(
  path: string,
  form: WasmForm,
  options: ReduceCommandOptions,
  command: Command,
): Reduction {
  const condition = wasmConditionOf(path, form, options, command);
  return async (source, hooks) => {
    const asked = { form, condition, timeoutSeconds: options.timeout, ...hooks };
    const { file, tested, stopped, condition: words } = await reduceWasm(source, asked);
    const bytes = `${source.length} bytes became ${file.length}`;
    const sizes = form === "wasm" ? bytes : `${lines(source)} lines became ${lines(file)}, ${bytes}`;
    return { file, summary: summary(sizes, tested, words, stopped) };
  };
}

function lines(text: Uint8Array): number {
  let count = 0;
  for (const byte of text) if (byte === 0x0a) count++;
  return text.at(-1) === 0x0a ? count : count + 1;
}

function summary(sizes: string, tested: number, condition: string, stopped: boolean): string {
  return `${stopped ? "interrupted: " : ""}${sizes}, after ${tested} tests; still ${condition}`;
}

async function reduceInput(input: Input, options: ReduceCommandOptions, run: Reduction): Promise<void> {
  const interrupt = new Interrupt();
  const progress = options.quiet === true ? null : startSpinner("testing the file");
  const better = new BetterFile(options.output);
  try {
    const outcome = await run(input.bytes, {
      jobs: options.jobs,
      stop: () => interrupt.requested,
      onProgress: ({ pass, tested, bytes }) =>
        show(progress, `${pass}: ${tested} tested, ${bytes} bytes left`),
      onBetter: (file) => better.offer(file),
    });
    progress?.stop();
    const output = openOutput(options.output);
    output.write(outcome.file);
    await output.end();
    if (options.quiet !== true) note(outcome.summary);
  } finally {
    progress?.stop();
    interrupt.end();
  }
}

function show(progress: Ora | null, text: string): void {
  if (progress !== null) progress.text = text;
}

function conditionOf(options: ReduceCommandOptions, source: Uint8Array): ReduceClifOptions["condition"] {
  const { check, match, timeout, condition, policy } = options;
  if (check !== undefined) {
    return {
      kind: "command",
      command: check,
      timeoutSeconds: timeout,
      suffix: ".clif",
      ...(match === undefined ? {} : { match }),
    };
  }
  if (options.unlike !== undefined) return builtIn(condition, policy, options.unlike);
  // The policies with a mistake are upstream's but for one decision. Where upstream fails, too, as it does around some calls that may throw,
  // what it shares with them is all that there is to keep.
  const own = builtIn(condition, policy, policy.startsWith("wrong:") ? "cranelift" : "none");
  return showsFailure(own, source) ? own : builtIn(condition, policy, "none");
}

function builtIn(
  kind: (typeof CONDITIONS)[number],
  policy: PolicyName,
  unlike: PolicyName | "none",
): ConditionSpec {
  switch (kind) {
    case "verifier":
      return { kind };
    case "policies":
      return { kind, policies: [policy, unlike === "none" ? "cranelift" : unlike] };
    default:
      return unlike === "none" ? { kind, policy } : { kind, policy, unlike };
  }
}

/** The first interrupt asks for an end, the second is one. */
class Interrupt {
  requested: boolean;
  private readonly handler: () => void;

  constructor() {
    this.requested = false;
    this.handler = () => {
      if (this.requested) process.exit(INTERRUPTED);
      this.requested = true;
    };
    process.on("SIGINT", this.handler);
  }

  end(): void {
    process.off("SIGINT", this.handler);
  }
}

/** As shells say it: 128 and the number of the signal. */
const INTERRUPTED = 130;
const WRITE_INTERVAL_MS = 500;

/** Keeps the file of `--output` up to date, not too often. */
class BetterFile {
  private readonly path: string | undefined;
  private written: number;

  constructor(path: string | undefined) {
    this.path = path;
    this.written = 0;
  }

  async offer(text: Uint8Array): Promise<void> {
    if (this.path === undefined || this.path === "-" || Date.now() - this.written < WRITE_INTERVAL_MS) return;
    this.written = Date.now();
    try {
      await writeFileAtomically(this.path, Buffer.from(text));
    } catch (error) {
      throw new InputError(cannotWrite(this.path, error));
    }
  }
}
