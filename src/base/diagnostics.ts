/**
 * What is said about bad input: one shape for every part of Spillway.
 *
 * A `Diagnostic` has a stable code, one sentence, a place (line and column in text, or a byte offset in a
 * binary) and notes that say what to do next. Code that finds the input at fault throws an `InputError` that
 * carries one; nothing else that is thrown is the input's fault. Each area keeps its messages in one file.
 */

/** Where in the input: 1-based line and column of a text, or a byte offset of a binary. */
export type Place =
  | { readonly kind: "text"; readonly line: number; readonly column: number }
  | { readonly kind: "binary"; readonly offset: number };

/** One complaint about the input. */
export interface Diagnostic {
  /** Stable, lower case with dashes, prefixed by the area: `clif-syntax`, `wasm-type-mismatch`. */
  readonly code: string;
  readonly message: string;
  readonly place?: Place;
  readonly notes?: readonly string[];
}

/** Thrown when the input is at fault; the CLI turns it into exit code 1. */
export class InputError extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.name = "InputError";
    this.diagnostic = diagnostic;
  }
}

/**
 * The diagnostic as people read it. With `source`, a text place shows its line and a caret:
 *
 *     app.clif:3:10: error: expected a block
 *       jump blok1
 *            ^
 *       note: blocks are named block0, block1, …
 */
export function renderDiagnostic(diagnostic: Diagnostic, fileName: string, source?: string): string {
  const { place, message, notes } = diagnostic;
  const at =
    place === undefined
      ? ""
      : place.kind === "text"
        ? `:${place.line}:${place.column}`
        : `:0x${place.offset.toString(16)}`;
  let text = `${fileName}${at}: error: ${message}`;
  if (place?.kind === "text" && source !== undefined) text += excerpt(source, place.line, place.column);
  for (const note of notes ?? []) text += `\n  note: ${note}`;
  return text;
}

const EXCERPT_WIDTH = 120;

function excerpt(source: string, line: number, column: number): string {
  let start = 0;
  for (let i = 1; i < line; i++) {
    const newline = source.indexOf("\n", start);
    if (newline < 0) return "";
    start = newline + 1;
  }
  const newline = source.indexOf("\n", start);
  const whole = source.slice(start, newline < 0 ? source.length : newline).replace(/[\t\r]/g, " ");
  // A hostile line may be megabytes long: show a window around the place.
  const from = Math.max(0, column - 1 - EXCERPT_WIDTH / 2);
  const shown = whole.slice(from, from + EXCERPT_WIDTH).replace(/[^\x20-\x7e]/g, "?");
  return `\n  ${shown}\n  ${" ".repeat(column - 1 - from)}^`;
}
