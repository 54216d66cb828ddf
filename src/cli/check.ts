/** `spillway check`: proves that spilled functions do what the functions before did, whenever a moving collector runs. */
import { Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../base/diagnostics.ts";
import { SafepointChecker, type SafepointError } from "../check/index.ts";
import { isPolicyName, POLICY_NAMES, type PolicyName } from "../frontend/safepoints/policies.ts";
import { SafepointSpiller } from "../frontend/safepoints/spiller.ts";
import type { Function } from "../ir/function.ts";
import { fileRules } from "../lab/filetest/index.ts";
import { functionNameText } from "../lab/function-text.ts";
import { instText, type ParsedFile, type ParsedFunction, parseFile } from "../text/index.ts";
import { annotatedText, verifyFunction } from "../verify/index.ts";
import { type ClifInput, eachClifInput } from "./clif-input.ts";
import { ExitCode } from "./exit.ts";
import { invalidFunction, noSuchFunction } from "./messages.ts";
import { openOutput } from "./output.ts";
import { type PointerTypeName, pointerTypeOfName, pointerTypeOption } from "./pointer-type.ts";
import { colorsFor, jsonText, note, reportDiagnostic } from "./report.ts";

interface CheckCommandOptions {
  readonly policy: PolicyName;
  readonly pointerType?: PointerTypeName;
  readonly maxErrors: number;
  readonly verify: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** An error with its place in the text of AFTER, as `--json` prints it. */
interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly notes: readonly string[];
  /** Line of AFTER's text; absent when AFTER was made here. */
  readonly line?: number;
  readonly block: string | null;
  readonly instruction: string | null;
  readonly value: string | null;
  readonly slot: string | null;
}

interface FunctionReport {
  readonly file: string;
  readonly function: string;
  readonly proven: boolean;
  readonly errors: readonly ReportedError[];
}

export function createCheckCommand(): Command {
  return new Command("check")
    .description(
      "Prove that spilled functions do what the functions before did, whenever a collector runs and whatever it moves.\n" +
        "With one file, its functions are spilled first; with two, functions are matched by name.",
    )
    .argument("<before>", "CLIF text whose functions say `; needs-stack-map: v0 v3`, or - for standard input")
    .argument("[after]", "the same functions with their spill code")
    .addOption(
      new Option("--policy <name>", `with one file, by which rules to spill: ${POLICY_NAMES.join(", ")}`)
        .default("spillway")
        .argParser(policyOf),
    )
    .addOption(pointerTypeOption("the type of addresses, whatever `; pointer-type:` says"))
    .addOption(
      new Option("--max-errors <count>", "how many errors of a function to explain")
        .default(20)
        .argParser(countOf),
    )
    .option("--no-verify", "do not verify the functions first")
    .option("-q, --quiet", "say nothing about functions that are proved")
    .option("--json", "one JSON document: every function with its errors")
    .addHelpText(
      "after",
      `
Exit code: 0 all proved · 1 some are not · 2 wrong usage

Examples:
  spillway check app.clif
  spillway check --policy wrong:loop-invariant-slot app.clif     a known mistake, and what it breaks
  spillway spill app.clif | spillway check app.clif -`,
    )
    .action(check);
}

function policyOf(name: string): PolicyName {
  if (isPolicyName(name)) return name;
  throw new InvalidArgumentError(`The policies are: ${POLICY_NAMES.join(", ")}.`);
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("It is a number from 1 on.");
}

async function check(
  beforePath: string,
  afterPath: string | undefined,
  options: CheckCommandOptions,
): Promise<void> {
  const run = new CheckRun(options);
  await eachClifInput([beforePath], async (before) => {
    run.verify(before);
    if (afterPath === undefined) {
      run.spilled(before);
      return;
    }
    await eachClifInput([afterPath], (after) => {
      run.verify(after);
      run.pair(before, after);
    });
  });
  await run.end();
}

class CheckRun {
  private readonly options: CheckCommandOptions;
  private readonly checker: SafepointChecker;
  private readonly reports: FunctionReport[];

  constructor(options: CheckCommandOptions) {
    this.options = options;
    this.checker = new SafepointChecker();
    this.reports = [];
  }

  /** Throws an `InputError` at the first function that is not valid. */
  verify({ file }: ClifInput): void {
    if (!this.options.verify) return;
    const rules = fileRules(file);
    for (const { func, line } of file.functions) {
      const errors = verifyFunction(func, rules);
      if (errors.length === 0) continue;
      process.stderr.write(annotatedText(func, errors));
      const complaint = invalidFunction(functionNameText(func.name), errors.length);
      throw new InputError({ ...complaint, place: { kind: "text", line, column: 1 } });
    }
  }

  /** Spills each function of a file, and checks the result. */
  spilled(input: ClifInput): void {
    const spiller = new SafepointSpiller();
    // The spiller rewrites in place: one copy stays as it is.
    const afters = parseFile(input.bytes).functions;
    for (const [index, before] of input.file.functions.entries()) {
      const after = afters[index]!;
      this.setPointerType(before.func);
      this.setPointerType(after.func);
      spiller.run(after.func, { policy: this.options.policy });
      this.check(input.name, before, after, false);
    }
  }

  /** Checks each function of BEFORE against the one of that name in AFTER. */
  pair(before: ClifInput, after: ClifInput): void {
    const rest = byName(after.file);
    for (const parsed of before.file.functions) {
      const name = functionNameText(parsed.func.name);
      const copy = rest.get(name)?.shift();
      this.setPointerType(parsed.func);
      if (copy === undefined) {
        reportDiagnostic(
          { ...noSuchFunction(name), place: { kind: "text", line: parsed.line, column: 1 } },
          before,
        );
      } else {
        this.setPointerType(copy.func);
        this.check(after.name, parsed, copy, true);
      }
    }
    const extra = [...rest].filter(([, functions]) => functions.length > 0).map(([name]) => name);
    if (extra.length > 0) note(`not checked, because ${before.name} lacks them: ${extra.join(", ")}`);
  }

  private setPointerType(func: Function): void {
    const { pointerType } = this.options;
    if (pointerType !== undefined) func.pointerType = pointerTypeOfName(pointerType);
  }

  private check(file: string, before: ParsedFunction, after: ParsedFunction, hasText: boolean): void {
    const errors = this.checker.check(before.func, after.func, { maxErrors: this.options.maxErrors });
    const name = functionNameText(before.func.name);
    const reported = errors.map((error) => reportedError(error, after, hasText));
    this.reports.push({ file, function: name, proven: errors.length === 0, errors: reported });
    if (errors.length > 0) process.exitCode = ExitCode.Input;
    if (this.options.json === true) return;
    for (const error of reported) process.stderr.write(errorText(file, name, error));
  }

  async end(): Promise<void> {
    const output = openOutput(undefined);
    const unproven = this.reports.filter(({ proven }) => !proven).length;
    if (this.options.json === true) {
      output.write(jsonText({ functions: this.reports }));
    } else if (this.reports.length > 0 && !(this.options.quiet === true && unproven === 0)) {
      output.write(`${summary(this.reports.length, unproven)}\n`);
    }
    await output.end();
  }
}

function summary(functions: number, unproven: number): string {
  const all = functions === 1 ? "1 function" : `${functions} functions`;
  return unproven === 0 ? `${all} proved` : `${all}, ${unproven} not proved`;
}

/** Functions by name; several of one name are matched in order. */
function byName(file: ParsedFile): Map<string, ParsedFunction[]> {
  const functions = new Map<string, ParsedFunction[]>();
  for (const parsed of file.functions) {
    const name = functionNameText(parsed.func.name);
    const list = functions.get(name);
    if (list === undefined) functions.set(name, [parsed]);
    else list.push(parsed);
  }
  return functions;
}

function reportedError(error: SafepointError, after: ParsedFunction, hasText: boolean): ReportedError {
  const { inst, block, value, slot } = error;
  const line = !hasText ? 0 : inst !== null ? after.details.instLine(inst) : after.line;
  return {
    code: error.code,
    message: error.message,
    notes: error.notes,
    ...(line > 0 ? { line } : {}),
    block: block === null ? null : `block${block}`,
    instruction: inst === null ? null : instText(after.func, inst),
    value: value === null ? null : `v${value}`,
    slot: slot === null ? null : `ss${slot}`,
  };
}

/** `app.clif:12: error: %f: v0 does not reach …` */
function errorText(file: string, name: string, error: ReportedError): string {
  const colors = colorsFor(process.stderr);
  const place = error.line === undefined ? file : `${file}:${error.line}`;
  const notes = error.notes.map((line) => `\n  ${colors.cyan("note:")} ${line}`).join("");
  return `${place}: ${colors.red(colors.bold("error:"))} ${name}: ${error.message} [${error.code}]${notes}\n`;
}
