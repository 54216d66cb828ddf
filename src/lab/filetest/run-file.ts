/**
 * Runs one filetest: every `test` command on every function, in the order of the file.
 *
 * Commands of upstream's that we do not have (`compile`, `optimize`, …) are skipped by name; a file that has no other is
 * not even parsed. Each command gets the file parsed for itself, so that one may change its functions without the next
 * noticing. With `bless`, what a command printed becomes what is expected of it.
 */
import { InputError } from "../../base/diagnostics.ts";
import { type ParsedFile, type ParsedFunction, parseFile, type TestCommand } from "../../text/index.ts";
import { functionNameText } from "../function-text.ts";
import {
  ExpectationFailure,
  FiletestFailure,
  FiletestSkip,
  type FunctionTest,
  type PreparedCommand,
} from "./command.ts";
import { testComments } from "./comments.ts";
import { textDiff } from "./diff.ts";
import {
  applyEdits,
  comparable,
  type Expectation,
  expectationLines,
  findExpectations,
  type LineEdit,
  lineAfterFunction,
} from "./expectations.ts";
import { type CheckFailure, type Directive, directiveOf, runFilecheck } from "./filecheck.ts";
import { noTestCommand, unknownCommand } from "./messages.ts";
import { COMMANDS, findCommand, UPSTREAM_ONLY } from "./registry.ts";
import { verifyFirst } from "./verify-first.ts";

export interface FiletestOptions {
  /** Make what is printed what is expected. */
  readonly bless: boolean;
  /** Run only functions whose name contains it; the file's path is the caller's to filter. */
  readonly filter: string;
}

export interface TestResult {
  /** The `test` line without `test`. */
  readonly command: string;
  readonly function: string;
  /** The 1-based line to look at. */
  readonly line: number;
  readonly passed: boolean;
  /** Of a failure: what went wrong, and what there is to see. */
  readonly message: string;
  readonly detail: string;
  /** Whether `--bless` would make it pass. */
  readonly blessable: boolean;
}

export interface FileReport {
  readonly path: string;
  readonly results: readonly TestResult[];
  /** Names of the commands that were skipped, and what tests that were skipped would need. */
  readonly skipped: readonly string[];
  /** The new source, when blessing changed it. */
  readonly blessed: string | null;
}

/** Runs the filetest `source`; throws `InputError` when it cannot be run as written. */
export function runFiletest(path: string, source: string, options: FiletestOptions): FileReport {
  const heads = commandLines(source);
  if (heads.length === 0) throw new InputError(noTestCommand());
  const skipped = heads.filter(({ name }) => UPSTREAM_ONLY.has(name)).map(({ name }) => name);
  for (const { name, line } of heads) {
    if (UPSTREAM_ONLY.has(name) || findCommand(name) !== undefined) continue;
    throw new InputError(
      unknownCommand(
        name,
        line,
        COMMANDS.map((command) => command.name),
      ),
    );
  }
  if (skipped.length === heads.length) return { path, results: [], skipped, blessed: null };
  const report = new FileRun(path, source, options).run();
  return { ...report, skipped: [...skipped, ...report.skipped] };
}

/** The names on the `test` lines above the first function, found without parsing the file. */
function commandLines(source: string): { name: string; line: number }[] {
  const found: { name: string; line: number }[] = [];
  let start = 0;
  for (let line = 1; start < source.length; line++) {
    const newline = source.indexOf("\n", start);
    const text = source.slice(start, newline < 0 ? source.length : newline);
    if (/^\s*function\b/.test(text)) break;
    const name = /^\s*test\s+([\w-]+)/.exec(text)?.[1];
    if (name !== undefined) found.push({ name, line });
    if (newline < 0) break;
    start = newline + 1;
  }
  return found;
}

const PASSED = { passed: true, message: "", detail: "", blessable: false } as const;

