/**
 * A `.wast` script as the reducer sees it: its commands, each as text or around a module that can be reduced. Comments go
 * but for the header, whose lines choose features. Modules that are not valid, quoted, or within a thread stay as they are.
 */
import { InputError } from "../../../base/diagnostics.ts";
import { decodeModule } from "../../../wasm/decode.ts";
import { encodeModule } from "../../../wasm/encode.ts";
import { parseScript } from "../../../wast/index.ts";
import { Lexer } from "../../../wast/lexer.ts";
import { MALFORMED_UTF8 } from "../../../wast/messages.ts";
import type { Command, CommandBody, ScriptModule } from "../../../wast/script.ts";
import { emptyScript } from "../messages.ts";
import { type ModuleSubject, openModule } from "./module-subject.ts";
import { moduleBinary, moduleTextWith } from "./script-modules.ts";

export interface ScriptCommand {
  /** The text of the command, or what of it stands before and behind its module. */
  readonly before: string;
  readonly module: ModuleSubject | null;
  /** What follows `(module`: `definition`, a name. */
  readonly words: string;
  readonly after: string;
  /** Whether the commands after it are about what it makes. */
  readonly isModule: boolean;
}

export interface ScriptSubject {
  readonly header: string;
  readonly commands: readonly ScriptCommand[];
}

const HEADER = /^(?:;;!.*\n)*/;

/** Reads a script; throws `InputError` for text that is none. */
export async function openScript(bytes: Uint8Array): Promise<ScriptSubject> {
  const source = decodeText(bytes);
  const commands = parseScript(source);
  if (commands.length === 0) throw new InputError(emptyScript());
  const ranges = commandRanges(source, commands);
  const opened: ScriptCommand[] = [];
  for (const [i, command] of commands.entries()) {
    const { start, end } = ranges[i]!;
    opened.push(await openCommand(source, command, start, end));
  }
  return { header: HEADER.exec(source)![0], commands: opened };
}

/** The command as text, for one whose module must stay as it was written. */
export function asWritten(source: Uint8Array, subject: ScriptSubject, index: number): ScriptCommand {
  const text = decodeText(source);
  const { start, end } = commandRanges(text, parseScript(text))[index]!;
  return { ...plain(text.slice(start, end)), isModule: subject.commands[index]!.isModule };
}

export async function scriptBytes({ header, commands }: ScriptSubject): Promise<Uint8Array> {
  const texts = await Promise.all(commands.map(commandText));
  return new TextEncoder().encode(`${header}${texts.map((text) => `${text}\n`).join("")}`);
}

async function commandText({ before, module, words, after }: ScriptCommand): Promise<string> {
  return module === null ? before : `${before}${await moduleTextWith(module, words)}${after}`;
}

const COMMAND_WEIGHT = 40;

export function scriptWeight({ commands }: ScriptSubject): number {
  let weight = 0;
  for (const { before, module, words, after } of commands) {
    weight += COMMAND_WEIGHT + before.length + words.length + after.length + (module?.weight ?? 0);
  }
  return weight;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError({ code: "wast-syntax", message: MALFORMED_UTF8 });
  }
}

interface TextRange {
  readonly start: number;
  readonly end: number;
}

function commandRanges(source: string, commands: readonly Command[]): TextRange[] {
  const lexer = new Lexer(source);
  const ranges: TextRange[] = [];
  while (lexer.kind === "(") {
    const { start } = lexer;
    ranges.push({ start, end: lexer.skipList() });
  }
  // A module without `(module` is one command of many lists.
  if (ranges.length === commands.length) return ranges;
  return [{ start: ranges[0]!.start, end: ranges.at(-1)!.end }];
}

function plain(text: string): ScriptCommand {
  return { before: text, module: null, words: "", after: "", isModule: false };
}

async function openCommand(
  source: string,
  command: Command,
  start: number,
  end: number,
): Promise<ScriptCommand> {
  const { body } = command;
  const isModule = body.kind === "module" || body.kind === "definition" || body.kind === "instance";
  const whole = { ...plain(source.slice(start, end)), isModule };
  const module = moduleOf(body);
  if (module === null) return whole;
  const subject = await openScriptModule(module);
  if (subject === null) return whole;
  const words = `${body.kind === "definition" ? " definition" : ""}${module.name === undefined ? "" : ` ${module.name}`}`;
  if (isModule) return { before: "", module: subject, words, after: "", isModule };
  if (module.source.form !== "text") return whole;
  const at = source.indexOf(module.source.text, start);
  return {
    before: source.slice(start, at),
    module: subject,
    words,
    after: source.slice(at + module.source.text.length, end),
    isModule,
  };
}

/** The module of a command that must be valid. */
function moduleOf(body: CommandBody): ScriptModule | null {
  switch (body.kind) {
    case "module":
    case "definition":
    case "assert-unlinkable":
    case "assert-uninstantiable":
      return body.module;
    default:
      return null;
  }
}

async function openScriptModule(module: ScriptModule): Promise<ModuleSubject | null> {
  const binary = await moduleBinary(module);
  if (binary === null) return null;
  try {
    return openModule(encodeModule(decodeModule(binary)));
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
