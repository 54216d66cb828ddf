/**
 * Expected texts, kept in the test file itself: after a function, one section for each command whose output is
 * compared as a whole.
 *
 *     function %f(i32) { … }
 *     ; expect: safepoints policy=cranelift
 *     ; slots 1, spills 1, …
 *     ;
 *     ; function %f(i32) fast {
 *
 * The first line repeats the `test` line without `test`; the text follows, a `; ` before each line (`;` alone for an
 * empty one). A section ends at the next one or at the first line that is no comment. Sections are found by looking at
 * lines only, so that a file can be blessed whatever its functions do.
 */
const HEADER = /^; expect: (.*\S)\s*$/;

/** A section found in the file; lines are 0-based, `end` exclusive. */
export interface Expectation {
  readonly command: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The sections among the lines `from` to `to` (exclusive, 0-based). */
export function findExpectations(lines: readonly string[], from: number, to: number): Expectation[] {
  const found: Expectation[] = [];
  for (let at = from; at < to; at++) {
    const command = HEADER.exec(lines[at]!)?.[1];
    if (command === undefined) continue;
    let end = at + 1;
    while (end < to && lines[end]!.startsWith(";") && !HEADER.test(lines[end]!)) end++;
    const text = lines.slice(at + 1, end).map((line) => line.replace(/^; ?/, "").trimEnd());
    found.push({ command, text: text.join("\n"), start: at, end });
    at = end - 1;
  }
  return found;
}

/** A text as it is compared: no blanks at line ends, no empty lines at its end. */
export function comparable(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trimEnd();
}

/** The lines of a section. */
export function expectationLines(command: string, text: string): string[] {
  const body = comparable(text).split("\n");
  return [`; expect: ${command}`, ...body.map((line) => (line === "" ? ";" : `; ${line}`))];
}

/** The 0-based line after a function's closing brace, looking from the function's line. */
export function lineAfterFunction(lines: readonly string[], from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const code = lines[at]!.replace(/;.*/, "").trimEnd();
    if (code.endsWith("}") && !code.includes("{")) return at + 1;
    // A function on one line.
    if (/^\s*function\b.*\{.*\}$/.test(code)) return at + 1;
  }
  return to;
}

/** A change of the file: lines `start` to `end` (0-based, exclusive) become `lines`. */
export interface LineEdit {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

/** The file with all edits made; edits must not overlap. Those at one place come out in the order given. */
export function applyEdits(lines: readonly string[], edits: readonly LineEdit[]): string {
  const result = [...lines];
  const lastFirst = [...edits].reverse().sort((a, b) => b.start - a.start);
  for (const edit of lastFirst) result.splice(edit.start, edit.end - edit.start, ...edit.lines);
  return result.join("\n");
}
