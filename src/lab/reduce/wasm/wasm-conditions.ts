/**
 * What a reduction of modules and scripts keeps, as far as it is built in. As for CLIF each condition gives a file a
 * symptom, a short text, or none, and a candidate holds if its symptom is that of the file the reduction began with:
 *
 *     script     `spillway wast` reports a failure: the directive, what was expected and what came, of the first one
 *     compile    our compiler refuses or breaks on a module, or the host refuses its output: the message
 *     runs       a module does not do compiled what it does natively (`wasm-fuzz/`): the kind of failure, and the message
 *
 * Symptoms are compared loosely: names, numbers, places and quoted texts do not count, for they change when a module
 * becomes smaller. What `passes` or a pattern asks for besides must hold in every candidate.
 */
import { InputError } from "../../../base/diagnostics.ts";
import { type CompileOptions, compile } from "../../../driver/compile.ts";
import { hostWebAssembly } from "../../../embed/host-webassembly.ts";
import type { PolicyName } from "../../../frontend/index.ts";
import { parseScript, type RunOptions, runFile } from "../../../wast/index.ts";
import { checkModule } from "../../wasm-fuzz/check-module.ts";
import { moduleBinary } from "./script-modules.ts";

/** Options, and as a person wrote them. */
export interface Setting<T> {
  readonly options: T;
  readonly words: string;
}

export type WasmConditionSpec =
  | {
      readonly kind: "script";
      /** The path of the script, on which some features depend. */
      readonly name: string;
      readonly fails: Setting<RunOptions>;
      /** Under these options nothing may fail. */
      readonly passes?: Setting<RunOptions>;
      /** A text that the failure must hold: the first one that does counts. */
      readonly match?: string;
    }
  | {
      readonly kind: "compile";
      readonly form: "module" | "script";
      readonly fails: Setting<CompileOptions>;
      /** A text that the message must hold. */
      readonly match?: string;
    }
  | {
      readonly kind: "runs";
      readonly policy?: PolicyName;
      /** Of the output, and then the module also runs alone. */
      readonly target?: string;
      readonly match?: string;
    };

/** Finishes "it is so that …". */
export function describeWasmCondition(spec: WasmConditionSpec): string {
  const match = spec.match === undefined ? "" : `, saying \`${spec.match}\``;
  if (spec.kind === "runs") return `it does not do the same compiled as natively${match}`;
  if (spec.kind === "compile") return `compiling it${withWords(spec.fails.words)} fails${match}`;
  const passes =
    spec.passes === undefined ? "" : `, and passes${withWords(spec.passes.words) || " without options"}`;
  return `the script fails${withWords(spec.fails.words)}${match}${passes}`;
}

function withWords(words: string): string {
  return words.trim() === "" ? "" : ` with \`${words.trim()}\``;
}

/** The text without what may change while the failure stays the same. */
export function loosely(text: string): string {
  return (
    text
      .replace(/"(?:[^"\\]|\\.)*"/g, '"…"')
      .replace(/\$[^\s()"]+/g, "$…")
      .replace(/-?\b(?:0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)\b/gi, "#")
      .replace(/(?:#[\s:,]*)+#/g, "#")
      // A function has no name any more: function 3 "main".
      .replaceAll('# "…"', "#")
  );
}

export class WasmSymptomFinder {
  private readonly spec: WasmConditionSpec;

  constructor(spec: WasmConditionSpec) {
    this.spec = spec;
  }

  /** The symptom of the module or script, or `null` if it shows none. */
  async symptom(candidate: Uint8Array): Promise<string | null> {
    const { spec } = this;
    try {
      if (spec.kind === "script") return await scriptSymptom(candidate, spec);
      if (spec.kind === "runs") return await runSymptom(candidate, spec);
      if (spec.form === "module") return compileSymptom(candidate, spec.fails.options, spec.match);
      return await compileInScript(candidate, spec);
    } catch (error) {
      return internalError(error);
    }
  }
}

async function scriptSymptom(
  bytes: Uint8Array,
  { name, fails, passes, match }: WasmConditionSpec & { kind: "script" },
): Promise<string | null> {
  const { failures } = await runFile({ name, bytes }, fails.options);
  const failure = failures.find(
    ({ directive, expected, got }) =>
      match === undefined || `${directive}: expected ${expected}, got ${got}`.includes(match),
  );
  if (failure === undefined) return null;
  if (passes !== undefined && (await runFile({ name, bytes }, passes.options)).failures.length > 0)
    return null;
  const { directive, expected, got } = failure;
  return loosely(`${directive}: expected ${expected}, got ${got}`);
}

/** What was called need not be the same, only what came of it. */
const DEED = /\b(?:call|global|size of|contents of|element \d+ of) .*? ?(?:\(round \d\))?: /g;

async function runSymptom(
  bytes: Uint8Array,
  { policy = "spillway", target, match }: WasmConditionSpec & { kind: "runs" },
): Promise<string | null> {
  const verdict = await checkModule(bytes, { policy, ...(target === undefined ? {} : { target }) });
  if (verdict.kind !== "failed" || (match !== undefined && !verdict.message.includes(match))) return null;
  const message = verdict.message.split("\n", 1)[0]!;
  return `${verdict.failure}: ${loosely(message.replace(DEED, "… "))}`;
}

function compileSymptom(
  bytes: Uint8Array,
  options: CompileOptions,
  match: string | undefined,
): string | null {
  const message = compileMessage(bytes, options);
  return message === null || (match !== undefined && !message.includes(match)) ? null : loosely(message);
}

/** Why the module does not become one that the host accepts; `null` if it does. */
function compileMessage(bytes: Uint8Array, options: CompileOptions): string | null {
  let compiled: Uint8Array;
  try {
    compiled = compile(bytes, options);
  } catch (error) {
    return error instanceof InputError ? error.diagnostic.message : internalError(error);
  }
  try {
    new hostWebAssembly.Module(compiled);
    return null;
  } catch (error) {
    return `the output is not valid: ${messageOf(error)}`;
  }
}

async function compileInScript(
  bytes: Uint8Array,
  { fails, match }: WasmConditionSpec & { kind: "compile" },
): Promise<string | null> {
  for (const { body } of parseScript(new TextDecoder().decode(bytes))) {
    if (body.kind !== "module" && body.kind !== "definition") continue;
    const module = await moduleBinary(body.module);
    const symptom = module === null ? null : compileSymptom(module, fails.options, match);
    if (symptom !== null) return symptom;
  }
  return null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A defect of ours is a symptom, too: what was thrown, and where. */
function internalError(error: unknown): string {
  const thrower = error instanceof Error ? /^ *at (\S+) /m.exec(error.stack ?? "")?.[1] : undefined;
  return `internal error in ${thrower ?? "an unknown function"}: ${loosely(messageOf(error))}`;
}
