/**
 * Calls after a trap: what the trapped call had on the shadow stack does no harm, neither to collections nor, where nothing
 * can be live at a call, to the room that is left.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/driver/compile.ts";
import { textToBinary } from "../../src/wast/index.ts";
import { exportsOf } from "../backend/engine.ts";
import { agreesWithNative } from "./agreement.ts";

/** Traps at 0 before the frame's first safepoint, at 1 within a callee, and keeps a reference over collections else. */
function program(imports: string): string {
  return `(module ${imports}
    (type $box (struct (field i32)))
    (func $make (param i32) (result (ref null $box)) (local $kept (ref null $box))
      (drop (i32.div_u (i32.const 1) (i32.sub (local.get 0) (i32.const 1))))
      (local.set $kept (struct.new $box (local.get 0)))
      (drop (struct.new $box (i32.const 4)))
      (local.get $kept))
    (func $run (export "run") (export "again") (param i32) (result i32) (local $kept (ref null $box))
      (drop (i32.div_u (i32.const 1) (local.get 0)))
      (local.set $kept (struct.new $box (i32.const 3)))
      (drop (call $make (local.get 0)))
      (i32.add (struct.get $box 0 (local.get $kept)) (struct.get $box 0 (call $make (local.get 0))))))`;
}

agreesWithNative({
  name: "calls after traps",
  args: [0, 2, 1, 3, 0, 1, 0, 1, 4, 0, 5],
  wat: program(""),
});

agreesWithNative({
  name: "calls after traps where the host might call back",
  args: [0, 2, 1, 3, 0, 1, 0, 1, 4, 0, 5],
  wat: program(`(table (export "table") 1 funcref)`),
});

test("traps do not use the stack up", async () => {
  const bytes = compile(await textToBinary(program("")), { collector: "stress", stackBytes: 256 });
  const { run, again } = exportsOf(bytes) as Record<string, (argument: number) => number>;
  assert.equal(run, again);
  for (let i = 0; i < 100; i++) assert.throws(() => run!(i & 1));
  assert.equal(run!(6), 9);
});
