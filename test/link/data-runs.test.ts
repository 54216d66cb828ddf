import assert from "node:assert/strict";
import { test } from "node:test";
import { dataRuns } from "../../src/link/data-runs.ts";

const bytes = (...parts: readonly (readonly [value: number, count: number])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap(([value, count]) => new Array<number>(count).fill(value)));

test("long stretches of zeros stand between runs, short ones in them", () => {
  assert.deepEqual(
    dataRuns(bytes([0, 40], [7, 3], [0, 15], [7, 1], [0, 16], [7, 2], [0, 99])),
    [40, 59, 75, 77],
  );
});

test("zeros alone are nothing", () => {
  assert.deepEqual(dataRuns(bytes([0, 100])), []);
  assert.deepEqual(dataRuns(new Uint8Array(0)), []);
});

test("there are no more runs than engines take segments: the last one holds what is left", () => {
  const count = 60_000;
  const all = new Uint8Array(32 * count);
  for (let i = 0; i < count; i++) all[32 * i] = 1;
  const runs = dataRuns(all);
  assert.ok(runs.length / 2 <= 50_001);
  assert.equal(runs.at(-1), 32 * (count - 1) + 1);
});
