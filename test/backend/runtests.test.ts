/**
 * The backend on a real engine: upstream's run tests, compiled to Wasm and called with exact bits. What the backend does not
 * do yet it refuses by name, and those directives are counted; nothing that it compiles may give another result.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type DataValue, sameValue, unsignedOf } from "../../src/interp/data-value.ts";
import { CompiledFile } from "../../src/lab/compiled/compiled-file.ts";
import { parseRunCommand, type RunCommand } from "../../src/lab/filetest/run-command.ts";
import { parseFile } from "../../src/text/index.ts";
import { noSharedData, sharedData } from "../support/project.ts";

/** What is refused, and why it is. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/^values of type f16/, "arithmetic of 16 bits would be software, rounding in f64 and down again"],
  [/ on values of 128 bits cannot be split/, "arithmetic of f128 would be software"],
  [/^fma /, "of f64: the exact product has 106 bits, and no wider float to add in"],
  [/^extract_vector/, "dynamic vectors"],
  [/^(snarrow|unarrow) /, "of i64x2"],
  [/^the file has no %/, "functions of the host's C library"],
  [/^get_(stack|frame)_pointer/, "Wasm's call stack has no addresses"],
  [/^try_call/, "exceptions"],
  [/^it calls a function that is refused/, "the callee's reason"],
];

interface Tally {
  passed: number;
  readonly refused: Map<string, number>;
  readonly failures: string[];
}

function runFile(path: string, name: string, tally: Tally): void {
  const file = parseFile(readFileSync(path));
  const signatures = file.functions.map(({ func }) => func.signature);
  const compiled = new CompiledFile(file.functions.map(({ func }) => func));
  file.functions.forEach(({ details }, i) => {
    const types = {
      params: signatures[i]!.params.map((param) => param.type),
      returns: signatures[i]!.returns.map((param) => param.type),
    };
    for (const { text, line } of details.comments) {
      const command = parseRunCommand(text, () => types);
      if (command === null || command.kind === "print") continue;
      const outcome = compiled.call(i, command.kind === "run" ? command.invocation.args : []);
      if (outcome.kind === "refused")
        tally.refused.set(outcome.why, (tally.refused.get(outcome.why) ?? 0) + 1);
      else if (outcome.kind === "returned" && holds(command, outcome.values)) tally.passed++;
      else {
        const got = outcome.kind === "trapped" ? outcome.message : "another result";
        tally.failures.push(`${name}:${line}: ${text.trim()}: ${got}`);
      }
    }
  });
}

function holds(command: RunCommand, values: readonly DataValue[]): boolean {
  if (command.kind === "run nonzero") return unsignedOf(values[0]!) !== 0n;
  if (command.kind === "print") return true;
  return command.expected.every((value, i) => sameValue(values[i]!, value)) !== command.negated;
}

test("compiled functions give the results that upstream's run tests say", (t) => {
  const folder = sharedData("parity/cat/files-dev/runtests");
  if (folder === null) return t.skip(noSharedData("parity/cat"));
  const tally: Tally = { passed: 0, refused: new Map(), failures: [] };
  for (const name of globSync("*.clif", { cwd: folder }).sort()) runFile(join(folder, name), name, tally);
  const refused = [...tally.refused.values()].reduce((sum, count) => sum + count, 0);
  t.diagnostic(`run directives on V8: ${tally.passed} passed, ${refused} refused`);
  for (const [pattern, why] of REFUSALS) {
    const count = [...tally.refused].reduce((sum, [text, n]) => sum + (pattern.test(text) ? n : 0), 0);
    t.diagnostic(`refused: ${count} × ${pattern.source} (${why})`);
  }
  assert.deepEqual(tally.failures, []);
  const unexplained = [...tally.refused.keys()].filter((why) => !REFUSALS.some(([known]) => known.test(why)));
  assert.deepEqual(unexplained, []);
  assert.ok(tally.passed >= 7391);
});
