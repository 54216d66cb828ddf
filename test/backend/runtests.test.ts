/**
 * The backend on a real engine: upstream's run tests, compiled to Wasm and called with exact bits. What the backend does not
 * do yet it refuses by name, and those directives are counted; nothing that it compiles may give another result.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compileFile, REFUSED_FLAG, STACK_TOP, VALUE_BYTES } from "../../src/lab/compiled/file-module.ts";
import { parseRunCommand, type RunCommand } from "../../src/lab/filetest/run-command.ts";
import { parseFile } from "../../src/text/index.ts";
import { noSharedData, sharedData } from "../support/project.ts";
import { engine } from "./engine.ts";

const RESULTS = 4096;

interface Tally {
  passed: number;
  refused: number;
  readonly failures: string[];
}

function runFile(path: string, name: string, tally: Tally): void {
  const file = parseFile(readFileSync(path));
  const signatures = file.functions.map(({ func }) => func.signature);
  const { bytes, refusals } = compileFile(file.functions.map(({ func }) => func));
  const { memory, call } = engine(bytes);
  file.functions.forEach(({ details }, i) => {
    const types = {
      params: signatures[i]!.params.map((param) => param.type),
      returns: signatures[i]!.returns.map((param) => param.type),
    };
    for (const { text, line } of details.comments) {
      const command = parseRunCommand(text, () => types);
      if (command === null || command.kind === "print") continue;
      if (refusals[i] !== null) {
        tally.refused++;
        continue;
      }
      memory.fill(0xab, 0, 2 * RESULTS);
      memory.fill(0, 2 * RESULTS, STACK_TOP);
      const args = command.kind === "run" ? command.invocation.args : [];
      args.forEach((arg, at) => void memory.set(arg.bytes, at * VALUE_BYTES));
      const trap = call(`f${i}`, RESULTS);
      if (trap !== null && memory[REFUSED_FLAG] === 1) tally.refused++;
      else if (trap === null && holds(command, memory)) tally.passed++;
      else tally.failures.push(`${name}:${line}: ${text.trim()}: ${trap ?? "another result"}`);
    }
  });
}

function holds(command: RunCommand, memory: Uint8Array): boolean {
  if (command.kind === "run nonzero") return memory[RESULTS] !== 0;
  if (command.kind === "print") return true;
  const equal = command.expected.every(({ bytes }, at) =>
    bytes.every((byte, i) => byte === memory[RESULTS + at * VALUE_BYTES + i]),
  );
  return equal !== command.negated;
}

test("compiled functions give the results that upstream's run tests say", (t) => {
  const folder = sharedData("parity/cat/files-dev/runtests");
  if (folder === null) return t.skip(noSharedData("parity/cat"));
  const tally: Tally = { passed: 0, refused: 0, failures: [] };
  for (const name of globSync("*.clif", { cwd: folder }).sort()) runFile(join(folder, name), name, tally);
  t.diagnostic(
    `run directives on V8: ${tally.passed} passed, ${tally.failures.length} failed, ${tally.refused} refused`,
  );
  assert.deepEqual(tally.failures, []);
  assert.ok(tally.passed > 5000);
});
