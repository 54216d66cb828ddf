/**
 * Correct spill code broken one way at a time: each mutant is rejected by the checker, or the oracle finds no input on which
 * it behaves differently. Here a sample of the corpus; with SPILLWAY_MUTATION_FUNCTIONS=1, SPILLWAY_MUTATION_STRIDE=1 and
 * SPILLWAY_MUTATION_INSTS=9999 in the environment, all of it, which takes hours.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MutationTally } from "../../src/lab/mutate/tally.ts";
import { parseFunctions } from "../../src/text/index.ts";
import { noSharedData, sharedData } from "../support/project.ts";

/** One function in so many, one of its mutants in so many; primes, so that all operators get their share. */
const FUNCTION_STRIDE = Number(process.env["SPILLWAY_MUTATION_FUNCTIONS"] ?? 7);
const MUTANT_STRIDE = Number(process.env["SPILLWAY_MUTATION_STRIDE"] ?? 5);
const MAX_INSTS = Number(process.env["SPILLWAY_MUTATION_INSTS"] ?? 120);
const SEEDS = 8;

interface SpillCase {
  readonly id: number;
  readonly insts: number;
  readonly slots: number;
  readonly input: string;
}

test("every mutant is rejected or equivalent", (t) => {
  const path = sharedData("parity/spill/spill-dev.jsonl");
  if (path === null) return t.skip(noSharedData("parity/spill"));
  const tally = new MutationTally({ stride: MUTANT_STRIDE, seeds: SEEDS });
  const cases = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as SpillCase)
    .filter(({ insts, slots }) => slots > 0 && insts <= MAX_INSTS);
  for (let i = 0; i < cases.length; i += FUNCTION_STRIDE) {
    const { input } = cases[i]!;
    tally.add(() => parseFunctions(input)[0]!);
  }
  for (const line of tally.table().split("\n")) t.diagnostic(line);
  assert.deepEqual(tally.escapes.slice(0, 5), []);
  for (const [name, counts] of tally.counts) {
    assert.ok(counts.rejected > 0, `no mutant of ${name} is rejected`);
    assert.equal(counts.unknown, 0, name);
  }
});
