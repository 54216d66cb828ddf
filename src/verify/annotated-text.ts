/**
 * A function's text with its errors in it, each under the line that it is about:
 *
 *         v2 = iadd v0, v1
 *     ;   ^~~~~~~~~~~~~~~~
 *     ; error: inst0: arg 1 (v1) has type i64, expected i32
 *
 * Lines are found by their order: the printer writes the blocks and instructions of the layout one by one, with alias
 * lines between. Errors about no printed entity stand below the first line; a last line counts them. The text remains
 * valid CLIF, as all that is added are comments.
 */
import { type Block, NONE } from "../ir/entities.ts";
import type { Function } from "../ir/function.ts";
import { functionText, type PrintOptions } from "../text/index.ts";
import type { VerifierError } from "./verifier-error.ts";

const ALIAS_LINE = /^ *v\d+ -> v\d+$/;
const DECLARATION = /^ +((?:gv|sig|fn|region|ss)\d+) = /;

export function annotatedText(
  func: Function,
  errors: readonly VerifierError[],
  options: PrintOptions = {},
): string {
  const lines = functionText(func, options).trimEnd().split("\n");
  const lineOf = linesOfEntities(func, lines);
  const byLine = new Map<number, VerifierError[]>();
  for (const error of errors) {
    const line = lineOf.get(placeOf(func, error)) ?? 0;
    const there = byLine.get(line);
    if (there === undefined) byLine.set(line, [error]);
    else there.push(error);
  }
  const out: string[] = [];
  lines.forEach((line, i) => {
    out.push(line);
    const there = byLine.get(i);
    if (there !== undefined) annotate(out, line, there);
  });
  if (errors.length > 0) out.push("", `; ${errors.length} verifier error${errors.length === 1 ? "" : "s"}`);
  return `${out.join("\n")}\n`;
}

function annotate(out: string[], line: string, errors: readonly VerifierError[]): void {
  const text = line.trimStart();
  const column = Math.max(1, line.length - text.length);
  out.push(`;${" ".repeat(column - 1)}^${"~".repeat(Math.max(0, text.length - 1))}`);
  for (const error of errors) out.push(`; error: ${error.location}: ${error.message.replaceAll("\n", " ")}`);
  out.push("");
}

/** The name that the entity's line goes by. */
function placeOf(func: Function, error: VerifierError): string {
  if (error.entity.kind !== "value") return error.location;
  // Of values only block parameters have errors of their own; they are found on the header of the block that lists them.
  for (let block = func.layout.entryBlock; block !== NONE; block = func.layout.nextBlock(block)) {
    if (listsParam(func, block, error.entity.index)) return `block${block}`;
  }
  return error.location;
}

function listsParam(func: Function, block: Block, value: number): boolean {
  const count = func.dfg.blockParamCount(block);
  for (let i = 0; i < count; i++) if (func.dfg.blockParam(block, i) === value) return true;
  return false;
}

/** The index of each entity's line, by its name. */
function linesOfEntities(func: Function, lines: readonly string[]): Map<string, number> {
  const { layout } = func;
  const found = new Map<string, number>();
  let at = 0;
  const nextBodyLine = (): number => {
    while (at < lines.length && (lines[at] === "" || ALIAS_LINE.test(lines[at]!))) at++;
    return at++;
  };
  at = declarationLines(lines, found);
  for (let block = layout.entryBlock; block !== NONE; block = layout.nextBlock(block)) {
    found.set(`block${block}`, nextBodyLine());
    for (let inst = layout.firstInst(block); inst !== NONE; inst = layout.nextInst(inst)) {
      found.set(`inst${inst}`, nextBodyLine());
    }
  }
  return found;
}

/** Enters the preamble's lines; gives where the body starts. */
function declarationLines(lines: readonly string[], found: Map<string, number>): number {
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    if (line === "" || /^ *block\d+[( :]/.test(line) || line === "}") return i;
    const name = DECLARATION.exec(line)?.[1];
    if (name !== undefined) found.set(name, i);
  }
  return lines.length;
}