class FileRun {
  private readonly path: string;
  private readonly source: string;
  private readonly lines: readonly string[];
  private readonly options: FiletestOptions;
  private readonly results: TestResult[];
  private readonly edits: LineEdit[];
  private readonly skipped: string[];
  /** Sections by function index, and the commands that compare with one. */
  private sections: Expectation[][];
  private readonly used: Set<Expectation>;

  constructor(path: string, source: string, options: FiletestOptions) {
    this.path = path;
    this.source = source;
    this.lines = source.split("\n");
    this.options = options;
    this.results = [];
    this.edits = [];
    this.skipped = [];
    this.sections = [];
    this.used = new Set();
  }

  run(): FileReport {
    const first = this.parse();
    this.sections = first.functions.map((_, index) => {
      const [from, to] = this.region(first, index);
      return findExpectations(this.lines, from, to);
    });
    let fresh: ParsedFile | null = first;
    for (const command of first.commands) {
      const known = findCommand(command.name);
      if (known === undefined) continue;
      const prepared = this.prepare(command);
      this.runCommand(command, prepared, fresh ?? this.parse());
      fresh = null;
    }
    this.rejectUnused(first);
    const { path, results, skipped } = this;
    return { path, results, skipped, blessed: this.blessedSource() };
  }

  private parse(): ParsedFile {
    return parseFile(this.source);
  }

  /** The options' faults are shown on the command's line. */
  private prepare(command: TestCommand): PreparedCommand {
    try {
      return findCommand(command.name)!.prepare(command.options);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const place = { kind: "text", line: command.line, column: 1 } as const;
      throw new InputError({ ...error.diagnostic, place });
    }
  }

  /** The lines of a function and of all that follows it up to the next; 0-based. */
  private region(file: ParsedFile, index: number): [number, number] {
    const next = file.functions[index + 1];
    return [file.functions[index]!.line - 1, next === undefined ? this.lines.length : next.line - 1];
  }

  private runCommand(command: TestCommand, prepared: PreparedCommand, file: ParsedFile): void {
    const test = prepared.open({
      path: this.path,
      source: this.source,
      file,
      parseAgain: () => this.parse(),
    });
    for (let index = 0; index < file.functions.length; index++) {
      const parsed = file.functions[index]!;
      if (!functionNameText(parsed.func.name).includes(this.options.filter)) {
        // What is not run is not judged.
        for (const section of this.sections[index]!) this.used.add(section);
        continue;
      }
      this.runFunction(command, prepared, file, index, test);
    }
  }

  private runFunction(
    command: TestCommand,
    prepared: PreparedCommand,
    file: ParsedFile,
    index: number,
    test: FunctionTest,
  ): void {
    const parsed = file.functions[index]!;
    const title = commandTitle(command);
    const result = { command: title, function: functionNameText(parsed.func.name), line: parsed.line };
    try {
      if (prepared.needsVerifier) verifyFirst(parsed, file);
      const text = test(parsed, index);
      if (prepared.judgement === "filecheck") this.judgeByDirectives(file, parsed, text);
      if (prepared.judgement === "expectation") this.judgeByExpectation(title, file, index, text);
      this.results.push({ ...result, ...PASSED });
    } catch (error) {
      if (error instanceof FiletestSkip) {
        this.skipped.push(error.message);
        return;
      }
      if (!(error instanceof FiletestFailure)) throw error;
      if (this.options.bless && error.blessedLines.size > 0) {
        for (const [line, text] of error.blessedLines) {
          this.edits.push({ start: line - 1, end: line, lines: [text] });
        }
        this.results.push({ ...result, ...PASSED });
        return;
      }
      const { message, detail } = error;
      const blessable = error instanceof ExpectationFailure || error.blessedLines.size > 0;
      this.results.push({
        ...result,
        line: error.line || parsed.line,
        passed: false,
        message,
        detail,
        blessable,
      });
    }
  }

  // Judging.

