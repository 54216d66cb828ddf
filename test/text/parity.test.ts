/**
 * The text of real Cranelift: what upstream's reader and printer give for its own test files, and for generated
 * functions. Every function must print identically.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { InputError } from "../../src/base/diagnostics.ts";
import { functionText, type ParsedFile, type PrintOptions, parseFile } from "../../src/text/index.ts";
import { noSharedData, sharedData } from "../support/project.ts";

function records<T>(path: string): T[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

/** Counts comparisons and keeps the first difference to show. */
class Tally {
  passed = 0;
  failed = 0;
  first: { where: string; actual: string; expected: string } | null = null;

  compare(where: string, actual: string, expected: string): void {
    if (actual === expected) {
      this.passed++;
    } else {
      this.failed++;
      this.first ??= { where, actual, expected };
    }
  }

  report(t: TestContext, name: string): void {
    t.diagnostic(`${name}: ${this.passed} passed, ${this.failed} failed`);
    if (this.first !== null) assert.equal(this.first.actual, this.first.expected, this.first.where);
    assert.ok(this.passed > 0, "nothing was compared");
  }
}

test("every function of the test files prints as upstream prints it", (t) => {
  const folder = sharedData("parity");
  if (folder === null) return t.skip(noSharedData("parity"));
  const tally = new Tally();
  for (const { path, functions } of records<{ path: string; functions: string[] }>(
    join(folder, "cat", "cat-dev.jsonl"),
  )) {
    const file = parseFile(readFileSync(join(folder, "cat", "files-dev", path)));
    assert.equal(file.functions.length, functions.length, path);
    file.functions.forEach(({ func }, i) => {
      tally.compare(`${path}, function ${i}`, functionText(func), functions[i]!);
    });
  }
  tally.report(t, "cat parity");
});

test("what is printed reads back to the same text, as upstream's does", (t) => {
  const folder = sharedData("parity");
  if (folder === null) return t.skip(noSharedData("parity"));
  const known = new Set(
    records<{ path: string; index: number }>(join(folder, "cat", "roundtrip-failures.jsonl")).map(
      ({ path, index }) => `${path} ${index}`,
    ),
  );
  const tally = new Tally();
  let better = 0;
  for (const { path, functions } of records<{ path: string; functions: string[] }>(
    join(folder, "cat", "cat-dev.jsonl"),
  )) {
    functions.forEach((text, i) => {
      const again = printedAgain(text, {});
      if (!known.has(`${path} ${i}`)) tally.compare(`${path}, function ${i}`, again ?? "refused", text);
      else if (again === text) better++;
    });
  }
  t.diagnostic(`text that upstream does not read back, and we do: ${better}`);
  tally.report(t, "round trip");
});

test("with its dtN lines every function with dynamic types reads back", (t) => {
  const folder = sharedData("parity");
  if (folder === null) return t.skip(noSharedData("parity"));
  const tally = new Tally();
  for (const { path } of records<{ path: string }>(join(folder, "cat", "cat-dev.jsonl"))) {
    const file = parseFile(readFileSync(join(folder, "cat", "files-dev", path)));
    for (const { func } of file.functions) {
      if (func.dynamicTypes.length === 0) continue;
      const text = functionText(func, { dynamicTypes: true });
      tally.compare(path, printedAgain(text, { dynamicTypes: true }) ?? "refused", text);
    }
  }
  tally.report(t, "dynamic types");
});

test("generated functions print as they are, with and without their directives", (t) => {
  const folder = sharedData("parity");
  if (folder === null) return t.skip(noSharedData("parity"));
  const tally = new Tally();
  for (const { id, input, expected } of records<{ id: number; input: string; expected: string }>(
    join(folder, "spill", "spill-dev.jsonl"),
  )) {
    const before = `${input.trimEnd()}\n`;
    const { func } = parseFile(before).functions[0]!;
    tally.compare(`spill ${id}, input`, functionText(func, { directives: true }), before);
    const plain = before.replace(/^; .*\n/gm, "");
    tally.compare(`spill ${id}, input without directives`, functionText(func), plain);
    const after = `${expected.trimEnd()}\n`;
    tally.compare(`spill ${id}, output`, printedAgain(after, {}) ?? "refused", after);
  }
  tally.report(t, "spill texts");
});

test("functions that a builder made print as they are", (t) => {
  const folder = sharedData("parity");
  if (folder === null) return t.skip(noSharedData("parity"));
  const tally = new Tally();
  let forward = 0;
  for (const { id, expected } of records<{ id: number; expected: string[] }>(
    join(folder, "builder", "builder-dev.jsonl"),
  )) {
    for (const text of expected) {
      const again = printedAgain(text, {});
      if (again === null) forward++;
      else tally.compare(`builder ${id}`, again, text);
    }
  }
  // Upstream's builder may define an alias below its first use; upstream's reader refuses that text too.
  t.diagnostic(`builder texts with a use above the definition that tells its type: ${forward}`);
  assert.ok(forward <= 1);
  tally.report(t, "builder texts");
});

/** The text read and printed again, or null if it is refused. */
function printedAgain(text: string, options: PrintOptions): string | null {
  let file: ParsedFile;
  try {
    file = parseFile(text);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
  return functionText(file.functions[0]!.func, options);
}
