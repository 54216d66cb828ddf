/**
 * What the passes give is proven: the spilled function, reloads used again, against the optimised one that the spiller was given.
 * That the optimised functions do what the input says is a matter for the tests that run programs (`test/bench/`, `test/driver/`).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PROGRAMS, programText } from "../../bench/programs.ts";
import { compile } from "../../src/driver/compile.ts";
import { textToBinary } from "../../src/wast/index.ts";

for (const { name } of PROGRAMS) {
  test(`${name}: every function is proven`, async () => {
    const bytes = await textToBinary(programText(name));
    assert.doesNotThrow(() => compile(bytes, { prove: true }));
    assert.doesNotThrow(() => compile(bytes, { prove: true, gcStress: true }));
  });
}