  private judgeByDirectives(file: ParsedFile, parsed: ParsedFunction, text: string): void {
    const directives = directivesOf(file, parsed);
    const failure = directives.length === 0 ? null : runFilecheck(directives, text);
    if (failure === null) return;
    throw new FiletestFailure(failure.message, around(text, failure), failure.directive.line);
  }

  private judgeByExpectation(title: string, file: ParsedFile, index: number, text: string): void {
    const actual = comparable(text);
    const section = this.sections[index]!.find(({ command }) => command === title);
    if (section !== undefined) this.used.add(section);
    if (section !== undefined && comparable(section.text) === actual) return;
    if (this.options.bless) {
      this.edits.push(this.sectionEdit(title, file, index, actual, section));
      return;
    }
    if (section === undefined) {
      const message = `the file does not say what to expect (no \`; expect: ${title}\` after the function)`;
      throw new ExpectationFailure(message, textDiff("", actual));
    }
    throw new ExpectationFailure(
      "the output is not what is expected",
      textDiff(section.text, actual),
      section.start + 1,
    );
  }

  /** Replaces the section, or puts a new one after the others, or after the function. */
  private sectionEdit(
    title: string,
    file: ParsedFile,
    index: number,
    text: string,
    section: Expectation | undefined,
  ): LineEdit {
    const lines = expectationLines(title, text);
    if (section !== undefined) return { start: section.start, end: section.end, lines };
    const last = this.sections[index]!.at(-1);
    if (last !== undefined) return { start: last.end, end: last.end, lines: ["", ...lines] };
    const [from, to] = this.region(file, index);
    const start = lineAfterFunction(this.lines, from, to);
    // Other comments must not become a part of the section.
    if (this.lines[start]?.startsWith(";") === true) lines.push("");
    const earlier = this.edits.some((edit) => edit.start === start);
    return { start, end: start, lines: earlier ? ["", ...lines] : lines };
  }

  /** A section that no command wrote is a test that never runs: an error, or taken out when blessing. */
  private rejectUnused(file: ParsedFile): void {
    this.sections.forEach((sections, index) => {
      for (const section of sections) {
        if (this.used.has(section)) continue;
        if (this.options.bless) {
          this.edits.push({ start: section.start, end: section.end, lines: [] });
          continue;
        }
        this.results.push({
          command: section.command,
          function: functionNameText(file.functions[index]!.func.name),
          line: section.start + 1,
          passed: false,
          message: `no line \`test ${section.command}\` asks for this expectation`,
          detail: "",
          blessable: true,
        });
      }
    });
  }

  private blessedSource(): string | null {
    if (this.edits.length === 0) return null;
    const source = applyEdits(this.lines, this.edits);
    // One empty line between sections, none before the first, whatever was taken out.
    return source
      .replace(/\n{3,}(?=; expect: )/g, "\n\n")
      .replace(/^\}\n{2,}(?=; expect: )/gm, "}\n")
      .replace(/\n+$/, "\n");
  }
}

function commandTitle(command: TestCommand): string {
  return [command.name, ...command.options].join(" ");
}

/** The directives above the functions and those of the function, in the order of the file. */
function directivesOf(file: ParsedFile, parsed: ParsedFunction): Directive[] {
  return testComments([...file.preambleComments, ...parsed.details.comments])
    .map(({ text, line }) => directiveOf(text, line))
    .filter((directive) => directive !== null);
}

const SHOWN_LINES = 12;

/** The text from the line where a search began. */
function around(text: string, failure: CheckFailure): string {
  const start = text.lastIndexOf("\n", failure.offset - 1) + 1;
  const lines = text.slice(start).trimEnd().split("\n");
  const shown = lines.slice(0, SHOWN_LINES);
  if (lines.length > shown.length) shown.push(`… ${lines.length - shown.length} more lines`);
  return shown.map((line) => `  ${line}`).join("\n");
}
