/**
 * `test verifier`: every error of the verifier must be announced by a comment `; error: TEXT` that follows what the error
 * is about and holds a part of its message; a function without such comments must be valid.
 *
 * `--bless` writes the comments, as far as errors are about instructions and no line has two.
 */
import type { Inst } from "../../ir/entities.ts";
import type { ParsedFile, ParsedFunction } from "../../text/index.ts";
import { annotatedText, type VerifierError, verifierErrorText, verifyFunction } from "../../verify/index.ts";
import { type FiletestCommand, type FiletestContext, FiletestFailure } from "./command.ts";
import { type TestComment, testComments } from "./comments.ts";
import { OptionReader } from "./options.ts";
import { fileRules } from "./verify-first.ts";

const ERROR = /^error:\s*(.*)$/;

export const testVerifier: FiletestCommand = {
  name: "verifier",
  summary: "the verifier's errors, each announced by `; error:` on its line",
  usage: "",
  prepare(options) {
    new OptionReader("verifier", "", options).end();
    return { needsVerifier: false, judgement: "itself", open: openTest };
  },
};

function openTest(context: FiletestContext): (parsed: ParsedFunction) => string {
  const lines = context.source.split("\n");
  return (parsed) => {
    const errors = verifyFunction(parsed.func, fileRules(context.file));
    const announced = testComments(parsed.details.comments).filter(({ text }) => ERROR.test(text));
    const missing = [...announced];
    for (const error of errors) {
      const at = missing.findIndex((comment) => announces(comment, error));
      if (at < 0) {
        throw failure(
          `nothing announces \`${verifierErrorText(error)}\``,
          0,
          context.file,
          parsed,
          errors,
          lines,
        );
      }
      missing.splice(at, 1);
    }
    const [first] = missing;
    if (first === undefined) return "";
    throw failure(`no such error: ${first.text}`, first.line, context.file, parsed, errors, lines);
  };
}

function announces({ text, entity }: TestComment, error: VerifierError): boolean {
  return entity === error.location && error.message.includes(ERROR.exec(text)![1]!);
}

function failure(
  message: string,
  line: number,
  file: ParsedFile,
  parsed: ParsedFunction,
  errors: readonly VerifierError[],
  lines: readonly string[],
): FiletestFailure {
  const detail = annotatedText(parsed.func, errors);
  return new FiletestFailure(message, detail, line, blessedLines(file, parsed, errors, lines));
}

/** The function's lines with the right comments; empty when an error cannot be put on a line of its own. */
function blessedLines(
  file: ParsedFile,
  parsed: ParsedFunction,
  errors: readonly VerifierError[],
  lines: readonly string[],
): Map<number, string> {
  const byLine = new Map<number, string>();
  for (const error of errors) {
    const inst = /^inst(\d+)$/.exec(error.location)?.[1];
    const line = inst === undefined ? 0 : parsed.details.instLine(Number(inst) as Inst);
    if (line === 0 || byLine.has(line)) return new Map();
    byLine.set(line, error.message);
  }
  const blessed = new Map<number, string>();
  const next = file.functions[file.functions.indexOf(parsed) + 1];
  const end = next === undefined ? lines.length : next.line - 1;
  for (let line = parsed.line; line <= end; line++) {
    const old = lines[line - 1]!;
    const bare = old.replace(/\s*;\s*error:.*$/, "");
    const message = byLine.get(line);
    const wanted = message === undefined ? bare : `${bare} ; error: ${message}`;
    if (wanted !== old) blessed.set(line, wanted);
  }
  return blessed;
}
