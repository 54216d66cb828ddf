/** `spillway reduce`: makes a CLIF file small while it still shows a failure. */
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Ora } from "ora";
import { InputError } from "../base/diagnostics.ts";
import { isPolicyName, POLICY_NAMES, type PolicyName } from "../frontend/safepoints/policies.ts";
import { writeFileAtomically } from "../lab/atomic-file.ts";
import {
  type ConditionSpec,
  type ReduceClifOptions,
  type ReducedClif,
  reduceClif,
} from "../lab/reduce/index.ts";
import { type Input, readInput } from "./input.ts";
import { cannotWrite } from "./messages.ts";
import { openOutput } from "./output.ts";
import { startSpinner } from "./progress.ts";
import { note, reporting } from "./report.ts";

const CONDITIONS = ["checker", "oracle", "verifier", "policies"] as const;

interface ReduceCommandOptions {
  readonly check?: string;
  readonly match?: string;
  readonly timeout: number;
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
      "Make a CLIF file as small as it can be while it still shows a failure: instructions, blocks, parameters, values,\n" +
        "signatures, entities and constants go as long as the failure stays. The result is CLIF with its directives.",
    )
    .argument("<file>", "CLIF text, or - for standard input")
    .option(
      "--check <command>",
      "a shell command that must end as it does on the whole file; {} is the candidate's path, or it comes last",
    )
    .option("--match <text>", "with --check: a text that its output must hold")
    .addOption(
      new Option("--timeout <seconds>", "with --check: how long the command may take")
        .default(60)
        .argParser(positive),
    )
    .addOption(
      new Option("--condition <name>", "without --check: what must stay so, see below")
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
        "a policy that must do well where --policy does not, or none; cranelift for the policies with a mistake",
      ).argParser((name: string) => (name === "none" ? name : policyOf(name))),
    )
    .addOption(
      new Option("-j, --jobs <count>", "candidates tested at a time; the result does not depend on it")
        .default(availableParallelism(), "one for each processor")
        .argParser(positive),
    )
    .option("-o, --output <file>", "write there, each better text at once, instead of standard output")
    .option("-q, --quiet", "no progress and no summary")
    .addHelpText("after", HELP)
    .action(reduce);
}

const HELP = `
Conditions:
  checker    the checker rejects what --policy makes of it
  oracle     what --policy makes of it behaves otherwise than before
  verifier   the verifier rejects it
  policies   --policy and --unlike make different texts of it

Interrupting it gives what there is so far.

Exit code: 0 reduced · 1 the input is at fault or shows no failure · 2 wrong usage

Examples:
  spillway reduce bug.clif --policy wrong:loop-invariant-slot
  spillway reduce bug.clif --condition policies --policy spillway --unlike cranelift -o small.clif
  spillway reduce bug.clif --check 'clif-util verify {}' --match 'uses value'`;

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
  if (options.match !== undefined && options.check === undefined) {
    command.error("error: --match needs --check");
  }
  const input = await reporting({ name: path }, () => readInput(path));
  if (input !== null) await reporting(input, () => reduceInput(input, options));
}

async function reduceInput(input: Input, options: ReduceCommandOptions): Promise<void> {
  const interrupt = new Interrupt();
  const progress = options.quiet === true ? null : startSpinner("testing the file");
  const better = new BetterFile(options.output);
  try {
    const reduced = await reduceClif(input.bytes, {
      condition: conditionOf(options),
      jobs: options.jobs,
      stop: () => interrupt.requested,
      onProgress: ({ pass, tested, bytes }) =>
        show(progress, `${pass}: ${tested} tested, ${bytes} bytes left`),
      onBetter: (text) => better.offer(text),
    });
    progress?.stop();
    const output = openOutput(options.output);
    output.write(reduced.text);
    await output.end();
    if (options.quiet !== true) note(summary(input, reduced));
  } finally {
    progress?.stop();
    interrupt.end();
  }
}

function show(progress: Ora | null, text: string): void {
  if (progress !== null) progress.text = text;
}

function summary(input: Input, reduced: ReducedClif): string {
  const { instsBefore, instsAfter, text, tested, stopped, condition } = reduced;
  const end = stopped ? "interrupted: " : "";
  return `${end}${instsBefore} instructions became ${instsAfter}, ${input.bytes.length} bytes ${text.length}, after ${tested} tests; still ${condition}`;
}

function conditionOf(options: ReduceCommandOptions): ReduceClifOptions["condition"] {
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
  return builtIn(condition, policy, options.unlike);
}

function builtIn(
  kind: (typeof CONDITIONS)[number],
  policy: PolicyName,
  chosen: PolicyName | "none" | undefined,
): ConditionSpec {
  const unlike = chosen ?? (policy.startsWith("wrong:") ? "cranelift" : "none");
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
