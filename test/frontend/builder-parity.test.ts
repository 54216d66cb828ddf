/**
 * The builder against real Cranelift: programs of builder calls, with the text that upstream's own crates gave after
 * `finalize`. Every function is identical, with one context for all programs and with a fresh one for each.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FunctionBuilderContext } from "../../src/frontend/context.ts";
import { functionText } from "../../src/text/index.ts";
import { noSharedData, sharedData } from "../support/project.ts";
import { type BuilderCase, runBuilderProgram } from "./builder-program.ts";

function failures(cases: readonly BuilderCase[], contextOf: () => FunctionBuilderContext): string[] {
  const failed: string[] = [];
  for (const { id, family, ops, expected } of cases) {
    let texts: string[] = [];
    try {
      texts = runBuilderProgram(ops, contextOf(), { policy: "cranelift" }).map((func) => functionText(func));
    } catch (error) {
      failed.push(`${family} ${id}: ${String(error)}`);
      continue;
    }
    if (texts.length !== expected.length || texts.some((text, i) => text !== expected[i])) {
      failed.push(`${family} ${id}`);
    }
  }
  return failed;
}

test("builder programs give upstream's text, byte for byte", (t) => {
  const path = sharedData("parity/builder/builder-dev.jsonl");
  if (path === null) return t.skip(noSharedData("parity/builder"));
  const cases = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as BuilderCase);
  const context = new FunctionBuilderContext();
  const failed = failures(cases, () => context);
  console.log(`builder parity: ${cases.length - failed.length} passed, ${failed.length} failed`);
  assert.ok(cases.length > 0);
  assert.deepEqual(failed, []);
  assert.deepEqual(
    failures(cases, () => new FunctionBuilderContext()),
    [],
  );
});
