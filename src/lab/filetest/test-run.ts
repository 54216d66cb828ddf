/**
 * `test run` and `test interpret`: the `; run:` and `; print:` directives behind each function.
 *
 * `test run` has them run by the interpreter and, compiled, by the host's WebAssembly; `on=…` picks one. What the backend does
 * not do is left to the interpreter, and with `on=wasm` skips its function, by name. `test interpret` is the interpreter's alone.
 *
 * As upstream, `test run` calls the function that the directive follows, whatever name it gives; `test interpret` calls the
 * function named. Memory is big-endian where all of the file's targets are. A directive that needs what the interpreter does
 * not have (`stack_switch`, dynamic vectors of other than 128 bits) skips its function, by name.
 */
import { InputError } from "../../base/diagnostics.ts";
import { type DataValue, sameValue, unsignedOf } from "../../interp/data-value.ts";
import { Interpreter, outcomeText } from "../../interp/interpreter.ts";
import { nameKey } from "../../interp/names.ts";
import type { Function } from "../../ir/function.ts";
import { isFloat, isVector, laneBits, laneType, typeName } from "../../ir/types.ts";
import type { ParsedFile, ParsedFunction } from "../../text/index.ts";
import { annotatedText, verifyFunction } from "../../verify/index.ts";
import { CompiledFile, type CompiledOutcome } from "../compiled/compiled-file.ts";
import {
  type FiletestCommand,
  type FiletestContext,
  FiletestFailure,
  FiletestSkip,
  type FunctionTest,
} from "./command.ts";
import { OptionReader } from "./options.ts";
import { type CallTypes, parseRunCommand, type RunCommand } from "./run-command.ts";
import { fileRules } from "./verify-first.ts";

/** Where the functions run; the first is the default. */
const PLACES = ["both", "interpreter", "wasm"];
const RUN_USAGE = "on=both|interpreter|wasm";

export const testRun: FiletestCommand = {
  name: "run",
  summary: "calls the function as its `; run:` lines say",
  usage: RUN_USAGE,
  prepare(options) {
    const reader = new OptionReader("run", RUN_USAGE, options);
    const place = reader.choice("on", PLACES);
    reader.end();
    return {
      needsVerifier: false,
      judgement: "itself",
      open: (context) => {
        const runners: Runner[] = [];
        if (place !== "wasm") runners.push(interpreted(context.file, false));
        if (place !== "interpreter") runners.push(compiled(context, place === "wasm"));
        return testOf(context.file, false, runners);
      },
    };
  },
};

export const testInterpret: FiletestCommand = {
  name: "interpret",
  summary: "the same in the interpreter, but calls the functions that the lines name",
  usage: "",
  prepare(options) {
    new OptionReader("interpret", "", options).end();
    return {
      needsVerifier: false,
      judgement: "itself",
      open: ({ file }) => testOf(file, true, [interpreted(file, true)]),
    };
  },
};

/** Calls a function of the file: what came of it, or null where the runner leaves it to others. */
type Runner = (
  parsed: ParsedFunction,
  index: number,
  callee: string | null,
  args: readonly DataValue[],
) => Ran | null;

interface Ran {
  /** The results, or null when there are none. */
  readonly values: readonly DataValue[] | null;
  /** The outcome for people. */
  readonly shown: string;
}

/** The file's functions on WebAssembly, or why not. */
function compileAll({ file, parseAgain }: FiletestContext): CompiledFile | string {
  if (isBigEndian(file)) return "memory is big-endian";
  const functions = parseAgain().functions.map(({ func }) => func);
  const { isa: _, ...rules } = fileRules(file);
  if (functions.some((func) => verifyFunction(func, rules).length > 0)) return "a function is not valid";
  return new CompiledFile(functions);
}

function testOf(file: ParsedFile, byName: boolean, runners: readonly Runner[]): FunctionTest {
  return (parsed, index) => {
    verifyFor(parsed, file, byName);
    for (const { text, line } of parsed.details.comments) {
      runDirective(file, parsed, index, text, line, byName, runners);
    }
    return "";
  };
}

function interpreted(file: ParsedFile, byName: boolean): Runner {
  const functions = file.functions.map(({ func }) => func);
  const interpreter = new Interpreter(functions, { bigEndian: isBigEndian(file) });
  return ({ func }, _, callee, args) => {
    const outcome = interpreter.call(byName && callee !== null ? callee : nameKey(func.name), args);
    return outcome.kind === "returned"
      ? { values: outcome.values, shown: valuesText(outcome.values) }
      : { values: null, shown: outcomeText(outcome) };
  };
}

function compiled(context: FiletestContext, isAlone: boolean): Runner {
  let module: CompiledFile | string | null = null;
  return (_, index, __, args) => {
    module ??= compileAll(context);
    const outcome: CompiledOutcome =
      typeof module === "string" ? { kind: "refused", why: module } : module.call(index, args);
    switch (outcome.kind) {
      case "returned":
        return { values: outcome.values, shown: `${valuesText(outcome.values)} as compiled` };
      case "trapped":
        return { values: null, shown: `the trap '${outcome.message}' as compiled` };
      default:
        if (isAlone) throw new FiletestSkip(`is not compiled (${outcome.why})`);
        return null;
    }
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
  file: ParsedFile,
  parsed: ParsedFunction,
  index: number,
  text: string,
  line: number,
  byName: boolean,
  runners: readonly Runner[],
): void {
  const called = (name: string): Function | null =>
    byName ? (file.functions.find(({ func }) => nameKey(func.name) === name)?.func ?? null) : parsed.func;
  try {
    const command = parseRunCommand(text, (name) => {
      const func = called(name);
      return func === null ? null : callTypes(func);
    });
    if (command === null) return;
    const [callee, args] =
      command.kind === "run nonzero" ? [null, []] : [command.invocation.callee, command.invocation.args];
    for (const runner of runners) {
      const ran = runner(parsed, index, callee, args);
      if (ran !== null) judge(command, ran, line);
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (error.diagnostic.code === "interp-refused") throw new FiletestSkip(`calls (${error.message})`);
    throw new FiletestFailure(error.message, "", line);
  }
}

function judge(command: RunCommand, { values, shown }: Ran, line: number): void {
  if (command.kind === "print") return;
  if (command.kind === "run nonzero") {
    const value = values?.[0];
    if (value !== undefined && unsignedOf(value) !== 0n) return;
    throw new FiletestFailure(`the function gave ${shown} where anything but 0 is expected`, "", line);
  }
  const { expected, negated } = command;
  const equal =
    values !== null &&
    values.length === expected.length &&
    values.every((value, i) => sameValue(value, expected[i]!));
  if (equal !== negated && values !== null) return;
  const wanted = `${negated ? "anything but " : ""}${valuesText(expected)}`;
  throw new FiletestFailure(`the call gave ${shown} where ${wanted} is expected`, "", line);
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
