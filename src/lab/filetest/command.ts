/**
 * What a `test` command is. Each is one file here (`test-cat.ts`, `test-safepoints.ts`, …) that exports one
 * `FiletestCommand`; `registry.ts` lists them.
 *
 * A command's life: `prepare` reads the options once a file; `open` gets a file that is parsed for this command alone
 * (so it may change the functions); the function it gives back is called for each function of the file in order and
 * returns the text to compare, or throws a `FiletestFailure`.
 */
import type { ParsedFile, ParsedFunction } from "../../text/index.ts";

export interface FiletestCommand {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** The options as messages show them, or "". */
  readonly usage: string;
  /** Throws an `InputError` for options that it does not have. */
  prepare(options: readonly string[]): PreparedCommand;
}

/**
 * How the text is judged:
 * - `expectation`: equal to the section `; expect: COMMAND` after the function, which `--bless` writes;
 * - `filecheck`: by `; check:` and its kin, among the function's comments;
 * - `itself`: the command judges; its text is not looked at.
 */
export type Judgement = "expectation" | "filecheck" | "itself";

export interface PreparedCommand {
  /** The function must pass the verifier first. */
  readonly needsVerifier: boolean;
  readonly judgement: Judgement;
  open(context: FiletestContext): FunctionTest;
}

/** Tests one function: gives the text to judge, or throws `FiletestFailure`. */
export type FunctionTest = (parsed: ParsedFunction, index: number) => string;

export interface FiletestContext {
  readonly path: string;
  readonly source: string;
  /** Parsed for this command alone. */
  readonly file: ParsedFile;
  /** Parses the file once more, for a command that needs functions from before it changed them. */
  parseAgain(): ParsedFile;
}

/** A test that did not hold, as opposed to a test file that cannot be run. */
export class FiletestFailure extends Error {
  /** What to show below the message: a text, a list of errors. */
  readonly detail: string;
  /** The line of the test file that is not met, or 0 for the function's. */
  readonly line: number;
  /** Comments that would make the test pass, for `--bless`: the whole new source of the line, by its 1-based number. */
  readonly blessedLines: ReadonlyMap<number, string>;

  constructor(message: string, detail = "", line = 0, blessedLines: ReadonlyMap<number, string> = new Map()) {
    super(message);
    this.name = "FiletestFailure";
    this.detail = detail;
    this.line = line;
    this.blessedLines = blessedLines;
  }
}

/** A test of something that Spillway does not have, which the message names; it is counted as skipped. */
export class FiletestSkip extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FiletestSkip";
  }
}

/** A text that is not the one expected: blessing would accept it. */
export class ExpectationFailure extends FiletestFailure {}
