/**
 * The programs of `npm run bench:run` give the same checksum natively and compiled, also when every allocation collects; and
 * the tables of figures they are printed in.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { markdownTable } from "../../bench/markdown-table.ts";
import { PROGRAMS, programText } from "../../bench/programs.ts";
import { geometricMean, median } from "../../bench/statistics.ts";
import { compile } from "../../src/driver/compile.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";
import { projectRoot } from "../support/project.ts";

test("every file is a program of the list", () => {
  const files = readdirSync(join(projectRoot, "bench", "programs")).sort();
  assert.deepEqual(files, PROGRAMS.map(({ name }) => `${name}.wat`).sort());
});

for (const { name, testSize } of PROGRAMS) {
  test(`${name}: the same checksum natively and compiled`, async () => {
    const native = await textToBinary(programText(name));
    const run = (bytes: Uint8Array): number =>
      (exportsOf(bytes)["run"] as (size: number) => number)(testSize);
    const expected = run(native);
    assert.notEqual(expected, 0);
    for (const collector of ["copying", "stress"] as const) {
      assert.equal(run(compile(native, { collector })), expected, collector);
    }
  });
}

test("richards queues and holds as often as it must", async () => {
  const { run } = exportsOf(compile(await textToBinary(programText("richards"))));
  assert.equal((run as (n: number) => number)(1), 2322 * 1000 + 928);
});

test("medians, geometric means and tables", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.ok(Math.abs(geometricMean([0.5, 2, 8]) - 2) < 1e-12);
  const expected = "| name | ms |\n| ---- | -: |\n| a    | 10 |\n";
  assert.equal(markdownTable(["name", "ms"], [["a", "10"]], 1), expected);
});
