/**
 * The benchmark's shapes are the ones that native Cranelift was measured on: as many instructions, and under policy
 * `cranelift` the same slots, spills, reloads and map entries as recorded with each native time.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { instructionCount, makeShape, makeShapeWithVariables, SHAPES } from "../../bench/shapes.ts";
import { FunctionBuilderContext, SafepointSpiller } from "../../src/frontend/index.ts";
import { verifierErrorText, verifyFunction } from "../../src/verify/index.ts";
import { projectRoot } from "../support/project.ts";

interface NativeRow {
  readonly shape: string;
  readonly n: number;
  readonly live: number;
  readonly insts: number;
  readonly slots: number;
  readonly spills: number;
  readonly reloads: number;
  readonly mapEntries: number;
}

const { spiller: rows } = JSON.parse(
  readFileSync(join(projectRoot, "bench", "native-baseline.json"), "utf8"),
) as { spiller: NativeRow[] };

test("each shape up to 10,000 instructions has native Cranelift's counts", () => {
  const spiller = new SafepointSpiller();
  const small = rows.filter((row) => row.n <= 10_000 && row.live <= 256);
  assert.ok(small.length > 15);
  for (const { shape, n, live, insts, slots, spills, reloads, mapEntries } of small) {
    const func = makeShape(shape, n, live);
    assert.deepEqual(verifyFunction(func).map(verifierErrorText), []);
    assert.equal(instructionCount(func), insts, `${shape} ${n} ${live}`);
    const counts = spiller.run(func, { policy: "cranelift" });
    assert.deepEqual(
      { slots: counts.slots, spills: counts.spills, reloads: counts.reloads, mapEntries: counts.mapEntries },
      { slots, spills, reloads, mapEntries },
      `${shape} ${n} ${live}`,
    );
    assert.deepEqual(verifyFunction(func).map(verifierErrorText), []);
  }
});

test("built with variables, a shape has the same instructions and is well formed", () => {
  const context = new FunctionBuilderContext();
  for (const shape of SHAPES) {
    const direct = makeShape(shape, 2000, 16);
    const built = makeShapeWithVariables(shape, 2000, 16, context);
    assert.equal(instructionCount(built), instructionCount(direct), shape);
    assert.deepEqual(verifyFunction(built).map(verifierErrorText), []);
  }
});
