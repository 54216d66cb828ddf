/**
 * The backend against the interpreter: random modules run in both, on several inputs. Results, whether they trap, and what
 * they have written to memory agree bit for bit. More of them with SPILLWAY_BACKEND_MODULES, others with SPILLWAY_SEED.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Comparison } from "./comparison.ts";

const MODULES = Number(process.env["SPILLWAY_BACKEND_MODULES"] ?? 430);
const FIRST_SEED = Number(process.env["SPILLWAY_SEED"] ?? 1);

test("random functions do in Wasm what they do in the interpreter", (t) => {
  const comparison = new Comparison();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + MODULES; seed++) {
    const difference = comparison.compare(seed);
    assert.equal(difference, null, `SPILLWAY_SEED=${seed} SPILLWAY_BACKEND_MODULES=1: ${difference}`);
  }
  const { functions, calls, returned, trapped } = comparison;
  t.diagnostic(`${functions} functions, ${calls} calls: ${returned} returned, ${trapped} trapped`);
  assert.equal(comparison.refused.size, 0, [...comparison.refused.keys()].join("; "));
  assert.ok(returned > calls / 3);
});
