/**
 * Runs one script file: header, commands, host modules, threads.
 *
 * A thread of the engine `none` runs where it starts, since nothing in it can wait. A thread of an engine that
 * executes runs in a worker (`script-threads.ts`), with the memories that it shares.
 */
import { InputError, renderDiagnostic } from "../base/diagnostics.ts";
import type { Engine } from "./engine.ts";
import { fileFeatures, readHeader } from "./file-features.ts";
import { hostModules } from "./host-modules.ts";
import { MALFORMED_UTF8 } from "./messages.ts";
import { NativeEngine } from "./native-engine.ts";
import { parseScript } from "./parse-script.ts";
import { ScriptReport } from "./report.ts";
import { runScript, type ScriptSetting, type ThreadBody } from "./runner.ts";
import type { Command } from "./script.ts";
import { runInWorker, type ScriptText, type ThreadStart } from "./script-threads.ts";
import { SpillwayEngine, type SpillwayOptions } from "./spillway-engine.ts";
import { StandaloneEngine } from "./standalone-engine.ts";
import { TypesEngine } from "./types-engine.ts";

/** The engines there are. */
export const ENGINE_NAMES = ["spillway", "standalone", "native", "none"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** A script in memory. */
export interface ScriptFile {
  /** As it is to be reported. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface RunOptions {
  readonly engine: EngineName;
  /** What followed each `-W`, in order. */
  readonly features: readonly string[];
  /** Whether a rejection by our own decoder or validator must also begin with the expected message. */
  readonly checkMessages?: boolean;
  /** How the engines `spillway` and `standalone` compile and collect. */
  readonly spillway?: SpillwayOptions;
}

/** Runs `file` and reports; a file that is no script is one failure at its line. */
export async function runFile(file: ScriptFile, options: RunOptions): Promise<ScriptReport> {
  let source: string;
  let commands: Command[];
  try {
    source = decodeText(file.bytes);
    commands = parseScript(source);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return unreadable(file.name, error);
  }
  const header = readHeader(source);
  if (header.unsupported !== null) return skipAll(commands, `${header.unsupported} is not supported`);
  if (header.canonicalNaN && options.engine !== "none") {
    return skipAll(commands, "the host does not canonicalize NaNs");
  }
  const features = fileFeatures(file.name, header, options.features);
  const { engine, spillway = {}, checkMessages = false } = options;
  const text = { file: file.name, source, features, checkMessages, engine, spillway };
  if (engine === "native") return runWith(commands, new NativeEngine(), text, startWorker);
  if (engine === "spillway") return runWith(commands, new SpillwayEngine(spillway), text, startWorker);
  if (engine === "standalone") return runWith(commands, new StandaloneEngine(spillway), text, startWorker);
  return runWith(commands, new TypesEngine(), text, runInline);
}

type ThreadStarter<M, I, X> = (
  body: ThreadBody,
  shared: ReadonlyMap<string, I>,
  setting: ScriptSetting<M, I, X>,
  text: ScriptText,
) => Promise<ScriptReport>;

async function runWith<M, I, X>(
  commands: readonly Command[],
  engine: Engine<M, I, X>,
  text: ScriptText,
  starter: ThreadStarter<M, I, X>,
  instances: ReadonlyMap<string, I> = new Map<string, I>(),
): Promise<ScriptReport> {
  const hosts = await hostModules(engine, text.features);
  const setting: ScriptSetting<M, I, X> = {
    file: text.file,
    engine,
    features: text.features,
    checkMessages: text.checkMessages,
    hosts,
    instances,
    startThread: (body, shared) => starter(body, shared, setting, text),
  };
  return runScript(commands, setting);
}

function runInline<M, I, X>(
  body: ThreadBody,
  shared: ReadonlyMap<string, I>,
  setting: ScriptSetting<M, I, X>,
): Promise<ScriptReport> {
  return runScript(body.commands, { ...setting, instances: shared });
}

/** Runs the commands of a thread within its worker. */
export function runThread(start: ThreadStart): Promise<ScriptReport> {
  const commands = parseScript(start.source, start.start, start.end);
  if (start.engine === "spillway") return runShared(commands, new SpillwayEngine(start.spillway), start);
  if (start.engine === "standalone") return runShared(commands, new StandaloneEngine(start.spillway), start);
  return runShared(commands, new NativeEngine(), start);
}

function runShared<M, I, X>(
  commands: readonly Command[],
  engine: Engine<M, I, X>,
  { file, source, features, checkMessages, engine: name, spillway, shared }: ThreadStart,
): Promise<ScriptReport> {
  const instances = new Map([...shared].map(([as, exports]) => [as, engine.adopt(exports)]));
  const text = { file, source, features, checkMessages, engine: name, spillway };
  return runWith(commands, engine, text, startWorker, instances);
}

async function startWorker<M, I, X>(
  body: ThreadBody,
  shared: ReadonlyMap<string, I>,
  setting: ScriptSetting<M, I, X>,
  text: ScriptText,
): Promise<ScriptReport> {
  const exports = new Map([...shared].map(([name, instance]) => [name, setting.engine.share(instance)]));
  const { start, end, name } = body;
  const report = new ScriptReport();
  const answer = await runInWorker({ ...text, start, end, shared: exports });
  if (answer.kind === "report") report.merge(answer);
  else {
    const expected = `thread ${name} to end`;
    report.fail({ file: text.file, line: 0, directive: "thread", expected, got: answer.why });
  }
  return report;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError({ code: "wast-syntax", message: MALFORMED_UTF8 });
  }
}

function unreadable(file: string, error: InputError): ScriptReport {
  const { place } = error.diagnostic;
  const report = new ScriptReport();
  const line = place?.kind === "text" ? place.line : 0;
  const got = renderDiagnostic(error.diagnostic, file);
  report.fail({ file, line, directive: "script", expected: "a script", got });
  return report;
}

function skipAll(commands: readonly Command[], why: string): ScriptReport {
  const report = new ScriptReport();
  for (const { directive } of commands) report.skip(directive, why);
  return report;
}
