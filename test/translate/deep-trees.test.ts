/** Operators that the backend makes of two CLIF instructions, at every depth of an expression. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { recompileModule } from "../../src/driver/recompile.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";

/** `f64.neg` that many times around the first or second lane, converted; each is a level of its own. */
function wat(sign: "s" | "u", lane: number, depth: number): string {
  const vector = `(f64x2.convert_low_i32x4_${sign} (i32x4.replace_lane 1 (i32x4.splat (local.get 0)) (i32.const -5)))`;
  let value = `(f64x2.extract_lane ${lane} ${vector})`;
  for (let i = 0; i < depth; i++) value = `(f64.neg ${value})`;
  return `(module (func (export "run") (param i32) (result f64) ${value}))`;
}

test("integers become floats however deep the expression is", async () => {
  for (const sign of ["s", "u"] as const) {
    for (let depth = 56; depth < 68; depth++) {
      const native = await textToBinary(wat(sign, depth & 1, depth));
      const run = (bytes: Uint8Array): unknown => (exportsOf(bytes)["run"] as (x: number) => number)(-3);
      assert.equal(run(recompileModule(native)), run(native), `${sign} ${depth}`);
    }
  }
});
