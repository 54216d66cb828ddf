/**
 * wabt's validator and interpreter, which are the project's own dependency, and wasm2c, whose output a C compiler makes a program of.
 *
 * The first two are told to have exactly the features that a module was compiled for; wasm2c refuses to be told. It needs the runtime of its own version, which the
 * npm package lacks, so it is the one of a system's package.
 */
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Engine, Job, Outcome } from "./engine.ts";
import { executables, type Places } from "./places.ts";
import { type Finished, firstLine, hostOutcome, reasonOf, start } from "./processes.ts";
import { wabtSwitches } from "./wabt-switches.ts";

const WABT = join(import.meta.dirname, "..", "..", "node_modules", "wabt");

function runTool(tool: string, { wasm, features }: Job, words: readonly string[] = []): Promise<Finished> {
  return start(process.execPath, [join(WABT, "bin", tool), ...wabtSwitches(features), wasm, ...words]);
}

async function wabtVersion(): Promise<string | null> {
  const file = join(WABT, "package.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version : null;
}

const VALIDATOR: Engine = {
  name: "wasm-validate",
  target: "mvp",
  forms: ["calls", "command"],
  get: "npm package wabt@1.0.39",
  find: async () => {
    const version = await wabtVersion();
    return version === null ? null : { version, run: validate };
  },
};

async function validate(job: Job): Promise<Outcome> {
  const { code, errors } = await runTool("wasm-validate", job);
  return code === 0 ? { kind: "accepted" } : { kind: "failed", reason: reasonOf(errors) };
}

const INTERPRETER: Engine = {
  name: "wasm-interp",
  target: "wasm2,+tail-call,+multi-memory,+memory64,+extended-const",
  forms: ["calls"],
  get: "npm package wabt@1.0.39",
  find: async () => {
    const version = await wabtVersion();
    return version === null ? null : { version, run: interpret };
  },
};

/** A process a call: the tool calls an export once. */
async function interpret(job: Job): Promise<Outcome> {
  const said: string[] = [];
  for (const word of job.words) {
    const argument = `i32:${Number(word) >>> 0}`;
    const { output, errors } = await runTool("wasm-interp", job, ["-r", "run", "-a", argument]);
    const [, result, error] = /=> (?:i32:(\d+)|error: (.*))/.exec(output) ?? [];
    if (result !== undefined) said.push(String(Number(result) | 0));
    else if (error !== undefined) said.push("trap");
    else return { kind: "failed", reason: reasonOf(`${output}\n${errors}`) };
  }
  return { kind: "ran", said: said.join(" ") };
}

const TO_C: Engine = {
  name: "wasm2c",
  target: "wasm2,-simd",
  forms: ["calls"],
  get: "Debian package wabt, and a C compiler (cc)",
  find: findToC,
};

async function findToC(places: Places): ReturnType<Engine["find"]> {
  const [cc] = executables(places, "cc");
  for (const tool of executables(places, "wasm2c")) {
    const runtime = join(dirname(tool), "..", "share", "wabt", "wasm2c");
    const version = await firstLine(tool, "--version");
    if (cc === undefined || version === null || !existsSync(join(runtime, "wasm-rt-impl.c"))) continue;
    return { version, run: (job) => runAsC({ cc, tool, runtime }, job) };
  }
  return null;
}

interface ToC {
  readonly cc: string;
  readonly tool: string;
  readonly runtime: string;
}

async function runAsC({ cc, tool, runtime }: ToC, job: Job): Promise<Outcome> {
  // The module's name in C is that of the file.
  copyFileSync(job.wasm, join(job.scratch, "program.wasm"));
  const translated = await start(tool, ["program.wasm", "-o", "program.c"], job.scratch);
  if (translated.code !== 0) return { kind: "failed", reason: reasonOf(translated.errors) };
  const host = join(import.meta.dirname, "hosts", "wasm2c_host.c");
  const sources = [host, "program.c", join(runtime, "wasm-rt-impl.c")];
  const flags = ["-O1", "-w", "-I", ".", "-I", runtime, "-I", join(runtime, "..", "..", "..", "include")];
  const built = await start(cc, [...flags, ...sources, "-o", "program", "-lm"], job.scratch);
  if (built.code !== 0) return { kind: "failed", reason: reasonOf(built.errors) };
  return hostOutcome(job, await start(join(job.scratch, "program"), job.words));
}

export const WABT_ENGINES: readonly Engine[] = [VALIDATOR, INTERPRETER, TO_C];
