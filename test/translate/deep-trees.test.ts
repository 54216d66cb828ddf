/** Operators that the backend makes of two CLIF instructions, at every depth of an expression. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { recompileModule } from "../../src/driver/recompile.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";

/** `f64x2.neg` that many times around a conversion of -3, or of what that is unsigned. */
function wat(sign: "s" | "u", depth: number): string {
  let vector = `(f64x2.convert_low_i32x4_${sign} (i32x4.replace_lane 1 (i32x4.splat (local.get 0)) (i32.const 5)))`;
  for (let i = 0; i < depth; i++) vector = `(f64x2.neg ${vector})`;
  return `(module (func (export "run") (param i32) (result f64) (local v128)
    (local.set 1 ${vector})
    (f64.add (f64x2.extract_lane 0 (local.get 1)) (f64.mul (f64.const 0.5) (f64x2.extract_lane 1 (local.get 1))))))`;
}

test("integers become floats however deep the expression is", async () => {
  for (const sign of ["s", "u"] as const) {
    for (let depth = 60; depth < 68; depth++) {
      const native = await textToBinary(wat(sign, depth));
      const run = (bytes: Uint8Array): unknown => (exportsOf(bytes)["run"] as (x: number) => number)(-3);
      assert.equal(run(recompileModule(native)), run(native), `${sign} ${depth}`);
    }
  }
});
