/** `spillway verify`: checks functions by Cranelift's rules, and their stack maps as well. */
import { Command, Option } from "commander";
import { fileRules } from "../lab/filetest/index.ts";
import { functionNameText } from "../lab/function-text.ts";
import { annotatedText, type VerifierError, type VerifyOptions, verifyFunction } from "../verify/index.ts";
import { CLIF_ARGUMENT, CLIF_ARGUMENT_HELP, eachClifInput } from "./clif-input.ts";
import { ExitCode } from "./exit.ts";
import { openOutput } from "./output.ts";
import { type PointerTypeName, pointerTypeOfName, pointerTypeOption } from "./pointer-type.ts";
import { jsonText } from "./report.ts";

interface VerifyCommandOptions {
  readonly target?: string;
  readonly pointerType?: PointerTypeName;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

interface FunctionResult {
  readonly file: string;
  readonly function: string;
  readonly line: number;
  readonly errors: readonly VerifierError[];
}

export function createVerifyCommand(): Command {
  return new Command("verify")
    .description(
      "Check functions by the rules of Cranelift's verifier, and their stack maps, which Cranelift never checks.",
    )
    .argument(CLIF_ARGUMENT, CLIF_ARGUMENT_HELP)
    .addOption(
      new Option("--target <name>", "the target that rules may depend on: x86_64, aarch64, pulley32, …"),
    )
    .addOption(pointerTypeOption("the type of addresses"))
    .option("-q, --quiet", "say nothing about functions that are valid")
    .option("--json", "one JSON document: every function with its errors")
    .addHelpText(
      "after",
      `
Without --target a file's own \`target\` line counts, if it has one only.

Exit code: 0 all valid · 1 some are not (each is printed with its errors) · 2 wrong usage

Examples:
  spillway verify app.clif
  spillway verify --target x86_64 app.clif
  spillway spill app.clif | spillway verify -`,
    )
    .action(verify);
}

async function verify(paths: string[], options: VerifyCommandOptions): Promise<void> {
  const output = openOutput(undefined);
  const results: FunctionResult[] = [];
  await eachClifInput(paths, ({ name, file }) => {
    const rules = rulesFrom(options, fileRules(file));
    for (const { func, line } of file.functions) {
      const errors = verifyFunction(func, rules);
      results.push({ file: name, function: functionNameText(func.name), line, errors });
      if (errors.length === 0) continue;
      process.exitCode = ExitCode.Input;
      if (options.json !== true) output.write(annotatedText(func, errors));
    }
  });
  if (options.json === true) {
    output.write(jsonText({ functions: results }));
  } else if (options.quiet !== true && results.length > 0) {
    const invalid = results.filter(({ errors }) => errors.length > 0).length;
    process.stderr.write(`${summary(results.length, invalid)}\n`);
  }
  await output.end();
}

function summary(functions: number, invalid: number): string {
  const all = functions === 1 ? "1 function" : `${functions} functions`;
  return invalid === 0 ? `${all}, no errors` : `${all}, ${invalid} with errors`;
}

/** The command line's word counts before the file's. */
function rulesFrom(options: VerifyCommandOptions, ofFile: VerifyOptions): VerifyOptions {
  const rules: VerifyOptions = options.target === undefined ? ofFile : { ...ofFile, isa: options.target };
  if (options.pointerType === undefined) return rules;
  return { ...rules, pointerType: pointerTypeOfName(options.pointerType) };
}
