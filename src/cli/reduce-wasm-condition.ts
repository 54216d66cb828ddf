/** What `spillway reduce` is asked to keep of a module or a script, from its options. */
import type { Command } from "commander";
import type { PolicyName } from "../frontend/index.ts";
import type { ReduceWasmOptions, WasmForm } from "../lab/reduce/index.ts";
import { parseCompileOptions } from "./compile.ts";
import { parseRunOptions } from "./wast.ts";

export interface WasmConditionOptions {
  readonly check?: string;
  readonly match?: string;
  readonly timeout: number;
  readonly wastFails?: string;
  readonly wastPasses?: string;
  readonly compileFails?: string;
  readonly runFails?: true;
  readonly policy: PolicyName;
  readonly target?: string;
}

/** Ends the command for options that do not go together. */
export function wasmConditionOf(
  path: string,
  form: WasmForm,
  options: WasmConditionOptions,
  command: Command,
): ReduceWasmOptions["condition"] {
  const { check, match, timeout, wastFails, wastPasses, compileFails, runFails } = options;
  const matching = match === undefined ? {} : { match };
  const given = [check, wastFails, compileFails, runFails].filter((one) => one !== undefined).length;
  if (given !== 1) {
    command.error(
      "error: a module or a script needs one of --check, --wast-fails, --compile-fails and --run-fails",
    );
  }
  if (runFails !== undefined && form === "wast") command.error("error: --run-fails is for modules");
  if (wastPasses !== undefined && wastFails === undefined) {
    command.error("error: --wast-passes needs --wast-fails");
  }
  if (check !== undefined) {
    return { kind: "command", command: check, timeoutSeconds: timeout, suffix: `.${form}`, ...matching };
  }
  if (compileFails !== undefined) {
    const fails = { options: parseCompileOptions(words(compileFails)), words: compileFails };
    return { kind: "compile", form: form === "wast" ? "script" : "module", fails, ...matching };
  }
  if (runFails !== undefined) {
    const target = options.target === undefined ? {} : { target: options.target };
    return { kind: "runs", policy: options.policy, ...target, ...matching };
  }
  if (form !== "wast")
    command.error(
      "error: --wast-fails is for scripts; a module has --check, --compile-fails and --run-fails",
    );
  const setting = (text: string) => ({ options: parseRunOptions(words(text)), words: text });
  return {
    kind: "script",
    name: path,
    fails: setting(wastFails!),
    ...(wastPasses === undefined ? {} : { passes: setting(wastPasses) }),
    ...matching,
  };
}

/** Splits at spaces; what stands in quotation marks stays together. */
function words(text: string): string[] {
  return Array.from(
    text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g),
    ([, single, double, bare]) => single ?? double ?? bare!,
  );
}
