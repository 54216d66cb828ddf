/**
 * `test run` and `test interpret`: the `; run:` and `; print:` directives behind each function, by the interpreter.
 *
 * As upstream, `test run` calls the function that the directive follows, whatever name it gives; `test interpret` calls the
 * function named. Memory is big-endian where all of the file's targets are. A directive that needs what the interpreter does
 * not have (`stack_switch`, dynamic vectors of other than 128 bits) skips its function, by name.
 */
import { InputError } from "../../base/diagnostics.ts";
import { type DataValue, sameValue, unsignedOf } from "../../interp/data-value.ts";
import { Interpreter, type Outcome, outcomeText } from "../../interp/interpreter.ts";
import { nameKey } from "../../interp/names.ts";
import type { Function } from "../../ir/function.ts";
import { isFloat, isVector, laneBits, laneType, typeName } from "../../ir/types.ts";
import type { ParsedFile, ParsedFunction } from "../../text/index.ts";
import { annotatedText, verifyFunction } from "../../verify/index.ts";
import { type FiletestCommand, FiletestFailure, FiletestSkip, type FunctionTest } from "./command.ts";
import { OptionReader } from "./options.ts";
import { type CallTypes, parseRunCommand, type RunCommand } from "./run-command.ts";
import { fileRules } from "./verify-first.ts";

export const testRun: FiletestCommand = runCommandNamed(
  "run",
  "calls the function as its `; run:` lines say",
);
export const testInterpret: FiletestCommand = runCommandNamed(
  "interpret",
  "the same, but calls the functions that the lines name",
);

function runCommandNamed(name: string, summary: string): FiletestCommand {
  return {
    name,
    summary,
    usage: "",
    prepare(options) {
      new OptionReader(name, "", options).end();
      return {
        needsVerifier: false,
        judgement: "itself",
        open: ({ file }) => openRun(file, name === "interpret"),
      };
    },
  };
}

function openRun(file: ParsedFile, byName: boolean): FunctionTest {
  const functions = file.functions.map(({ func }) => func);
  const interpreter = new Interpreter(functions, { bigEndian: isBigEndian(file) });
  return (parsed) => {
    verifyFor(parsed, file, byName);
    for (const { text, line } of parsed.details.comments) {
      runDirective(interpreter, parsed, text, line, byName);
    }
    return "";
  };
}

/** `interpret` has no target; to `run`, the first of several will do, as some instructions are valid for a target only. */
function verifyFor(parsed: ParsedFunction, file: ParsedFile, withoutTarget: boolean): void {
  const { isa: _, ...rules } = fileRules(file);
  const target = file.targets[0];
  const all = withoutTarget || target === undefined ? rules : { ...rules, isa: target.triple };
  const errors = verifyFunction(parsed.func, all);
  if (errors.length > 0) {
    throw new FiletestFailure("the function is not valid", annotatedText(parsed.func, errors));
  }
}

function isBigEndian(file: ParsedFile): boolean {
  const { targets } = file;
  return targets.length > 0 && targets.every(({ triple }) => /^s390x|be$/.test(triple));
}

function callTypes(func: Function): CallTypes {
  const { params, returns } = func.signature;
  return { params: params.map((param) => param.type), returns: returns.map((param) => param.type) };
}

function runDirective(
  interpreter: Interpreter,
  parsed: ParsedFunction,
  text: string,
  line: number,
  byName: boolean,
): void {
  const called = (name: string): Function | null => (byName ? interpreter.function(name) : parsed.func);
  try {
    const command = parseRunCommand(text, (name) => {
      const func = called(name);
      return func === null ? null : callTypes(func);
    });
    if (command !== null) execute(interpreter, parsed, command, line, byName);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (error.diagnostic.code === "interp-refused") throw new FiletestSkip(`calls (${error.message})`);
    throw new FiletestFailure(error.message, "", line);
  }
}

function execute(
  interpreter: Interpreter,
  parsed: ParsedFunction,
  command: RunCommand,
  line: number,
  byName: boolean,
): void {
  const own = nameKey(parsed.func.name);
  if (command.kind === "run nonzero") {
    const outcome = interpreter.call(own, []);
    const value = outcome.kind === "returned" ? outcome.values[0] : undefined;
    if (value !== undefined && unsignedOf(value) !== 0n) return;
    throw new FiletestFailure(
      `the function gave ${shown(outcome)} where anything but 0 is expected`,
      "",
      line,
    );
  }
  const { callee, args } = command.invocation;
  const outcome = interpreter.call(byName ? callee : own, args);
  if (command.kind === "print") return;
  const { expected } = command;
  const equal =
    outcome.kind === "returned" &&
    outcome.values.length === expected.length &&
    outcome.values.every((value, i) => sameValue(value, expected[i]!));
  if (equal !== command.negated && outcome.kind === "returned") return;
  const wanted = `${command.negated ? "anything but " : ""}${valuesText(expected)}`;
  throw new FiletestFailure(`the call gave ${shown(outcome)} where ${wanted} is expected`, "", line);
}

function shown(outcome: Outcome): string {
  return outcome.kind === "returned" ? valuesText(outcome.values) : outcomeText(outcome);
}

function valuesText(values: readonly DataValue[]): string {
  const texts = values.map(valueText);
  return texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
}

/** Integers in decimal, signed; the rest as bits. */
function valueText(value: DataValue): string {
  if (!isVector(value.type) && !isFloat(laneType(value.type))) {
    return BigInt.asIntN(laneBits(value.type), unsignedOf(value)).toString();
  }
  return `${typeName(value.type)} 0x${unsignedOf(value)
    .toString(16)
    .padStart(2 * value.bytes.length, "0")}`;
}
