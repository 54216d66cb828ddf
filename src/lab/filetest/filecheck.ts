/**
 * Checks a text against directives written in comments: the subset of LLVM's FileCheck that Cranelift's filetests use.
 *
 *     check: PATTERN      the pattern occurs after the last match
 *     sameln: PATTERN     … on the same line as the last match
 *     nextln: PATTERN     … on the line after it
 *     unordered: PATTERN  … after the last ordered match, in any order among neighbours of its kind
 *     not: PATTERN        … does not occur between the matches around it
 *     regex: NAME=REGEX   names a regular expression
 *
 * A pattern is plain text that may hold `$NAME` or `$(NAME)` (what the variable matched, or the named regular
 * expression), `$(NAME=REGEX)` (matches and defines), `$(NAME=$OTHER)`, `$(=REGEX)`, `$()` (nothing) and `$$`. A pattern that
 * starts or ends with a word character matches whole words only; `$()` there turns that off.
 *
 * Semantics after the `filecheck` crate that Cranelift uses. A match is a range of the text; "after" means after its
 * end. Regular expressions are JavaScript's, which agree with Rust's on what filetests write.
 */
import { InputError } from "../../base/diagnostics.ts";
import { badDirective } from "./messages.ts";

export type DirectiveKind = "check" | "sameln" | "nextln" | "unordered" | "not" | "regex";

export interface Directive {
  readonly kind: DirectiveKind;
  /** The pattern, or `NAME=REGEX`. */
  readonly text: string;
  /** The 1-based line of the test file. */
  readonly line: number;
}

/** What a failed check says. */
export interface CheckFailure {
  readonly directive: Directive;
  readonly message: string;
  /** Where in the text the search began. */
  readonly offset: number;
}

const DIRECTIVE = /\b(check|sameln|nextln|unordered|not|regex):\s+(.*)/;

/** The directive that a comment holds, or `null`. */
export function directiveOf(comment: string, line: number): Directive | null {
  const found = DIRECTIVE.exec(comment);
  return found === null ? null : { kind: found[1] as DirectiveKind, text: found[2]!.trim(), line };
}

/** The first directive that the text does not satisfy, or `null`. */
export function runFilecheck(directives: readonly Directive[], text: string): CheckFailure | null {
  return new Matcher(text).run(directives);
}

type Variable = { readonly text: string } | { readonly regex: string };

interface Range {
  readonly start: number;
  readonly end: number;
}

class Matcher {
  private readonly text: string;
  private readonly variables: Map<string, Variable>;
  /** The end of the last ordered match, and of the furthest unordered one. */
  private last: Range;
  private furthest: number;
  /** `not:` patterns that wait for the match that ends their range. */
  private pendingNots: { readonly directive: Directive; readonly regex: RegExp }[];
  private notStart: number;

  constructor(text: string) {
    this.text = text;
    this.variables = new Map();
    this.last = { start: 0, end: 0 };
    this.furthest = 0;
    this.pendingNots = [];
    this.notStart = 0;
  }

  run(directives: readonly Directive[]): CheckFailure | null {
    for (const directive of directives) {
      const failure = this.step(directive);
      if (failure !== null) return failure;
    }
    return this.checkNots(this.text.length);
  }

  private step(directive: Directive): CheckFailure | null {
    switch (directive.kind) {
      case "regex": {
        const [, name, regex] = /^(\w+)\s*=(.*)$/.exec(directive.text) ?? [];
        if (name === undefined || regex === undefined) throw bad(directive, "wants NAME=REGEX");
        this.variables.set(name, { regex });
        return null;
      }
      case "not":
        this.pendingNots.push({ directive, regex: compilePattern(directive, this.variables).regex });
        return null;
      default:
        return this.match(directive);
    }
  }

  private match(directive: Directive): CheckFailure | null {
    const { start, end } = this.searchRange(directive.kind);
    const { regex, defines } = compilePattern(directive, this.variables);
    regex.lastIndex = start;
    const found = regex.exec(this.text.slice(0, end));
    if (found === null) {
      return { directive, message: `nothing matches ${directive.kind}: ${directive.text}`, offset: start };
    }
    for (let i = 0; i < defines.length; i++) this.variables.set(defines[i]!, { text: found[i + 1]! });
    const range = { start: found.index, end: found.index + found[0].length };
    const failure = this.checkNots(range.start);
    if (directive.kind === "unordered") {
      this.furthest = Math.max(this.furthest, range.end);
    } else {
      this.last = range;
      this.furthest = range.end;
    }
    this.notStart = this.furthest;
    return failure;
  }

