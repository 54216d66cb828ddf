/** Loops with several entries get one: the function stays valid, computes the same, and no such loop is left. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ControlFlowGraph } from "../../src/analysis/control-flow-graph.ts";
import { type Loop, LoopAnalysis } from "../../src/analysis/loop-analysis.ts";
import { intValue, unsignedOf } from "../../src/interp/data-value.ts";
import { Interpreter } from "../../src/interp/interpreter.ts";
import type { Function } from "../../src/ir/function.ts";
import { I32 } from "../../src/ir/types.ts";
import { makeReducible } from "../../src/passes/make-reducible.ts";
import { functionText, parseFunctions } from "../../src/text/index.ts";
import { verifyFunction } from "../../src/verify/index.ts";
import { noSharedData, sharedData } from "../support/project.ts";

function irreducibleLoops(func: Function): number {
  const cfg = new ControlFlowGraph();
  const loops = new LoopAnalysis();
  cfg.compute(func);
  loops.compute(func, cfg);
  let count = 0;
  for (let loop = 0 as Loop; loop < loops.loopCount; loop++) if (loops.isIrreducible(loop)) count++;
  return count;
}

/** Two blocks that lead to each other, entered at either; and inside a loop, once more. */
const TWO_ENTRIES = `function %f(i32, i32) -> i32 fast {
block0(v0: i32, v1: i32):
    brif v0, block1(v1), block2(v1, v0)

block1(v2: i32):
    v3 = iconst.i32 3
    v4 = iadd v2, v3
    v5 = iconst.i32 50
    v6 = icmp ult v4, v5
    brif v6, block2(v4, v2), block3(v4)

block2(v7: i32, v8: i32):
    v9 = iconst.i32 7
    v10 = iadd v7, v9
    v11 = iadd v10, v8
    v12 = iconst.i32 90
    v13 = icmp ult v11, v12
    brif v13, block1(v11), block3(v10)

block3(v14: i32):
    return v14
}
`;

test("a loop with two entries keeps its meaning", () => {
  const [before] = parseFunctions(TWO_ENTRIES);
  const [after] = parseFunctions(TWO_ENTRIES);
  assert.equal(irreducibleLoops(after!), 1);
  assert.equal(makeReducible(after!), 1);
  assert.equal(irreducibleLoops(after!), 0);
  assert.deepEqual(verifyFunction(after!, {}), []);
  for (const first of [0n, 1n, 5n]) {
    for (let second = 0n; second < 60n; second += 7n) {
      const args = [intValue(I32, first), intValue(I32, second)];
      const results = [before!, after!].map((func) => {
        const outcome = new Interpreter([func]).call("%f", args);
        assert.equal(outcome.kind, "returned");
        return outcome.kind === "returned" ? unsignedOf(outcome.values[0]!) : -1n;
      });
      assert.equal(results[0], results[1], `%f(${first}, ${second})`);
    }
  }
});

test("a reducible function is left alone", () => {
  const text =
    "function %f(i32) fast {\nblock0(v0: i32):\n    jump block1\n\nblock1:\n    brif.i32 v0, block1, block2\n\nblock2:\n    return\n}\n";
  const [func] = parseFunctions(text);
  assert.equal(makeReducible(func!), 0);
  assert.equal(functionText(func!), text);
});

test("every irreducible function of the corpus becomes reducible and stays valid", (t) => {
  const path = sharedData("parity/spill/spill-dev.jsonl");
  if (path === null) return t.skip(noSharedData("parity/spill"));
  let changed = 0;
  for (const line of readFileSync(path, "utf8").trim().split("\n")) {
    const { id, input } = JSON.parse(line) as { readonly id: number; readonly input: string };
    const [func] = parseFunctions(input);
    if (makeReducible(func!) === 0) continue;
    changed++;
    assert.equal(irreducibleLoops(func!), 0, `function ${id}`);
    assert.deepEqual(verifyFunction(func!, {}), [], `function ${id}`);
  }
  t.diagnostic(`${changed} functions had loops with several entries`);
  assert.ok(changed > 20);
});
