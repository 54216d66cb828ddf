/** `spillway spill`: runs the safepoint spiller over CLIF text. */
import { Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { isPolicyName, POLICIES, POLICY_NAMES, type PolicyName } from "../frontend/safepoints/policies.ts";
import { SafepointSpiller } from "../frontend/safepoints/spiller.ts";
import { fileRules } from "../lab/filetest/index.ts";
import { functionNameText } from "../lab/function-text.ts";
import { functionText, writeFunction } from "../text/index.ts";
import { annotatedText, type VerifyOptions, verifyFunction } from "../verify/index.ts";
import { CLIF_ARGUMENT, CLIF_ARGUMENT_HELP, type ClifInput, eachClifInput } from "./clif-input.ts";
import { invalidFunction } from "./messages.ts";
import { checkOutput, type Output, openOutput } from "./output.ts";
import { type PointerTypeName, pointerTypeOfName, pointerTypeOption } from "./pointer-type.ts";
import { jsonText, note } from "./report.ts";
import { livenessTable, mapsTable, type SpillReport, slotsTable, spillReport } from "./spill-report.ts";

const EMITS = ["liveness", "slots", "maps", "text"] as const;
type Emit = (typeof EMITS)[number];

interface SpillCommandOptions {
  readonly policy: PolicyName;
  readonly pointerType?: PointerTypeName;
  readonly emit: readonly Emit[];
  readonly verify: boolean;
  readonly json?: boolean;
  readonly output?: string;
}

export function createSpillCommand(): Command {
  return new Command("spill")
    .description(
      "Give every declared reference that is live across a call a stack slot, spill and reload it, and write the stack maps.\n" +
        "A function declares its references with a comment: `; needs-stack-map: v0 v3`.",
    )
    .argument(CLIF_ARGUMENT, CLIF_ARGUMENT_HELP)
    .addOption(
      new Option("--policy <name>", "by which rules; the choices are below")
        .default("spillway")
        .argParser(policyOf),
    )
    .addOption(pointerTypeOption("the type of addresses, whatever `; pointer-type:` says"))
    .addOption(
      new Option("--emit <what>", "liveness, slots, maps, text; a comma between, or --emit again")
        .default([], "text")
        .argParser(emitsOf),
    )
    .option("--no-verify", "do not verify the functions first")
    .option("-o, --output <file>", "write there instead of standard output")
    .option("--json", "one JSON document: slots, counts, stack maps and text of each function")
    .addHelpText("after", helpText())
    .action(spill);
}

function helpText(): string {
  const policies = [...POLICIES.values()].map(({ name, summary }) => `  ${name.padEnd(27)} ${summary}`);
  return `
Policies:
${policies.join("\n")}

Exit code: 0 fine · 1 the input is at fault · 2 wrong usage

Examples:
  spillway spill app.clif                            the rewritten functions, nothing else
  spillway spill --emit slots,maps app.clif          who lives in which slot, and every stack map
  spillway spill --policy cranelift app.clif -o out.clif
  spillway cat --directives app.clif | spillway spill - | spillway verify -`;
}

function policyOf(name: string): PolicyName {
  if (isPolicyName(name)) return name;
  throw new InvalidArgumentError(`The policies are: ${POLICY_NAMES.join(", ")}.`);
}

function emitsOf(list: string, previous: readonly Emit[]): readonly Emit[] {
  const emits = list.split(",").map((word) => word.trim());
  const unknown = emits.find((word) => !EMITS.includes(word as Emit));
  if (unknown !== undefined) throw new InvalidArgumentError(`\`${unknown}\` is none of ${EMITS.join(", ")}.`);
  return [...previous, ...(emits as Emit[])];
}

async function spill(paths: string[], options: SpillCommandOptions, command: Command): Promise<void> {
  checkOutput(options.output, paths, command);
  const output = openOutput(options.output);
  const run = new SpillRun(output, options);
  await eachClifInput(paths, (input) => run.file(input));
  run.end();
  await output.end();
}

/** One run over all inputs; the spiller's memory is used again from function to function. */
class SpillRun {
  private readonly output: Output;
  private readonly options: SpillCommandOptions;
  private readonly emits: readonly Emit[];
  private readonly spiller: SafepointSpiller;
  private readonly reports: (SpillReport & { readonly text: string })[];
  private functions: number;
  private declared: boolean;

  constructor(output: Output, options: SpillCommandOptions) {
    this.output = output;
    this.options = options;
    this.emits = options.emit.length === 0 ? ["text"] : options.emit;
    this.spiller = new SafepointSpiller();
    this.reports = [];
    this.functions = 0;
    this.declared = false;
  }

  /** Rewrites the functions of one input; none of them is printed when one is not valid. */
  file({ name, file }: ClifInput): void {
    const { pointerType } = this.options;
    if (this.options.verify) this.verifyAll(file, fileRules(file));
    for (const { func } of file.functions) {
      if (pointerType !== undefined) func.pointerType = pointerTypeOfName(pointerType);
      this.declared ||= func.needsStackMap.length > 0;
      const instsBefore = func.dfg.numInsts;
      const slotsBefore = func.stackSlots.length;
      const counts = this.spiller.run(func, { policy: this.options.policy });
      const before = { insts: instsBefore, slots: slotsBefore };
      const wantsReport = this.options.json === true || this.emits.some((emit) => emit !== "text");
      const report = wantsReport
        ? spillReport(name, func, this.spiller, POLICIES.get(this.options.policy)!, counts, before)
        : null;
      this.print(func, report);
      this.functions++;
    }
  }

  end(): void {
    if (this.options.json === true) {
      this.output.write(jsonText({ policy: this.options.policy, functions: this.reports }));
    }
    if (this.functions > 0 && !this.declared) {
      note(
        "no function declares a reference, so nothing was spilled; declare some with `; needs-stack-map: v0`",
      );
    }
  }

  private verifyAll(file: ClifInput["file"], rules: VerifyOptions): void {
    for (const { func, line } of file.functions) {
      const errors = verifyFunction(func, rules);
      if (errors.length === 0) continue;
      process.stderr.write(annotatedText(func, errors));
      const complaint = invalidFunction(functionNameText(func.name), errors.length);
      throw new InputError({ ...complaint, place: { kind: "text", line, column: 1 } });
    }
  }

  private print(func: ClifInput["file"]["functions"][number]["func"], report: SpillReport | null): void {
    if (this.options.json === true) {
      this.reports.push({ ...report!, text: functionText(func) });
      return;
    }
    for (const [index, emit] of this.emits.entries()) {
      if (this.functions > 0 || index > 0) this.output.write("\n");
      if (emit === "text") writeFunction(func, (chunk) => this.output.write(chunk));
      else if (emit === "liveness") this.output.write(livenessTable(report!));
      else if (emit === "slots") this.output.write(slotsTable(report!));
      else this.output.write(mapsTable(report!));
    }
  }
}