  /** Where the next match of a kind may lie. */
  private searchRange(kind: DirectiveKind): Range {
    if (kind === "unordered") return { start: this.last.end, end: this.text.length };
    const from = this.furthest;
    if (kind === "check") return { start: from, end: this.text.length };
    const lineEnd = endOfLine(this.text, from);
    if (kind === "sameln") return { start: from, end: lineEnd };
    const next = Math.min(lineEnd + 1, this.text.length);
    return { start: next, end: endOfLine(this.text, next) };
  }

  /** Whether a waiting `not:` matches between the last match and `end`. */
  private checkNots(end: number): CheckFailure | null {
    const between = this.text.slice(this.notStart, end);
    const broken = this.pendingNots.find(({ regex }) => between.search(regex) >= 0);
    this.pendingNots = [];
    if (broken === undefined) return null;
    const { directive } = broken;
    return { directive, message: `something matches not: ${directive.text}`, offset: this.notStart };
  }
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf("\n", from);
  return newline < 0 ? text.length : newline;
}

interface CompiledPattern {
  readonly regex: RegExp;
  /** The variables that the capture groups define, in order. */
  readonly defines: readonly string[];
}

const PART = /\$\$|\$(\w+)|\$\(((?:[^()]|\([^()]*\))*)\)|[^$]+|\$/g;

function compilePattern(directive: Directive, variables: ReadonlyMap<string, Variable>): CompiledPattern {
  const parts = [...directive.text.matchAll(PART)];
  const defines: string[] = [];
  let source = "";
  for (const part of parts) {
    if (part[1] !== undefined) source += variableSource(directive, part[1], variables);
    else if (part[2] !== undefined) source += groupSource(directive, part[2], variables, defines);
    else if (part[0] === "$$") source += "\\$";
    else if (part[0] === "$") throw bad(directive, "has a lone `$`; write `$$` for the character");
    else source += escapeRegex(part[0]);
  }
  if (/^\w/.test(directive.text)) source = `\\b${source}`;
  const lastPart = parts.at(-1);
  if (lastPart !== undefined && /^[^$]*\w$/.test(lastPart[0])) source += "\\b";
  return { regex: buildRegex(directive, source), defines };
}

/** What stands in `$( … )`. */
function groupSource(
  directive: Directive,
  inner: string,
  variables: ReadonlyMap<string, Variable>,
  defines: string[],
): string {
  if (inner === "") return "";
  if (/^\w+$/.test(inner)) return variableSource(directive, inner, variables);
  const [, name, pattern] = /^(\w*)=(.*)$/s.exec(inner) ?? [];
  if (name === undefined || pattern === undefined) throw bad(directive, `does not understand $(${inner})`);
  const regex = /^\$\w+$/.test(pattern) ? variableSource(directive, pattern.slice(1), variables) : pattern;
  // Groups of the pattern itself must not shift those that define variables.
  const plain = regex.replace(/(?<!\\)\((?!\?)/g, "(?:");
  if (name === "") return `(?:${plain})`;
  defines.push(name);
  return `(${plain})`;
}

function variableSource(
  directive: Directive,
  name: string,
  variables: ReadonlyMap<string, Variable>,
): string {
  const variable = variables.get(name);
  if (variable === undefined) throw bad(directive, `uses $${name}, which nothing defines above`);
  return "text" in variable
    ? escapeRegex(variable.text)
    : `(?:${variable.regex.replace(/(?<!\\)\((?!\?)/g, "(?:")})`;
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function buildRegex(directive: Directive, source: string): RegExp {
  try {
    return new RegExp(source, "gm");
  } catch (error) {
    throw bad(directive, `is no regular expression: ${(error as Error).message}`);
  }
}

function bad(directive: Directive, problem: string): InputError {
  return new InputError(badDirective(directive.kind, directive.line, problem));
}
