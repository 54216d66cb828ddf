/**
 * CLIF files: test commands, settings and targets, then functions.
 *
 * `parseFile` reads everything; `parseEach` hands over one function at a time, so that a file of many functions need
 * not be in memory at once. Both work on bytes; a string is encoded first.
 *
 * Without a calling convention of its own a function has `fast`, in a file with `test run` the host's, as upstream.
 *
 * Source: `cranelift/reader/src/parser.rs` (`parse_test`, `parse_target_specs`).
 */
import { FLAG, type OptionNames, requireOptions } from "../base/wrong-option.ts";
import { Function } from "../ir/function.ts";
import type { CallConv } from "../ir/signature.ts";
import { Lexer, Tok } from "./lexer.ts";
import { danglingSet } from "./messages.ts";
import { FunctionParser, type ParsedFunction } from "./parse-function.ts";
import { type Comment, decodeComments } from "./source-map.ts";
import { keyword } from "./words.ts";

export type { ParsedFunction } from "./parse-function.ts";
export type { Comment, SourceMap } from "./source-map.ts";

/** `test NAME OPTIONS…` */
export interface TestCommand {
  readonly name: string;
  readonly options: readonly string[];
  readonly line: number;
}

/** `set NAME=VALUE…` */
export interface SettingsLine {
  readonly words: readonly string[];
  readonly line: number;
}

/** `target TRIPLE SETTINGS…`, with the `set` lines that stand before it. */
export interface TargetSpec {
  readonly triple: string;
  readonly settings: readonly string[];
  readonly shared: readonly SettingsLine[];
  readonly line: number;
}

/** `feature "NAME"`, or `feature !"NAME"` for one that must be absent. */
export interface FeatureLine {
  readonly name: string;
  readonly wanted: boolean;
  readonly line: number;
}

export interface FileHead {
  readonly commands: readonly TestCommand[];
  /** All `set` lines. */
  readonly settings: readonly SettingsLine[];
  readonly targets: readonly TargetSpec[];
  readonly features: readonly FeatureLine[];
  /** The comments before the first function. */
  readonly preambleComments: readonly Comment[];
}

export interface ParsedFile extends FileHead {
  readonly functions: readonly ParsedFunction[];
}

export interface ParseOptions {
  /** What a signature without calling convention has; `fast`. */
  readonly defaultCallConv?: CallConv;
  /** The same in a file with `test run`; `system_v`. */
  readonly runCallConv?: CallConv;
}

export interface ParseEachOptions extends ParseOptions {
  /** Fill one function again and again: each is gone when the next is read. Several times faster for small ones. */
  readonly reuse?: boolean;
}

const PARSE_OPTIONS: OptionNames<ParseEachOptions> = {
  defaultCallConv: true,
  runCallConv: true,
  reuse: FLAG,
};

const WORD_TEST = keyword("test");
const WORD_SET = keyword("set");
const WORD_TARGET = keyword("target");
const WORD_FEATURE = keyword("feature");

/** Reads a whole file. Throws `InputError` with line and column. */
export function parseFile(source: Uint8Array | string, options: ParseOptions = {}): ParsedFile {
  const functions: ParsedFunction[] = [];
  const head = parseEach(source, (parsed) => functions.push(parsed), options);
  return { ...head, functions };
}

/** Just the functions of a file. */
export function parseFunctions(source: Uint8Array | string, options: ParseOptions = {}): Function[] {
  const functions: Function[] = [];
  parseEach(source, (parsed) => functions.push(parsed.func), options);
  return functions;
}

/** Reads a file function by function; `visit` gets each as soon as it is read, with what stands at the file's head. */
export function parseEach(
  source: Uint8Array | string,
  visit: (parsed: ParsedFunction, head: FileHead) => void,
  options: ParseEachOptions = {},
): FileHead {
  requireOptions(options, PARSE_OPTIONS, "parseEach");
  const lexer = new Lexer(bytesOf(source));
  lexer.next();
  const head = parseHead(lexer);
  const runs = head.commands.some((command) => command.name === "run");
  const callConv = runs ? (options.runCallConv ?? "system_v") : (options.defaultCallConv ?? "fast");
  const parser = new FunctionParser(lexer, callConv);
  const reused = options.reuse === true ? new Function() : null;
  while (lexer.kind !== Tok.Eof) {
    reused?.clear();
    visit(parser.parse(reused ?? new Function()), head);
  }
  return head;
}

/** Always the same kind of array, which keeps the lexer's accesses fast. */
function bytesOf(source: Uint8Array | string): Uint8Array {
  if (typeof source === "string") return new TextEncoder().encode(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

function parseHead(lexer: Lexer): FileHead {
  const commands = parseCommands(lexer);
  const { settings, targets } = parseTargets(lexer);
  const features = parseFeatures(lexer);
  const preambleComments = decodeComments(lexer.source, lexer.takeComments());
  return { commands, settings, targets, features, preambleComments };
}

/** The words of the rest of the line, the first left out. */
function lineWords(lexer: Lexer): string[] {
  return lexer.restOfLine().split(/\s+/).filter(Boolean).slice(1);
}

function parseCommands(lexer: Lexer): TestCommand[] {
  const commands: TestCommand[] = [];
  while (lexer.isWord(WORD_TEST)) {
    const { line, stop } = lexer;
    const [name, ...options] = lineWords(lexer);
    if (name === undefined)
      lexer.fail(stop, { code: "clif-syntax", message: "expected a command after 'test'" });
    commands.push({ name, options, line });
  }
  return commands;
}

function parseTargets(lexer: Lexer): { settings: SettingsLine[]; targets: TargetSpec[] } {
  const settings: SettingsLine[] = [];
  const targets: TargetSpec[] = [];
  let shared: SettingsLine[] = [];
  let lastSet = -1;
  for (;;) {
    const { line, start, stop } = lexer;
    if (lexer.isWord(WORD_SET)) {
      const setting = { words: lineWords(lexer), line };
      settings.push(setting);
      shared = [...shared, setting];
      lastSet = start;
    } else if (lexer.isWord(WORD_TARGET)) {
      const [triple, ...words] = lineWords(lexer);
      if (triple === undefined)
        lexer.fail(stop, { code: "clif-syntax", message: "expected a target's name" });
      targets.push({ triple, settings: words, shared, line });
      lastSet = -1;
    } else {
      break;
    }
  }
  if (targets.length > 0 && lastSet >= 0) lexer.fail(lastSet, danglingSet);
  return { settings, targets };
}

function parseFeatures(lexer: Lexer): FeatureLine[] {
  const features: FeatureLine[] = [];
  while (lexer.isWord(WORD_FEATURE)) {
    const { line } = lexer;
    lexer.next();
    const wanted = !lexer.accept(Tok.Bang);
    if (lexer.kind !== Tok.String) lexer.failExpected('the name of a feature such as "simd"');
    features.push({ name: lexer.tokenText(), wanted, line });
    lexer.next();
  }
  return features;
}
