/**
 * The verifier against upstream's: the same functions of upstream's filetests rejected, with the same errors at the same
 * instructions, blocks and declarations, without a target and with those that each file names; every other function of
 * the printer's corpus accepted.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ParsedFile, parseFile } from "../../src/text/index.ts";
import {
  Verifier,
  type VerifyOptions,
  verifierErrorText,
  verifyOptionsOfSetting,
} from "../../src/verify/index.ts";
import { noSharedData, sharedData } from "../support/project.ts";

interface ErrorRecord {
  readonly location: string;
  readonly context: string | null;
  readonly message: string;
  readonly text: string;
}

interface VerifyCase {
  readonly path: string;
  readonly index: number;
  readonly errorsNoIsa: readonly ErrorRecord[];
  readonly perIsa: readonly { readonly isa: string | null; readonly errors: readonly ErrorRecord[] }[];
}

function readLines<T>(path: string): T[] {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

/** The sets of types that upstream prints in its debugging form are worded differently here. */
function comparable(text: string): string {
  return text.replace(/\(allowed set is .*\)$/, "").replace(/(failed to satisfy type set) .*$/, "$1");
}

const verifier = new Verifier();

/** What differs between our errors and upstream's, or nothing. */
function difference(
  file: ParsedFile,
  index: number,
  options: VerifyOptions,
  expected: readonly ErrorRecord[],
): string {
  const parsed = file.functions[index];
  if (parsed === undefined) return "no such function";
  const errors = verifier.verify(parsed.func, { ...options, stackMaps: false });
  const got = errors.map((error) => comparable(verifierErrorText(error))).join("\n");
  const want = expected.map((error) => comparable(error.text)).join("\n");
  return got === want ? "" : `expected\n${want}\ngot\n${got}`;
}

/** What the file's `set` lines, and the target's own line, say to the verifier. */
function settingsOf(file: ParsedFile, isa: string | null): VerifyOptions {
  const target = file.targets.find(
    ({ triple }) => isa !== null && triple.startsWith(isa.replace("x64", "x86_64")),
  );
  const words = [...file.settings.flatMap((line) => line.words), ...(target?.settings ?? [])];
  return Object.assign(
    {},
    ...words.map((word) => {
      const [name, value] = word.split("=", 2);
      return verifyOptionsOfSetting(name ?? "", value ?? null);
    }),
  );
}

test("upstream's errors, without a target and with each", (t) => {
  const folder = sharedData("parity");
  if (folder === null) return t.skip(noSharedData("parity"));
  let passed = 0;
  const failures: string[] = [];
  for (const verifyCase of readLines<VerifyCase>(join(folder, "verify/verify-dev.jsonl"))) {
    const file = parseFile(readFileSync(join(folder, "cat/files-dev", verifyCase.path)));
    const runs: [VerifyOptions, readonly ErrorRecord[]][] = [[{}, verifyCase.errorsNoIsa]];
    for (const { isa, errors } of verifyCase.perIsa) {
      const settings = settingsOf(file, isa);
      runs.push([isa === null ? settings : { ...settings, isa }, errors]);
    }
    const found = runs.map(([options, errors]) => difference(file, verifyCase.index, options, errors));
    const wrong = found.filter((text) => text !== "");
    if (wrong.length === 0) passed++;
    else failures.push(`${verifyCase.path} function ${verifyCase.index}: ${wrong.join("\n")}`);
  }
  console.log(`verify parity: ${passed} passed, ${failures.length} failed`);
  assert.deepEqual(failures, []);
});

test("every function of the corpus that no run of upstream's rejects is accepted, without a target and with each", (t) => {
  const folder = sharedData("parity");
  if (folder === null) return t.skip(noSharedData("parity"));
  const listed = new Set<string>();
  for (const { path, index, errorsNoIsa, perIsa } of readLines<VerifyCase>(
    join(folder, "verify/verify-dev.jsonl"),
  )) {
    if (errorsNoIsa.length > 0 || perIsa.some(({ errors }) => errors.length > 0))
      listed.add(`${path} ${index}`);
  }
  let passed = 0;
  const failures: string[] = [];
  for (const { path } of readLines<{ path: string }>(join(folder, "cat/cat-dev.jsonl"))) {
    const file = parseFile(readFileSync(join(folder, "cat/files-dev", path)));
    const runs: VerifyOptions[] = file.targets.map(({ triple }) => ({
      ...settingsOf(file, triple),
      isa: triple,
    }));
    runs.push({});
    file.functions.forEach(({ func }, index) => {
      if (listed.has(`${path} ${index}`)) return;
      const errors = runs.flatMap((options) => verifier.verify(func, options));
      if (errors.length === 0) passed++;
      else failures.push(`${path} function ${index}: ${errors.map(verifierErrorText).join("\n")}`);
    });
  }
  console.log(`verify parity, accepted functions: ${passed} passed, ${failures.length} failed`);
  assert.deepEqual(failures, []);
});
